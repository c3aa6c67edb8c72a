"""The table, and which targets were missed."""


def show(figures, targets):
    missed = []

    def verdict(name, reached):
        if not reached:
            missed.append(name)
        return "" if reached else "  below target"

    machine = figures["machine"]
    print(f"\n{figures['people']:,} people, {machine['cores']} cores ({machine['cpu']}), 16 connections, medians of {figures['rounds']} × {figures['seconds']} s\n")
    head = f"{'scenario':<36}{'Tessera/s':>11}{'pgbench/s':>11}{'ratio':>8}{'target':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}"
    print(head)
    print("-" * len(head))
    for row in figures["scenarios"]:
        target = targets["ratio"][row["scenario"]]
        slow = targets["p95_ms"].get(row["scenario"])
        reached = row["ratio"] >= target and (slow is None or row["p95"] < slow)
        print(
            f"{row['title']:<36}{row['tessera']:>11,.0f}{row['pgbench']:>11,.0f}{row['ratio']:>8.2f}{target:>8.2f}"
            f"{row['p50']:>9.2f}{row['p95']:>9.2f}{row['p99']:>9.2f}{verdict(row['scenario'], reached)}")
    for row in figures.get("search", []):
        slow = targets["p95_ms"][row["scenario"]]
        print(
            f"{row['title'] + ', ' + str(row['connections']) + ' connections':<36}{row['rate']:>11,.0f}{'':>27}"
            f"{row['p50']:>9.2f}{row['p95']:>9.2f}{row['p99']:>9.2f}{verdict(row['title'], row['p95'] < slow)}")
    for row in figures.get("permissions", []):
        target = targets["rights"][row["scenario"]]
        reached = row["times"] <= target.get("times", row["times"]) and row["rate"] >= target.get("rate", 0) and row["p95"] < target.get("p95_ms", row["p95"] + 1)
        print(
            f"{row['title']:<36}{row['rate']:>11,.0f}{row['administrator']:>11,.0f}{row['times']:>8.2f}{target.get('times', 0):>8.2f}"
            f"{row['p50']:>9.2f}{row['p95']:>9.2f}{row['p99']:>9.2f}  (theirs, the administrator's, times as long)" + verdict(row["title"], reached))
    for row in figures.get("aggregate", []):
        target = targets["aggregate_ratio"]
        print(
            f"{row['title']:<36}{row['tessera_ms']:>8,.0f} ms{row['psql_ms']:>8,.0f} ms{row['ratio']:>8.2f}{target:>8.2f}  (Tessera, psql)"
            + verdict(row["title"], row["ratio"] <= target))
    for row in figures.get("batch", []):
        # With more connections, single creates share commits; the figure is for comparison.
        target = targets["batch_ratio"] if row["connections"] == 1 else None
        title = f"100 creates in a batch, {row['connections']} connections"
        print(
            f"{title:<36}{row['batch']:>9,.0f}/s{row['single']:>9,.0f}/s{row['ratio']:>8.2f}{target or '':>8}  (in batches, alone)"
            + verdict("batch", target is None or row["ratio"] >= target))
    if "live" in figures:
        row, target = figures["live"], targets["live"]
        print(
            f"{row['streams']:,} live streams, {row['heard']:,} events heard: {row['pss_mib']:.0f} MiB (under {target['pss_mib']}), {row['cores']:.2f} cores "
            f"(under {target['cores']}), p50 {row['p50']:.0f}, p95 {row['p95']:.0f}, p99 {row['p99']:.0f} ms"
            + verdict("live", row["pss_mib"] < target["pss_mib"] and row["cores"] < target["cores"]))
    if len(figures.get("import", [])) == 2:
        small, large = figures["import"]
        rate, copy = large["rows"] / large["seconds"], large["rows"] / large["copy_seconds"]
        target = targets["ratio"]["import"]
        print(
            f"{'import, against COPY':<36}{rate:>11,.0f}{copy:>11,.0f}{rate / copy:>8.2f}{target:>8.2f}"
            f"{'':>27}{verdict('import', rate / copy >= target)}")
        growth = large["peak_mib"] / small["peak_mib"]
        print(
            f"\nimport's peak memory {small['peak_mib']:.0f} MiB for {small['rows']:,} rows, {large['peak_mib']:.0f} MiB for {large['rows']:,}"
            + verdict("import memory", growth <= targets["import_memory_growth"]))
    if "loaded_pss_mib" in figures:
        print(
            f"start to first answer {figures['start_seconds']:.2f} s (under {targets['start_seconds']})"
            + verdict("start", figures["start_seconds"] < targets["start_seconds"]))
        print(
            f"server's memory (PSS) {figures['idle_pss_mib']:.1f} MiB idle (under {targets['idle_pss_mib']}), "
            f"{figures['loaded_pss_mib']:.1f} MiB after load" + verdict("idle memory", figures["idle_pss_mib"] < targets["idle_pss_mib"]))
    if missed:
        print("\nmissed: " + ", ".join(missed))
    return missed

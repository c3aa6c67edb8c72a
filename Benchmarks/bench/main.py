"""What `make bench` does, from the build to the table."""
import argparse
import json
import os
import platform
import subprocess
import tempfile
import time
from pathlib import Path

from . import aggregate, batch, live, load, permissions
from .importing import import_people
from .product import ROOT, Database, Folder, Server, build, limit_files, note
from .report import show
from .scenarios import TITLES, Scenario
from .search import measure as measure_search

ALL = [*TITLES, "aggregate", "batch", "search", "live", "permissions", "import"]


def main():
    parser = argparse.ArgumentParser(prog="Benchmarks/run", description="Tessera beside pgbench on the same data.")
    parser.add_argument("--people", type=int, default=100_000, help="made-up people to measure with (default 100,000; the product's other size is 1,000,000)")
    parser.add_argument("--seconds", type=int, default=8, help="length of one round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each, in turns; the medians count")
    parser.add_argument("--only", help="comma-separated: " + ", ".join(ALL))
    parser.add_argument("--import-rows", type=int, default=100_000, help="rows of the large import; the small one has 10,000")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--check", action="store_true", help="end with 1 when a target is missed")
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("--data", type=Path, help="a data folder to keep: filled by the first run, measured as it is by later ones")
    parser.add_argument("--scripts", type=Path, help="keep the pgbench scripts in this folder")
    arguments = parser.parse_args()
    wanted = arguments.only.split(",") if arguments.only else ALL
    if unknown := [name for name in wanted if name not in ALL]:
        parser.error(f"--only doesn't know {', '.join(unknown)}; there are {', '.join(ALL)}")

    limit_files()
    load.install_wrk()
    if not arguments.no_build:
        build()
    targets = json.loads((ROOT / "Benchmarks/thresholds.json").read_text())
    figures = {"machine": machine(), "people": arguments.people, "seconds": arguments.seconds, "rounds": arguments.rounds, "scenarios": []}
    # What was measured is shown, whatever becomes of the rest.
    broken = []
    for measure in parts(figures, wanted, arguments):
        try:
            measure()
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            broken.append(str(error))
            print(f"  broken off: {error}", flush=True)
    missed = show(figures, targets)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=4) + "\n")
    return 1 if broken or arguments.check and missed else 0


def parts(figures, wanted, arguments):
    if any(name not in ("permissions", "import") for name in wanted):
        yield lambda: requests(figures, wanted, arguments)
    if "permissions" in wanted:
        yield lambda: figures.update(permissions=permissions.measure(arguments.people, arguments.seconds, arguments.rounds))
    if "import" in wanted:
        figures["import"] = []
        for rows in (min(10_000, arguments.import_rows), arguments.import_rows):
            yield lambda: figures["import"].append(import_people(rows))


def requests(figures, wanted, arguments):
    with Folder(arguments.data) as folder, tempfile.TemporaryDirectory(prefix="tessera-bench-sql.") as scratch:
        work = arguments.scripts or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        if not folder.filled:
            figures["seed_rows_per_second"] = seed(folder, arguments.people)
        with Server(folder) as server:
            # The first start issued the token; the second is the one that counts.
            server.stop()
            figures["start_seconds"] = server.start()
            time.sleep(3)
            figures["idle_pss_mib"] = server.pss()
            note(f"start to first answer {figures['start_seconds']:.2f} s, idle {figures['idle_pss_mib']:.1f} MiB")
            database = Database(folder)
            database.psql("VACUUM ANALYZE; CHECKPOINT".replace("; ", ";\n"))
            if "aggregate" in wanted:
                figures["aggregate"] = aggregate.measure(server, database, 2 * arguments.rounds + 1)
            for name in [name for name in TITLES if name in wanted]:
                figures["scenarios"].append(Scenario(name, server, database, arguments.people, work).measure(arguments.seconds, arguments.rounds))
            if "batch" in wanted:
                figures["batch"] = batch.measure(server, database, arguments.people, arguments.seconds, arguments.rounds)
            if "search" in wanted:
                figures["search"] = measure_search(server, database, arguments.people, arguments.seconds, arguments.rounds)
            if "live" in wanted:
                figures["live"] = live.measure(server, arguments.seconds)
            time.sleep(3)
            figures["loaded_pss_mib"] = server.pss()


def seed(folder, people):
    folder.command("apply", capture_output=True)
    start = time.monotonic()
    folder.command("seed", "--people", str(people), stderr=subprocess.DEVNULL)
    rate = people * 1.1 / (time.monotonic() - start)
    note(f"seeded {people:,} people ({rate:,.0f} records/s)")
    return rate


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cpu": model, "cores": os.cpu_count(), "memory_gib": round(memory, 1), "system": platform.platform()}

"""The two load generators: wrk for Tessera, pgbench for PostgreSQL alone."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

CONNECTIONS = 16
SCRIPTS = Path(__file__).resolve().parent.parent / "wrk"


def install_wrk():
    if shutil.which("wrk"):
        return
    print("installing wrk", flush=True)
    run = [] if os.geteuid() == 0 else ["sudo"]
    subprocess.run([*run, "apt-get", "update", "-qq"], check=True)
    subprocess.run(
        [*run, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq", "--no-install-recommends", "wrk"], check=True,
        stdout=subprocess.DEVNULL)


def pgbench_path():
    found = shutil.which("pgbench")
    if found:
        return found
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"), key=lambda path: int(path.parts[-3]))
    if not candidates:
        raise RuntimeError("pgbench isn't there; apt-get install postgresql-contrib")
    return str(candidates[-1])


def run_wrk(server, scenario, seconds, people, prefixes, round_number, connections=CONNECTIONS):
    environment = dict(
        os.environ, TESSERA_TOKEN=server.token, BENCH_SCENARIO=scenario, BENCH_PEOPLE=str(people), BENCH_ROUND=str(round_number),
        BENCH_PREFIXES=",".join(prefixes))
    done = subprocess.run(
        ["wrk", f"-t{min(2, connections)}", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency", "-s", SCRIPTS / "scenario.lua",
         f"http://127.0.0.1:{server.port}"],
        env=environment, capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            figures = json.loads(line)
            if figures["failed"]:
                raise RuntimeError(f"{scenario}: {figures['failed']} requests failed\n{done.stdout[-1500:]}")
            return figures
    raise RuntimeError(f"wrk printed no figures:\n{done.stdout}\n{done.stderr}")


def run_pgbench(database, scripts, variables, seconds):
    words = [pgbench_path(), *database.words(), "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-T", str(seconds)]
    for path in scripts:
        words += ["-f", path]
    for name, value in variables.items():
        words += ["-D", f"{name}={value}"]
    done = subprocess.run([*words, database.name], capture_output=True, text=True)
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.M)
    if done.returncode != 0 or not found:
        raise RuntimeError(f"pgbench: {done.stderr[-2000:]}")
    latency = re.search(r"^latency average = ([\d.]+) ms", done.stdout, re.M)
    return float(found[1]), float(latency[1]) if latency else None

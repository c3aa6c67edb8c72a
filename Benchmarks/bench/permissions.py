"""What rights cost: the same requests of somebody who may do everything and of people with scopes."""
import subprocess
import tempfile
from pathlib import Path
from statistics import median
from types import SimpleNamespace

from . import load
from .product import ROOT, Database, Folder, Server, note
from .scenarios import PERSON

# Records of the one who reads their own, of each colleague in a team of eight, shared with the one who reads for several reasons.
OWN, EACH_COLLEAGUE, SHARED = 10_000, 2_000, 1_000
LIST = "/api/people?orderby=last_name&top=50"

DEPLOYMENT = f"""deployment: 1
name: bench
paths: [{ROOT}/manifests]
modules: {{ contacts: {{ version: "*", settings: {{ default_region: US }} }} }}
overlay:
  roles:
    own: {{ grants: {{ contacts.person: {{ read: own }}, contacts.organisation: {{ read: all }} }} }}
    mixed:
      grants:
        contacts.person: {{ read: team, allow: {{ made_up: {{ when: "job_title eq 'Bench'" }} }} }}
        contacts.organisation: {{ read: all }}
"""


def measure(people, seconds, rounds):
    with Folder() as folder, tempfile.TemporaryDirectory(prefix="tessera-bench-rights.") as scratch:
        deployment = Path(scratch) / "bench.yaml"
        deployment.write_text(DEPLOYMENT)
        options = ["--deployment", deployment]
        folder.command("apply", *options, capture_output=True)
        folder.command("seed", "--people", str(people), *options, stderr=subprocess.DEVNULL)
        with Server(folder, *options) as server:
            own, mixed = prepare(folder, server, Database(folder), people, options)
            return list(compare(server, own, mixed, people, seconds, rounds))


def prepare(folder, server, database, people, options):
    """Two people with their tokens: one who owns the first records, one with a team, shares and a condition."""
    def made(path, body):
        status, content = server.request("POST", path, body)
        if status != 201:
            raise RuntimeError(f"{path}: {status} {content[:300]}")
        return content.decode().split('"id":"')[1].split('"')[0]

    team = made("/api/teams", '{"name": "Bench"}')
    own = made("/api/users", '{"name": "Owen", "email": "owen@example.com", "roles": ["custom.own"]}')
    mixed = made("/api/users", f'{{"name": "Mia", "email": "mia@example.com", "teams": ["{team}"], "roles": ["custom.mixed"]}}')
    colleagues = [made("/api/users", f'{{"name": "Colleague {number}", "teams": ["{team}"]}}') for number in range(7)]
    own_count = min(OWN, people // 2)
    give(database, 0, own_count, own)
    each = min(EACH_COLLEAGUE, people // 32)
    for number, colleague in enumerate([mixed, *colleagues]):
        give(database, people // 2 + number * each, each, colleague)
    first, last = people // 2 + 8 * each, people - 1
    database.psql(
        "INSERT INTO tessera.share (record_id, grantee_id, record_type, level, cause, created_by) "
        f"SELECT id, '{mixed}', 'contacts.person', 1, 'bench', '{mixed}' FROM contacts.person "
        f"WHERE id BETWEEN '{PERSON.format(first)}' AND '{PERSON.format(min(last, first + SHARED - 1))}'")
    database.psql(
        f"UPDATE contacts.person SET job_title = 'Bench' WHERE id BETWEEN '{PERSON.format(max(first, last - 999))}' AND '{PERSON.format(last)}'")
    database.psql("VACUUM ANALYZE contacts.person;\nVACUUM ANALYZE tessera.share")

    def token(mail):
        words = folder.command("token", "issue", "--user", mail, *options, stdout=subprocess.PIPE, text=True).stdout
        return SimpleNamespace(port=server.port, token=words.strip(), count=own_count)

    return token("owen@example.com"), token("mia@example.com")


def give(database, first, count, owner):
    database.psql(
        f"UPDATE contacts.person SET owner_id = '{owner}' WHERE id BETWEEN '{PERSON.format(first)}' AND '{PERSON.format(first + count - 1)}'")


def compare(server, own, mixed, people, seconds, rounds):
    """Rows of figures; `times` says how many times as long it takes as the same for an administrator."""
    def run(visitor, scenario, count, paths):
        load.run_wrk(visitor, scenario, 2, count, paths, 0)
        runs = [load.run_wrk(visitor, scenario, seconds, count, paths, number) for number in range(1, rounds + 1)]
        return {key: median(run[key] for run in runs) for key in ("rate", "p50", "p95", "p99")}

    cases = [
        ("rights record", "one record by id, of one's own", "record", own, own.count, []),
        ("rights own list", "list of one's own", "path", own, people, [LIST]),
        ("rights mixed list", "list by team, shares and condition", "path", mixed, people, [LIST]),
    ]
    for scenario, title, kind, visitor, count, paths in cases:
        administrators, theirs = run(server, kind, count, paths), run(visitor, kind, count, paths)
        row = {"scenario": scenario, "title": title, **theirs, "administrator": administrators["rate"], "times": administrators["rate"] / theirs["rate"]}
        note(f"{title}: {row['rate']:,.0f}/s, {row['times']:.2f} times the administrator's time, p95 {row['p95']:.1f} ms")
        yield row

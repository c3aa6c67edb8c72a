"""Searches by names that occur once, a hundred times, in five of a hundred people, and never; of an administrator, and of a representative who
reads one of a hundred people."""
import json
import subprocess
from statistics import median
from types import SimpleNamespace

from . import load
from .product import note
from .scenarios import PERSON

# What is searched for, with how many connections, and by whom.
CASES = [
    ("search once", 16, ["Quonce", "Quonc"], "administrator"),
    ("search hundred", 16, ["Quhundred", "Quhun"], "administrator"),
    ("search common", 16, ["Qucommon", "Qucom"], "administrator"),
    ("search two words", 16, ["Qucommon%20Zebedee", "zebed%20qucom"], "administrator"),
    ("search two common words", 16, ["Qucommon%20Twinned", "twin%20qucom"], "administrator"),
    ("search as rep", 16, ["Qucommon", "Qucommon%20Zebedee", "zebed%20qucom", "Qucommon%20Twinned"], "representative"),
    ("typo once", 4, ["Quonec"], "administrator"),
    ("typo hundred", 4, ["Quhundrde"], "administrator"),
    ("typo common", 4, ["Qucomnom"], "administrator"),
    ("typo as rep", 4, ["Qucomnom"], "representative"),
    ("typo absent", 4, ["Vxwqzzy"], "administrator"),
]
ROLE = {"id": "bench", "label": "Bench", "grants": {"contacts.person": {"read": "own"}, "contacts.organisation": {"read": "all"}}}


def prepare(database, people):
    """Gives some people the names; triggers keep the words. Half of those with the one common name have the other."""
    common = people // 20
    first = people - common

    def name(column, value, start, end):
        ids = f"BETWEEN '{PERSON.format(start)}' AND '{PERSON.format(end)}'"
        database.psql(f"UPDATE contacts.person SET {column} = '{value}' WHERE id {ids}")

    name("last_name", "Quonce", 0, 0)
    name("last_name", "Quhundred", 1, 100)
    name("last_name", "Qucommon", first, people - 1)
    name("first_name", "Twinned", first - common // 2, first + common // 2)
    name("first_name", "Zebedee", people - 30, people - 1)
    database.psql("VACUUM ANALYZE contacts.person;\nVACUUM ANALYZE contacts.person__search;\nVACUUM ANALYZE contacts.person__search_term")


def representative(server, database):
    """Somebody who owns every hundredth person, and reads those alone."""
    def made(path, body):
        status, content = server.request("POST", path, json.dumps(body))
        if status not in (201, 409):
            raise RuntimeError(f"{path}: {status} {content[:300]}")

    made("/api/roles", ROLE)
    made("/api/users", {"name": "Rae", "email": "rae@example.com", "roles": ["bench"]})
    database.psql(
        "UPDATE contacts.person SET owner_id = (SELECT id FROM tessera.principal WHERE email = 'rae@example.com') "
        "WHERE right(id::text, 2) = '00' OR right(id::text, 2) = '80'")
    database.psql("VACUUM ANALYZE contacts.person")
    issued = server.folder.command("token", "issue", "--user", "rae@example.com", *server.options, stdout=subprocess.PIPE, text=True)
    return SimpleNamespace(port=server.port, token=issued.stdout.strip())


def measure(server, database, people, seconds, rounds):
    prepare(database, people)
    visitors = {"administrator": server, "representative": representative(server, database)}
    figures = []
    for name, connections, words, who in CASES:
        for word in words:
            status, content = server.request("GET", f"/api/people?search={word}&top=20&select=display_name")
            if status != 200 or (b'"display_name"' in content) != (name != "typo absent"):
                raise RuntimeError(f"{name} ({word}): {status} {content[:300]}")
        scenario, visitor = name.split()[0], visitors[who]
        load.run_wrk(visitor, "search", 2, people, words, 0, connections)
        runs = [load.run_wrk(visitor, "search", seconds, people, words, number, connections) for number in range(1, rounds + 1)]
        figures.append({"scenario": scenario, "title": name, "connections": connections, **{
            key: median(run[key] for run in runs) for key in ("rate", "p50", "p95", "p99")}})
        note(f"{name}: {figures[-1]['rate']:,.0f}/s, p95 {figures[-1]['p95']:.1f} ms")
    return figures

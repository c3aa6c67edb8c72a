"""Searches by names that occur once, a hundred times, in five of a hundred people, and never."""
from statistics import median

from . import load
from .product import note
from .scenarios import PERSON

# What is searched for, with how many connections. Of the words, those in front are found as they are typed.
CASES = [
    ("search once", 16, ["Quonce", "Quonc"]),
    ("search hundred", 16, ["Quhundred", "Quhun"]),
    ("search common", 16, ["Qucommon", "Qucom"]),
    ("search two words", 16, ["Qucommon%20Zebedee", "zebed%20qucom"]),
    ("typo once", 4, ["Quonec"]),
    ("typo hundred", 4, ["Quhundrde"]),
    ("typo common", 4, ["Qucomnom"]),
    ("typo absent", 4, ["Vxwqzzy"]),
]


def prepare(database, people):
    """Gives some people the names; triggers keep the words."""
    common = people // 20
    name = "UPDATE contacts.person SET last_name = '{}' WHERE id BETWEEN '{}' AND '{}'"
    database.psql(name.format("Quonce", PERSON.format(0), PERSON.format(0)))
    database.psql(name.format("Quhundred", PERSON.format(1), PERSON.format(100)))
    database.psql(name.format("Qucommon", PERSON.format(people - common), PERSON.format(people - 1)))
    database.psql(f"UPDATE contacts.person SET first_name = 'Zebedee' WHERE id BETWEEN '{PERSON.format(people - 30)}' AND '{PERSON.format(people - 1)}'")
    database.psql("VACUUM ANALYZE contacts.person;\nVACUUM ANALYZE contacts.person__search;\nVACUUM ANALYZE contacts.person__search_term")


def measure(server, database, people, seconds, rounds):
    prepare(database, people)
    figures = []
    for name, connections, words in CASES:
        expected = {"typo absent": 0}.get(name, 1)
        for word in words:
            status, content = server.request("GET", f"/api/people?search={word}&top=20&select=display_name")
            if status != 200 or (b'"display_name"' in content) != bool(expected):
                raise RuntimeError(f"{name} ({word}): {status} {content[:300]}")
        scenario = name.split()[0]
        load.run_wrk(server, "search", 2, people, words, 0, connections)
        runs = [load.run_wrk(server, "search", seconds, people, words, number, connections) for number in range(1, rounds + 1)]
        figures.append({"scenario": scenario, "title": name, "connections": connections, **{
            key: median(run[key] for run in runs) for key in ("rate", "p50", "p95", "p99")}})
        note(f"{name}: {figures[-1]['rate']:,.0f}/s, p95 {figures[-1]['p95']:.1f} ms")
    return figures

"""Groups and aggregates over HTTP against the same question asked in psql."""
import re
import subprocess
import time
from statistics import median
from urllib.parse import quote

from .product import note

# What is asked over HTTP, and the SQL that a person would write for it.
QUESTIONS = {
    "people by lifecycle": (
        "apply=groupby((lifecycle),aggregate($count as n))",
        "SELECT lifecycle, count(*) FROM contacts.person WHERE deleted_at IS NULL GROUP BY lifecycle ORDER BY lifecycle NULLS FIRST"),
    "people by industry, over a link": (
        "apply=groupby((organisation/industry),aggregate($count as n,birthday with max as youngest))",
        "SELECT o.industry, count(*), max(p.birthday) FROM contacts.person p LEFT JOIN contacts.organisation o ON o.id = p.organisation_id "
        "AND o.deleted_at IS NULL WHERE p.deleted_at IS NULL GROUP BY o.industry ORDER BY o.industry NULLS FIRST"),
    "the 50 most frequent names": (
        "apply=groupby((last_name),aggregate($count as n))&orderby=n desc&top=50",
        "SELECT last_name, count(*) AS n FROM contacts.person WHERE deleted_at IS NULL GROUP BY last_name "
        "ORDER BY n DESC NULLS LAST, last_name NULLS FIRST LIMIT 50"),
    "people by year of birth": (
        "apply=filter(birthday ne null)/compute(year(birthday) as born)/groupby((born),aggregate($count as n,version with sum as changes))",
        "SELECT extract(year FROM birthday) AS born, count(*), sum(version) FROM contacts.person WHERE deleted_at IS NULL AND birthday IS NOT NULL "
        "GROUP BY born ORDER BY born"),
}


def measure(server, database, rounds):
    """Both in turns, one at a time; a ratio of 1.2 says that HTTP takes a fifth longer."""
    rows = []
    for title, (options, sql) in QUESTIONS.items():
        path = "/api/people?" + quote(options, safe="=&()/$,'")
        ours, theirs = [], []
        for number in range(rounds + 1):
            start = time.monotonic()
            status, content = server.request("GET", path)
            seconds = time.monotonic() - start
            if status != 200:
                raise RuntimeError(f"{path}: {status} {content[:500]}")
            base = psql_seconds(database, sql)
            # The first of each warms up.
            if number > 0:
                ours.append(seconds)
                theirs.append(base)
        rows.append({"title": title, "tessera_ms": median(ours) * 1000, "psql_ms": median(theirs) * 1000, "ratio": median(ours) / median(theirs)})
        note(f"{title}: Tessera {rows[-1]['tessera_ms']:,.1f} ms, psql {rows[-1]['psql_ms']:,.1f} ms, ratio {rows[-1]['ratio']:.2f}")
    return rows


def psql_seconds(database, sql):
    """What psql itself measures, the rows sent and read included."""
    done = subprocess.run(
        ["psql", *database.words(), "-X", "-q", "-o", "/dev/null", database.name], input=f"\\timing on\n{sql};\n", capture_output=True, text=True, check=True)
    found = re.search(r"^Time: ([\d.]+) ms", done.stdout, re.M)
    if not found:
        raise RuntimeError(f"psql measured nothing: {done.stdout}{done.stderr}")
    return float(found[1]) / 1000

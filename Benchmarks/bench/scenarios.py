"""The four requests over HTTP and their SQL."""
import time
from statistics import median
from urllib.parse import quote

from . import capture, load
from .product import note

# So many prefixes of last names are asked for, the frequent ones more often.
PREFIXES = 24
PERSON = "018bcfe5-6800-7000-8000-{:012x}"
SQL_PERSON = "('018bcfe5-6800-7000-8000-' || lpad(to_hex(:n::bigint), 12, '0'))"
# Ordered by time like those that Tessera makes, unique over clients and rounds.
SQL_NEW = "('0199' || lpad(to_hex(:round::bigint), 4, '0') || '-' || lpad(to_hex(:i::bigint / 65536), 4, '0') || '-7' || lpad(to_hex(:client_id::bigint), 3, '0') " \
          "|| '-8000-' || lpad(to_hex(:i::bigint), 12, '0'))"
SQL_MARK = "(:round::text || 'y' || :client_id::text || 'y' || :i::text)"

TITLES = {
    "record": "one record by id",
    "list": "list of 50 by name prefix, sorted",
    "create": "create with outbox row",
    "update": "update of one field",
}


class Scenario:
    def __init__(self, name, server, database, people, work):
        self.name, self.server, self.database, self.people, self.work = name, server, database, people, work
        self.prefixes = []
        self.scripts = []
        self.variables = {}
        self.prepare()

    # What one request is, and which parts of its SQL differ from request to request.

    def prepare(self):
        marks = {
            "record": [(PERSON.format(7), SQL_PERSON)],
            "update": [(PERSON.format(7), SQL_PERSON), ("Title benchmark", "('Title ' || :i::text)")],
            "create": [("benchmark-mark", SQL_MARK)],
        }
        sample = f"\\set n random(0, {self.people - 1})"
        count = "\\set i :i + 1"
        if self.name == "list":
            rows = self.database.psql(
                f"SELECT left(last_name, 2) FROM contacts.person WHERE id < '{PERSON.format(min(self.people, 5000))}' "
                "AND left(last_name, 2) ~ '^[A-Z][a-z]$' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT " + str(PREFIXES))
            self.prefixes = rows.split()
            for number, prefix in enumerate(self.prefixes):
                self.add(number, lambda: self.get(f"/api/people?filter=startswith(last_name,{quote(chr(39) + prefix + chr(39))})&orderby=last_name&top=50"), [], "")
        elif self.name == "record":
            self.add(0, lambda: self.get("/api/people/" + PERSON.format(7)), marks["record"], sample)
        elif self.name == "update":
            def change():
                change.count += 1
                title = "Title benchmark" if change.count == 2 else f"Title {time.monotonic_ns()}"
                self.send("PATCH", "/api/people/" + PERSON.format(7), f'{{"job_title":"{title}"}}')
            change.count = 0
            self.add(0, change, marks["update"], sample + "\n" + count)
            self.variables["i"] = "0"
        else:
            def create():
                create.count += 1
                mark = "benchmark-mark" if create.count == 2 else f"warm{time.monotonic_ns()}"
                content = self.send(
                    "POST", "/api/people",
                    f'{{"first_name":"Zoe","last_name":"Zzbench{mark}","job_title":"Tester","emails":[{{"address":"zoe{mark}@example.com","kind":"work"}}]}}')
                create.answer = content
            create.count = 0
            self.add(0, create, marks["create"], count, created=lambda: create.answer)
            self.variables["i"] = "0"

    def add(self, number, request, varied, setup, created=None):
        statements = capture.statements_of(self.database, request)
        if not statements:
            raise RuntimeError(f"{self.name}: PostgreSQL logged no statement")
        if created is not None:
            import json
            varied = varied + [(json.loads(created())["id"], SQL_NEW)]
        text, variables = capture.script(self.database, statements, varied, setup)
        if number > 0:
            text, variables = rename(text, variables, f"s{number}_")
        path = self.work / f"{self.name}{number}.sql"
        path.write_text(text)
        self.scripts.append(path)
        self.variables.update(variables)

    def get(self, path):
        status, content = self.server.request("GET", path)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {content[:500]}")
        return content

    def send(self, method, path, body):
        status, content = self.server.request(method, path, body)
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {content[:500]}")
        return content

    def measure(self, seconds, rounds):
        """Both in turns, so that whatever else the machine does hits both."""
        ours, theirs = [], []
        self.tessera(2, 0)
        self.pgbench(2, 0)
        for number in range(1, rounds + 1):
            ours.append(self.tessera(seconds, number))
            theirs.append(self.pgbench(seconds, number))
            note(f"{self.name}, round {number}: Tessera {ours[-1]['rate']:,.0f}/s, pgbench {theirs[-1]:,.0f}/s")
        rate = median(each["rate"] for each in ours)
        base = median(theirs)
        return {
            "scenario": self.name, "title": TITLES[self.name], "tessera": rate, "pgbench": base, "ratio": rate / base,
            **{key: median(each[key] for each in ours) for key in ("p50", "p95", "p99")},
        }

    def tessera(self, seconds, number):
        return load.run_wrk(self.server, self.name, seconds, self.people, self.prefixes, f"{int(time.time())}r{number}")

    def pgbench(self, seconds, number):
        variables = dict(self.variables, round=str(int(time.time()) % 60000)) if "i" in self.variables else self.variables
        return load.run_pgbench(self.database, self.scripts, variables, seconds)[0]


def rename(text, variables, prefix):
    """Parameters of several scripts in one pgbench run need names of their own."""
    renamed = {}
    for name in sorted(variables, key=len, reverse=True):
        text = text.replace(f":{name}", f":{prefix}{name}")
        renamed[prefix + name] = variables[name]
    return text, renamed

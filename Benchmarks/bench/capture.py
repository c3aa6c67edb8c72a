"""Finds out which SQL a request is, and makes a pgbench script of it.

PostgreSQL logs every statement with its parameters while one request runs; the statements become the script, with the parameters bound by
pgbench just as Tessera binds them. What varies from request to request is computed by an expression around the parameter.
"""
import re
import time

LINE = re.compile(r"^\d{4}-\d\d-\d\d \S+ \S+ \[(\d+)\].*?(LOG|DETAIL|STATEMENT|ERROR|HINT|WARNING|FATAL):  (.*)$")
EXECUTE = re.compile(r"^duration: [\d.]+ ms  (?:execute|statement)[^:]*: (.*)$", re.S)
# What a connection does beside requests.
# What a connection or the server does beside: its followers of the event log and its jobs look every second.
ASIDE = re.compile(
    r"^\s*(LISTEN|UNLISTEN|SET|SHOW|DISCARD|DEALLOCATE|BEGIN|COMMIT|SELECT 1\b|SELECT pg_|ALTER SYSTEM)"
    r"|(FROM|UPDATE|INTO) tessera\.(token|job|subscription|event|event_head|delivery|directory_state)\b|sequence_events|bench-marker", re.I)


class Statement:
    def __init__(self, sql, parameters):
        self.sql = sql
        self.parameters = parameters

    def __repr__(self):
        return f"{self.sql}\n-- {self.parameters}"


def statements_of(database, request):
    """The statements that PostgreSQL ran during `request()`, asked twice so that everything is prepared and cached."""
    request()
    database.psql("ALTER SYSTEM SET log_min_duration_statement = 0;\nALTER SYSTEM SET log_error_verbosity = 'default';\nSELECT pg_reload_conf();")
    try:
        time.sleep(0.5)
        with open(database.log, errors="replace") as log:
            log.seek(0, 2)
            request()
            database.psql("SELECT 'bench-marker'")
            text = ""
            for _ in range(100):
                text += log.read()
                if "bench-marker" in text:
                    break
                time.sleep(0.05)
    finally:
        database.psql(
            "ALTER SYSTEM RESET log_min_duration_statement;\nALTER SYSTEM RESET log_error_verbosity;\nSELECT pg_reload_conf();")
    return list(parse(text))


def parse(text):
    records = []
    for line in text.splitlines():
        if found := LINE.match(line):
            records.append([found[1], found[2], found[3]])
        elif records:
            records[-1][2] += "\n" + line.removeprefix("\t")
    for index, (process, kind, message) in enumerate(records):
        found = EXECUTE.match(message) if kind == "LOG" else None
        if not found or ASIDE.search(found[1]):
            continue
        parameters = []
        for other, detail, values in records[index + 1:index + 3]:
            if other == process and detail == "DETAIL" and values.startswith("parameters: "):
                parameters = list(parse_parameters(values.removeprefix("parameters: ")))
                break
        yield Statement(found[1], parameters)


def parse_parameters(text):
    for found in re.finditer(r"\$\d+ = (?:NULL|'((?:[^']|'')*)')(?:, |$)", text, re.S):
        yield None if found[1] is None else found[1].replace("''", "'")


def script(database, statements, varied, setup):
    """A pgbench script and the variables to define.

    `varied` lists (text within a parameter, SQL expression of type text that takes its place). `setup` are \\set lines.
    """
    lines = [setup] if setup else []
    variables = {}
    for number, statement in enumerate(statements):
        types = parameter_types(database, statement.sql)
        replacements = {}
        for position, value in enumerate(statement.parameters, 1):
            if value is None:
                replacements[position] = "NULL"
                continue
            name = f"p{number}_{position}"
            expression = f":{name}"
            for found, by in varied:
                if found in value:
                    expression = f"replace({expression}::text, '{found}', {by})"
            if value in [found for found, _ in varied]:
                expression = dict(varied)[value]
            elif value != "":
                variables[name] = value
            else:
                expression = "''"
            replacements[position] = expression if expression.startswith(":") else f"({expression})::{types[position - 1]}"
        sql = hide_colons(statement.sql)
        sql = re.sub(r"\$(\d+)", lambda found: replacements[int(found[1])], sql)
        lines.append(sql.strip().rstrip(";") + ";")
    return "\n".join(lines) + "\n", variables


def parameter_types(database, sql):
    answer = database.psql(
        f"PREPARE bench_types AS {sql};\nSELECT array_to_string(parameter_types::text[], '|') FROM pg_prepared_statements WHERE name = 'bench_types';")
    return answer.splitlines()[-1].split("|")


def hide_colons(sql):
    """pgbench takes a colon and a name for a variable, even inside a string."""

    def hide(found):
        return "U&" + found[0].replace("\\", "\\\\").replace(":", "\\003A") if ":" in found[0] else found[0]

    return re.sub(r"'(?:[^']|'')*'", hide, sql)

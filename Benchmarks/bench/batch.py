"""A hundred creates in one batch against creates one by one, by one client and by sixteen."""
import json
import time
from statistics import median

from . import load
from .product import note

# Creates in one batch; scenario.lua makes them.
SIZE = 100
# The target is that of one client, who would otherwise wait for each answer. Sixteen share commits as it is.
CONNECTIONS = [1, 16]


def measure(server, database, people, seconds, rounds):
    check(server)
    rows = []
    for connections in CONNECTIONS:
        singles, batches = [], []
        for number in range(rounds + 1):
            mark = f"{int(time.time())}c{connections}r{number}"
            before = stored(database)
            single = load.run_wrk(server, "create", seconds, people, [], mark + "s", connections)["rate"]
            between = stored(database)
            batch = load.run_wrk(server, "batch", seconds, people, [], mark + "b", connections)["rate"] * SIZE
            counted(single * seconds, between - before)
            counted(batch * seconds, stored(database) - between)
            if batch == 0:
                raise RuntimeError(f"{seconds} s are too short for {connections} batches of {SIZE}: --seconds takes more")
            # The first of each warms up.
            if number > 0:
                singles.append(single)
                batches.append(batch)
        rows.append({
            "connections": connections, "single": median(singles), "batch": median(batches), "ratio": median(batches) / median(singles)})
        note(f"{connections} connections: {rows[-1]['single']:,.0f} creates/s alone, {rows[-1]['batch']:,.0f}/s in batches, ratio {rows[-1]['ratio']:.1f}")
    return rows


def check(server):
    """That a batch of them is carried out whole, and is one change set."""
    requests = [{"id": str(n), "method": "post", "url": "people", "body": {"last_name": f"Zzbatch{n}"}} for n in range(SIZE)]
    status, content = server.request("POST", "/api/$batch", json.dumps({"requests": requests}))
    statuses = [answer["status"] for answer in json.loads(content).get("responses", [])] if status == 200 else []
    if statuses != [201] * SIZE:
        raise RuntimeError(f"a batch of {SIZE} creates: {status} {content[:500]}")
    status, content = server.request("GET", "/api/change_sets?$top=1")
    if status != 200 or json.loads(content)["value"][0]["label"] != f"batch of {SIZE} requests":
        raise RuntimeError(f"the batch is no change set: {status} {content[:500]}")


def stored(database):
    return int(database.psql("SELECT count(*) FROM contacts.person WHERE last_name LIKE 'Zzbench%'"))


def counted(expected, found):
    """Batches answer 200 whatever becomes of their requests; what was cut off at the end may be there too."""
    if found < 0.98 * expected:
        raise RuntimeError(f"{expected:,.0f} creates were answered, {found:,} are there")

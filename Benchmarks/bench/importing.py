"""`tessera import` against a bare COPY of the same rows into all the tables and indexes that they end up in."""
import csv
import random
import time

from .product import Database, Folder, Server, note

FIRST = "Maria Anna Peter Olga Jan Sofia Luca Emma Noah Lina Omar Fatima Yuki Wei Priya Arjun Carlos Lucia Jonas Ingrid".split()
HEADS = "Al Ber Car Dal Fer Gar Hal Jen Kov Lind Mar Nov Ols Pet Quin Ros Sand Tor Vas Wal".split()
TAILS = "berg son mann ez ova ski sen ic elli ford ton well wood field stein bach ier enko ides ak".split()
PLACES = [("London", "EC1A 1BB", "GB", "+44 20 7946 {:04d}"), ("Berlin", "10115", "DE", "+49 30 {:06d}"), ("Austin", "73301", "US", "+1 512 555 {:04d}"),
          ("Paris", "75001", "FR", "+33 1 70 18 {:04d}"), ("Madrid", "28001", "ES", "+34 910 {:06d}")]


def write_people(path, count):
    """People as another system would export them; always the same."""
    words = random.Random(7)
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["First name", "Last name", "Job title", "Department", "Email", "Phone", "Birthday", "Street", "City", "Postal code", "Country"])
        for row in range(count):
            first, last = words.choice(FIRST), words.choice(HEADS) + words.choice(TAILS)
            city, code, country, phone = words.choice(PLACES)
            out.writerow([
                first, last, words.choice(["Engineer", "Director", "Buyer", "Analyst"]), words.choice(["Sales", "IT", "Finance"]),
                f"{first}.{last}.{row}@example.com".lower(), phone.format(words.randrange(1000, 9999)) if words.random() < 0.7 else "",
                f"{words.randrange(1950, 2005)}-{words.randrange(1, 13):02d}-{words.randrange(1, 29):02d}" if words.random() < 0.4 else "",
                f"{words.randrange(1, 200)} High Street", city, code, country])


def import_people(count):
    """One import into a fresh folder, then the same rows by COPY into empty copies of the tables."""
    with Folder() as folder:
        file = folder.path / "people.csv"
        write_people(file, count)
        folder.command("apply", capture_output=True)
        with Server(folder) as server:
            database = Database(folder)
            before = tables(database)
            database.psql("CHECKPOINT")
            seconds, peak = folder.measured("import", "people", file)
            # What becomes of the rows ends in the event log and the history, so that it is counted whole.
            wait_for_events(database)
            copied = copy_seconds(folder, database, before)
            del server
        note(f"import of {count:,}: {seconds:.1f} s ({count / seconds:,.0f}/s), peak {peak:.0f} MiB; bare COPY {copied:.1f} s")
        return {"rows": count, "seconds": seconds, "peak_mib": peak, "copy_seconds": copied}


def wait_for_events(database):
    for _ in range(600):
        if database.psql("SELECT count(*) FROM tessera.outbox").strip() == "0" and \
           database.psql("SELECT count(*) FROM tessera.subscription WHERE position < (SELECT max(position) FROM tessera.event_head)").strip() == "0":
            return
        time.sleep(0.5)
    raise RuntimeError("the event log isn't caught up with after five minutes")


def tables(database):
    names = database.psql(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'bench') ORDER BY 1").split()
    return {name: int(database.psql(f"SELECT count(*) FROM {name}")) for name in names}


def copy_seconds(folder, database, before):
    filled = [name for name, rows in tables(database).items() if rows - before.get(name, 0) > 0]
    out = folder.path / "copy"
    out.mkdir(mode=0o777)
    database.psql("CREATE SCHEMA bench")
    script = []
    for number, name in enumerate(filled):
        columns = database.psql(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute "
            f"WHERE attrelid = '{name}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''")
        database.psql(f"CREATE TABLE bench.t{number} (LIKE {name} INCLUDING ALL);\n\\copy (SELECT {columns} FROM {name}) to '{out}/t{number}'")
        script.append(f"\\copy bench.t{number} ({columns}) from '{out}/t{number}'")
    database.psql("CHECKPOINT")
    start = time.monotonic()
    database.psql("\n".join(script))
    return time.monotonic() - start

"""Two thousand live streams that all hear twenty events a second: memory, processor time, and how long an event takes."""
import json
import os
import re
import select
import socket
import threading
import time
from pathlib import Path

from .product import note

STREAMS = 2_000
EVENTS = 20


def measure(server, seconds):
    """`{"streams", "events", "heard", "pss_mib", "cores", "p50", "p95", "p99"}`; times in ms, from the end of a write to its event at one of the clients."""
    status, content = server.request("POST", "/api/people", json.dumps({"last_name": "Live"}))
    if status != 201:
        raise RuntimeError(f"no person to change: {status} {content[:500]}")
    person = json.loads(content)["id"]
    # A principal has a hundred streams.
    tokens = [server.token] + [token(server, number) for number in range(1, STREAMS // 100)]
    streams = [Stream(server.port, tokens[number % len(tokens)]) for number in range(STREAMS)]
    poll = select.epoll()
    by_number = {stream.socket.fileno(): stream for stream in streams}
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    until(lambda: all(stream.has_begun for stream in streams), poll, by_number, 60)
    written = {}
    writer = threading.Thread(target=write, args=(server, person, seconds, written))
    before, begun = processor(server), time.monotonic()
    writer.start()
    total = seconds * EVENTS
    until(lambda: not writer.is_alive() and all(stream.count >= len(written) for stream in streams), poll, by_number, seconds + 60)
    cores = (processor(server) - before) / (time.monotonic() - begun)
    delays = sorted(1000 * (at - written[mark]) for stream in streams for mark, at in stream.heard.items() if mark in written)
    row = {
        "streams": STREAMS, "events": total, "heard": sum(stream.count for stream in streams), "pss_mib": server.pss(), "cores": cores,
        "p50": delays[len(delays) // 2], "p95": delays[len(delays) * 95 // 100], "p99": delays[len(delays) * 99 // 100]}
    for stream in streams:
        stream.socket.close()
    note(f"{STREAMS:,} streams, {EVENTS} events a second: {row['pss_mib']:.0f} MiB, {cores:.2f} cores, p99 {row['p99']:.0f} ms")
    return row


class Stream:
    def __init__(self, port, token):
        self.socket = socket.create_connection(("127.0.0.1", port))
        request = f"GET /live?topic=contacts.person.updated HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n"
        self.socket.sendall(request.encode())
        self.socket.setblocking(False)
        self.has_begun = False
        self.count = 0
        self.heard = {}
        self.rest = b""

    def read(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise RuntimeError("a stream ended")
        now = time.monotonic()
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b": live"):
                self.has_begun = True
            elif line.startswith(b"data: "):
                self.count += 1
                if found := re.search(rb'"new":\{"job_title":"(mark \d+)"', line):
                    self.heard[found[1].decode()] = now


def until(holds, poll, streams, limit):
    end = time.monotonic() + limit
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError("not all streams heard everything in time")
        for number, _ in poll.poll(0.2):
            streams[number].read()


def write(server, person, seconds, written):
    begun = time.monotonic()
    for number in range(seconds * EVENTS):
        time.sleep(max(0, begun + number / EVENTS - time.monotonic()))
        mark = f"mark {number}"
        status, content = server.request("PATCH", f"/api/people({person})", json.dumps({"job_title": mark}))
        if status != 204:
            raise RuntimeError(f"{status} {content[:500]}")
        written[mark] = time.monotonic()


def token(server, number):
    """Of a user who reads all people: another principal than the administrator, with rights that have to be looked at."""
    status, content = server.request("POST", "/api/users", json.dumps({"name": f"Live {number}", "roles": ["contacts.rep"]}))
    if status != 201:
        raise RuntimeError(f"{status} {content[:500]}")
    done = server.folder.command("token", "issue", "--user", f"Live {number}", *server.options, capture_output=True, text=True)
    return done.stdout.strip()


def processor(server):
    """Seconds of processor time that the server has used."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

#!/usr/bin/python3
"""Stands before an object store on 127.0.0.1:PORT and fails as stores do. What it does with the n-th request is the n-th word of its standard
input's first line; `pass` after the last one:

    pass    hands it on            503     answers SlowDown          close   ends the connection without an answer
    stall   never answers          cut     hands it on, and ends the connection in the middle of the answer

    flaky-gateway.py PORT

Prints `ready PORT`, then a line for each request: what was done, the method, and the path with its query. Ends when its input does.
"""
import http.client
import http.server
import sys
import threading

store = int(sys.argv[1])
plan = sys.stdin.readline().split()
lock = threading.Lock()


class Gateway(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def handle_any(self):
        with lock:
            action = plan.pop(0) if plan else "pass"
            print(f"{action} {self.command} {self.path}", flush=True)
        self.close_connection = True
        if action == "close":
            return
        if action == "stall":
            threading.Event().wait(600)
            return
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if action == "503":
            text = b"<Error><Code>SlowDown</Code></Error>"
            self.send_response(503)
            self.send_header("content-length", str(len(text)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(text)
            return
        connection = http.client.HTTPConnection("127.0.0.1", store, timeout=600)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("connection", "expect", "transfer-encoding"):
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                self.send_header(name, value)
        length = answer.getheader("content-length") if self.command == "HEAD" else str(len(content))
        self.send_header("content-length", length or "0")
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if action == "cut" else content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"ready {server.server_port}", flush=True)
sys.stdin.read()

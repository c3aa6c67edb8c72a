"""Runs the product: a data folder of its own, the server, commands, psql."""
import http.client
import os
import re
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TESSERA = Path(os.environ.get("TESSERA_PROGRAM") or ROOT / ".build/release/tessera")


def note(text):
    print(f"  {text}", flush=True)


def build():
    subprocess.run(["swift", "build", "-c", "release"], cwd=ROOT, check=True)


class Folder:
    """A data folder that goes when the benchmark ends, unless one was named."""

    def __init__(self, kept=None):
        self.kept = kept
        if kept:
            self.path = kept.resolve()
            self.path.mkdir(parents=True, exist_ok=True)
        else:
            self.path = Path(tempfile.mkdtemp(prefix="tessera-bench.", dir="/tmp"))
            self.path.chmod(0o755)

    @property
    def filled(self):
        return (self.path / "postgres").exists()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.kept:
            shutil.rmtree(self.path, ignore_errors=True)

    def command(self, *words, **options):
        return subprocess.run([TESSERA, *words, "--data", self.path], cwd=ROOT, check=True, **options)

    def measured(self, *words):
        """Seconds and peak resident memory (MiB) of one command."""
        start = time.monotonic()
        process = subprocess.Popen(
            [TESSERA, *words, "--data", self.path], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, words))} ended with {process.returncode}: {errors[-2000:]}")
        return time.monotonic() - start, usage.ru_maxrss / 1024


class Server:
    """`tessera serve` on a free port of the loopback interface."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.options = options
        self.token = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Starts it and answers after how many seconds it gave its first answer from the database."""
        begun = time.monotonic()
        self.errors = open(self.folder.path / "serve.err", "a")
        self.process = subprocess.Popen(
            [TESSERA, "serve", "--data", self.folder.path, "--listen", "127.0.0.1:0", *self.options], cwd=ROOT, stdout=subprocess.PIPE,
            stderr=self.errors, text=True)
        self.port = None
        for line in self.process.stdout:
            if found := re.search(r"tsr_\S+", line):
                self.token = found[0]
            if found := re.match(r"serving http://127\.0\.0\.1:(\d+)/", line):
                self.port = int(found[1])
                break
        if self.port is None:
            raise RuntimeError(f"the server ended: {(self.folder.path / 'serve.err').read_text()[-2000:]}")
        if self.token is None:
            self.token = self.folder.command("token", "issue", *self.options, stdout=subprocess.PIPE, text=True).stdout.strip()
            begun = None
        status, _ = self.request("GET", "/api/people?top=1")
        if status != 200:
            raise RuntimeError(f"the first request was answered with {status}")
        return None if begun is None else time.monotonic() - begun

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.errors.close()

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def pss(self):
        """The server's proportional share of memory in MiB, PostgreSQL apart."""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) / 1024


class Database:
    """The cluster of a running server, for psql and pgbench."""

    def __init__(self, folder):
        self.folder = folder
        self.host, self.port, self.name, self.user, self.log = folder_facts(folder)

    def words(self):
        return ["-h", self.host, "-p", self.port, "-U", self.user]

    def psql(self, sql, **options):
        done = subprocess.run(
            ["psql", *self.words(), "-X", "-At", "-v", "ON_ERROR_STOP=1", self.name], input=sql, text=True, capture_output=True, **options)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr.strip()[:2000]}\n{sql[:500]}")
        return done.stdout.strip()


def folder_facts(folder):
    query = (
        "select current_setting('unix_socket_directories'), current_setting('port'), current_database(), current_user, "
        "current_setting('data_directory') || '/' || pg_current_logfile()")
    done = subprocess.run(
        [TESSERA, "psql", "--data", folder.path, "--", "-X", "-At", "-c", query], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    host, port, name, user, log = done.stdout.strip().split("|")
    log = log.split("//")[-1] if "//" in log else log
    return host.split(",")[0].strip(), port, name, user, "/" + log.lstrip("/")


def limit_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))

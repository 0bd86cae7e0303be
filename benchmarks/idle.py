"""Measure what `papers run` costs while nothing is due, beside a program that only waits.

python -m benchmarks.idle [--seconds N]

Both run for the same time in the same run: the bot with its clock, worker and web on an SQLite
file, following a category of a local server that has nothing new; the rival is the bare ticker and
web server that it is built on, APScheduler and waitress, with an empty page.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

SECONDS = 120
SETTLE_SECONDS = 20
MOST_CPU_PERCENT = 1.0
MOST_MEGABYTES = 150.0
TICKS = os.sysconf("SC_CLK_TCK")

CONFIG = """
[arxiv]
categories = ["cs.CL", "cs.CV", "cs.RO"]
base_url = "{url}"

[web]
port = {port}

[[sets]]
name = "Clouds"
keywords = ["cloud"]
post = [{{ folder = "digests" }}]
"""

FEED = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>{category} updates on arXiv.org</title>
<pubDate>{day}</pubDate></channel></rss>
"""

RIVAL = """
import sys, threading
from apscheduler.schedulers.background import BackgroundScheduler
from waitress import serve

scheduler = BackgroundScheduler(timezone="UTC")
for seconds in (15, 30, 60):
    scheduler.add_job(lambda: None, "interval", seconds=seconds)
scheduler.start()

def page(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]

serve(page, host="127.0.0.1", port=int(sys.argv[1]), _quiet=True)
"""


class Nothing(BaseHTTPRequestHandler):
    """Serves empty feeds of today and answers nothing else."""

    def do_GET(self) -> None:
        """Answer a feed's request."""
        category = self.path.rpartition("/")[2]
        today = datetime.now(ZoneInfo("America/New_York")).strftime("%a, %d %b %Y 00:00:00 -0500")
        body = FEED.format(category=category, day=today).encode()
        found = self.path.startswith("/rss/")
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[str]:
    """Serve nothing new; give the server's URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Nothing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


def read_cpu(pid: int) -> float:
    """Return the seconds that a process has computed (proc(5), utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def read_megabytes(pid: int) -> float:
    """Return the most memory that a process has had (proc(5), VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def find_port() -> int:
    """Return a port that is free now."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Nothing)
    port: int = server.server_address[1]
    server.server_close()
    return port


def main() -> None:
    """Run both and print what they cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=SECONDS)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as scratch, serving() as url:
        ports = find_port(), find_port()
        (Path(scratch) / "config.toml").write_text(CONFIG.format(url=url, port=ports[0]))
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        commands = {
            "papers run": [sys.executable, "-m", "bot", "run"],
            "bare ticker and web server": [sys.executable, "-c", RIVAL, str(ports[1])],
        }
        running = {
            name: subprocess.Popen(command, cwd=scratch, env=environment, stderr=subprocess.DEVNULL)
            for name, command in commands.items()
        }
        try:
            time.sleep(SETTLE_SECONDS)
            with urllib.request.urlopen(f"http://127.0.0.1:{ports[0]}/healthz") as answer:
                assert answer.status == 200
            before = {name: read_cpu(process.pid) for name, process in running.items()}
            time.sleep(seconds)
            print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {seconds} s idle")
            print(f"{'':<28}{'% of a core':>12}{'most MB':>10}")
            for name, process in running.items():
                assert process.poll() is None, f"{name} ended"
                percent = 100 * (read_cpu(process.pid) - before[name]) / seconds
                print(f"{name:<28}{percent:>12.2f}{read_megabytes(process.pid):>10.0f}")
            print(f"wanted: under {MOST_CPU_PERCENT:.0f}% and under {MOST_MEGABYTES:.0f} MB")
        finally:
            for process in running.values():
                process.send_signal(signal.SIGTERM)
            for process in running.values():
                process.wait(15)


if __name__ == "__main__":
    main()

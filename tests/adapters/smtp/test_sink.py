"""Letters handed to Postfix's own test server, which shares no code with ours."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import jinja2
import pytest

from bot.adapters.smtp.mailer import Mailbox, Mailer
from bot.adapters.smtp.pool import Pool
from bot.config.mail import Relay, Security
from bot.render.email import Composer, Letter, Letterhead, Recipient, Section
from bot.render.templates import build_environment
from tests.adapters.store.made_up import NOW, make_edition, make_paper
from tests.fakes.domains import OwnDomains

LETTERS = 60
THREADS = 4
PATH = "/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", "")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that a server without privileges may write to."""
    made = Path(tempfile.mkdtemp(prefix="papers-sink-"))
    made.chmod(0o777)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def sink(folder: Path) -> Iterator[int]:
    """Give the port of a server that writes what it gets into the folder."""
    program = shutil.which("smtp-sink", path=PATH)
    if program is None:
        pytest.skip("smtp-sink is not installed: apt-get install postfix")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [program, *user, "-D", f"{folder}/mail", f"127.0.0.1:{port}", "50"]
    with subprocess.Popen(command, cwd=folder) as server:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield port
        server.kill()


def test_every_letter_reaches_it_once_and_to_the_byte(sink: int, folder: Path) -> None:
    templates = Path(__file__).parents[3] / "templates"
    composer = Composer(
        build_environment(jinja2.FileSystemLoader(templates)), Letterhead("digest@lab.example")
    )
    sections = [Section(make_edition(*(make_paper(number) for number in range(1, 12))))]
    pool = Pool(
        Relay("127.0.0.1", sink, Security.NONE), "lab.example", most_carried=LETTERS // THREADS // 2
    )
    mailer = Mailer(pool, OwnDomains(), Mailbox("bounces@lab.example", "s" * 32))
    letters: dict[str, Letter] = {}

    def send(number: int) -> str:
        recipient = Recipient(f"reader{number}@example.org", "You asked for it.")
        letter = composer.write(sections, recipient, f"{number:032x}")
        letters[letter.message_id] = letter
        return mailer.send(
            recipient.address, f"{number:032x}", len(letter), lambda: letter.dated(NOW)
        )

    with ThreadPoolExecutor(THREADS) as threads:
        assert all("2.0.0" in said for said in threads.map(send, range(LETTERS)))
    mailer.close()
    dumped = (folder / "mail").read_bytes().replace(b"\r\n", b"\n")
    found = {}
    for part in re.split(rb"(?m)^X-Client-Addr: ", dumped)[1:]:
        message = part[part.index(b"From: ") :].rstrip(b"\n")
        (name,) = re.findall(rb"(?m)^Message-ID: (\S+)$", message)
        assert name.decode() not in found
        found[name.decode()] = message
    assert found == {
        name: letter.dated(NOW).replace(b"\r\n", b"\n").rstrip(b"\n")
        for name, letter in letters.items()
    }
    assert len(found) == LETTERS

"""SpamAssassin finds nothing to say against any kind of mail, by its own rules alone."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from email.utils import format_datetime
from pathlib import Path

import jinja2
import pytest

from bot.core.editions import Edition
from bot.core.weeks import Week
from bot.render.email import Confirm, Preferences, Section, SignIn, compose, compose_notice
from tests.render.email.conftest import KEY, LETTERHEAD, NOW, RECIPIENT
from tests.render.email.test_fitting import build_many as build_many  # noqa: PLC0414 - a fixture

LIMIT = 1.0
SUMMARY = re.compile(r"^X-Spam-Status: .*?score=(-?[\d.]+) .*?tests=(\S+)", re.MULTILINE)
# As a mail from far away comes; the address is one of those for tests of networks (RFC 2544).
RECEIVED = (
    "Return-Path: <bounces+key.mac@lab.example>\n"
    "Received: from mail.lab.example (mail.lab.example [198.18.0.7])\n"
    "\tby mx.example.org (Postfix) with ESMTPS id 4F12\n"
    "\tfor <bo@example.org>; {date}\n"
)


def test_no_kind_of_mail_looks_like_spam(
    templates: jinja2.Environment,
    edition: Edition,
    build_many: Callable[..., Edition],
    tmp_path: Path,
) -> None:
    program = shutil.which("spamassassin")
    if program is None:
        pytest.skip("SpamAssassin is not installed: apt-get install spamassassin")
    weeks = tuple(Week(date(2025, 6, 9) + timedelta(weeks=at), at % 9) for at in range(26))
    url = "https://papers.lab.example/confirm/TOKEN"
    page = "https://papers.lab.example/sets/Clouds/2025-12-04"
    digests = [
        [Section(edition, url=page)],
        [Section(edition, url=page, weeks=weeks)],
        [Section(edition), Section(replace(edition, set=replace(edition.set, name="Sky")))],
        [Section(build_many(60), url=page)],
        [Section(build_many(2000), url=page)],
        [Section(replace(edition, items=()))],
    ]
    mails = [
        compose(each, RECIPIENT, LETTERHEAD, KEY, templates=templates, date=NOW) for each in digests
    ]
    mails += [
        compose_notice(each, "bo@example.org", LETTERHEAD, KEY, templates=templates, date=NOW)
        for each in (Confirm("Clouds", "daily", url), Preferences("Clouds", url), SignIn(url))
    ]
    received = RECEIVED.format(date=format_datetime(NOW + timedelta(seconds=2)))
    box = "".join(
        f"From bounces Thu Dec  4 08:00:03 2025\n{received}{mail.decode()}\n" for mail in mails
    )
    command = [
        program,
        "--local",
        "--nocreate-prefs",
        "--mbox",
        f"--prefs-file={tmp_path / 'none'}",
    ]
    judged = subprocess.run(
        command,
        input=box.replace("\r\n", "\n").encode(),
        capture_output=True,
        check=True,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LC_ALL": "C"},
    )
    said = judged.stdout.decode("latin-1").replace("\n\t", " ")
    scores = SUMMARY.findall(said)
    assert len(scores) == len(mails)
    assert [each for each in scores if float(each[0]) >= LIMIT] == []

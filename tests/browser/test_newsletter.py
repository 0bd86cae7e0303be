"""The newsletter as a person meets it: pages in Chromium, mails through Postfix into a mailbox."""

import email
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from bot.app import App
from bot.config.mail import MailSettings, Relay, Security
from bot.config.settings import Settings
from bot.edges.web.serving import open_port, serve_web
from bot.flows.ingest import Ingest
from bot.flows.publish import publish
from tests.adapters.bounces.servers import Postfix, run_postfix
from tests.browser.conftest import browsing
from tests.fakes.clocks import StillClock
from tests.fakes.logs import RecordingLog
from tests.fakes.papers import DAY, NOW, announce, make_paper
from tests.fakes.sites import fill, read_settings
from tests.fakes.sources import CannedSource

READER = "reader@lab.example"
LINK = re.compile(r'https?://[^\s<>";]+')


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    made = Path(tempfile.mkdtemp(prefix="papers-mail-"))
    made.chmod(0o755)
    try:
        with run_postfix(made) as server:
            yield server
    finally:
        shutil.rmtree(made)


@dataclass(slots=True)
class Office:
    """The bot, its pages at `home` and the mailbox that Postfix fills."""

    app: App
    home: str
    postfix: Postfix
    taken: int

    def wait_mail(self) -> EmailMessage:
        """Return the next mail to the reader."""
        self.taken += 1
        files = self.postfix.wait_for("reader", self.taken)
        newest = max(files, key=lambda path: path.stat().st_mtime_ns)
        mail = email.message_from_bytes(newest.read_bytes(), policy=default)
        assert isinstance(mail, EmailMessage)
        assert mail.defects == []
        return mail

    def announce(self, number: int) -> None:
        """Have a day announced with something on clouds, and deliver what is due."""
        day = DAY + timedelta(days=number)
        app, now = self.app, self.app.clock.now()
        announcement = announce(make_paper(10 + number, title=f"Clouds {number}"), day=day)
        source = CannedSource({announcement.category: announcement})
        Ingest(source, app.store).run(day, (announcement.category,), now)
        publish(
            day,
            app.sets(),
            app.store,
            categories=app.categories,
            now=now,
            kinds=tuple(app.senders),
        )
        for due in app.store.due_deliveries(now):
            app.deliver_one(due.id)

    @property
    def subscribed(self) -> set[str]:
        return {each.set_name for each in self.app.store.load_subscriptions()}


@contextmanager
def opening(folder: Path, postfix: Postfix) -> Iterator[Office]:
    with open_port("127.0.0.1", 0) as listener:
        home = f"http://127.0.0.1:{listener.getsockname()[1]}"
        url = f"sqlite:///{folder / 'papers.db'}"
        settings = replace(
            read_settings(Settings("config.toml", database_url=url)),
            secret_key="k" * 32,
            base_url=home,
            mail=MailSettings(
                Relay("127.0.0.1", postfix.port, Security.NONE), "digest@lab.example"
            ),
        )
        with App(settings) as app:
            app.__dict__["clock"] = StillClock(NOW)
            fill(app)
            stop = threading.Event()
            serving = threading.Thread(
                target=serve_web,
                args=(app, stop, RecordingLog()),
                kwargs={"listener": listener},
            )
            serving.start()
            try:
                yield Office(app, home, postfix, len(postfix.wait_for("reader", 0)))
            finally:
                stop.set()
                serving.join(10)


def links_of(mail: EmailMessage) -> dict[str, str]:
    """Return the links of a mail by the first part of their paths, out of its text."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = LINK.findall(str(body.get_content()).replace("=\n", ""))
    return {link.split("/")[3]: link for link in found if link.count("/") > 2}


def look_like_a_scanner(browser: Browser, mail: EmailMessage) -> None:
    """Open every link of a mail, run what is there, follow what is linked from there."""
    with browsing(browser) as context:
        page = context.new_page()
        for part in ("plain", "html"):
            body = mail.get_body((part,))
            assert body is not None
            for link in set(LINK.findall(str(body.get_content()))):
                if "127.0.0.1" in link:
                    opened = link.rstrip(".,)")
                    httpx.get(opened)
                    httpx.head(opened)
                    if not opened.endswith(".bib"):
                        page.goto(opened)


@pytest.mark.parametrize(
    ("scripts", "width", "scheme"),
    [
        (True, 1280, "light"),
        (False, 1280, "dark"),
        (True, 320, "dark"),
        (False, 320, "light"),
    ],
)
def test_subscribe_confirm_read_choose_and_leave_with_one_click(
    chromium: Browser,
    postfix: Postfix,
    tmp_path: Path,
    *,
    scripts: bool,
    width: int,
    scheme: str,
) -> None:
    with (
        opening(tmp_path, postfix) as office,
        browsing(chromium, width=width, scheme=scheme, scripts=scripts) as context,
    ):
        page = context.new_page()
        page.goto(f"{office.home}/sets/Clouds")
        page.get_by_label("E-mail address").fill(READER)
        page.get_by_role("button", name="Subscribe").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("One step more")
        asked = office.wait_mail()
        look_like_a_scanner(chromium, asked)
        assert office.subscribed == set()

        page.goto(links_of(asked)["confirm"])
        assert office.subscribed == set()
        page.get_by_role("button", name="Yes, subscribe me").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Subscribed")
        assert office.subscribed == {"Clouds"}

        office.announce(1)
        digest = office.wait_mail()
        assert "Clouds" in digest["Subject"]
        look_like_a_scanner(chromium, digest)
        assert office.subscribed == {"Clouds"}

        page.set_content(str(digest.get_body(("html",)).get_content()))  # type: ignore[union-attr]
        assert page.evaluate("document.documentElement.scrollWidth") <= width

        page.goto(links_of(digest)["preferences"])
        page.get_by_role("checkbox", name="a/b & <b>c</b>?").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_have_text("Saved.")
        assert office.subscribed == {"Clouds", "a/b & <b>c</b>?"}

        one_click = re.findall(r"<(https?:[^>]+)>", digest["List-Unsubscribe"])[0]
        for _ in range(2):
            left = httpx.post(one_click, data={"List-Unsubscribe": "One-Click"})
            assert (left.status_code, "set-cookie" in left.headers) == (200, False)
            assert office.subscribed == {"a/b & <b>c</b>?"}
        office.announce(2)
        other = office.wait_mail()
        assert "a/b" in other["Subject"]
        page.goto(links_of(other)["u"])
        page.get_by_role("button", name="Unsubscribe").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Unsubscribed")
        assert office.subscribed == set()

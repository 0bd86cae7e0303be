"""Draw the README's pictures: the real bot, before a Slack that is none, with made-up papers.

python -m docs.pictures [--out FOLDER]

Each picture is drawn from the very payload that Slack was sent. The clock stands still, so the
same program draws the same pictures; tests/docs compares them with those that are kept.
"""

import argparse
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.app import App
from bot.config import load_settings
from bot.core.papers import Announcement
from bot.edges.slack_app.serving import serve_slack
from bot.flows.deliver import deliver_due
from bot.flows.ingest import Ingest, Source
from bot.flows.publish import publish
from docs.screens import draw_channel, draw_home, draw_message, draw_modal
from tests.fakes.clocks import StillClock
from tests.fakes.logs import RecordingLog
from tests.fakes.slack_api import UNLIMITED, Channel, Message, Person, SlackApi, View

DAY = date(2026, 6, 2)
"""The day that the bundled papers are announced."""
SIX = datetime(2026, 6, 2, 6, 0, tzinfo=UTC)
TO_NINE = timedelta(hours=1)
PAST_DAYS = 28
WEEKEND = 5
SHOWN_PAPERS = 3
SET_NAME = "Pictures and words"
AT = "09:00"
KEYWORDS = "VLM\nmultimodal\nCLIP\npicture + caption"
TRIED = '(grasp* OR robot) AND cat:cs.RO AND NOT "language model"'
SAVED = "2606.00118"


@dataclass(frozen=True, slots=True)
class Past:
    """The bundled papers once more, a few a day under other numbers: days to try a query on."""

    source: Source

    def read(self, category: str, day: date | None) -> Announcement:
        """Give some of a category's papers as that day's."""
        whole = self.source.read(category, None)
        day = day or whole.day
        entries = tuple(
            replace(entry, paper=replace(entry.paper, base_id=f"2605.{day:%d}{number:03}"))
            for entry in whole.entries
            if ((number := int(entry.paper.base_id[-3:])) // 7 + day.toordinal()) % 5
            < 1 + day.day % 3
        )
        return replace(whole, day=day, announced=len(entries), entries=entries)


@dataclass(frozen=True, slots=True)
class Lab:
    """A running bot and the workspace that it is in."""

    app: App
    slack: SlackApi
    clock: StillClock
    channel: Channel
    person: Person

    @property
    def time(self) -> str:
        """The time of day that Slack writes beside a message."""
        return f"{self.clock.now().astimezone(ZoneInfo(self.person.user.tz)):%H:%M}"


@contextmanager
def run_lab() -> Iterator[Lab]:
    """Run the bot on the bundled papers, over Socket Mode, until the block ends."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        as_file(files("bot.edges.cli") / "sample") as sample,
        SlackApi(rates=UNLIMITED) as slack,
    ):
        team = slack.add_team("T0LAB", "Lab")
        team.add_user("U0ADA", "ada")
        channel = team.add_channel("C0PAPERS", "papers", members={"U0ADA"})
        environment = {
            "DATABASE_URL": f"sqlite:///{scratch}/pictures.db",
            "SLACK_BOT_TOKEN": team.token,
            "SLACK_APP_TOKEN": slack.app.app_token,
        }
        settings = load_settings(sample / "config.toml", environment)
        settings = replace(settings, slack=replace(settings.slack, api_url=slack.url))
        with App(settings) as app:
            clock = StillClock(SIX)
            app.clock = clock
            read_papers(app, sample)
            stop = threading.Event()
            thread = threading.Thread(target=serve_slack, args=(app, stop, RecordingLog()))
            thread.start()
            try:
                slack.wait_connected()
                yield Lab(app, slack, clock, channel, team.user("U0ADA"))
            finally:
                stop.set()
                thread.join()
        if slack.payload_faults:
            raise AssertionError(slack.payload_faults)


def read_papers(app: App, sample: Path) -> None:
    """Read the bundled announcement, and days before it."""
    source = app.source(str(sample))
    for back in range(PAST_DAYS, 0, -1):
        day = DAY - timedelta(days=back)
        if day.weekday() < WEEKEND:
            Ingest(Past(source), app.store).run(day, app.categories, SIX)
    Ingest(source, app.store).run(DAY, app.categories, SIX)


def draw_all() -> Mapping[str, str]:
    """Draw every picture; return them by file name."""
    with run_lab() as lab:
        tried = lab.person.command(f"/papers try {TRIED}", lab.channel).wait_message()
        editor = fill_editor(lab)
        drawn = {
            "try.svg": draw_message(
                "The answer to /papers try", tried.blocks, time=lab.time, private=True
            ),
            "editor.svg": draw_modal(
                "The editor of a keyword set, with its preview",
                editor.body,
                names={lab.channel.id: lab.channel.name},
            ),
        }
        lab.person.submit(editor)
        lab.slack.wait(lambda: any(text.startswith("Saved") for text in editor.texts))
        parent, *replies = deliver(lab)
        drawn["digest.svg"] = draw_channel(
            "A digest: its message in the channel, and the beginning of its thread",
            f"# {lab.channel.name}",
            parent.blocks,
            [block for reply in replies for block in reply.blocks][: 2 * SHOWN_PAPERS],
            time=lab.time,
            replies=len(replies),
        )
        lab.person.click(replies[0], "paper", f"save:{SAVED}").wait_response()
        lab.person.command(
            "/papers subscribe Grasping weekly mon at 09:00", lab.channel
        ).wait_response()
        lab.person.open_home()
        lab.slack.wait(lambda: lab.person.home and SAVED in str(lab.person.home.body))
        home = lab.person.home
        assert home is not None
        drawn["home.svg"] = draw_home(
            "App Home", "papers", home.blocks, names={lab.channel.id: lab.channel.name}
        )
    return drawn


def fill_editor(lab: Lab) -> View:
    """Open the editor in the channel, fill it in and look at the preview."""
    listed = lab.person.command("/papers help", lab.channel).wait_message()
    view = lab.person.click(listed, "set_new").wait_view()
    lab.slack.wait(lambda: view.callback_id == "set_editor")
    for field, value in (
        ("name", SET_NAME),
        ("keywords", KEYWORDS),
        ("exclude", "survey"),
        ("rhythm", "weekdays"),
        ("destinations", [lab.channel.id]),
        ("at", AT),
    ):
        lab.person.fill(view, field, value)
    lab.person.click(view, "set_preview")
    lab.slack.wait(lambda: is_filled(view))
    return view


def is_filled(view: View) -> bool:
    """Whether a preview has come of all that was filled in: the time of day was the last."""
    at = next(block for block in view.blocks if block["block_id"] == "at")
    return at["element"]["initial_option"]["value"] == AT and " brought " in str(view.body)


def deliver(lab: Lab) -> tuple[Message, ...]:
    """Publish the day, wait until nine o'clock in Berlin, deliver; return the digest's messages."""
    app = lab.app
    publish(DAY, app.sets(), app.store, categories=app.categories, now=lab.clock.now())
    lab.clock.advance(TO_NINE)
    deliver_due(app.store, app.senders, app.clock, app.terms)
    parent = next(message for message in lab.channel.messages if lab.channel.replies(message.ts))
    return tuple(lab.channel.thread(parent.ts))


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, drawn in draw_all().items():
        (out / name).write_text(drawn, encoding="utf-8")
        print(out / name)


if __name__ == "__main__":
    main()

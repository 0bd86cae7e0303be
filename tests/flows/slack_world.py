"""Two workspaces on one bot, for the flows' tests: who is where, what was announced and asked for.

Ada and Bob are in one workspace, the home of what the configuration names, with Root as its admin;
the stranger in the other one has Ada's user id, as another workspace's people may.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from bot.core.editions import Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import Announcement
from bot.core.schedule import Rhythm, Schedule
from bot.core.slack_names import Person, workspace_owner
from bot.core.subscriptions import CONFIG, OPERATOR, Subscription
from bot.flows.ingest import Ingest
from bot.flows.publish import publish
from bot.flows.slack_desk import Desk, DeskStore
from bot.flows.slack_subscribing import subscribe_place
from bot.flows.subscribing_to import Wish
from tests.fakes.desks import DeskMemory, KnownWorkspaces
from tests.fakes.papers import DAY, NOW, announce, make_paper
from tests.fakes.sources import CannedSource

HERE, ELSEWHERE = "T111", "T222"
ADA, BOB, ROOT, ZOE = (Person(HERE, user) for user in ("UADA", "UBOB", "UROOT", "UZOE"))
STRANGER = Person(ELSEWHERE, "UADA")
# Both are in the first; the second is Ada's alone, and private.
LAB, QUIET = "C111", "C333"
DM_ADA, DM_BOB, DM_STRANGER = "D111", "D222", "D999"
# Ids are a workspace's own, so that another may have the same.
ABROAD, TWIN = "C222", LAB
ZONE = "Europe/Berlin"
CATEGORIES = ("cs.CV", "cs.RO")
WEEK = timedelta(days=7)
NINE = Schedule(Rhythm.WEEKDAYS, time(9), ZONE)

MLLM = KeywordSet("MLLM", keywords=(("VLM",),))
RAIN = KeywordSet("Rain", query="rain", owner=OPERATOR)
OURS = KeywordSet("Clouds", (("cloud",),), owner=workspace_owner(HERE), creator=ADA.origin)
THEIRS = KeywordSet(
    "Secret plan", query="cloud", owner=workspace_owner(ELSEWHERE), creator=STRANGER.origin
)


def make_workspaces() -> KnownWorkspaces:
    return KnownWorkspaces(
        members={
            (HERE, LAB): {"UADA", "UBOB"},
            (HERE, QUIET): {"UADA"},
            (HERE, DM_ADA): {"UADA"},
            (HERE, DM_BOB): {"UBOB"},
            (ELSEWHERE, ABROAD): {"UADA"},
            (ELSEWHERE, TWIN): {"UADA"},
            (ELSEWHERE, DM_STRANGER): {"UADA"},
        },
        admins={ROOT, Person(ELSEWHERE, "UROOT")},
    )


def make_desk(store: DeskStore | None = None) -> Desk:
    return Desk(
        store=store or DeskMemory(),
        workspaces=make_workspaces(),
        configured=(MLLM,),
        categories=CATEGORIES,
        home=HERE,
        timezone=ZONE,
    )


def hide_quiet(person: Person) -> tuple[str, ...]:
    return () if person == ADA else (QUIET,)


def workspaces_of(desk: Desk) -> KnownWorkspaces:
    assert isinstance(desk.workspaces, KnownWorkspaces)
    return desk.workspaces


def channel(address: str) -> Destination:
    return Destination(DestinationKind.CHANNEL, address)


def subscribe(
    desk: Desk,
    person: Person = ADA,
    conversation: str = LAB,
    what: str = "MLLM",
    wish: Wish = Wish(),  # noqa: B008 - it cannot be changed
) -> int:
    """Subscribe a conversation; return the subscription's number."""
    done = subscribe_place(desk, person, conversation, what, wish=wish, now=NOW, quoted=True)
    return done.subscription.id


def configure(
    desk: Desk, address: str, keyword_set: KeywordSet = MLLM, origin: str = CONFIG
) -> int:
    """Subscribe a channel as the configuration does, or as its operator does by hand."""
    given = Subscription(*keyword_set.key, channel(address), NINE, origin)
    return desk.store.save_subscription(given, NOW).id


def read(store: object, *announcements: Announcement, now: datetime = NOW) -> None:
    for each in announcements:
        ingest = Ingest(CannedSource({each.category: each}), store)  # type: ignore[arg-type]  # either store
        ingest.run(each.day, (each.category,), now)


def read_clouds(desk: Desk, day: date = DAY, first: int = 1, count: int = 2) -> None:
    """Store a day on which papers on clouds, one on rain and one on a VLM are announced."""
    clouds = [make_paper(first + number) for number in range(count)]
    rain = make_paper(first + count, title="On rain", abstract="It pours.")
    vlm = make_paper(first + count + 1, title="A VLM", abstract="It sees.")
    read(desk.store, announce(*clouds, rain, vlm, day=day))


def publish_all(desk: Desk, day: date = DAY, now: datetime = NOW) -> None:
    """Freeze the day's editions of every set, with their deliveries."""
    store = desk.store
    sets = (*desk.configured, *store.load_all_sets())  # type: ignore[attr-defined]  # both stores can
    publish(day, sets, store, categories=CATEGORIES, now=now)  # type: ignore[arg-type]  # the same


def counting(desk: Desk) -> tuple[Desk, Callable[[], int]]:
    """Let a desk count how often it is asked what is hidden."""
    asked = []

    def hidden(person: Person) -> tuple[str, ...]:
        asked.append(person)
        return ()

    return replace(desk, hidden=hidden), lambda: len(asked)

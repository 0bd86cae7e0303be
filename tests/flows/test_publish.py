from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.announcing import choose_kind, delivery_key, first_kind, merge_entries
from bot.core.editions import Delivery, Destination, DestinationKind, Edition
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import Announcement, AnnounceType, Entry, Paper
from bot.core.schedule import Rhythm, Schedule
from bot.core.subscriptions import Frozen, Subscription
from bot.core.words import prepare
from bot.errors import QueryError, StoreError
from bot.flows.ingest import Ingest
from bot.flows.publish import Published, plan_editions, publish, show_as_read
from tests.fakes.papers import DAY, NOW, announce, make_paper
from tests.fakes.sources import CannedSource
from tests.fakes.stores import MemoryStore

# Monday to Friday, and the Monday after.
MON, TUE, WED, THU, FRI = (date(2025, 12, day) for day in range(1, 6))
NEXT_MON = date(2025, 12, 8)
EVERY_TYPE = tuple(AnnounceType)
REPLACE = AnnounceType.REPLACE
CROSS = AnnounceType.CROSS
FOLLOWED = ("cs.CV", "cs.RO", "cs.LG")
CLOUDS = KeywordSet("Clouds", keywords=(("cloud",),))
RAIN = KeywordSet("Rain", keywords=(("rain",),))
SKY = KeywordSet("Sky", keywords=(("rain",), ("cloud",)))
FOLDER = Destination(DestinationKind.FOLDER, "digests")
MAIL = Destination(DestinationKind.EMAIL, "lab@lab.example")


def read(store: MemoryStore, *announcements: Announcement, now: datetime = NOW) -> None:
    for each in announcements:
        Ingest(CannedSource({each.category: each}), store).run(each.day, (each.category,), now)


def freeze(
    store: MemoryStore,
    day: date,
    *sets: KeywordSet,
    to: Sequence[Destination] = (),
    now: datetime = NOW,
) -> tuple[Published, ...]:
    for each in sets:
        for place in to:
            store.save_subscription(Subscription(*each.key, place), now)
    return publish(day, sets, store, categories=FOLLOWED, now=now)


def shown(published: Sequence[Published]) -> list[tuple[str, ...]]:
    return [tuple(map(delivery_key, each.edition.items)) for each in published]


def test_freezes_what_matched_with_why_it_matched_and_the_days_receipt() -> None:
    store = MemoryStore()
    read(store, announce(make_paper(1), make_paper(2, title="On rain", abstract="Rain.")))
    clouds, rain = freeze(store, DAY, CLOUDS, RAIN)
    (paper,) = clouds.edition.items
    assert paper.paper == make_paper(1)
    assert [(hit.keyword, hit.words) for hit in paper.hits] == [
        ("cloud", "clouds"),
        ("cloud", "clouds"),
    ]
    assert (clouds.edition.receipt.announced, clouds.edition.receipt.read) == (2, 2)
    assert clouds.edition.set == CLOUDS.summary
    assert shown([rain]) == [("2512.00002",)]


def test_plans_each_delivery_for_the_moment_that_its_schedule_says() -> None:
    store = MemoryStore()
    read(store, announce(make_paper()))
    nine = Schedule(at=time(9), timezone="Europe/Berlin")
    store.save_subscription(Subscription(*CLOUDS.key, MAIL, nine), NOW)
    (published,) = freeze(store, DAY, CLOUDS, to=[FOLDER])
    assert [delivery.destination for delivery in published.deliveries] == [MAIL, FOLDER]
    assert [due.id for due in store.due_deliveries(NOW)] == [2]
    assert len(store.due_deliveries(NOW + timedelta(hours=2))) == 2


def test_a_weekly_round_up_is_one_digest_ranked_by_keywords() -> None:
    store = MemoryStore()
    weekly = Schedule(Rhythm.WEEKLY, at=time(9), weekday=4)
    store.save_subscription(Subscription(*SKY.key, MAIL, weekly), NOW)
    for number, day in enumerate((MON, TUE, WED), 1):
        title = "Rain from clouds" if day == TUE else "Clouds"
        now = datetime.combine(day, time(2), UTC)
        read(store, announce(make_paper(number, title=title, abstract=""), day=day), now=now)
        freeze(store, day, SKY, now=now)
    assert store.due_deliveries(datetime.combine(FRI, time(8, 59), UTC)) == ()
    (due,) = store.due_deliveries(datetime.combine(FRI, time(9), UTC))
    digest = store.ledger[due.id].edition
    assert (digest.since, digest.day) == (MON, WED)
    assert [item.paper.base_id for item in digest.items] == [
        "2512.00002",
        "2512.00003",
        "2512.00001",
    ]
    assert (digest.receipt.announced, digest.receipt.read) == (3, 3)
    late = datetime.combine(FRI, time(10), UTC)
    read(store, announce(make_paper(4), day=FRI), now=late)
    (friday,) = freeze(store, FRI, SKY, now=late)
    assert len(friday.deliveries) == 1


@pytest.mark.parametrize("who", ["the subscription", "the set", "the kind"])
def test_nothing_is_planned_for_what_is_paused_or_cannot_be_reached(who: str) -> None:
    store = MemoryStore()
    read(store, announce(make_paper()))
    saved = store.save_subscription(Subscription(*CLOUDS.key, FOLDER), NOW)
    if who == "the subscription":
        store.pause_subscription(saved.id, paused=True)
    clouds = replace(CLOUDS, paused=who == "the set")
    kinds = [DestinationKind.EMAIL] if who == "the kind" else list(DestinationKind)
    (published,) = publish(DAY, [clouds], store, categories=FOLLOWED, now=NOW, kinds=kinds)
    assert len(published.edition.items) == 1
    assert published.deliveries == ()


def test_after_days_of_downtime_there_is_one_catch_up_ranked_by_keywords() -> None:
    store = MemoryStore()
    read(store, announce(make_paper(1), day=MON))
    freeze(store, MON, SKY)
    back = NOW + timedelta(days=90)
    later = MON + timedelta(days=89)
    both = make_paper(3, title="Rain from clouds", abstract="")
    read(
        store,
        announce(make_paper(2), day=WED),
        announce(make_paper(1), category="cs.RO", day=WED, kind=CROSS),
        announce(both, day=NEXT_MON),
        announce(make_paper(4), day=later),
        now=back,
    )
    (published,) = freeze(store, later, SKY, to=[FOLDER], now=back)
    edition = published.edition
    assert (edition.since, edition.day) == (WED, later)
    assert [item.paper.base_id for item in edition.items] == [
        "2512.00003",
        "2512.00004",
        "2512.00002",
    ]
    assert (edition.receipt.announced, edition.receipt.day) == (4, later)
    assert len(published.deliveries) == 1


def test_days_that_brought_a_set_nothing_make_no_catch_up() -> None:
    store = MemoryStore()
    read(store, announce(make_paper(1), day=MON))
    freeze(store, MON, CLOUDS)
    read(
        store,
        announce(make_paper(2, title="Sun", abstract=""), day=TUE),
        announce(make_paper(3), day=WED),
    )
    (published,) = freeze(store, WED, CLOUDS)
    assert published.edition.since is None
    assert published.edition.receipt.announced == 1


def test_one_set_that_cannot_be_kept_never_stops_the_others() -> None:
    class Refusing(MemoryStore):
        def save_editions(
            self, frozen: Sequence[Frozen], at: datetime
        ) -> tuple[tuple[Delivery, ...] | None, ...]:
            if any(each.keyword_set.name == "Clouds" for each in frozen):
                msg = "publish again"
                raise StoreError(msg)
            return super().save_editions(frozen, at)

    store = Refusing()
    read(store, announce(make_paper(title="Rain from clouds")))
    problems: list[str] = []
    published = publish(
        DAY, [CLOUDS, RAIN], store, categories=FOLLOWED, now=NOW, report=problems.append
    )
    assert [each.edition.set.name for each in published] == ["Rain"]
    assert problems == ["publish again"]


def test_freezes_an_edition_once_whatever_comes_later_that_day() -> None:
    store = MemoryStore()
    read(store, announce(make_paper(1)))
    (first,) = freeze(store, DAY, CLOUDS, to=[FOLDER])
    read(store, announce(make_paper(2), category="cs.RO"))
    assert freeze(store, DAY, CLOUDS, to=[FOLDER]) == ()
    assert store.editions_of(CLOUDS) == [first.edition]
    assert len(store.ledger) == 1


def test_an_empty_edition_is_kept_and_plans_no_delivery() -> None:
    store = MemoryStore()
    read(store, announce())
    (published,) = freeze(store, DAY, CLOUDS, to=[FOLDER])
    assert (published.edition.items, published.deliveries) == ((), ())
    assert store.editions_of(CLOUDS) == [published.edition]


def test_planning_changes_nothing() -> None:
    store = MemoryStore()
    read(store, announce(make_paper()))
    (plan,) = plan_editions(DAY, [CLOUDS], store, FOLLOWED)
    assert store.editions == {}
    (published,) = freeze(store, DAY, CLOUDS)
    assert published.edition == plan


def test_without_sets_nothing_is_planned() -> None:
    assert plan_editions(DAY, [], MemoryStore(), FOLLOWED) == ()


def test_a_paper_new_on_monday_and_cross_listed_on_thursday_comes_once() -> None:
    store = MemoryStore()
    read(store, announce(make_paper(), day=MON))
    monday = freeze(store, MON, CLOUDS)
    read(store, announce(make_paper(), category="cs.RO", day=THU, kind=CROSS))
    thursday = freeze(store, THU, CLOUDS)
    assert shown(monday) == [("2512.00001",)]
    assert shown(thursday) == [()]
    assert thursday[0].edition.earlier == 1


def test_each_replacement_comes_once_to_a_set_that_wants_them() -> None:
    store = MemoryStore()
    eager = KeywordSet("Eager", keywords=(("cloud",),), types=EVERY_TYPE)
    came = []
    for day, version, category, kind in (
        (MON, 1, "cs.CV", AnnounceType.NEW),
        (TUE, 2, "cs.CV", REPLACE),
        (WED, 2, "cs.RO", AnnounceType.REPLACE_CROSS),
        (THU, 3, "cs.CV", REPLACE),
    ):
        # A batch of which all stood in the one before would be thought a repeat of that one.
        other = make_paper(100 + day.day, title="Rain", abstract="We count drops.")
        paper = make_paper(version=version)
        read(store, announce(paper, other, category=category, day=day, kind=kind))
        came += shown(freeze(store, day, eager, CLOUDS))
    assert came[::2] == [("2512.00001",), ("2512.00001v2",), (), ("2512.00001v3",)]
    assert came[1::2] == [("2512.00001",), (), (), ()]


def test_what_a_category_brings_late_joins_the_next_edition() -> None:
    store = MemoryStore()
    read(store, announce(make_paper(1), day=THU))
    freeze(store, THU, CLOUDS)
    read(
        store,
        announce(make_paper(2), category="cs.RO", day=THU),
        announce(make_paper(3), day=FRI),
    )
    (friday,) = freeze(store, FRI, CLOUDS)
    assert sorted(shown([friday])[0]) == ["2512.00002", "2512.00003"]
    assert friday.edition.receipt.announced == 1


def test_a_paper_that_was_late_and_comes_again_comes_once_as_it_came_first() -> None:
    store = MemoryStore()
    freeze(store, THU, CLOUDS)
    read(
        store,
        announce(make_paper(), day=THU),
        announce(make_paper(), category="cs.RO", day=FRI, kind=CROSS),
    )
    (friday,) = freeze(store, FRI, CLOUDS)
    assert [item.kind for item in friday.edition.items] == [AnnounceType.NEW]


def test_what_is_weeks_late_comes_all_the_same_and_is_said_to_be_old() -> None:
    store = MemoryStore()
    freeze(store, MON, CLOUDS)
    for day in (TUE + timedelta(days=7), TUE + timedelta(days=14)):
        now = datetime.combine(day, time(6), UTC)
        if day > TUE + timedelta(days=7):
            read(store, announce(make_paper(1), day=MON), now=now)
        read(store, announce(make_paper(day.day), day=day), now=now)
        (published,) = freeze(store, day, CLOUDS, now=now)
    assert set(*shown([published])) == {"2512.00001", "2512.00016"}
    assert published.edition.since == MON


def test_a_new_set_does_not_get_what_was_announced_before_it() -> None:
    store = MemoryStore()
    read(store, announce(make_paper(1), day=WED), announce(make_paper(2), day=THU))
    freeze(store, WED, CLOUDS)
    old, new = freeze(store, THU, CLOUDS, KeywordSet("Newer", keywords=(("cloud",),)))
    assert shown([old, new]) == [("2512.00002",), ("2512.00002",)]
    read(store, announce(make_paper(3), category="cs.RO", day=WED))
    old, new = freeze(store, FRI, CLOUDS, KeywordSet("Newer", keywords=(("cloud",),)))
    assert shown([old, new]) == [("2512.00003",), ()]


def test_only_what_the_day_itself_brings_again_counts_as_shown_before() -> None:
    store = MemoryStore()
    read(store, announce(make_paper(1), make_paper(2), day=WED))
    freeze(store, WED, CLOUDS)
    read(
        store,
        announce(make_paper(1), category="cs.RO", day=THU, kind=CROSS),
        announce(make_paper(3), day=THU),
    )
    (thursday,) = freeze(store, THU, CLOUDS)
    assert shown([thursday]) == [("2512.00003",)]
    assert thursday.edition.earlier == 1


def test_an_older_day_can_be_published_after_a_newer_one() -> None:
    store = MemoryStore()
    read(store, announce(make_paper(1), day=WED), announce(make_paper(2), day=THU))
    assert shown(freeze(store, THU, CLOUDS)) == [("2512.00002",)]
    assert shown(freeze(store, WED, CLOUDS)) == [("2512.00001",)]


@pytest.mark.parametrize(
    ("keyword_set", "kind"),
    [
        (KeywordSet("Everywhere", keywords=(("cloud",),)), AnnounceType.NEW),
        (KeywordSet("There", keywords=(("cloud",),), categories=("cs.RO",)), CROSS),
        (KeywordSet("Elsewhere", keywords=(("cloud",),), categories=("cs.LG",)), None),
        (KeywordSet("Updates", keywords=(("cloud",),), types=(REPLACE,)), None),
        (
            KeywordSet(
                "New there",
                keywords=(("cloud",),),
                categories=("cs.RO",),
                types=(AnnounceType.NEW,),
            ),
            None,
        ),
    ],
    ids=lambda value: value.name if isinstance(value, KeywordSet) else "",
)
def test_a_set_sees_what_its_own_categories_call_a_paper(
    keyword_set: KeywordSet, kind: AnnounceType | None
) -> None:
    store = MemoryStore()
    read(store, announce(make_paper()), announce(make_paper(), category="cs.RO", kind=CROSS))
    (published,) = freeze(store, DAY, keyword_set)
    assert [item.kind for item in published.edition.items] == ([kind] if kind else [])


def test_papers_stand_in_reading_order_whatever_day_they_came_from() -> None:
    store = MemoryStore()
    freeze(store, THU, CLOUDS)
    papers = [
        make_paper(number, categories=categories)
        for number, categories in enumerate(
            [("cs.CV",), ("cs.RO",), ("cs.CV", "cs.RO"), ("cs.CV",)]
        )
    ]
    read(store, announce(*papers[::2], day=THU), announce(*papers[1::2], day=FRI))
    assert shown(freeze(store, FRI, CLOUDS)) == [
        ("2512.00001", "2512.00002", "2512.00003", "2512.00000")
    ]


def test_a_set_that_cannot_be_read_never_stops_the_others() -> None:
    store = MemoryStore()
    read(store, announce(make_paper()))
    bad = KeywordSet("Bad", query="cloud OR")
    heard: list[str] = []
    published = publish(
        DAY,
        [bad, CLOUDS],
        store,
        categories=FOLLOWED,
        now=NOW,
        report=heard.append,
    )
    assert [each.edition.set.name for each in published] == ["Clouds"]
    (problem,) = heard
    assert problem.startswith("the set 'Bad' is left out until it is changed: ")
    assert len(publish(DAY, [bad], store, categories=FOLLOWED, now=NOW)) == 0
    with pytest.raises(QueryError):
        plan_editions(DAY, [bad], store, FOLLOWED)


def test_of_one_day_the_highest_version_stands_and_the_first_kind_counts() -> None:
    two, one = make_paper(version=2), make_paper(version=1)
    (item,) = merge_entries(
        [
            ("cs.CV", Entry(two, REPLACE)),
            ("cs.RO", Entry(one, CROSS)),
            ("cs.CV", Entry(one, AnnounceType.NEW)),
            ("cs.CV", Entry(two, REPLACE)),
        ]
    )
    assert (item.paper, item.kind) == (two, AnnounceType.NEW)
    assert dict(item.kinds) == {"cs.CV": AnnounceType.NEW, "cs.RO": CROSS}


# Nine papers about clouds, rain or both, and any story of how arXiv announces them.
TITLES = ("Clouds", "Rain", "Rain from clouds")
START = MON
SETS = (
    CLOUDS,
    RAIN,
    KeywordSet("Eager", keywords=(("cloud",),), types=EVERY_TYPE),
    KeywordSet("Robots", keywords=(("rain",), ("cloud",)), categories=("cs.RO",)),
    KeywordSet("Updates", query="clouds NOT rain", types=EVERY_TYPE[2:]),
)
WORDS = {"Clouds": "loud", "Rain": "ain", "Eager": "loud", "Robots": "", "Updates": "Clouds"}
entries = st.builds(
    lambda number, version, kind: Entry(
        Paper(f"2512.{number:05d}", version, TITLES[number % 3], (), "", ("cs.CV",)), kind
    ),
    st.integers(0, 8),
    st.integers(1, 3),
    st.sampled_from(EVERY_TYPE),
)
# By day and category: the batch (None repeats the one before) and by how many days it is late.
stories = st.lists(
    st.fixed_dictionaries(
        {
            category: st.tuples(st.lists(entries, max_size=4) | st.none(), st.integers(0, 7))
            for category in FOLLOWED
        }
    ),
    min_size=1,
    max_size=8,
)
Story = list[dict[str, tuple[list[Entry] | None, int]]]


def tell(story: Story) -> MemoryStore:
    """Live through a story a day at a time, and a week more, publishing every day."""
    store = MemoryStore()
    arriving: dict[date, list[Announcement]] = {}
    last: dict[str, list[Entry]] = {}
    for number, of_day in enumerate(story):
        day = START + timedelta(days=number)
        for category, (batch, late) in of_day.items():
            last[category] = told = last.get(category, []) if batch is None else batch
            arriving.setdefault(day + timedelta(days=late), []).append(
                Announcement(category, day, "https://arxiv.example", len(told), tuple(told))
            )
    for number in range(len(story) + 7):
        day = START + timedelta(days=number)
        read(store, *arriving.get(day, ()))
        freeze(store, day, *SETS)
        assert freeze(store, day, *SETS) == ()
    return store


@settings(deadline=None, max_examples=50)
@given(stories)
def test_whatever_comes_late_twice_or_elsewhere_nothing_is_shown_twice_and_nothing_is_lost(
    story: Story,
) -> None:
    store = tell(story)
    for each in SETS:
        editions: list[Edition] = store.editions_of(each)
        came = Counter(delivery_key(item) for edition in editions for item in edition.items)
        assert set(came.values()) <= {1}
        for day in sorted({day for _, day in store.batches}):
            for item in store.load_day(day, FOLLOWED).listing.items:
                seen = [
                    kind
                    for category, kind in item.kinds.items()
                    if not each.categories or category in each.categories
                ]
                wanted = bool(seen) and first_kind(seen) in each.types
                words = WORDS[each.name]
                matches = (
                    item.paper.title == words if words == "Clouds" else words in item.paper.title
                )
                if wanted and matches:
                    version = f"v{item.paper.version}" if first_kind(seen).is_replacement else ""
                    assert f"{item.paper.base_id}{version}" in came


@pytest.mark.parametrize(
    ("called", "types", "counts_as"),
    [
        ("new cross", "new", "new"),
        ("new cross", "cross", None),
        ("cross replace", "new cross", "cross"),
        ("cross replace", "replace", "replace"),
        ("replace replace-cross", "replace-cross", None),
        ("", "new cross", None),
    ],
)
def test_what_a_paper_counts_as_for_those_who_want_some_types(
    called: str, types: str, counts_as: str | None
) -> None:
    kinds = [AnnounceType(kind) for kind in called.split()]
    assert choose_kind(kinds, [AnnounceType(kind) for kind in types.split()]) == counts_as


def test_what_was_just_read_is_shown_as_it_was_read() -> None:
    store = MemoryStore()
    before = make_paper(title="Clouds of old", categories=("cs.CV",))
    read(store, announce(before, day=MON))
    mended = replace(before, title="Clouds, mended", categories=("cs.CV", "cs.LG"))
    day = store.load_day(MON, FOLLOWED)
    of_another_day = announce(replace(before, title="Rain"), day=TUE)
    shown = show_as_read(day, [announce(mended, day=MON), of_another_day])
    assert [item.paper for item in shown.listing.items] == [mended]
    assert shown.prepared[before.base_id] == prepare(mended)
    assert show_as_read(day, []) == day


def test_sets_of_several_owners_with_one_name_do_not_get_in_each_others_way() -> None:
    store = MemoryStore()
    owners = ("config", "operator", "slack:T111", "slack:T222")
    sets = [replace(CLOUDS, owner=owner) for owner in owners]
    sets[2] = replace(sets[2], keywords=(("rain",),))
    sets[3] = replace(sets[3], paused=True)
    read(store, announce(make_paper(1), make_paper(2, title="Rain", abstract=""), day=MON))
    published = freeze(store, MON, *sets, to=[FOLDER])
    assert shown(published) == [("2512.00001",), ("2512.00001",), ("2512.00002",), ("2512.00001",)]
    assert [len(each.deliveries) for each in published] == [1, 1, 1, 0]
    whose = [store.subscriptions[row.subscription_id] for row in store.ledger.values()]
    assert [each.set_owner for each in whose] == list(owners[:3])
    # One that comes later begins with its own first day, and shows what others have shown.
    read(store, announce(make_paper(3), make_paper(1), category="cs.RO", day=TUE, kind=CROSS))
    later = replace(CLOUDS, owner="slack:T333")
    assert shown(freeze(store, TUE, *sets, later)) == [
        ("2512.00003",),
        ("2512.00003",),
        (),
        ("2512.00003",),
        ("2512.00003", "2512.00001"),
    ]

from dataclasses import replace

from bot.adapters.store import Store
from bot.core.editions import DeliveryState
from bot.core.keyword_sets import KeywordSet, MatchMode
from bot.core.papers import AnnounceType
from bot.core.subscriptions import Subscription
from tests.adapters.store.made_up import (
    CATS,
    CHANNEL,
    MAIL,
    NOW,
    announce,
    due_ids,
    freeze,
    make_edition,
    make_paper,
    save,
    take,
)

FULL = KeywordSet(
    name="Kätzchen",
    keywords=(("cat", "dog"), ("kitten",)),
    exclude=("survey",),
    types=(AnnounceType.REPLACE,),
    categories=("cs.CV",),
    match=MatchMode.SUBSTRING,
    owner="operator",
    paused=True,
)
ASKED = KeywordSet(name="Asked", query='cat* AND "of kind"', owner="operator")


def test_sets_come_back_as_they_were_by_name(store: Store) -> None:
    store.save_set(FULL)
    store.save_set(ASKED)
    assert store.load_sets("operator") == (ASKED, FULL)
    assert store.load_sets("somebody else") == ()


def test_saving_again_replaces_the_set_of_that_owner_and_name(store: Store) -> None:
    store.save_set(FULL)
    other = replace(FULL, owner="U123", paused=False)
    changed = replace(FULL, keywords=(("lion",),), paused=False)
    store.save_set(other)
    store.save_set(changed)
    assert store.load_sets("operator") == (changed,)
    assert store.load_sets("U123") == (other,)


def test_a_removed_set_is_gone_until_it_is_saved_again(store: Store) -> None:
    store.save_set(FULL)
    assert store.remove_set("operator", FULL.name, NOW)
    assert store.load_sets("operator") == ()
    assert not store.remove_set("operator", FULL.name, NOW)
    store.save_set(FULL)
    assert store.load_sets("operator") == (FULL,)


def test_nobody_can_remove_what_they_do_not_have(store: Store) -> None:
    store.save_set(FULL)
    assert not store.remove_set("U123", FULL.name)
    assert not store.remove_set("operator", "Lions")
    assert store.load_sets("operator") == (FULL,)


def test_sets_of_the_config_file_have_editions_but_are_not_listed(store: Store) -> None:
    save(store, announce(make_paper()))
    assert freeze(store, CATS, make_edition(make_paper()), [(MAIL, NOW)], NOW)
    assert store.load_sets("config") == ()
    assert not store.remove_set("config", "Cats", NOW)


def test_removing_a_set_cancels_what_was_not_begun_and_keeps_its_editions(store: Store) -> None:
    paper = make_paper()
    save(store, announce(paper))
    owned = replace(CATS, owner="operator")
    store.save_set(owned)
    waiting, begun = (
        freeze(store, owned, make_edition(paper), [(MAIL, NOW), (CHANNEL, NOW)], NOW) or ()
    )
    claim = take(store, begun.id, NOW)
    assert claim
    assert store.remove_set("operator", "Cats")
    assert take(store, waiting.id, NOW) is None
    assert due_ids(store, NOW) == ()
    assert store.settle(claim, DeliveryState.SENT, at=NOW, detail="id 1")
    mail, channel = store.load_showings(paper.base_id)
    assert (mail.state, mail.detail) == (
        DeliveryState.CANCELLED,
        "the keyword set Cats was removed",
    )
    assert channel.state is DeliveryState.SENT
    store.save_set(owned)
    assert store.shown_keys([paper.base_id]) == {owned.key: {paper.base_id}}


def test_a_set_is_added_where_its_owner_has_none_of_that_name(store: Store) -> None:
    assert store.add_set(FULL)
    assert not store.add_set(replace(FULL, keywords=(("lion",),), creator="slack:T1/U2"))
    assert store.load_sets("operator") == (FULL,)
    assert store.add_set(replace(FULL, owner="slack:T1"))
    store.remove_set("operator", FULL.name, NOW)
    again = replace(FULL, creator="slack:T1/U2")
    assert store.add_set(again)
    assert store.load_sets("operator") == (again,)
    # A subscription may name a set that nobody has saved yet.
    store.save_subscription(Subscription(*ASKED.key, MAIL), NOW)
    assert store.add_set(ASKED)
    assert not store.add_set(ASKED)
    assert [each.key for each in store.load_all_sets()] == [
        ("operator", "Asked"),
        ("operator", "Kätzchen"),
        ("slack:T1", "Kätzchen"),
    ]

from datetime import UTC, datetime, timedelta

from bot.adapters.store import Store
from bot.core.records import Mark, MarkedPaper
from bot.core.slack_names import Person, SlackPlace

NOW = datetime(2026, 6, 2, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
ADA, BO = Person("T01", "U01"), Person("T02", "U01")
PAPERS, OTHER = SlackPlace("T01", "C01"), SlackPlace("T02", "C01")


def test_a_paper_is_marked_once_and_listed_newest_first(store: Store) -> None:
    assert store.save_mark(ADA, Mark.SAVED, "2606.00001", NOW)
    assert store.save_mark(ADA, Mark.SAVED, "2606.00002", LATER)
    assert not store.save_mark(ADA, Mark.SAVED, "2606.00001", LATER)
    assert store.load_marks(ADA, Mark.SAVED) == (
        MarkedPaper("2606.00002", "", LATER),
        MarkedPaper("2606.00001", "", NOW),
    )


def test_marks_are_a_persons_own(store: Store) -> None:
    store.save_mark(ADA, Mark.SAVED, "2606.00001", NOW)
    assert store.load_marks(BO, Mark.SAVED) == ()
    assert store.load_marks(ADA, Mark.UNWANTED) == ()
    assert not store.remove_mark(BO, Mark.SAVED, "2606.00001")
    assert store.remove_mark(ADA, Mark.SAVED, "2606.00001")
    assert not store.remove_mark(ADA, Mark.SAVED, "2606.00001")


def test_a_paper_is_unwanted_in_one_channel_at_a_time(store: Store) -> None:
    assert store.save_mark(ADA, Mark.UNWANTED, "2606.00001", NOW, place="T01/C01")
    assert store.save_mark(ADA, Mark.UNWANTED, "2606.00001", NOW, place="T01/C02")
    places = [marked.place for marked in store.load_marks(ADA, Mark.UNWANTED)]
    assert places == ["T01/C01", "T01/C02"]


def test_the_first_message_about_a_paper_is_remembered(store: Store) -> None:
    store.save_discussed(PAPERS, {})
    store.save_discussed(PAPERS, {"2606.00001": "1.000001"})
    store.save_discussed(PAPERS, {"2606.00001": "2.000001", "2606.00002": "2.000001"})
    wanted = ["2606.00001", "2606.00002", "2606.00003"]
    assert store.load_discussed(PAPERS, wanted) == {
        "2606.00001": "1.000001",
        "2606.00002": "2.000001",
    }
    assert store.load_discussed(OTHER, wanted) == {}


def test_how_far_a_channel_was_read_is_remembered(store: Store) -> None:
    assert store.load_reading(PAPERS) == ""
    store.save_reading(PAPERS, "1.000001")
    store.save_reading(PAPERS, "2.000001")
    assert (store.load_reading(PAPERS), store.load_reading(OTHER)) == ("2.000001", "")


def test_an_event_is_seen_once_a_day(store: Store) -> None:
    assert store.see_event("Ev01", NOW)
    assert not store.see_event("Ev01", LATER)
    store.forget_event("Ev01")
    assert store.see_event("Ev01", LATER)
    assert store.see_event("Ev01", LATER + timedelta(days=1, seconds=1))


def test_a_workspace_that_left_leaves_nothing(store: Store) -> None:
    store.save_mark(ADA, Mark.SAVED, "2606.00001", NOW)
    store.save_mark(BO, Mark.SAVED, "2606.00001", NOW)
    store.save_discussed(PAPERS, {"2606.00001": "1.000001"})
    store.save_reading(PAPERS, "1.000001")
    store.forget_workspace("T01")
    assert store.load_marks(ADA, Mark.SAVED) == ()
    assert store.load_discussed(PAPERS, ["2606.00001"]) == {}
    assert store.load_reading(PAPERS) == ""
    assert len(store.load_marks(BO, Mark.SAVED)) == 1

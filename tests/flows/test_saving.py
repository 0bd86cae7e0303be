from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.desk import Kept, Saved
from bot.core.records import Mark, MarkedPaper
from bot.errors import UserError
from bot.flows.saving import not_for_us, save_papers, saved_papers, unsave_paper
from bot.flows.slack_desk import Desk
from tests.fakes.papers import NOW, make_paper
from tests.flows.slack_world import ADA, BOB, LAB, make_desk, read_clouds

ONE, TWO = make_paper(1), make_paper(2)


@pytest.fixture
def desk() -> Desk:
    """Give a desk with a day's papers."""
    desk = make_desk()
    read_clouds(desk)
    return desk


def test_papers_are_saved_once_and_what_is_not_stored_is_told_apart(desk: Desk) -> None:
    ids = ("2512.00002", "arXiv:2512.00001v3", "2512.00002v1", "2512.99999", "nonsense")
    assert save_papers(desk, ADA, ids, NOW) == Kept((TWO, ONE), (), ("2512.99999", "nonsense"))
    assert save_papers(desk, ADA, ["2512.00001"], NOW + timedelta(days=1)) == Kept((), (ONE,))
    assert saved_papers(desk, ADA) == ((Saved(TWO, NOW), Saved(ONE, NOW)), 2)
    assert saved_papers(desk, BOB) == ((), 0)
    assert save_papers(desk, ADA, [], NOW) == Kept()


def test_the_newest_are_shown_first_and_all_are_counted(desk: Desk) -> None:
    save_papers(desk, ADA, ["2512.00001"], NOW)
    save_papers(desk, ADA, ["2512.00002"], NOW + timedelta(days=1))
    assert saved_papers(desk, ADA, 1) == ((Saved(TWO, NOW + timedelta(days=1)),), 2)


def test_a_saved_paper_that_is_stored_no_more_is_left_out(desk: Desk) -> None:
    desk.store.save_mark(ADA, Mark.SAVED, "2401.00001", NOW)
    assert saved_papers(desk, ADA) == ((), 1)


def test_a_saved_paper_can_be_let_go_once(desk: Desk) -> None:
    save_papers(desk, ADA, ["2512.00001"], NOW)
    not_for_us(desk, ADA, LAB, "2512.00001", NOW)
    assert unsave_paper(desk, ADA, "2512.00001") == (ONE, True)
    assert unsave_paper(desk, ADA, "2512.00001") == (ONE, False)
    assert saved_papers(desk, ADA) == ((), 0)
    with pytest.raises(UserError, match="is not stored"):
        unsave_paper(desk, ADA, "2512.99999")


def test_a_paper_is_marked_as_not_for_a_channel_once(desk: Desk) -> None:
    assert not_for_us(desk, ADA, LAB, "2512.00001", NOW) == (ONE, False)
    assert not_for_us(desk, ADA, LAB, "2512.00001", NOW) == (ONE, True)
    assert not_for_us(desk, BOB, LAB, "2512.00001", NOW) == (ONE, False)
    assert desk.store.load_marks(ADA, Mark.UNWANTED) == (
        MarkedPaper("2512.00001", f"T111/{LAB}", NOW),
    )
    for garbage in ("2512.99999", "x" * 100_000, ""):
        with pytest.raises(UserError):
            not_for_us(desk, ADA, LAB, garbage, NOW)


def test_a_place_that_is_none_is_not_kept(desk: Desk) -> None:
    not_for_us(replace(desk, home=""), ADA, "T222/C222", "2512.00001", NOW)
    assert [each.place for each in desk.store.load_marks(ADA, Mark.UNWANTED)] == [""]

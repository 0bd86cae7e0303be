"""Pages of consent: an address, a set and a time zone are text, whatever they hold."""

from datetime import date

import jinja2
import pytest

from bot.core.subscribers import Choices, SetChoice
from bot.render.forms import Forms
from bot.render.pages import Frame
from bot.render.paths import Paths
from tests.fakes.sites import find, parse, text_of


@pytest.fixture(scope="session")
def forms(templates: jinja2.Environment) -> Forms:
    return Forms(templates, Frame(Paths(), "style-1.css"))


def test_what_is_confirmed_is_named(forms: Forms) -> None:
    page = forms.confirm("tok", "ada@lab.example", ("Clouds", "Rain", "Sun"))
    assert "digests of “Clouds”, “Rain” and “Sun” to ada@lab.example?" in text_of(parse(page))
    assert 'action="/confirm/tok"' in page
    done = forms.confirmed("pref", "ada@lab.example", ("Clouds",))
    assert 'href="/preferences/pref"' in done
    assert "digests of Clouds come" in text_of(parse(forms.asked("Clouds")))


def test_leaving_names_what_ends(forms: Forms) -> None:
    assert "Stop the digests of all sets?" in text_of(parse(forms.leave("tok", ())))
    page = forms.leave("tok", ("Clouds",), "pref")
    assert 'action="/u/tok"' in page
    assert 'href="/preferences/pref"' in page


def test_choices_are_shown_as_they_are(forms: Forms) -> None:
    sets = (SetChoice("Clouds", True, "“cloud”"), SetChoice("Rain", False))  # noqa: FBT003 - ticked
    choices = Choices(
        "ada@lab.example", sets, "weekly fri", "09:00", bundled=False, until=date(2026, 1, 2)
    )
    tree = parse(forms.preferences("tok", choices, "Saved."))
    assert find(tree, "option") == ["Every announcement", "On weekdays", "Weekly", "Weekly fri"]
    (chosen,) = (each for each in tree.iter("option") if each.get("selected") is not None)
    assert chosen.get("value") == "weekly fri"
    values = {
        e.get("name"): e.get("value") for e in tree.iter("input") if e.get("type") != "checkbox"
    }
    assert values == {"at": "09:00", "timezone": "UTC", "until": "2026-01-02"}
    empty = parse(forms.preferences("tok", Choices("a@b.example", ())))
    assert "There are none to choose from." in text_of(empty)
    assert "<script" not in forms.preferences("tok", choices)


def test_nasty_text_stays_text(forms: Forms, nasty: tuple[str, ...]) -> None:
    for text in nasty:
        choices = Choices(text, (SetChoice(text, True, text),), text, text, text)  # noqa: FBT003
        for page in (
            forms.asked(text),
            forms.confirm("tok", text, (text, text)),
            forms.confirmed("tok", text, (text,)),
            forms.preferences("tok", choices, text),
            forms.leave("tok", (text,)),
        ):
            tags = {str(each.tag) for each in parse(page).iter()}
            assert not tags & {"script", "img", "style", "b", "think", "plaintext", "textarea"}

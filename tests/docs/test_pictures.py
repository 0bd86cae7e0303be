"""The README's pictures: what the bot sends now, well-formed, every text where it belongs."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from bot.core.commands import COMMANDS
from docs.drawing import Canvas, Run, Style, wrap
from docs.pictures import draw_all

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
NAMES = ("digest.svg", "editor.svg", "home.svg", "try.svg")


@dataclass(frozen=True)
class Area:
    """Where something is; of a text, from the top of its capitals to its baseline."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: "Area") -> bool:
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom

    def touches(self, other: "Area") -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


def number(element: etree._Element, name: str) -> float:
    return float(element.attrib[name])


def area_of_box(rect: etree._Element) -> Area:
    left, top = number(rect, "x"), number(rect, "y")
    return Area(left, top, left + number(rect, "width"), top + number(rect, "height"))


def area_of_text(text: etree._Element) -> Area:
    left, baseline = number(text, "x"), number(text, "y")
    size = float(text.get("font-size", 15))
    return Area(left, baseline - 0.7 * size, left + number(text, "textLength"), baseline)


def list_texts(
    element: etree._Element, around: tuple[Area, ...] = ()
) -> Iterator[tuple[str, Area, tuple[Area, ...]]]:
    """Yield every text with its area and the boxes around it, the innermost last."""
    if element.get("class") == "box":
        around = (*around, area_of_box(element[0]))
    if element.tag == f"{SVG}text":
        yield element.text or "", area_of_text(element), around
    for child in element:
        yield from list_texts(child, around)


def test_the_pictures_are_what_the_bot_sends_now() -> None:
    drawn = draw_all()
    assert sorted(drawn) == list(NAMES)
    for name, picture in drawn.items():
        kept = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert picture == kept, f"run `python -m docs.pictures`, and look at docs/{name}"


@pytest.mark.parametrize("name", NAMES)
def test_every_text_stands_in_its_box_and_in_no_other(name: str) -> None:
    root = etree.parse(ROOT / "docs" / name).getroot()
    whole = Area(0, 0, number(root, "width"), number(root, "height"))
    boxes = [area_of_box(box[0]) for box in root.iter(f"{SVG}g") if box.get("class") == "box"]
    texts = [*list_texts(root)]
    assert len(texts) > 20
    for text, area, around in texts:
        assert around, text
        assert all(box.holds(area) for box in (whole, *around)), text
        assert not any(box.touches(area) for box in boxes if box not in around), text
    for (text, area, _), (after, following, _) in itertools.pairwise(texts):
        assert not area.touches(following), (text, after)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_fetches_nothing_and_runs_nothing(name: str) -> None:
    root = etree.parse(ROOT / "docs" / name).getroot()
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "defs", "g", "rect", "circle", "path", "use", "text"}
    addresses = [element.get("href", "#") for element in root.iter()]
    assert all(re.fullmatch("#[a-z]*", address) for address in addresses)


def test_the_readme_shows_every_picture_and_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r'src="docs/([a-z]+\.svg)"', readme)) == list(NAMES)
    for usage in COMMANDS:
        typed = f"/papers {usage.name} {usage.follows}".rstrip().replace("|", "\\|")
        assert f"| `{typed}` |" in readme, typed


def test_text_is_text_whatever_stands_in_it() -> None:
    canvas = Canvas(y=20)
    canvas.text(Run("</text><script>\"&']]>"), 0, 15)
    root = etree.fromstring(canvas.write('"><&', 200, ""))
    assert [text for text, _, _ in list_texts(root)] == ["</text><script>\"&']]>"]
    assert root.attrib["aria-label"] == '"><&'


def test_lines_break_at_spaces_and_long_words_anywhere() -> None:
    code = Style(mono=True, ground="#fff")
    runs = [Run("one two, "), Run("three"), Run("four", code), Run("\nfive"), Run(" x" * 30)]
    lines = wrap([*runs, Run(" "), Run("y" * 40, code)], 90)
    assert all(sum(run.width + 2 * run.pad for run in line) <= 90 for line in lines)
    whole = "".join(run.text for line in lines for run in line)
    assert whole.replace(" ", "") == "onetwo,threefourfive" + "x" * 30 + "y" * 40
    assert [run.text for run in lines[1]] == ["three", "four"]

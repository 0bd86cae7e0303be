"""Slack's Block Kit -> drawings, about as Slack shows it; knows nothing of this bot."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import unescape
from typing import Any

from docs.drawing import CODE, GREY, LINK, Canvas, Run, Style

Json = dict[str, Any]

BODY, SMALL, HINT = Style(), Style(size=13, colour=GREY), Style(size=13.5, colour=GREY)
LABEL = Style(bold=True)
TYPED = Style(size=12.5, colour=CODE, mono=True, ground="#f6f6f6", edge="#dddddd")
NAMED = Style(colour=LINK, ground="#e8f5fa")
TOKEN = Style(size=14, colour=LINK, ground="#e8f5fa")
LINE, GAP = 22.0, 8.0
BUTTON = 32.0
CONVERSATIONS = "multi_conversations_select"
MARK = re.compile(r"\*(?P<bold>.+?)\*|<(?P<url>[^|>]+)\|(?P<label>[^>]*)>|`(?P<code>[^`]+)`")


@dataclass(slots=True)
class Sheet:
    """Blocks on a canvas, between two edges; `names` are channels' by their ids."""

    canvas: Canvas
    x: float
    width: float
    names: Mapping[str, str] = field(default_factory=dict)

    def draw(self, blocks: Iterable[Json]) -> None:
        """Draw blocks one below the other."""
        for block in blocks:
            getattr(self, f"draw_{block['type']}")(block)
            self.canvas.y += GAP

    def draw_rich_text(self, block: Json) -> None:
        """Draw paragraphs and lists."""
        for part in block["elements"]:
            if part["type"] == "rich_text_list":
                for item in part["elements"]:
                    dot = self.canvas.y + 11.5
                    self.canvas.parts.append(f'<circle cx="{self.x + 9}" cy="{dot}" r="2.5"/>')
                    runs = self.read(item["elements"])
                    self.canvas.paragraph(runs, self.x + 24, self.width - 24, LINE)
            else:
                self.canvas.paragraph(self.read(part["elements"]), self.x, self.width, LINE)

    def draw_section(self, block: Json) -> None:
        """Draw text with a menu or a button beside it."""
        accessory = block.get("accessory")
        top = self.canvas.y
        beside = 0.0
        if accessory:
            beside = measure_control(accessory)
            self.draw_control(accessory, self.x + self.width - beside)
            self.canvas.y = top
        runs = [*read_mrkdwn(block["text"]["text"])]
        self.canvas.paragraph(runs, self.x, self.width - beside - 16 * bool(beside), LINE)
        if accessory:
            self.canvas.y = max(self.canvas.y, top + BUTTON)

    def draw_actions(self, block: Json) -> None:
        """Draw buttons side by side, as many as there is room for."""
        x = self.x
        top = self.canvas.y
        for control in block["elements"]:
            wide = measure_control(control)
            if x > self.x and x + wide > self.x + self.width:
                x, top = self.x, top + BUTTON + GAP
            self.canvas.y = top
            self.draw_control(control, x)
            x += wide + GAP

    def draw_context(self, block: Json) -> None:
        """Draw small grey lines."""
        runs: list[Run] = []
        for element in block["elements"]:
            runs += [Run("   ", SMALL)] * bool(runs) + [Run(element["text"], SMALL)]
        self.canvas.paragraph(runs, self.x, self.width, 18)

    def draw_header(self, block: Json) -> None:
        """Draw a heading."""
        self.canvas.y += 6
        self.canvas.paragraph(
            [Run(block["text"]["text"], Style(size=18, bold=True))], self.x, self.width, 26
        )

    def draw_input(self, block: Json) -> None:
        """Draw a labelled field with what stands in it."""
        label = [Run(block["label"]["text"], LABEL)]
        if block.get("optional"):
            label.append(Run(" (optional)", Style(colour=GREY)))
        self.canvas.paragraph(label, self.x, self.width, 26)
        element = block["element"]
        if element["type"] in ("checkboxes", "radio_buttons"):
            self.draw_choices(element)
        else:
            self.draw_field(element)
        if "hint" in block:
            self.canvas.y += 3
            self.canvas.paragraph([Run(block["hint"]["text"], HINT)], self.x, self.width, 19)
        self.canvas.y += 6

    def draw_choices(self, element: Json) -> None:
        """Draw boxes or rounds, those that are chosen filled."""
        chosen = [*element.get("initial_options", ()), element.get("initial_option")]
        for option in element["options"]:
            x, y = self.x + 1, self.canvas.y + 3
            self.canvas.parts.append(
                draw_mark(x, y, round_=element["type"] == "radio_buttons", on=option in chosen)
            )
            self.canvas.paragraph([Run(option["text"]["text"])], self.x + 26, self.width - 26, 24)

    def draw_field(self, element: Json) -> None:
        """Draw a field to type or to choose in."""
        lines, choices = self.read_field(element)
        with self.canvas.box(self.x, self.width, radius=6, edge="#a9a9a9"):
            top = self.canvas.y
            self.canvas.y += 6
            for line in lines:
                self.canvas.paragraph(line, self.x + 12, self.width - 48, 24)
            if element.get("multiline"):
                self.canvas.y = max(self.canvas.y, top + 78)
            self.canvas.y += 6
            if choices:
                x, y = self.x + self.width - 24, top + 15.5
                arrow = (
                    f'<path d="M{x} {y}l5 5l5-5" fill="none" stroke="{GREY}" stroke-width="1.6"/>'
                )
                self.canvas.parts.append(arrow)

    def read_field(self, element: Json) -> tuple[list[list[Run]], bool]:
        """Say what stands in a field, line by line, and whether one chooses in it."""
        if element["type"] == "plain_text_input":
            text = element.get("initial_value", "")
            return [[Run(line)] for line in text.split("\n")], False
        if element["type"] == CONVERSATIONS:
            ids = element.get("initial_conversations", ())
            tokens = [f"# {self.names[each]}" for each in ids]
        else:
            several = element.get("initial_options", ())
            tokens = [each["text"]["text"] for each in several]
        if tokens:
            spaced = [run for each in tokens for run in (Run(each, TOKEN), Run("  "))]
            return [spaced[:-1]], True
        if "initial_option" in element:
            return [[Run(element["initial_option"]["text"]["text"])]], True
        return [[Run(element["placeholder"]["text"], Style(colour="#868686"))]], True

    def draw_control(self, control: Json, x: float) -> None:
        """Draw a button, or the three dots of a menu."""
        wide = measure_control(control)
        with self.canvas.box(x, wide, radius=8, edge="#b8b8b8"):
            middle = self.canvas.y + BUTTON / 2
            if control["type"] == "overflow":
                self.canvas.parts += (
                    f'<circle cx="{x + wide / 2 + d}" cy="{middle}" r="1.8" fill="{GREY}"/>'
                    for d in (-6, 0, 6)
                )
            else:
                label = name_control(control)
                self.canvas.text(label, x + (wide - label.width) / 2, middle + 4.6)
            self.canvas.y += BUTTON

    def read(self, elements: Sequence[Json]) -> list[Run]:
        """Read the elements of a rich_text section."""
        return [self.read_element(element) for element in elements]

    def read_element(self, element: Json) -> Run:
        """Read one element of a rich_text section."""
        kind, marks = element["type"], element.get("style", {})
        if kind == "emoji":
            return Run("", Style(icon=element["name"]))
        if kind == "channel":
            return Run(f"#{self.names[element['channel_id']]}", NAMED)
        if marks.get("code"):
            return Run(element["text"], TYPED)
        style = replace(BODY, bold=marks.get("bold", False), italic=marks.get("italic", False))
        return Run(element["text"], replace(style, colour=LINK) if kind == "link" else style)


def read_mrkdwn(text: str, style: Style = BODY) -> Iterable[Run]:
    """Read bold, links and code of mrkdwn, as far as this bot writes it."""
    at = 0
    for found in MARK.finditer(text):
        yield Run(unescape(text[at : found.start()]), style)
        at = found.end()
        if found["bold"]:
            yield from read_mrkdwn(found["bold"], replace(style, bold=True))
        elif found["url"]:
            yield Run(unescape(found["label"]), replace(style, colour=LINK))
        else:
            yield Run(unescape(found["code"]), TYPED)
    yield Run(unescape(text[at:]), style)


def name_control(control: Json) -> Run:
    """Give a button's label."""
    return Run(control["text"]["text"], Style(size=13.5, bold=True))


def measure_control(control: Json) -> float:
    """Give the width of a button or of a menu's three dots."""
    return 38 if control["type"] == "overflow" else round(name_control(control).width + 26)


def draw_mark(x: float, y: float, *, round_: bool, on: bool) -> str:
    """Draw a checkbox or a radio button."""
    edge = LINK if on else "#868686"
    if round_:
        dot = f'<circle cx="{x + 8}" cy="{y + 8}" r="4" fill="{LINK}"/>' if on else ""
        ring = f'<circle cx="{x + 8}" cy="{y + 8}" r="7.5" fill="#fff" stroke="{edge}"/>'
        return ring + dot
    tick = f'<path d="M{x + 4} {y + 8}l3 3.5l6-7" fill="none" stroke="#fff" stroke-width="2"/>'
    fill = LINK if on else "#fff"
    box = f'<rect x="{x + 0.5}" y="{y + 0.5}" width="15" height="15" rx="3"'
    return f'{box} fill="{fill}" stroke="{edge}"/>{tick if on else ""}'

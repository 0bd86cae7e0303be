"""What stands around blocks: a channel with a thread, a message, a modal, App Home."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from docs.blocks import GAP, SMALL, Json, Sheet
from docs.drawing import GREY, LINK, Canvas, Run, Style, n

WIDTH, MODAL_WIDTH = 720.0, 560.0
MARGIN = 20.0
FACE = 36.0
ACCENT, GREEN = "#0b57a4", "#007a5a"
BOLD, TITLE = Style(bold=True), Style(size=17, bold=True)
ICONS = (
    '<defs><g id="newspaper"><rect x=".5" y="1.5" width="15" height="12" rx="1.5" fill="#fff"'
    ' stroke="#616061"/><path d="M3 4.5h10M3 7.5h4M3 10.5h4" stroke="#616061"'
    ' stroke-width="1.3"/><rect x="8.5" y="7" width="4.5" height="4" fill="#8fa3b5"/></g>'
    '<g id="face"><rect width="36" height="36" rx="8" fill="#0b57a4"/><path d="M11 8h10l5 5v15H11z"'
    ' fill="#fff"/><path d="M14 16h9M14 20h9M14 24h6" stroke="#0b57a4" stroke-width="1.6"/></g>'
    '<g id="eye" fill="none" stroke="#616061" stroke-width="1.2"><path d="M1 7q6-8 12 0q-6 8-12'
    ' 0z"/><circle cx="7" cy="7" r="1.8"/></g></defs>'
)


@contextmanager
def frame(width: float) -> Iterator[Canvas]:
    """Give a canvas whose border is drawn when the block ends."""
    canvas = Canvas()
    with canvas.box(0, width, radius=10, edge="#b0b0b0"):
        yield canvas


def draw_channel(
    title: str,
    name: str,
    parent: Sequence[Json],
    thread: Sequence[Json],
    *,
    time: str,
    replies: int,
) -> str:
    """Draw a message in its channel, and below it how its thread begins."""
    with frame(WIDTH) as canvas:
        draw_bar(canvas, [Run(name, TITLE)], WIDTH)
        draw_said(canvas, parent, time)
        told = f"{replies} {'reply' if replies == 1 else 'replies'}"
        x, baseline = MARGIN + FACE + 12, canvas.y + 6
        end = canvas.text(Run(told, Style(size=13, bold=True, colour=LINK)), x, baseline)
        canvas.text(Run(f"Today at {time}", SMALL), end + 8, baseline)
        canvas.y += 22
        canvas.rule(0, WIDTH)
        draw_bar(canvas, [Run("Thread", TITLE), Run(f"  {name}", SMALL)], WIDTH)
        draw_said(canvas, thread, time)
    return canvas.write(title, WIDTH, ICONS)


def draw_message(title: str, blocks: Sequence[Json], *, time: str, private: bool) -> str:
    """Draw one message, which perhaps nobody else sees."""
    with frame(WIDTH) as canvas:
        canvas.y += 14
        draw_said(canvas, blocks, time, "Only visible to you" if private else "")
    return canvas.write(title, WIDTH, ICONS)


def draw_modal(title: str, view: Json, names: Mapping[str, str]) -> str:
    """Draw a modal, all of it, as if no window were too small for it."""
    with frame(MODAL_WIDTH) as canvas:
        heading = Run(view["title"]["text"], Style(size=20, bold=True))
        cross = f'<path d="M{MODAL_WIDTH - 36} 26l12 12m0-12l-12 12" stroke="{GREY}"/>'
        canvas.parts.append(cross)
        draw_bar(canvas, [heading], MODAL_WIDTH, 64)
        sheet = Sheet(canvas, MARGIN + 4, MODAL_WIDTH - 2 * MARGIN - 8, names)
        sheet.draw(view["blocks"])
        canvas.rule(0, MODAL_WIDTH)
        draw_foot(canvas, view["close"]["text"], view["submit"]["text"])
    return canvas.write(title, MODAL_WIDTH, ICONS)


def draw_home(title: str, app: str, blocks: Sequence[Json], names: Mapping[str, str]) -> str:
    """Draw an app's Home."""
    with frame(WIDTH) as canvas:
        canvas.y += 14
        canvas.paragraph([Run(app, TITLE)], MARGIN, WIDTH - 2 * MARGIN)
        draw_tabs(canvas, ("Home", "Messages", "About"))
        Sheet(canvas, MARGIN, WIDTH - 2 * MARGIN, names).draw(blocks)
        canvas.y += 8
    return canvas.write(title, WIDTH, ICONS)


def draw_bar(canvas: Canvas, runs: Sequence[Run], width: float, height: float = 50) -> None:
    """Draw what heads a window."""
    canvas.line(runs, MARGIN, canvas.y + height / 2 + 6)
    canvas.y += height
    canvas.rule(0, width)
    canvas.y += 14


def draw_tabs(canvas: Canvas, tabs: Sequence[str]) -> None:
    """Draw tabs, of which the first is open."""
    x, baseline, bottom = MARGIN, canvas.y + 24, canvas.y + 34
    for at, tab in enumerate(tabs):
        end = canvas.text(Run(tab, Style(size=13, bold=not at)), x, baseline)
        if not at:
            canvas.parts.append(
                f'<path d="M{n(x)} {n(bottom - 1)}h{n(end - x)}" stroke="{ACCENT}"'
                ' stroke-width="2"/>'
            )
        x = end + 20
    canvas.y = bottom
    canvas.rule(0, WIDTH)
    canvas.y += 10


def draw_said(canvas: Canvas, blocks: Sequence[Json], time: str, above: str = "") -> None:
    """Draw a message of the app: its picture, its name, the time, the blocks."""
    x = MARGIN + FACE + 12
    if above:
        canvas.parts.append(f'<use href="#eye" x="{x}" y="{canvas.y - 1}"/>')
        canvas.text(Run(above, SMALL), x + 20, canvas.y + 11)
        canvas.y += 22
    canvas.parts.append(f'<use href="#face" x="{MARGIN}" y="{canvas.y + 1}"/>')
    badge = Style(size=10, bold=True, colour=GREY, ground="#e8e8e8")
    baseline = canvas.y + 14
    end = canvas.text(Run("papers", BOLD), x, baseline)
    end = canvas.text(Run("APP", badge), end + 6, baseline - 1)
    canvas.text(Run(time, SMALL), end + 8, baseline)
    canvas.y += 22
    Sheet(canvas, x, WIDTH - x - MARGIN).draw(blocks)
    canvas.y += GAP


def draw_foot(canvas: Canvas, close: str, submit: str) -> None:
    """Draw the buttons of a modal, the one that sends it off at the right."""
    canvas.y += 16
    x, top = MODAL_WIDTH - MARGIN - 4, canvas.y
    for label, fill, colour in ((submit, GREEN, "#ffffff"), (close, "#ffffff", "#1d1c1d")):
        run = Run(label, Style(bold=True, colour=colour))
        wide = round(run.width) + 32
        x -= wide
        canvas.y = top
        with canvas.box(x, wide, radius=8, fill=fill, edge=GREEN if fill == GREEN else "#b8b8b8"):
            canvas.text(run, x + (wide - run.width) / 2, top + 24)
            canvas.y += 37
        x -= 12
    canvas.y += 16

"""Text with its hits marked, and ways to shorten it; knows nothing of papers or formats."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

_ELLIPSIS: Final = "…"
# A full stop after "et al", "e.g." or an initial ends no sentence; nor does one before lower case.
# It comes first, as only what begins with certain letters is searched for fast.
_SENTENCE_END = re.compile(
    r"[.!?](?<!\b[A-Z].)(?<!\bal.)(?<!\bvs.)(?<!\bcf.)(?<!e\.g.)(?<!i\.e.)[\"”’)]*(?= [^\sa-z])"
)
_BROKEN_LINE = re.compile(
    r"[\x00-\x20\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff"
    r"\ud800-\udfff]+"
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text that a keyword hit, or that none did."""

    text: str
    hit: bool = False


Segments: TypeAlias = tuple[Segment, ...]
"""A text as its stretches; neighbours differ in `hit`, none is empty."""


def plain(segments: Segments) -> str:
    """Return the text without its marks."""
    return "".join(segment.text for segment in segments)


def has_hit(segments: Segments) -> bool:
    """Whether any word of the text was hit."""
    return any(segment.hit for segment in segments)


def one_line(text: str) -> str:
    """Return text that is not TeX on one line, without control or invisible characters."""
    return _BROKEN_LINE.sub(" ", text).strip(" ")


def mark(text: str, spans: Iterable[tuple[int, int]]) -> Segments:
    """Mark (start, end) spans, which may overlap; spans that lie outside the text are ignored."""
    marked: list[Segment] = []
    at = 0
    for start, end in _merged(spans, len(text)):
        marked += (Segment(text[at:start]), Segment(text[start:end], hit=True))
        at = end
    marked.append(Segment(text[at:]))
    return join(marked)


def join(segments: Iterable[Segment]) -> Segments:
    """Join neighbours of one kind and drop empty ones."""
    joined: list[Segment] = []
    for segment in segments:
        if not segment.text:
            continue
        if joined and joined[-1].hit == segment.hit:
            joined[-1] = Segment(joined[-1].text + segment.text, segment.hit)
        else:
            joined.append(segment)
    return tuple(joined)


def cut(segments: Segments, start: int, end: int) -> Segments:
    """Return what lies between two offsets into the plain text."""
    parts: list[Segment] = []
    at = 0
    for segment in segments:
        text = segment.text[max(start - at, 0) : max(end - at, 0)]
        at += len(segment.text)
        parts.append(Segment(text, segment.hit))
    return join(parts)


def shorten(segments: Segments, limit: int, *, sentences: int = 0) -> Segments:
    """Cut to at most `limit` characters, at the end of a sentence or else of a word.

    `sentences` > 0 cuts after that many, even where more would fit. What was cut ends in "…".
    """
    text = plain(segments)
    if not sentences and len(text) <= limit:
        return segments
    ends = [found.end() for found in _SENTENCE_END.finditer(text, 0, limit + 1)]
    if 0 < sentences <= len(ends):
        return _ended(segments, ends[sentences - 1], limit)
    if len(text) <= limit:
        return segments
    fitting = [end for end in ends if limit // 2 <= end <= limit - 2]
    if fitting:
        return _ended(segments, fitting[-1], limit)
    space = text.rfind(" ", limit // 2, limit)
    return _ended(segments, space if space > 0 else limit - 1, limit)


def clip(text: str, limit: int) -> str:
    """Shorten a text that has no hits."""
    return plain(shorten((Segment(text),), limit)) if len(text) > limit else text


def excerpt(segments: Segments, reach: int = 40) -> Segments:
    """Return the first hit with some `reach` characters on either side; nothing without a hit."""
    at = 0
    for segment in segments:
        if segment.hit:
            return _window(segments, (at, at + len(segment.text)), reach)
        at += len(segment.text)
    return ()


def _merged(spans: Iterable[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if not 0 <= start < end <= size:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _ended(segments: Segments, end: int, limit: int) -> Segments:
    """Cut at `end`; a sentence's own end stays and is set apart, a comma before "…" goes."""
    kept = cut(segments, 0, end)
    text = plain(kept)
    whole = text.endswith((".", "!", "?", '"', "”", "’", ")")) and end + 2 <= limit
    kept = cut(kept, 0, len(text.rstrip(" ,;:")))
    return join((*kept, Segment(f" {_ELLIPSIS}" if whole else _ELLIPSIS)))


def _window(segments: Segments, hit: tuple[int, int], reach: int) -> Segments:
    text = plain(segments)
    start, end = hit[0] - reach, min(hit[1], hit[0] + 2 * reach) + reach
    # What is nearly whole is shown whole.
    start = 0 if start < reach // 2 else text.find(" ", start - 1, hit[0]) + 1 or start
    if len(text) - end < reach // 2:
        end = len(text)
    else:
        space = text.rfind(" ", hit[1], end + 1)
        end = space if space > 0 else end
    lead = Segment(_ELLIPSIS if start else "")
    tail = Segment(_ELLIPSIS if end < len(text) else "")
    return join((lead, *cut(segments, start, end), tail))

"""A keyword set in words, for people who did not write it; parses nothing."""

from collections.abc import Sequence

from bot.core.keyword_sets import KeywordSet, MatchMode
from bot.core.papers import AnnounceType
from bot.render.segments import one_line

_TYPES = {
    AnnounceType.NEW: "new",
    AnnounceType.CROSS: "cross-listed",
    AnnounceType.REPLACE: "replaced",
    AnnounceType.REPLACE_CROSS: "replaced and cross-listed",
}


def say_query(keyword_set: KeywordSet) -> str:
    """Say what a set looks for: "“VLM” or “LLM” with “image”; not “survey”"."""
    if keyword_set.query:
        wanted = one_line(keyword_set.query)
    else:
        wanted = join_words([_say_keyword(parts) for parts in keyword_set.keywords], "or")
    if keyword_set.exclude:
        wanted += f"; not {join_words([_quote(each) for each in keyword_set.exclude], 'or')}"
    return wanted


def say_reach(keyword_set: KeywordSet) -> str:
    """Say which papers a set takes: "New and cross-listed papers in cs.CV"."""
    kinds = join_words([_TYPES[kind] for kind in keyword_set.types], "and")
    where = (
        f"in {join_words(list(keyword_set.categories), 'and')}"
        if keyword_set.categories
        else "in every followed category"
    )
    how = ", matched anywhere in the text" if keyword_set.match is MatchMode.SUBSTRING else ""
    return f"{kinds[:1].upper()}{kinds[1:]} papers {where}{how}"


def join_words(words: Sequence[str], last: str) -> str:
    """Join words as a sentence does: "a, b or c"."""
    if len(words) < 2:  # noqa: PLR2004 - one word needs no other
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _say_keyword(parts: Sequence[str]) -> str:
    return " with ".join(map(_quote, parts))


def _quote(text: str) -> str:
    return f"“{one_line(text)}”"

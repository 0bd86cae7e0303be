"""Styles written into a template's elements when it is compiled, never into a finished mail.

Many mail programs drop style sheets, so each element carries its own style. Jinja's marks pass
through the HTML parser as comments and words, and are put back behind it.
"""

import re
from typing import Any, Final

import css_inline
import jinja2
from jinja2.ext import Extension

STYLES: Final = "email/mail.css"

_MARK = re.compile(r"\{%.*?%\}|\{#.*?#\}|\{\{.*?\}\}", re.DOTALL)
_PLACE = re.compile(r"<!--jinja(\d+)s-->|jinja(\d+)s")


class InlinedStyles(Extension):
    """Inlines STYLES into every HTML template that its environment compiles."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002 - as its base
        """Return a template's source with its styles in place; other templates as they are."""
        if name is None or not name.endswith(".html"):
            return source
        loader: Any = self.environment.loader
        styles, _, _ = loader.get_source(self.environment, STYLES)
        return inline_styles(source, styles)


def add_inlining(templates: jinja2.Environment) -> jinja2.Environment:
    """Return an environment like this one, of which every HTML template has its styles inlined."""
    return templates.overlay(extensions=[InlinedStyles])


def inline_styles(source: str, styles: str) -> str:
    """Inline styles into a template's source: a whole page, or a fragment of one."""
    marks: list[str] = []

    def hide(found: re.Match[str]) -> str:
        marks.append(found[0])
        place = f"jinja{len(marks) - 1}s"
        return place if found[0].startswith("{{") else f"<!--{place}-->"

    def restore(found: re.Match[str]) -> str:
        return marks[int(found[1] or found[2])]

    hidden = _MARK.sub(hide, source)
    inliner = css_inline.CSSInliner(
        inline_style_tags=False,
        keep_style_tags=True,
        load_remote_stylesheets=False,
        minify_css=True,
        extra_css=styles,
    )
    if hidden.lstrip().lower().startswith("<!doctype"):
        inlined = inliner.inline(hidden)
    else:
        inlined = inliner.inline_fragment(hidden, styles)
    # Inside <style> and <title> a comment is text, and comes back as such.
    return _PLACE.sub(restore, inlined)

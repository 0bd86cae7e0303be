"""Styles in a template's elements: in each of them, and Jinja's marks as they were."""

from pathlib import Path

import jinja2
import pytest
from inline_snapshot import snapshot

from bot.render.email.inlining import add_inlining, inline_styles

STYLES = ".a { color: #111111; } p { margin: 0; } .b { font-size: 14px; }"
EMAIL = Path(__file__).parents[3] / "templates" / "email"


def test_each_element_of_a_fragment_carries_its_style() -> None:
    source = (
        '{% macro x(y) %}\n<p class="a b">{{ y|join(" > ") }}<br></p>\n'
        '{# not "shown" #}<table><tbody>{% for z in y %}<tr><td class="b">'
        '<a href="{{ z["<"] }}">&nbsp;</a></td></tr>{% endfor %}</tbody></table>\n{% endmacro %}\n'
    )
    assert inline_styles(source, STYLES) == snapshot(
        '{% macro x(y) %}\n<p class="a b" style="margin:0;color:#111111;font-size:14px">'
        '{{ y|join(" > ") }}<br></p>\n{# not "shown" #}<table><tbody>{% for z in y %}<tr>'
        '<td class="b" style="font-size:14px"><a href="{{ z["<"] }}">&nbsp;</a></td></tr>'
        "{% endfor %}</tbody></table>\n{% endmacro %}\n"
    )


def test_a_whole_page_keeps_its_head() -> None:
    source = (
        "<!doctype html>\n<html>\n<head>\n<title>{{ t }}</title>\n<style>\n"
        '{% include "x.css" %}\n</style>\n</head>\n<body>\n<!--[if mso]>x<![endif]-->\n'
        "{% block b %}{% endblock %}\n</body>\n</html>\n"
    )
    page = inline_styles(source, "body { margin: 0; }")
    for kept in (
        "<title>{{ t }}</title>",
        '<style>\n{% include "x.css" %}\n</style>',
        '<body style="margin:0">',
        "<!--[if mso]>x<![endif]-->\n{% block b %}{% endblock %}\n",
    ):
        assert kept in page


@pytest.mark.parametrize("path", sorted(EMAIL.glob("*.html")), ids=lambda path: path.name)
def test_every_template_keeps_jinjas_marks_in_their_order(path: Path) -> None:
    environment = jinja2.Environment(autoescape=True)
    source = path.read_text("utf-8")
    inlined = inline_styles(source, (EMAIL / "mail.css").read_text("utf-8"))
    assert "jinja" not in inlined

    def marks(text: str) -> list[str]:
        return [value for _, kind, value in environment.lex(text) if kind != "data"]

    assert marks(inlined) == marks(source)


def test_every_class_of_a_template_has_a_style() -> None:
    styles = (EMAIL / "mail.css").read_text("utf-8")
    for path in EMAIL.glob("*.html"):
        for piece in path.read_text("utf-8").split('class="')[1:]:
            for name in piece.partition('"')[0].split():
                assert f".{name}" in styles, f"{path.name}: {name}"


def test_only_html_is_inlined_and_only_where_that_is_asked_for() -> None:
    loader = jinja2.DictLoader(
        {
            "email/mail.css": "p { margin: 0 }",
            "a.html": "<p>{{ x }}</p>",
            "a.txt": "<p>{{ x }}</p>",
        }
    )
    plain = jinja2.Environment(loader=loader, autoescape=True)
    inlining = add_inlining(plain)
    assert inlining.get_template("a.html").render(x=1) == '<p style="margin:0">1</p>'
    assert inlining.get_template("a.txt").render(x=1) == "<p>1</p>"
    assert inlining.from_string("<p>{{ x }}</p>").render(x=1) == "<p>1</p>"
    assert plain.get_template("a.html").render(x=1) == "<p>1</p>"

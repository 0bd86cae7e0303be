"""What is left of single commands; `test_latex.py` reads whole texts. All samples are made up."""

import pytest

from bot.core.latex import to_text
from bot.core.tex_commands import COMMANDS


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"\'\rm e", "é"),
        (r"$x^\rm{max}$", "x^max"),
        (r"$\hat\bf x$", "x̂"),
        (r"\OURS{} and \method", "OURS and method"),
        (r"\frac12", "1/2"),
        (r"{\itthis https URL}", "this https URL"),
    ],
)
def test_a_command_reads_its_arguments_as_tex_does(tex: str, text: str) -> None:
    assert to_text(tex) == text


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_can_stand_anywhere(name: str) -> None:
    for tex in (f"\\{name}", f"\\{name}{{", f"a \\{name} b", f"${{\\{name}_\\{name}}}^$"):
        assert f"\\{name}" not in to_text(tex)

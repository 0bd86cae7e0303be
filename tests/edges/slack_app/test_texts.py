import pytest

from bot.edges.slack_app.texts import unescape


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("subscribe MLLM", "subscribe MLLM"),
        ("in <#C0123|papers>", "in #papers"),
        ("in <#C0123>", "in #C0123"),
        ("in <#C0123|>", "in #C0123"),
        ("of <@U1|ada>", "of @ada"),
        ("of <@W1>", "of @W1"),
        ("why <https://arxiv.org/abs/2512.03874>", "why https://arxiv.org/abs/2512.03874"),
        ("<http://arxiv.org/abs/2512.03874|arxiv.org/abs/2512.03874>", "arxiv.org/abs/2512.03874"),
        ("<mailto:ada@lab.example|ada@lab.example>", "ada@lab.example"),
        ("<!here>", "@here"),
        ("<!subteam^S1|@group>", "@group"),
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&amp;lt;", "&lt;"),
        ("&quot; &copy;", "&quot; &copy;"),
        ("<", "<"),
        ("<>", ""),
        ("", ""),
    ],
)
def test_a_text_is_what_its_author_saw(sent: str, typed: str) -> None:
    assert unescape(sent) == typed

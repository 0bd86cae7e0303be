"""What readers see of TeX in titles, names and abstracts. All samples are made up."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.latex import to_text
from bot.core.symbols import DROPPED, FUNCTIONS, MATH_ACCENTS, REFERENCES, SKIPPED, SYMBOLS

NAMES = [
    (r"Andr\'e", "André"),
    (r"Andr\'{e}", "André"),
    (r"Andr{\'e}", "André"),
    (r"Garc\'{\i}a, Mar\'\i a", "García, María"),
    (r"M\"uller, M\"{u}ller", "Müller, Müller"),
    (r"C\^ot\^{e}, L\`a", "Côtê, Là"),
    (r"Nicol\`o", "Nicolò"),
    (r"Pe\~na, \=a, \.z", "Peña, ā, ż"),
    (r"Do\u{g}an, \u g", "Doğan, ğ"),
    (r"\v{S}koda, \v skoda", "Škoda, škoda"),
    (r"Erd\H{o}s, Gon\c{c}al, \c cal", "Erdős, Gonçal, çal"),
    (r"\k{a} \r{a} \b{d} \d{o} \t{oo}", "ą å ḏ ọ o͡o"),
    (r"{\L}ukasz, S{\o}ren, S\o ren, \ss", "Łukasz, Søren, Søren, ß"),
    (r"\AE\ae\OE\oe\AA\aa\O\l\dh\th\dj\ng", "ÆæŒœÅåØłðþđŋ"),
    (r"A. B. Author\\", "A. B. Author"),
    ("K. -R. Weber", "K. -R. Weber"),
    ("Nicol`o O'Neil", "Nicol`o O'Neil"),
    ("Ren\u0065\u0301", "René"),
    ("e\ufb03cient \ufb02ow", "efficient flow"),
    (r"\'", "'"),
    (r"\' e", "' e"),
    (r"\v", ""),
]
TEXT = [
    (r"\emph{important} word", "important word"),
    (r"\textbf{\underline{F}}ast \textsc {Small}", "Fast Small"),
    (r"{\it one} {\bf two} {\em three} {\sc four}", "one two three four"),
    (r"\textcolor{red}{x} \textcolor[rgb]{0, 0, 0}{y} {\color{blue}z}", "x y z"),
    (r"\textbf{\textcolor{red}WARNING}", "WARNING"),
    (
        r"see \href{http://a.b}{our page} or \url{http://a.b/~c--d\_e}",
        "see our page or http://a.b/~c--d_e",
    ),
    (r"\href{http://a.b} there \url x", "http://a.b there x"),
    (r"now\footnote{for you}. Then\footnote{}", "now (for you). Then"),
    (r"known \cite{a}, (\cite[p. 1][x]{b}) and~\citep{c} more", "known, and more"),
    (r"in Table \ref{t} (see \cite{a, b}).", "in Table (see)."),
    (r"We train \OURS with \method{} and \name{X}", "We train OURS with method and X"),
    (r"\eg, this \ie. that", "e.g., this i.e.. that"),
    (r"50\% \& more \_ \$5 \# \{ \}", "50% & more _ $5 # { }"),
    ("{BERT} and {GPT", "BERT and GPT"),
    ("a } b { c", "a b c"),
    ("test_time a^b {g_i}", "test_time a^b g_i"),
    ("``so'' and ``so\" and `so' and don't", "“so” and “so” and ‘so’ and don't"),
    ("`we don't know'", "‘we don't know’"),
    ("pages 1--2 --- all", "pages 1–2 — all"),
    ("http://a.b/c--d e--f", "http://a.b/c--d e–f"),
    ("Fig.~2, about ~5% (~6 h), 5~10, ~", "Fig. 2, about ~5% (~6 h), 5~10, ~"),
    (r"wide range of \~8B, \"quoted\" ", 'wide range of ~8B, "quoted"'),
    (r"a\,b\;c\:d\ e\!f\-g\/h\\i", "a b c d efgh i"),
    (r"line \\[2pt] end, 86\\%", "line end, 86%"),
    (r"Fleiss' \k{appa}, \b{eta}, \r{ho}", "Fleiss' κ, β, ρ"),
    (r"\textit{\b{C}oupled \b{Va}r}", "Coupled Var"),
    (r"Bird\u2019s", "Bird’s"),
    (r"A\textsuperscript{2}B, H\textsubscript{2}O", "A²B, H₂O"),
    (r"{\itthis http URL}", "this http URL"),
    (r"\begin{itemize}\item one\end{itemize}", "one"),
    (r"\say{so} \SI{5}{\milli\second} \ding{51}\ding{99}", "“so” 5 millisecond ✓99"),
    (r"a\textemdash b \textendash{} \ldots \S 3 \copyright", "a—b – … § 3 ©"),
    (r"\unicode{x2014} \unicode{65} \unicode{x202E} \unicode{xFFFFFF} \unicode{?}", "— A ?"),
    ("a < b & c > d", "a < b & c > d"),
    ("end\\", "end"),
    ("one\n  two\tthree", "one two three"),
    ("z\u200be\u202ero\x00 \ud800\u2028end", "zero end"),
]
MATHS = [
    (r"$\alpha$-divergence", "α-divergence"),
    (r"$a<b$ and $c>d$", "a<b and c>d"),
    (r"D$^{2}$-net Ga$_2$O$_3$", "D²-net Ga₂O₃"),
    (r"$H_\infty$ $\ell_{2,p}$-norm", "H_∞ ℓ_(2,p)-norm"),
    (r"$π_\texttt{RL}$ $π^{*}_{0.6}$", "π_RL π*_0.6"),
    (r"$\mathcal{O}(n \log n)$, ${\cal O}(n\log n)$", "O(n log n), O(n log n)"),
    (r"$10^{-3}$ $x^{i + 1}$ $2^{n/2}$", "10⁻³ xⁱ⁺¹ 2^(n/2)"),
    (r"$x_{max}$ $x_{abc}y$ $h^{(t,s)}$ $x^{}$ $x^$ $x'$", "x_max x_(abc)y h^(t,s) x x^ x′"),
    (r"$90^\circ$ 90^\circ $x^\top$", "90° 90° xᵀ"),
    (r"$\frac{a}{b}$ $2\frac{a+b}{2n}x$ $\frac12$ $\frac{a}{}$", "a/b 2 (a+b)/2n x 1/2 a"),
    (r"$\sqrt{x}$ $\sqrt{x+y}$ $\sqrt[3]{x}$ $\sqrt[n]{12}$", "√x √(x+y) ∛x ⁿ√12"),
    (r"$\left( x \right)$ $\left. x \right|$", "( x ) x |"),
    (r"$\tilde{O}$ $\hat y$ $\vec{\i}$ $\overline{AB}$ $\not\in$ $\not$", "Õ ŷ i⃗ AB ∉"),
    (r"$\mathbb{R}^d$ $\R^m$ $\mathbb{X}$", "ℝᵈ ℝᵐ X"),
    (r"$\Delta E$ $a\leq b$ $a \leq b$ $\alpha \in A$ $\times 3$", "ΔE a≤b a ≤ b α ∈ A ×3"),
    (r"$\log\log T$ $n\bmod m$ $\log{n}$", "log log T n mod m log n"),
    (r"$\text{a\_b if}~x$ $x_{\text{of}}$ $\O(n)$", "a_b if x x_of O(n)"),
    (r"$\binom{n}{k}$ $\overset{a}{=}$ $\underset{x}{y}$", "(n choose k) =ᵃ yₓ"),
    (r"$1--2$ $f''$ $\|x\|$ $x \mid y$", "1–2 f″ ‖x‖ x | y"),
    (r"\(x_1\) and \[y^2\] and $$z_3$$ end", "x₁ and y² and z₃ end"),
    (r"$f$$:$$X$$\to$$Y$", "f:X→Y"),
    (r"23$\times$256 and $<$7", "23×256 and <7"),
    (r"$ \alpha $ and $\beta", "α and $β"),
    (r"$x_\textbf{a}$ $x_\tilde{a}$ $x_\foo$", "xₐ x_(ã) x_foo"),
]
MONEY = [
    "costs $5 and more",
    "from $5 to $10",
    "a ($0.07) or b ($0.14)",
    "in US$ and CA$ alike",
    "less than $500 to train test_time, then $7",
    "$two words$",
    "earn $$ now",
    "$ $",
    "only $",
]

HOSTILE = r"""
    { } \ $ ^{ $^{ $^ $_{ \frac \frac{ $\frac \' \'{ \v \textbf \textbf{ \sqrt[ \cite[a] (\cite{a}
    ` `a ``a `a' '' -- ~ \( \[ $\text{ \text{$ \tilde \href{ \url \footnote{ $a \unicode{ \foo{ \\
    \\[ \left. \not \log {\bf \overset ($1 \begin{ \SI http:// $$ $$a$
"""
HOSTILE_UNITS = [*HOSTILE.split(), "$a ", " ", "\0", '``a"', "e\u0301\u0323", "\u0323\u0301"]


@pytest.mark.parametrize(("tex", "text"), NAMES + TEXT + MATHS)
def test_reads_as_people_write(tex: str, text: str) -> None:
    assert to_text(tex) == text


@pytest.mark.parametrize("text", MONEY)
def test_prices_are_not_mathematics(text: str) -> None:
    assert to_text(text) == text


@pytest.mark.parametrize("name", sorted(SYMBOLS.keys() | FUNCTIONS | DROPPED | MATH_ACCENTS.keys()))
def test_known_commands_leave_no_command(name: str) -> None:
    shown = to_text(rf"$\{name}{{x}}$")
    assert "$" not in shown.replace(SYMBOLS.get(name, ""), "")
    assert shown.count("\\") == (name in ("backslash", "textbackslash"))


@pytest.mark.parametrize("name", sorted(REFERENCES | SKIPPED))
def test_commands_for_the_printer_leave_nothing(name: str) -> None:
    assert to_text(rf"before \{name}{{x}}.") in ("before.", "before .")


@pytest.mark.parametrize("unit", HOSTILE_UNITS)
def test_hostile_text_is_read_in_one_pass(unit: str) -> None:
    tex = unit * (50_000 // len(unit))
    assert len(to_text(tex)) <= 2 * len(tex)
    assert to_text(f"kept {tex} kept").startswith("kept")


def test_deep_braces_lose_no_text() -> None:
    assert to_text("{" * 500 + "deep" + "}" * 500 + " after") == "deep after"
    assert "deep" in to_text(r"\emph{" * 500 + "deep")


def test_long_runs_of_symbols_stay_and_of_accents_are_cut() -> None:
    assert to_text("★" * 100) == "★" * 100
    assert len(to_text("a" + "\u0323" * 100)) == 30


TEX = st.text(st.sampled_from("\\{}$^_~`'\"-[]() .,%&ab1é\n\u0301\u200b\ufb01")) | st.lists(
    st.sampled_from(
        [
            r"\frac",
            r"\alpha ",
            r"\'",
            "{",
            "}",
            "$",
            "$$",
            "^",
            "_",
            r"\text",
            r"\sqrt[3]",
            "x",
            "7 ",
        ]
    )
).map("".join)
UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufb00-\ufb06]"
)


@given(st.text(st.characters()) | TEX)
def test_any_text_becomes_one_clean_line(tex: str) -> None:
    text = to_text(tex)
    assert not UNSAFE.search(text)
    assert text == " ".join(text.split())
    assert unicodedata.is_normalized("NFC", text)


@given(st.lists(st.from_regex(r"[A-Za-z0-9.,;:!?()%&<>=+*/_^#@|\[\]\"]+", fullmatch=True)))
def test_plain_words_pass_unchanged(words: list[str]) -> None:
    text = " ".join(words)
    assert to_text(text) == text
    assert to_text(f"  {text}\n") == text


@given(st.text(st.characters(exclude_characters="\\{}$`'-~\"^")))
def test_text_without_tex_is_read_once(text: str) -> None:
    once = to_text(text)
    assert to_text(once) == once

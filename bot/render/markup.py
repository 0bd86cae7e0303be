"""arXiv's raw text made safe inside Markdown, byte for byte as it was wherever it is harmless.

What is live and what is not follows the HTML standard's tokenizer
(https://html.spec.whatwg.org/multipage/parsing.html#tokenization) and CommonMark 0.31
(https://spec.commonmark.org/0.31.2/). Placeholders such as `<ACT>` are left alone: an element that
no browser knows does nothing, and ends with the list item it stands in.
"""

import re
from collections.abc import Sequence
from typing import Final

# Elements of HTML (obsolete ones too), SVG and MathML; a browser may do something with each.
_NAMES: Final = """
a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big
blink blockquote body br button canvas caption center cite code col colgroup command content
datalist dd del details dfn dialog dir div dl dt element em embed fencedframe fieldset
figcaption figure font footer form frame frameset geolocation h1 h2 h3 h4 h5 h6 head header
hgroup hr html i iframe image img input ins isindex kbd keygen label legend li link listing
main map mark marquee math menu menuitem meta meter model multicol nav nextid nobr noembed
noframes noscript object ol optgroup option output p param permission picture plaintext portal
pre progress q rb rbc rp rt rtc ruby s samp script section select selectedcontent shadow slot
small source spacer span strike strong style sub summary sup svg table tbody td template
textarea tfoot th thead title tr track tt u ul var video wbr xmp

altglyph altglyphdef altglyphitem animate animatecolor animatemotion animatetransform circle
clippath color-profile cursor defs desc discard ellipse feblend fecolormatrix
fecomponenttransfer fecomposite feconvolvematrix fediffuselighting fedisplacementmap
fedistantlight fedropshadow feflood fefunca fefuncb fefuncg fefuncr fegaussianblur feimage
femerge femergenode femorphology feoffset fepointlight fespecularlighting fespotlight fetile
feturbulence filter font-face font-face-format font-face-name font-face-src font-face-uri
foreignobject g glyph glyphref handler hatch hatchpath hkern line lineargradient listener
marker mask mesh meshgradient meshpatch meshrow metadata missing-glyph mpath path pattern
polygon polyline prefetch radialgradient rect set solidcolor stop switch symbol tbreak text
textpath tref tspan unknown use view vkern

abs and annotation annotation-xml apply approx arccos arccosh arcsin arctan arg bind bvar card
ceiling ci cn compose condition conjugate cos cosh csymbol curl declare degree determinant diff
divergence divide domain emptyset eq equivalent exists exp factorial floor forall gcd geq grad
gt ident imaginary implies in infinity int intersect interval inverse lambda laplacian lcm leq
limit list ln log logbase lowlimit lt maction maligngroup malignmark matrix matrixrow max mean
median menclose merror mfenced mfrac mfraction mglyph mi min minus mlabeledtr mlongdiv
mmultiscripts mn mo mode moment mover mpadded mphantom mprescripts mroot mrow ms mscarries
mscarry msgroup msline mspace msqrt msrow mstack mstyle msub msubsup msup mtable mtd mtext mtr
munder munderover neq none not notin notprsubset notsubset or otherwise outerproduct
partialdiff piece piecewise plus power product prsubset quotient real reln rem root
scalarproduct sdev sec selector semantics sep setdiff share sin subset sum tan tendsto times
transpose union uplimit variance vector vectorproduct xor
"""
LIVE_ELEMENTS: Final = frozenset(_NAMES.split())
# Real titles and abstracts use these names for tokens of their models; bare, they do nothing.
_INERT_WHEN_BARE: Final = frozenset({"data", "search", "time"})

_MOST_TAGS: Final = 100  # no abstract has as many "<"; looking at each reads on to the next ">"

_BREAK = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BREAKS_AND_SPACES = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
# Right-to-left overrides would reach into what we write after them; surrogates cannot be written.
_HOSTILE = re.compile(r"[\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_TAG = re.compile(r"/?(?P<name>[A-Za-z][^\s/>]*)(?P<rest>[^>]*)")
_AUTOLINK = re.compile(r"[A-Za-z][A-Za-z0-9.+-]+:[^\s<>]*>|[^\s<>@]+@[^\s<>]+>")
# A value in quotes runs on past ">" and into the papers below, so even `a="` of one letter counts.
_ATTRIBUTE = re.compile(
    r"[A-Za-z]{2}\s*=|=\s*[\"']"
    r"|(?<![^\s/\"'])(?:on[a-z]|(?:autofocus|contenteditable|hidden|inert|popover)(?![^\s/=]))",
    re.IGNORECASE,
)
_BRACKET = re.compile(r"(?<!\\)(?P<escape>\\*)(?P<bracket>[\[\]])")
_BACKTICKS = re.compile(r"(?<!\\)(?P<escape>\\*)(?P<run>`+)")
_LINK_MARKS = ("](", "][", "![")
_BARE_ADDRESS = re.compile(r"(?<=:)/(?=/)|(?<=\bwww)\.", re.IGNORECASE)
_PUNCTUATION = re.compile(r"[\\`*_\[\]<>&!|~$#]")


def inert_block(text: str) -> str:
    """Make raw text safe on a line of its own inside an HTML block."""
    return _without_tags(_on_one_line(text))


def inert_title(text: str, below: str = "") -> str:
    """Make raw text safe as the text of a link; `below` is what its paragraph goes on with."""
    title = _without_tags(_on_one_line(text))
    if "`" in title and not _spans_end_inside(title, below):
        title = _BACKTICKS.sub(_escape_run, title)
    return _with_whole_end(_without_links(title))


def inert_names(names: Sequence[str]) -> str:
    """Make raw names safe inside `_…_`, joined by ", "."""
    joined = _without_links(_without_tags(", ".join(map(_on_one_line, names))))
    if not joined.strip("_ "):  # with our own two a line of underscores would be a rule
        return joined.replace("_", r"\_")
    return _with_whole_end(_BARE_ADDRESS.sub(r"\\\g<0>", joined))


def code(text: str) -> str:
    """Show text literally in a code span, whose fence is longer than any run inside."""
    line = _on_one_line(text)
    if "`" not in line:
        return f"`{line}`"
    fence = "`" * (1 + max(len(run) for run in re.findall(r"`+", line)))
    return f"{fence} {line} {fence}"


def escaped(text: str) -> str:
    """Show text literally anywhere within a line."""
    return _PUNCTUATION.sub(r"\\\g<0>", _on_one_line(text))


def _on_one_line(text: str) -> str:
    if not text.isprintable():
        text = _HOSTILE.sub("", text)
        if _BREAK.search(text):
            text = _BREAKS_AND_SPACES.sub(" ", text)
    return text.strip(" ")


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    if text.count("<") > _MOST_TAGS:
        return text.replace("<", "&lt;")
    head, *parts = text.split("<")
    at = len(head) + 1
    kept = [head]
    for part in parts:
        kept += ("&lt;" if _is_live(text, at) else "<", part)
        at += len(part) + 1
    return "".join(kept)


def _is_live(text: str, at: int) -> bool:
    """Whether what follows a "<" could become markup that does something."""
    if text.startswith(("!", "?"), at):
        return True
    tag = _TAG.match(text, at)
    if tag is None:
        return text.startswith("/", at) or _AUTOLINK.match(text, at) is not None
    name = tag["name"].lower()
    if name in LIVE_ELEMENTS or (name in _INERT_WHEN_BARE and tag["rest"].strip(" /")):
        return True
    return bool(_ATTRIBUTE.search(tag["rest"]) or _AUTOLINK.match(text, at))


def _without_links(text: str) -> str:
    if "[" not in text and "]" not in text:
        return text
    if any(marks in text for marks in _LINK_MARKS) or not _is_balanced(text):
        return _BRACKET.sub(_escape_bracket, text)
    return text


def _is_balanced(text: str) -> bool:
    depth = 0
    for found in _BRACKET.finditer(text):
        if len(found["escape"]) % 2 == 0:
            depth += 1 if found["bracket"] == "[" else -1
        if depth < 0:
            return False
    return depth == 0


def _escape_bracket(found: re.Match[str]) -> str:
    escape = found["escape"]
    return f"{escape}{'' if len(escape) % 2 else chr(92)}{found['bracket']}"


def _spans_end_inside(title: str, below: str) -> bool:
    """Whether backticks in a title leave the link around it alone: TeX's ``quotes'' do.

    A lone backtick would pair with the ones we write around the id; a longer run only with one of
    its own length.
    """
    runs = [found["escape"] + found["run"] for found in _BACKTICKS.finditer(title)]
    long = all(len(run) > 1 and "\\" not in run for run in runs)
    return long and "`" not in below and not re.search(r"[\[\]<]", title)


def _escape_run(found: re.Match[str]) -> str:
    escape = found["escape"]
    run = found["run"]
    # An odd number of backslashes already escapes the first of them.
    first = run[0] if len(escape) % 2 else f"\\{run[0]}"
    return escape + first + "".join(f"\\{tick}" for tick in run[1:])


def _with_whole_end(text: str) -> str:
    """Keep a last backslash from escaping the mark that we write after it."""
    backslashes = len(text) - len(text.rstrip("\\"))
    return f"{text}\\" if backslashes % 2 else text

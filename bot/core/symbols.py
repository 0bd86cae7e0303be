"""What TeX's names and marks stand for, as characters: tables for `latex` and nothing else.

Names and characters: LaTeX's own documentation (https://ctan.org/pkg/comprehensive) and Unicode's
blocks "Superscripts and Subscripts", "Phonetic Extensions" and "Letterlike Symbols".
"""

import re
from unicodedata import combining, normalize

_LONG_WORD = re.compile(r"[^\W\d_]{3}")
_ONE_WORD = re.compile(r"[\w.]+")
_COMPOUND = re.compile(r"[\s+\-−±/·×=<>,]")
_BRACKETED = re.compile(r"\([^()]*\)")
_QUOTED = re.compile(r"(?<![\w`\\])`(?=\S)((?:[^`']|(?<=\w)'(?=\w)){1,80})'(?!['\w])")
_CLOSING = re.compile(r"(?<!\\)''")
_HALF_CLOSED = re.compile(r'“([^`"“”]{1,200})"')
_DASHES = re.compile(r"https?://\S+|---?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Zero width, soft hyphens, byte-order marks, bidirectional controls (which can disguise text:
# https://trojansource.codes), lone surrogates.
_INVISIBLE = re.compile(
    r"[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
_LIGATURE = re.compile(r"[\ufb00-\ufb06]")


def _pairs(table: str) -> dict[str, str]:
    words = table.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _words(table: str) -> frozenset[str]:
    return frozenset(table.split())


GREEK = _pairs("""
    alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι
    kappa κ varkappa ϰ lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ
    varsigma ς tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω digamma ϝ
    Alpha Α Beta Β Gamma Γ Delta Δ Epsilon Ε Zeta Ζ Eta Η Theta Θ Iota Ι Kappa Κ Lambda Λ Mu Μ
    Nu Ν Xi Ξ Omicron Ο Pi Π Rho Ρ Sigma Σ Tau Τ Upsilon Υ Phi Φ Chi Χ Psi Ψ Omega Ω
    varGamma Γ varDelta Δ varTheta Θ varLambda Λ varXi Ξ varPi Π varSigma Σ varUpsilon Υ varPhi Φ
    varPsi Ψ varOmega Ω upmu μ
""")

# Letters that TeX spells: white space after the name belongs to the name, in names and words too.
LETTERS = _pairs("""
    o ø O Ø l ł L Ł ss ß SS ẞ ae æ AE Æ oe œ OE Œ aa å AA Å i ı j ȷ dh ð DH Ð th þ TH Þ dj đ DJ Đ
    ng ŋ NG Ŋ
""")

SYMBOLS = GREEK | _pairs(r"""
    ldots … dots … cdots … dotsc … dotsb … textellipsis … vdots ⋮ ddots ⋱ times × div ÷ pm ± mp ∓
    sim ∼ nsim ≁ simeq ≃ approx ≈ cong ≅ asymp ≍ doteq ≐ leq ≤ le ≤ leqslant ≤ geq ≥ ge ≥ geqslant ≥
    neq ≠ ne ≠ lt < gt > ll ≪ gg ≫ prec ≺ succ ≻ preceq ≼ succeq ≽ lesssim ≲ gtrsim ≳ triangleq ≜
    to → rightarrow → longrightarrow ⟶ leftarrow ← gets ← longleftarrow ⟵ leftrightarrow ↔
    Rightarrow ⇒ implies ⇒ Longrightarrow ⟹ Leftarrow ⇐ impliedby ⇐ Leftrightarrow ⇔ iff ⇔
    nrightarrow ↛ mapsto ↦ longmapsto ⟼ hookrightarrow ↪ rightleftharpoons ⇌ rightsquigarrow ⇝
    leadsto ⇝ uparrow ↑ downarrow ↓ updownarrow ↕ Uparrow ⇑ Downarrow ⇓ nearrow ↗ searrow ↘
    xrightarrow → xleftarrow ← infty ∞ ell ℓ hbar ℏ Re ℜ Im ℑ wp ℘ aleph ℵ cdot · circ ∘ degree °
    textdegree ° star ⋆ ast ∗ bullet • textbullet • textperiodcentered · nabla ∇ partial ∂ in ∈
    notin ∉ ni ∋ subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ subsetneq ⊊ cup ∪ cap ∩ bigcup ⋃ bigcap ⋂
    sqcup ⊔ sqcap ⊓ setminus ∖ forall ∀ exists ∃ nexists ∄ emptyset ∅ varnothing ∅ neg ¬ lnot ¬
    land ∧ wedge ∧ lor ∨ vee ∨ bigwedge ⋀ bigvee ⋁ sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ oint ∮
    langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ Vert ‖ lVert ‖ rVert ‖ vert | lvert |
    rvert | lbrace { rbrace } lbrack [ rbrack ] mid | nmid ∤ parallel ∥ top ⊤ bot ⊥ perp ⊥ propto ∝
    equiv ≡ models ⊨ vdash ⊢ therefore ∴ because ∵ otimes ⊗ bigotimes ⨂ oplus ⊕ bigoplus ⨁ odot ⊙
    ominus ⊖ dagger † dag † textdagger † ddagger ‡ ddag ‡ S § P ¶ copyright © textcopyright ©
    textregistered ® texttrademark ™ pounds £ textsterling £ euro € texteuro € textyen ¥ prime ′
    angle ∠ triangle △ triangledown ▽ square □ Box □ blacksquare ■ diamond ⋄ Diamond ◇ lozenge ◊
    bigstar ★ checkmark ✓ cmark ✓ xmark ✗ sharp ♯ flat ♭ natural ♮ heartsuit ♥ clubsuit ♣
    spadesuit ♠ bowtie ⋈ surd √ textemdash — textendash – textbackslash \ backslash \
    textquotesingle ' textquoteleft ‘ textquoteright ’ textquotedblleft “ textquotedblright ” lq ‘
    rq ’ textquotedbl " guillemotleft « guillemotright » textasciitilde ~ textasciicircum ^
    textasciigrave ` textunderscore _ textless < textgreater > textbar | textbraceleft {
    textbraceright } textdollar $ textpercent % percent % textmu µ textminus − textohm Ω
    textonehalf ½ colon : slash / eg e.g. ie i.e. etc etc. wrt w.r.t. vs vs. TeX TeX LaTeX LaTeX
""")
SYMBOLS |= {"etal": "et al."} | dict.fromkeys(
    _words("""
    quad qquad enspace thinspace enskip hfill hfil newline linebreak par item and space xspace
    smallskip medskip bigskip
"""),
    " ",
)

# Names of functions, which keep their distance from letters beside them.
FUNCTIONS = _words("""
    log ln lg exp max min sup inf lim limsup liminf arg argmax argmin sin cos tan cot sec csc
    arcsin arccos arctan sinh cosh tanh coth det dim ker deg gcd hom Pr mod bmod
""")

# Commands that take the next letter, by name; each is a combining character.
ACCENTS = _pairs("""
    ' \u0301 ` \u0300 ^ \u0302 " \u0308 ~ \u0303 = \u0304 . \u0307
    u \u0306 v \u030c H \u030b c \u0327 k \u0328 r \u030a b \u0331 d \u0323 t \u0361
""")
MATH_ACCENTS = _pairs("""
    acute \u0301 grave \u0300 hat \u0302 widehat \u0302 ddot \u0308 tilde \u0303 widetilde \u0303
    bar \u0304 overline \u0304 dot \u0307 breve \u0306 check \u030c widecheck \u030c mathring \u030a
    vec \u20d7 Hat \u0302 Tilde \u0303 Bar \u0304 Vec \u20d7 Dot \u0307 Ddot \u0308 Acute \u0301
    Grave \u0300 Breve \u0306 Check \u030c not \u0338
""")

# Commands that change only how their argument looks, text among them setting text in mathematics.
TEXT_FONTS = _words("""
    text textbf textit texttt textsc textsf textrm textsl textup textmd textnormal emph mbox
    hbox uline uwave sout
""")
DROPPED = TEXT_FONTS | _words("""
    underline mathrm mathbf mathit mathsf mathtt mathcal mathfrak mathscr mathnormal
    operatorname boldsymbol bm boldmath unboldmath pmb mathop mathbin mathrel mathord ensuremath
    it bf em rm sc tt sl sf cal bfseries itshape ttfamily sffamily rmfamily scshape slshape
    mdseries upshape normalfont tiny scriptsize footnotesize small normalsize large Large LARGE
    huge Huge left right middle big Big bigg Bigg bigl bigr bigm Bigl Bigr Bigm biggl biggr
    Biggl Biggr displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits nonumber
    notag noindent centering protect relax leavevmode phantomsection underbrace overbrace
    substack uppercase lowercase MakeUppercase MakeLowercase footnotemark num ignorespaces smash
    nobreak newpage hyperref boxed fbox makebox
""")
# Commands whose first argument is for the printer; what follows is the text.
SKIPPED = _words("""
    textcolor color colorbox rowcolor cellcolor hyperlink hypertarget texorpdfstring raisebox
    scalebox rotatebox fontsize fontfamily label phantom hphantom vphantom thispagestyle
    pagestyle input includegraphics bibliographystyle
""")
# The same, with space in their place.
SPACERS = _words("begin end vspace hspace")
# Commands that point elsewhere and leave nothing, not even the space before them.
REFERENCES = _words("""
    cite citep citet citealp citealt citeauthor citeyear citeyearpar Cite Citet Citep parencite
    textcite autocite footcite nocite onlinecite ref eqref autoref cref Cref pageref nameref
""")
SPACES = frozenset(",;:> \t")
NOTHING = frozenset("!-/@)]")

DOUBLE_STRUCK = _pairs("R ℝ N ℕ Z ℤ Q ℚ C ℂ E 𝔼 P ℙ")
DINGBATS = _pairs("51 ✓ 52 ✔ 53 ✕ 54 ✖ 55 ✗ 56 ✘")

SUPERSCRIPTS = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθϕφχ⊤",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵠᵡᵀ",
        strict=True,
    )
) | dict(
    zip("∘*∗⋆†‡′″°®™♯", "°***†‡′″°®™♯", strict=True)
)  # the latter stand high in every typeface
SUBSCRIPTS = dict(
    zip(
        "0123456789+-−=()aehijklmnoprstuvxβγρϕφχ",
        "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵩᵪ",
        strict=True,
    )
)
_DOTLESS = {"ı": "i", "ȷ": "j"}
_ROOTS = {"": "√", "2": "√", "3": "∛", "4": "∜"}


def accented(mark: str, base: str) -> str:
    """Put a combining mark on the first letter of `base`."""
    return _DOTLESS.get(base[:1], base[:1]) + mark + base[1:]


def is_one_character(body: str) -> bool:
    """Whether a reader sees one character, whatever marks it carries."""
    return body[:1].isalnum() and all(map(combining, body[1:]))


def script(mark: str, body: str, *, joined: bool = False) -> str:
    """Raise (`^`) or lower (`_`) text: in Unicode's small characters where all of it has them.

    A long word stays legible, as `x_max`; `joined` keeps it apart from a letter that follows.
    """
    table = SUPERSCRIPTS if mark == "^" else SUBSCRIPTS
    compact = body.replace(" ", "")
    if not _LONG_WORD.search(compact) and all(char in table for char in compact):
        return "".join([table[char] for char in compact])
    one = len(body) == 1 or (not joined and _ONE_WORD.fullmatch(body)) or _BRACKETED.fullmatch(body)
    return mark + body if one else f"{mark}({body})"


def fraction(upper: str, lower: str) -> str:
    """Write a fraction on one line."""
    parts = [
        f"({body})" if _COMPOUND.search(body) and not _BRACKETED.fullmatch(body) else body
        for body in (upper, lower)
        if body
    ]
    return "/".join(parts)


def root(degree: str, body: str) -> str:
    """Write a root on one line; `degree` "" is the square root."""
    bare = is_one_character(body) or body.isdecimal() or _BRACKETED.fullmatch(body)
    sign = _ROOTS.get(degree) or script("^", degree) + "√"
    return sign + (body if bare else f"({body})")


def with_quotes(tex: str) -> str:
    """Curl TeX's quotes: ``so'', ``so" and `so'; apostrophes and accents stay as they are."""
    tex = _QUOTED.sub(r"‘\1’", tex).replace("``", "“")
    return _HALF_CLOSED.sub(r"“\1”", _CLOSING.sub("”", tex))


def with_dashes(text: str) -> str:
    """Turn `--` and `---` into dashes, except in addresses."""
    return _DASHES.sub(lambda found: {"--": "–", "---": "—"}.get(found[0], found[0]), text)


def printable(text: str) -> str:
    """Leave only what is printed: controls become spaces, invisible characters go."""
    text = _INVISIBLE.sub("", _CONTROL.sub(" ", text))
    return _LIGATURE.sub(lambda found: normalize("NFKC", found[0]), text)

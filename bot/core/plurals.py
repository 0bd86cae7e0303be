"""English plurals, as far as a keyword's last word needs them; knows nothing of phrases."""

# Before these letters' "es", and before nothing else, "es" is the whole ending of a plural.
ES_ENDS = frozenset("sxzho")

_IRREGULAR = {
    "automaton": "automata",
    "axis": "axes",
    "child": "children",
    "corpus": "corpora",
    "criterion": "criteria",
    "foot": "feet",
    "formula": "formulae",
    "locus": "loci",
    "man": "men",
    "maximum": "maxima",
    "minimum": "minima",
    "mouse": "mice",
    "nucleus": "nuclei",
    "optimum": "optima",
    "phenomenon": "phenomena",
    "polyhedron": "polyhedra",
    "quiz": "quizzes",
    "radius": "radii",
    "spectrum": "spectra",
    "stimulus": "stimuli",
    "thesis": "theses",
    "tooth": "teeth",
    "woman": "women",
}
_SINGULARS = {plural: word for word, plural in _IRREGULAR.items()}
# Ending of a singular, ending of its plural.
_ENDINGS = (
    *(("sis", "ses"), ("ix", "ices"), ("ex", "ices")),
    *(("lf", "lves"), ("eaf", "eaves"), ("oaf", "oaves"), ("ife", "ives")),
)
_SHORTEST = 4
_NEVER_PLURAL = ("ss", "us", "is", "ics", "news", "series", "means", "species")


def find_plural(word: str) -> str:
    """Return the plural that is more than an added s or es, or ""."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    for singular, plural in _ENDINGS:
        if word.endswith(singular):
            return word.removesuffix(singular) + plural
    return ""


def find_singulars(word: str) -> tuple[str, ...]:
    """Return what a plural may be the plural of; () for a word that need not be one.

    Short words are left alone: "news" is not the plural of "new".
    """
    if word in _SINGULARS:
        return (_SINGULARS[word],)
    if len(word) <= _SHORTEST or not word.endswith("s") or word.endswith(_NEVER_PLURAL):
        return ()
    found = [word[:-1]]
    if word.endswith("ies"):
        found.append(f"{word[:-3]}y")
    elif word.endswith("es") and word[-3] in ES_ENDS:
        found.append(word[:-2])
    found += [
        word.removesuffix(plural) + singular
        for singular, plural in _ENDINGS
        if word.endswith(plural)
    ]
    return tuple(found)

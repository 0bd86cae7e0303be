"""arXiv's categories: their names, their aliases and how a pattern picks them; pure data.

The facts are from arXiv's own software (arxiv-base at 656c8e84):
https://github.com/arXiv/arxiv-base/blob/develop/arxiv/taxonomy/definitions.py
"""

from collections.abc import Mapping
from functools import cache

NAMES: Mapping[str, str] = {
    "astro-ph.CO": "Cosmology and Nongalactic Astrophysics",
    "astro-ph.EP": "Earth and Planetary Astrophysics",
    "astro-ph.GA": "Astrophysics of Galaxies",
    "astro-ph.HE": "High Energy Astrophysical Phenomena",
    "astro-ph.IM": "Instrumentation and Methods for Astrophysics",
    "astro-ph.SR": "Solar and Stellar Astrophysics",
    "cond-mat.dis-nn": "Disordered Systems and Neural Networks",
    "cond-mat.mes-hall": "Mesoscale and Nanoscale Physics",
    "cond-mat.mtrl-sci": "Materials Science",
    "cond-mat.other": "Other Condensed Matter",
    "cond-mat.quant-gas": "Quantum Gases",
    "cond-mat.soft": "Soft Condensed Matter",
    "cond-mat.stat-mech": "Statistical Mechanics",
    "cond-mat.str-el": "Strongly Correlated Electrons",
    "cond-mat.supr-con": "Superconductivity",
    "cs.AI": "Artificial Intelligence",
    "cs.AR": "Hardware Architecture",
    "cs.CC": "Computational Complexity",
    "cs.CE": "Computational Engineering, Finance, and Science",
    "cs.CG": "Computational Geometry",
    "cs.CL": "Computation and Language",
    "cs.CR": "Cryptography and Security",
    "cs.CV": "Computer Vision and Pattern Recognition",
    "cs.CY": "Computers and Society",
    "cs.DB": "Databases",
    "cs.DC": "Distributed, Parallel, and Cluster Computing",
    "cs.DL": "Digital Libraries",
    "cs.DM": "Discrete Mathematics",
    "cs.DS": "Data Structures and Algorithms",
    "cs.ET": "Emerging Technologies",
    "cs.FL": "Formal Languages and Automata Theory",
    "cs.GL": "General Literature",
    "cs.GR": "Graphics",
    "cs.GT": "Computer Science and Game Theory",
    "cs.HC": "Human-Computer Interaction",
    "cs.IR": "Information Retrieval",
    "cs.IT": "Information Theory",
    "cs.LG": "Machine Learning",
    "cs.LO": "Logic in Computer Science",
    "cs.MA": "Multiagent Systems",
    "cs.MM": "Multimedia",
    "cs.MS": "Mathematical Software",
    "cs.NA": "Numerical Analysis",
    "cs.NE": "Neural and Evolutionary Computing",
    "cs.NI": "Networking and Internet Architecture",
    "cs.OH": "Other Computer Science",
    "cs.OS": "Operating Systems",
    "cs.PF": "Performance",
    "cs.PL": "Programming Languages",
    "cs.RO": "Robotics",
    "cs.SC": "Symbolic Computation",
    "cs.SD": "Sound",
    "cs.SE": "Software Engineering",
    "cs.SI": "Social and Information Networks",
    "cs.SY": "Systems and Control",
    "econ.EM": "Econometrics",
    "econ.GN": "General Economics",
    "econ.TH": "Theoretical Economics",
    "eess.AS": "Audio and Speech Processing",
    "eess.IV": "Image and Video Processing",
    "eess.SP": "Signal Processing",
    "eess.SY": "Systems and Control",
    "gr-qc": "General Relativity and Quantum Cosmology",
    "hep-ex": "High Energy Physics - Experiment",
    "hep-lat": "High Energy Physics - Lattice",
    "hep-ph": "High Energy Physics - Phenomenology",
    "hep-th": "High Energy Physics - Theory",
    "math-ph": "Mathematical Physics",
    "math.AC": "Commutative Algebra",
    "math.AG": "Algebraic Geometry",
    "math.AP": "Analysis of PDEs",
    "math.AT": "Algebraic Topology",
    "math.CA": "Classical Analysis and ODEs",
    "math.CO": "Combinatorics",
    "math.CT": "Category Theory",
    "math.CV": "Complex Variables",
    "math.DG": "Differential Geometry",
    "math.DS": "Dynamical Systems",
    "math.FA": "Functional Analysis",
    "math.GM": "General Mathematics",
    "math.GN": "General Topology",
    "math.GR": "Group Theory",
    "math.GT": "Geometric Topology",
    "math.HO": "History and Overview",
    "math.IT": "Information Theory",
    "math.KT": "K-Theory and Homology",
    "math.LO": "Logic",
    "math.MG": "Metric Geometry",
    "math.MP": "Mathematical Physics",
    "math.NA": "Numerical Analysis",
    "math.NT": "Number Theory",
    "math.OA": "Operator Algebras",
    "math.OC": "Optimization and Control",
    "math.PR": "Probability",
    "math.QA": "Quantum Algebra",
    "math.RA": "Rings and Algebras",
    "math.RT": "Representation Theory",
    "math.SG": "Symplectic Geometry",
    "math.SP": "Spectral Theory",
    "math.ST": "Statistics Theory",
    "nlin.AO": "Adaptation and Self-Organizing Systems",
    "nlin.CD": "Chaotic Dynamics",
    "nlin.CG": "Cellular Automata and Lattice Gases",
    "nlin.PS": "Pattern Formation and Solitons",
    "nlin.SI": "Exactly Solvable and Integrable Systems",
    "nucl-ex": "Nuclear Experiment",
    "nucl-th": "Nuclear Theory",
    "physics.acc-ph": "Accelerator Physics",
    "physics.ao-ph": "Atmospheric and Oceanic Physics",
    "physics.app-ph": "Applied Physics",
    "physics.atm-clus": "Atomic and Molecular Clusters",
    "physics.atom-ph": "Atomic Physics",
    "physics.bio-ph": "Biological Physics",
    "physics.chem-ph": "Chemical Physics",
    "physics.class-ph": "Classical Physics",
    "physics.comp-ph": "Computational Physics",
    "physics.data-an": "Data Analysis, Statistics and Probability",
    "physics.ed-ph": "Physics Education",
    "physics.flu-dyn": "Fluid Dynamics",
    "physics.gen-ph": "General Physics",
    "physics.geo-ph": "Geophysics",
    "physics.hist-ph": "History and Philosophy of Physics",
    "physics.ins-det": "Instrumentation and Detectors",
    "physics.med-ph": "Medical Physics",
    "physics.optics": "Optics",
    "physics.plasm-ph": "Plasma Physics",
    "physics.pop-ph": "Popular Physics",
    "physics.soc-ph": "Physics and Society",
    "physics.space-ph": "Space Physics",
    "q-bio.BM": "Biomolecules",
    "q-bio.CB": "Cell Behavior",
    "q-bio.GN": "Genomics",
    "q-bio.MN": "Molecular Networks",
    "q-bio.NC": "Neurons and Cognition",
    "q-bio.OT": "Other Quantitative Biology",
    "q-bio.PE": "Populations and Evolution",
    "q-bio.QM": "Quantitative Methods",
    "q-bio.SC": "Subcellular Processes",
    "q-bio.TO": "Tissues and Organs",
    "q-fin.CP": "Computational Finance",
    "q-fin.EC": "Economics",
    "q-fin.GN": "General Finance",
    "q-fin.MF": "Mathematical Finance",
    "q-fin.PM": "Portfolio Management",
    "q-fin.PR": "Pricing of Securities",
    "q-fin.RM": "Risk Management",
    "q-fin.ST": "Statistical Finance",
    "q-fin.TR": "Trading and Market Microstructure",
    "quant-ph": "Quantum Physics",
    "stat.AP": "Applications",
    "stat.CO": "Computation",
    "stat.ME": "Methodology",
    "stat.ML": "Machine Learning",
    "stat.OT": "Other Statistics",
    "stat.TH": "Statistics Theory",
}
"""Every active category and its name."""

ALIASES: Mapping[str, str] = {
    "acc-phys": "physics.acc-ph",
    "adap-org": "nlin.AO",
    "alg-geom": "math.AG",
    "ao-sci": "physics.ao-ph",
    "atom-ph": "physics.atom-ph",
    "bayes-an": "physics.data-an",
    "chao-dyn": "nlin.CD",
    "chem-ph": "physics.chem-ph",
    "cmp-lg": "cs.CL",
    "comp-gas": "nlin.CG",
    "cs.NA": "math.NA",
    "cs.SY": "eess.SY",
    "dg-ga": "math.DG",
    "funct-an": "math.FA",
    "math.IT": "cs.IT",
    "math.MP": "math-ph",
    "mtrl-th": "cond-mat.mtrl-sci",
    "patt-sol": "nlin.PS",
    "plasm-ph": "physics.plasm-ph",
    "q-alg": "math.QA",
    "q-fin.EC": "econ.GN",
    "solv-int": "nlin.SI",
    "stat.TH": "math.ST",
    "supr-con": "cond-mat.supr-con",
}
"""Second names of categories, active (`cs.SY`) or closed (`cmp-lg`), and the canonical ones."""

ARCHIVES: frozenset[str] = frozenset(
    {
        "astro-ph",
        "cond-mat",
        "cs",
        "econ",
        "eess",
        "gr-qc",
        "hep-ex",
        "hep-lat",
        "hep-ph",
        "hep-th",
        "math",
        "math-ph",
        "nlin",
        "nucl-ex",
        "nucl-th",
        "physics",
        "q-bio",
        "q-fin",
        "quant-ph",
        "stat",
    }
)
"""Every active archive."""

# What two ids must share before one is offered for the other: "heplat" finds hep-lat at 0.92,
# while "cs.XX" stays below it, being no nearer to any category than to another.
_NEAR = 0.7


def canonical(category: str) -> str:
    """Return arXiv's spelling of a category or archive, aliases resolved; else the trimmed input.

    >>> canonical("CS.sy"), canonical("cmp-lg"), canonical(" cs.XX ")
    ('eess.SY', 'cs.CL', 'cs.XX')
    """
    trimmed = category.strip()
    known = _spellings().get(trimmed.lower(), trimmed)
    return ALIASES.get(known, known)


def is_known(category: str) -> bool:
    """Whether arXiv has such a category, alias or archive, in whatever case."""
    return category.strip().lower() in _spellings()


def name_of(category: str) -> str:
    """Return the category's name, or the id itself where it has none."""
    return NAMES.get(canonical(category), category)


def nearest(category: str) -> str | None:
    """Return the category or archive that was probably meant, or None when nothing is near.

    >>> nearest("cs.CVV"), nearest("CV"), nearest("robotics"), nearest("cs.XX")
    ('cs.CV', 'cs.CV', 'cs.RO', None)
    """
    import difflib  # noqa: PLC0415 - ten milliseconds that only a typing mistake should cost

    wanted = category.strip().lower()
    spellings = _spellings()
    if wanted in spellings:
        return canonical(wanted)
    # "CV" alone: people leave out the archive; most of this bot's readers mean computer science.
    classes = [known for known in NAMES if known.lower().endswith(f".{wanted}")]
    if classes:
        return canonical(min(classes, key=lambda known: not known.startswith("cs.")))
    named = {name.lower(): known for known, name in reversed([*NAMES.items()])}
    found = difflib.get_close_matches(wanted, [*spellings, *named], n=1, cutoff=_NEAR)
    return canonical({**named, **spellings}[found[0]]) if found else None


def matches(pattern: str, category: str) -> bool:
    """Whether `cs.CV` (a category, by any of its names), `cs.*` or `cs` (an archive) holds it.

    >>> matches("cs.SY", "eess.SY"), matches("cs.*", "cs.CV"), matches("cs.CV", "cs.CL")
    (True, True, False)
    """
    wanted = canonical(pattern)
    given = canonical(category)
    if wanted == given:
        return True
    archive = canonical(wanted.removesuffix(".*"))
    if archive not in ARCHIVES:
        return False
    # cs.SY is eess.SY, so it is in both archives, whichever name a paper carries.
    names = (given, *(alias for alias, known in ALIASES.items() if known == given))
    return any(name.partition(".")[0] == archive for name in names)


@cache
def _spellings() -> Mapping[str, str]:
    """Every known id by its lower-case form; built on first use."""
    # Sorted, for the order of a set would make `nearest` differ from run to run.
    return {known.lower(): known for known in (*sorted(ARCHIVES), *NAMES, *ALIASES)}

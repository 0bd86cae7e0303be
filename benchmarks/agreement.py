"""Compare the default matcher with the reference system's rule, keyword by keyword.

python -m benchmarks.agreement [--papers FILE] [--samples 5] [KEYWORD ...]

The reference's rule: a keyword is found where it stands, lower-cased, anywhere in title + " " +
abstract. For each keyword: papers found by both, only by ours, only by theirs, and samples of each.
"""

import argparse
import random
import re
from pathlib import Path

from benchmarks.data import PAPERS, load_papers
from bot.core.keyword_sets import KeywordSet
from bot.core.latex import to_text
from bot.core.matching import Matcher
from bot.core.papers import Paper
from bot.core.parsing import parse_set
from bot.core.words import prepare

KEYWORDS = (
    "LLM", "Large Language Model", "GPT", "VLM", "MLM", "MLLM", "Multi-Modal Language Model",
    "Multimodal Language Model", "Vision Language Model", "LLM,Reasoning", "VLM,Reasoning",
    "System 2,Thinking", "Slow Thinking", "o1", "r1", "test-time-scaling",
    "test-time-computing", "TTS", "TTC", "VLA", "Vision-Language-Action", "Diffusion", "DDPM",
    "DDIM", "Reconstruction", "Nerf", "Gaussian", "Video Generation", "Scene Generation",
    "Content Generation", "Bench", "CLIP", "SAM", "MAP", "ART", "pre-training", "multi-modal",
    "fine-tuning", "test-time scaling", "GAN", "policy",
)  # fmt: skip
AROUND = 45


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("keywords", nargs="*", default=KEYWORDS)
    parser.add_argument("--papers", type=Path, default=PAPERS)
    parser.add_argument("--samples", type=int, default=5)
    arguments = parser.parse_args()
    papers = list(load_papers(arguments.papers))
    keywords = [tuple(keyword.split(",")) for keyword in arguments.keywords]
    matcher = Matcher([parse_set(KeywordSet(",".join(each), (each,))) for each in keywords])
    ours: list[set[int]] = [set() for _ in keywords]
    theirs: list[set[int]] = [set() for _ in keywords]
    for place, paper in enumerate(papers):
        for index in matcher.match(paper, prepare(paper)):
            ours[index].add(place)
        text = f"{paper.title} {paper.abstract}".lower()
        for index, parts in enumerate(keywords):
            if all(part.lower() in text for part in parts):
                theirs[index].add(place)
    print(f"{len(papers)} papers; found by ours, by theirs, only by ours, only by theirs")
    for parts, mine, other in zip(keywords, ours, theirs, strict=True):
        name = ",".join(parts)
        more, fewer = len(mine - other), len(other - mine)
        print(f"{name:<28} {len(mine):>6} {len(other):>6} {more:>6} {fewer:>7}")
        for sign, places in (("+", mine - other), ("-", other - mine)):
            draw = random.Random(name)
            for place in draw.sample(sorted(places), min(arguments.samples, len(places))):
                print(f"    {sign} {papers[place].base_id}: {show_words(papers[place], parts)}")


def show_words(paper: Paper, parts: tuple[str, ...]) -> str:
    """Show the words around the first part that stands in a paper, however it is written."""
    text = f"{to_text(paper.title)} | {to_text(paper.abstract)}"
    for part in parts:
        loose = r"[\W_]*".join(re.escape(letter) for letter in part if letter.isalnum())
        found = re.search(loose, text, re.IGNORECASE)
        if found:
            start, end = max(found.start() - AROUND, 0), found.end() + AROUND
            return f"…{text[start:end]}…"
    return text[: 2 * AROUND]


if __name__ == "__main__":
    main()

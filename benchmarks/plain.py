"""A plain script of the reference system's kind, to measure against: feeds in, Markdown out.

python benchmarks/plain.py FEEDS TOPICS: six feeds through feedparser, every keyword as a substring,
one file a topic in the current folder; no database, no checks, no receipt.
"""

import sys
from pathlib import Path

import feedparser
import tomli


def main(feeds: Path, topics: Path) -> None:
    """Read, match, write."""
    config = tomli.loads(topics.read_text("utf-8"))
    papers = {}
    for category in config["arxiv"]["categories"]:
        parsed = feedparser.parse((feeds / f"rss_{category}.xml").read_bytes())
        papers.update({entry.id: entry for entry in parsed.entries})
    for topic in config["sets"]:
        lines = [f"# {topic['name']}"]
        for entry in papers.values():
            abstract = entry.summary.partition("Abstract: ")[2]
            text = f"{entry.title} {abstract}".lower()
            wanted = any(
                all(part.lower() in text for part in ([word] if isinstance(word, str) else word))
                for word in topic["keywords"]
            )
            if wanted and not any(word.lower() in text for word in topic.get("exclude", ())):
                lines.append(
                    f"- **[{entry.title}]({entry.link})**\n  _{entry.author}_\n  {abstract}"
                )
        Path(f"{topic['name']}.md").write_text("\n\n".join(lines), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

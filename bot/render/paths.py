"""Where each page is: the addresses that pages, feeds and mails link to; serves none of them."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote, urlencode

FEEDS = ("atom", "rss", "json")


@dataclass(frozen=True, slots=True)
class Paths:
    """Addresses below `root`: "" or a path for links within the site, a URL for all others."""

    root: str = ""

    @property
    def home(self) -> str:
        """Lead to the list of public sets."""
        return f"{self.root}/"

    def set_page(self, name: str, *, before: date | None = None) -> str:
        """Lead to a set's page, with the editions before a day where one is given."""
        return f"{self.root}/sets/{_quote(name)}" + _ask(
            before=before.isoformat() if before else ""
        )

    def edition(
        self, name: str, day: date, *, category: str = "", kind: str = "", page: int = 1
    ) -> str:
        """Lead to an edition, or those of its papers that are of a category and of a kind."""
        asked = _ask(category=category, kind=kind, page=str(page) if page > 1 else "")
        return f"{self.root}/sets/{_quote(name)}/{day.isoformat()}{asked}"

    def edition_bibtex(self, name: str, day: date) -> str:
        """Lead to an edition's papers for BibTeX."""
        return f"{self.root}/sets/{_quote(name)}/{day.isoformat()}.bib"

    def feed(self, name: str, form: str) -> str:
        """Lead to a set's feed in one of FEEDS."""
        return f"{self.root}/sets/{_quote(name)}/feed.{form}"

    def paper(self, base_id: str) -> str:
        """Lead to a paper's page."""
        return f"{self.root}/papers/{quote(base_id)}"

    def paper_bibtex(self, base_id: str) -> str:
        """Lead to a paper for BibTeX."""
        return f"{self.root}/papers/{quote(base_id)}.bib"

    def search(self, words: str = "") -> str:
        """Lead to the search, of some words where they are given."""
        return f"{self.root}/search{_ask(q=words)}"

    def search_feed(self, words: str, form: str) -> str:
        """Lead to the papers that hold some words, as a feed."""
        return f"{self.root}/search.{form}{_ask(q=words)}"

    def trial(self, query: str = "") -> str:
        """Lead to what a query would have brought."""
        return f"{self.root}/try{_ask(q=query)}"

    def trial_feed(self, query: str, form: str) -> str:
        """Lead to what a query brings, as a feed."""
        return f"{self.root}/try.{form}{_ask(q=query)}"

    def read(self, token: str, *, category: str = "", kind: str = "", page: int = 1) -> str:
        """Lead to an edition of a set that is not public, for whoever has its link."""
        asked = _ask(category=category, kind=kind, page=str(page) if page > 1 else "")
        return f"{self.root}/r/{token}{asked}"

    def confirm(self, token: str) -> str:
        """Lead to where a subscription is confirmed."""
        return f"{self.root}/confirm/{token}"

    def preferences(self, token: str) -> str:
        """Lead to where a person chooses sets and times."""
        return f"{self.root}/preferences/{token}"

    def unsubscribe(self, token: str) -> str:
        """Lead to where a person leaves."""
        return f"{self.root}/u/{token}"

    @property
    def subscribe(self) -> str:
        """Lead to where the form of a set's page goes."""
        return f"{self.root}/subscribe"

    def static(self, name: str) -> str:
        """Lead to a file that pages load."""
        return f"{self.root}/static/{name}"

    def operator(self, page: str = "") -> str:
        """Lead to the operators' pages."""
        return f"{self.root}/operator" + (f"/{page}" if page else "")


def _quote(name: str) -> str:
    return quote(name, safe="", errors="replace")


def _ask(**values: str) -> str:
    asked = urlencode({name: value for name, value in values.items() if value}, errors="replace")
    return f"?{asked}" if asked else ""

"""A paper's page, and the paper for BibTeX."""

from flask import Blueprint, Response, redirect

from bot.core.archive import PaperRecord
from bot.core.papers import ArxivId
from bot.edges.web.answering import Page, send
from bot.edges.web.editions import BIBTEX
from bot.edges.web.shelf import FEW_MINUTES, Shelf
from bot.errors import MissingError, UserError
from bot.flows.reading import open_paper
from bot.render.bibtex import render_bibtex


def build_papers(shelf: Shelf) -> Blueprint:
    """Build /papers/ID and /papers/ID.bib."""
    site = Blueprint("papers", __name__)

    def find(arxiv_id: ArxivId) -> PaperRecord:
        sets = shelf.public_sets
        return shelf.look(
            ("paper", arxiv_id.base),
            lambda: open_paper(shelf.app.store, sets, shelf.matcher(sets), arxiv_id),
        )

    @site.get("/papers/<path:paper_id>")
    def paper(paper_id: str) -> Response:
        arxiv_id = _read_id(paper_id)
        record = find(arxiv_id)
        if paper_id != record.paper.base_id:
            moved = redirect(shelf.paths.paper(record.paper.base_id), 302, Response)
            assert isinstance(moved, Response)  # noqa: S101 - as was asked for
            return moved
        page = shelf.kept.get(("paper", record), lambda: Page(shelf.pages.paper(record)))
        return send(page, FEW_MINUTES)

    @site.get("/papers/<path:paper_id>.bib")
    def bibtex(paper_id: str) -> Response:
        record = find(_read_id(paper_id))
        page = shelf.kept.get(
            ("paper bib", record.paper), lambda: Page(render_bibtex(record.paper), BIBTEX)
        )
        name = record.paper.base_id.replace("/", "-")
        return send(page, FEW_MINUTES, Content_Disposition=f'attachment; filename="{name}.bib"')

    return site


def _read_id(text: str) -> ArxivId:
    try:
        return ArxivId.parse(text)
    except UserError as error:
        raise MissingError(str(error)) from error

"""`papers try`, `papers why` and `papers search`: questions about what is stored."""

from dataclasses import asdict
from datetime import datetime, timedelta

import click

from bot.app import App
from bot.core.answers import Explanation, Trial, Verdict
from bot.core.days import say_day, say_day_briefly
from bot.core.editions import Hit
from bot.core.keyword_sets import DEFAULT_TYPES, KeywordSet
from bot.core.papers import AnnounceType, ArxivId, Paper
from bot.core.records import Showing
from bot.edges.cli.deliveries import describe_steps, local_time, say_steps
from bot.edges.cli.options import show, show_json, with_app
from bot.flows.asking import explain_paper, search_papers, try_set

BAR_WIDTH = 40


@click.command("try")
@click.argument("query")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3650))
@click.option(
    "--type",
    "types",
    multiple=True,
    type=click.Choice([kind.value for kind in AnnounceType]),
    help="Announcement types.  [default: new, cross]",
)
@click.option("--samples", default=5, show_default=True, type=click.IntRange(0, 100))
@click.option("--json", "as_json", is_flag=True)
@with_app
def try_query(
    app: App, /, query: str, days: int, types: tuple[str, ...], samples: int, *, as_json: bool
) -> int:
    r"""Say what QUERY would have matched: papers a day, samples, which keyword brought what.

    \b
    papers try 'grasp* AND (dexterous OR "multi finger*") AND NOT cat:cs.HC'
    papers try 'au:"Ada Lovelace" OR ti:benchmark*'
    """
    kinds = tuple(AnnounceType(kind) for kind in types) or DEFAULT_TYPES
    newest = app.store.newest_day(app.categories)
    if newest is None:
        show("Nothing is stored yet: `papers fetch` reads the newest announcement.")
        return 1
    trial = try_set(
        app.store,
        KeywordSet(name="try", query=query, types=kinds),
        app.categories,
        since=newest - timedelta(days=days - 1),
        samples=samples,
    )
    if as_json:
        show_json(describe_trial(trial))
    else:
        show_trial(trial, query)
    return 0 if trial.matched else 1


@click.command()
@click.argument("arxiv_id")
@click.option("--set", "names", multiple=True, metavar="NAME", help="Only this set (repeatable).")
@click.option("--json", "as_json", is_flag=True)
@with_app
def why(app: App, /, arxiv_id: str, names: tuple[str, ...], *, as_json: bool) -> int:
    """Say why a paper matched each set or not, and what became of its deliveries."""
    told = explain_paper(app.store, ArxivId.parse(arxiv_id), app.sets(names, paused=True))
    if as_json:
        show_json(describe_explanation(told))
    else:
        show_explanation(told, local_time(app))
    return 0 if any(verdict.matched for verdict in told.verdicts) else 1


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.option("--json", "as_json", is_flag=True)
@with_app
def search(app: App, /, words: tuple[str, ...], limit: int, *, as_json: bool) -> int:
    """Search the titles, abstracts, authors and comments of all stored papers.

    Every word must occur; "quoted words" are a phrase, and grasp* finds grasping too.
    """
    found = search_papers(app.store, " ".join(words), limit)
    if as_json:
        show_json([{**describe_paper(each.paper), "announced": each.first_day} for each in found])
    elif found:
        from bot.edges.cli.screen import print_papers

        print_papers([(each.paper, say_day(each.first_day)) for each in found])
    else:
        count = app.store.count()
        show(f"None of the {count} stored papers holds all of these words.")
    return 0 if found else 1


def show_trial(trial: Trial, query: str) -> None:
    """Show a trial: the sum, a bar a day, the keywords, samples."""
    days = f"{trial.days} announcement day{'s' if trial.days != 1 else ''}"
    if not trial.matched:
        show(f"Nothing: none of the {trial.read} papers of the last {days} matches `{query}`.")
        if any(word in query.split() for word in ("and", "or", "not")):
            show("Operators are written in capitals: AND, OR, NOT.")
        return
    rate = trial.matched / max(trial.days, 1)
    show(f"{trial.matched} of {trial.read} papers over {days}: about {rate:.1f} a day")
    show("")
    most = max(number for _, number in trial.per_day)
    for day, number in trial.per_day:
        bar = "█" * max(1, round(BAR_WIDTH * number / max(most, BAR_WIDTH)))
        show(f"  {say_day(day)[:3]} {say_day_briefly(day):>6}  {number:>4}  {bar}")
    show("")
    width = max(len(keyword) for keyword, _ in trial.keywords)
    for keyword, number in trial.keywords:
        show(f"  {keyword:<{width}}  {number:>4}")
    if trial.samples:
        from bot.edges.cli.screen import print_items

        show("")
        print_items(trial.samples)


def show_explanation(told: Explanation, now: datetime) -> None:
    """Show why a paper matched or not, set by set, and what became of it."""
    from bot.edges.cli.screen import print_papers

    first = told.sightings[0].day if told.sightings else None
    print_papers([(told.paper, say_day(first) if first else "")])
    for sighting in told.sightings:
        kind, where = sighting.kind, sighting.category
        show(f"  {say_day(sighting.day)}: {kind} in {where}, v{sighting.version}")
    for verdict in told.verdicts:
        show("")
        show_verdict(verdict)
    if told.showings:
        show("")
    for showing in told.showings:
        show(say_showing(showing))
        if showing.delivery_id is not None:
            show("\n".join(say_steps(showing.steps, now, indent="  ")))


def show_verdict(verdict: Verdict) -> None:
    """Show one set's verdict, down to the keyword and the words."""
    show(f"{verdict.set_name}: {'matches' if verdict.matched else 'does not match'}")
    for hit in verdict.hits:
        show(f"  {say_hit(hit)}")
    for keyword in verdict.missing:
        show(f"  {keyword}: nowhere in the paper")
    for hit in verdict.excluded:
        show(f"  left out by {say_hit(hit)}")
    for note in verdict.notes:
        show(f"  {note}")


def say_hit(hit: Hit) -> str:
    """Say which words a keyword hit, and where."""
    at = f" at {hit.start}" if hit.end else ""
    return f"{hit.keyword}: {hit.words!r} in the {hit.field}{at}"


def say_showing(showing: Showing) -> str:
    """Say what became of one delivery of an edition that held the paper."""
    edition = f"{showing.set_name}, {say_day(showing.day)}"
    if showing.destination is None:
        return f"{edition}: no destination"
    return f"{edition}: {showing.state} to {showing.destination} (delivery {showing.delivery_id})"


def describe_paper(paper: Paper) -> dict[str, object]:
    """Describe a paper for programs."""
    return {
        "id": paper.base_id,
        "version": paper.version,
        "url": paper.url,
        "title": paper.title,
        "authors": list(paper.authors),
        "categories": list(paper.categories),
        "abstract": paper.abstract,
    }


def describe_hits(hits: tuple[Hit, ...]) -> list[dict[str, object]]:
    """Describe hits for programs."""
    return [asdict(hit) for hit in hits]


def describe_trial(trial: Trial) -> dict[str, object]:
    """Describe a trial for programs."""
    return {
        "since": trial.since,
        "days": trial.days,
        "read": trial.read,
        "matched": trial.matched,
        "per_day": {day.isoformat(): number for day, number in trial.per_day},
        "keywords": dict(trial.keywords),
        "samples": [
            {**describe_paper(item.paper), "hits": describe_hits(item.hits)}
            for item in trial.samples
        ],
    }


def describe_explanation(told: Explanation) -> dict[str, object]:
    """Describe an explanation for programs."""
    return {
        "paper": describe_paper(told.paper),
        "announced": [
            {
                "day": sighting.day,
                "category": sighting.category,
                "kind": sighting.kind,
                "version": sighting.version,
            }
            for sighting in told.sightings
        ],
        "sets": [
            {
                "set": verdict.set_name,
                "matched": verdict.matched,
                "hits": describe_hits(verdict.hits),
                "missing": list(verdict.missing),
                "excluded": describe_hits(verdict.excluded),
                "notes": list(verdict.notes),
            }
            for verdict in told.verdicts
        ],
        "deliveries": [
            {
                "id": showing.delivery_id,
                "set": showing.set_name,
                "day": showing.day,
                "destination": str(showing.destination) if showing.destination else None,
                "state": showing.state,
                "detail": showing.detail,
                "at": showing.at,
                "steps": describe_steps(showing.steps),
            }
            for showing in told.showings
        ],
    }

"""`papers doctor`: what works, and what to do about what does not."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from bot.app import App
from bot.config import Settings, consent, mail, slack
from bot.config.mentions import find_mentions
from bot.core.editions import DestinationKind
from bot.core.findings import Finding, Health
from bot.edges.cli.options import show, show_json, with_app
from bot.edges.facts import gather_facts
from bot.errors import DeliveryError, MailboxError
from bot.flows.checking import check_arxiv, check_database
from bot.flows.measuring import judge

_NEEDS = {
    DestinationKind.CHANNEL: (
        "there is no token to post with: put the app's Bot User OAuth Token into SLACK_BOT_TOKEN"
    ),
    DestinationKind.EMAIL: "there is no relay to take them: add [mail]",
}


@click.command()
@click.option("--offline", is_flag=True, help="Ask nothing of arXiv, Slack or the mail relay.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_app
def doctor(app: App, /, *, offline: bool, as_json: bool) -> int:
    """Look at all that the bot needs: configuration, database, arXiv, Slack, destinations.

    Each is ok or says what to do.
    """
    findings = []
    for finding in find(app, offline=offline):
        findings.append(finding)
        if not as_json:
            show(f"{finding.health:<5} {finding.subject}: {finding.message}")
    if as_json:
        show_json(
            [
                {"subject": each.subject, "health": each.health, "message": each.message}
                for each in findings
            ]
        )
    return 0 if all(each.health is Health.FINE for each in findings) else 1


def find(app: App, *, offline: bool) -> Iterator[Finding]:
    """Yield findings as they are made; later ones need the earlier ones to be fine."""
    settings = app.settings
    yield Finding("python", Health.FINE, sys.version.split()[0])
    yield Finding(
        "configuration",
        Health.FINE,
        f"{settings.path}: {len(settings.sets)} sets, {len(settings.categories)} categories",
    )
    if not settings.contact:
        message = 'arXiv asks for an address to write to: add [bot] contact = "you@lab.example"'
        yield Finding("contact", Health.DOUBTFUL, message)
    database = check_database(lambda: app.store, settings.database_url)
    yield database
    if database.health is Health.BAD:
        return
    now = app.clock.now()
    facts = gather_facts(app, now)
    if facts.categories and not offline:
        yield check_arxiv(app.source(patience=0), facts.categories[0], now)
    for finding in judge(facts, now):
        # That it answers was said, and by which name.
        if finding.subject != database.subject or finding.health is not Health.FINE:
            yield finding
    kinds = Counter(post.destination.kind for posts in settings.posts.values() for post in posts)
    for kind, number in kinds.items():
        if kind not in app.senders:
            message = f"{number} in the configuration, but {_NEEDS[kind]}"
            yield Finding(f"{kind} destinations", Health.DOUBTFUL, message)
    yield from find_in_slack(app, offline=offline)
    yield from find_in_mail(app, offline=offline)
    missing = consent.find_missing(settings) if settings.public else ()
    if missing:
        message = f"nobody can subscribe to public sets by mail: {'; '.join(missing)}"
        yield Finding("subscribing", Health.DOUBTFUL, message)
    if DestinationKind.FOLDER in kinds:
        yield Finding("folders", Health.FINE, f"{kinds[DestinationKind.FOLDER]} destinations")


def find_in_slack(app: App, *, offline: bool) -> Iterator[Finding]:
    """Yield what Slack says, where anything is set up for it."""
    settings = app.settings.slack
    if not (settings.bot_token or settings.app_token or settings.client_id):
        return
    problems = slack.find_problems(settings)
    if problems:
        yield Finding("Slack", Health.DOUBTFUL, "; ".join(problems))
    if not offline and settings.can_post:
        from bot.adapters.slack.checking import check_slack

        channels = name_channels(app.settings)
        yield from check_slack(app.slack.clients, app.slack.places, settings, app.store, channels)


def name_channels(settings: Settings) -> dict[str, str]:
    """Say of each channel of the configuration on which lines it stands."""
    text = Path(settings.path).read_text("utf-8-sig")
    addresses = [
        post.destination.address
        for posts in settings.posts.values()
        for post in posts
        if post.destination.kind is DestinationKind.CHANNEL
    ]
    named: dict[str, str] = {}
    for address in addresses:
        lines = ", ".join(map(str, find_mentions(text, address)))
        named[address] = f"line {lines} of {settings.path}"
    return named


def find_in_mail(app: App, *, offline: bool) -> Iterator[Finding]:
    """Yield whether the relay answers, and what mails lack; nothing where no mail is set up."""
    settings = app.settings
    if not settings.mail.can_send:
        return
    if not offline:
        try:
            yield Finding("mail relay", Health.FINE, app.mail.mailer.check())
        except DeliveryError as error:
            message = f"{error}. See [mail] in {settings.path}, and that this machine reaches it."
            yield Finding("mail relay", Health.BAD, message)
    place = settings.mail.bounce_source
    if place is not None and not offline:
        try:
            # One look is enough: nothing that is not filed is changed by it.
            with closing(app.bounce_mailbox.fetch()) as mails:
                next(mails, None)
            yield Finding("mailbox of bounces", Health.FINE, f"{place} can be read")
        except MailboxError as error:
            yield Finding("mailbox of bounces", Health.BAD, str(error))
    for subject, message in mail.find_problems(
        settings.mail, base_url=settings.base_url, secret_key=settings.secret_key
    ):
        yield Finding(subject, Health.DOUBTFUL, message)

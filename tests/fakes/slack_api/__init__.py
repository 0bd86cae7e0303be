"""Slack for tests: its Web API over HTTP, Socket Mode, response URLs, and people who use it.

with SlackApi() as slack:
    team = slack.add_team("T0LAB")
    papers = team.add_channel("C0PAPERS", "papers")
    WebClient(team.token, base_url=slack.url).chat_postMessage(channel="#papers", text="x")
    assert papers.messages[0].text == "x"
    team.add_user("U0ADA", "ada", admin=True)
    team.user("U0ADA").command("/papers list", papers).wait_response()
"""

from tests.fakes.slack_api.acting import Person
from tests.fakes.slack_api.delivering import GONE, Ack, Forgery, sign
from tests.fakes.slack_api.fake import SlackApi
from tests.fakes.slack_api.faults import (
    BROKEN,
    BROKEN_AFTER,
    DROPPED,
    FATAL_AFTER,
    GARBAGE,
    HTML_AFTER,
    INTERNAL,
    LIMITED,
    LOST,
    MISCHIEF,
    UNREAD,
    Call,
    Fault,
    Rule,
)
from tests.fakes.slack_api.interactions import Interaction
from tests.fakes.slack_api.model import Channel, Message, View
from tests.fakes.slack_api.process import SlackProcess
from tests.fakes.slack_api.rates import COMMERCIAL, UNLIMITED, Rates
from tests.fakes.slack_api.server import RetryAfter
from tests.fakes.slack_api.teams import Application, Team, User

__all__ = [
    "BROKEN",
    "BROKEN_AFTER",
    "COMMERCIAL",
    "DROPPED",
    "FATAL_AFTER",
    "GARBAGE",
    "GONE",
    "HTML_AFTER",
    "INTERNAL",
    "LIMITED",
    "LOST",
    "MISCHIEF",
    "UNLIMITED",
    "UNREAD",
    "Ack",
    "Application",
    "Call",
    "Channel",
    "Fault",
    "Forgery",
    "Interaction",
    "Message",
    "Person",
    "Rates",
    "RetryAfter",
    "Rule",
    "SlackApi",
    "SlackProcess",
    "Team",
    "User",
    "View",
    "sign",
]

"""A word to one person, in their direct messages with the app."""

import pytest

from bot.adapters.slack.errors import SlackError, Trouble
from bot.adapters.slack.messenger import Messenger
from bot.core.slack_names import Person
from tests.adapters.slack.lab import Lab
from tests.fakes.slack_api import Fault

ADA = Person("T0LAB", "U0ADA")


def test_a_person_is_written_to_directly(lab: Lab) -> None:
    Messenger(lab.clients()).tell(ADA, {"text": "Paused"})
    (message,) = lab.team.direct("U0ADA").messages
    assert message.text == "Paused"


@pytest.mark.parametrize(
    ("fault", "method", "trouble"),
    [
        (Fault(error="user_disabled"), "conversations.open", Trouble.PLACE),
        (Fault(body='{"ok": true, "channel": 7}'), "conversations.open", Trouble.UNSURE),
        (Fault(body='{"ok": true, "channel": {}}'), "conversations.open", Trouble.UNSURE),
        (Fault(error="messages_tab_disabled"), "chat.postMessage", Trouble.PLACE),
        (Fault(drop="acted"), "chat.postMessage", Trouble.UNSURE),
    ],
)
def test_what_does_not_arrive_is_said_and_not_sent_again(
    lab: Lab, fault: Fault, method: str, trouble: Trouble
) -> None:
    lab.slack.misbehave(fault, method)
    with pytest.raises(SlackError) as refused:
        Messenger(lab.clients()).tell(ADA, {"text": "Paused"})
    assert refused.value.trouble is trouble
    assert len(lab.slack.calls("chat.postMessage")) <= 1

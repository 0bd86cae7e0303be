"""Socket Mode: connections that are refreshed, cut off, refused; and its end."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import App as Bolt

from bot.edges.slack_app import socket
from bot.edges.slack_app.socket import check_app_token, serve_socket
from bot.errors import UserError
from tests.edges.slack_app.conftest import Lab
from tests.fakes.logs import RecordingLog
from tests.fakes.slack_api import UNLIMITED, Fault, SlackApi


def test_when_slack_asks_for_it_the_connection_is_opened_anew(socket_lab: Lab) -> None:
    lab = socket_lab
    for _ in range(2):
        lab.slack.sockets.disconnect(shut=False)
        lab.slack.wait(lambda: len(lab.slack.sockets.links) == 2)
        # Both are read until Slack shuts the older one.
        acks = [lab.ada.command("/papers list", lab.papers).ack for _ in range(2)]
        assert max(ack.seconds for ack in acks) < 1
        lab.slack.sockets.links[0].connection.close()
        lab.slack.wait(lambda: len(lab.slack.sockets.links) == 1)
        assert lab.ada.command("/papers list", lab.papers).wait_response(1)
    assert lab.count_faults() == 0


def test_a_connection_that_is_cut_off_comes_back_by_itself(socket_lab: Lab) -> None:
    lab = socket_lab
    lab.slack.sockets.drop()
    lab.slack.wait(lambda: not lab.slack.sockets.links)
    lab.slack.wait(lambda: lab.slack.sockets.links, 30)
    assert lab.ada.command("/papers list", lab.papers).wait_response(1)


def test_an_envelope_that_is_sent_again_does_nothing_twice(socket_lab: Lab) -> None:
    lab = socket_lab
    done = lab.ada.command("/papers subscribe Clouds", lab.papers)
    done.wait_response(1)
    for _ in range(3):
        assert done.again().ok
    lab.ada.command("/papers list", lab.papers).wait_response(1)
    assert len(done.responses) == 1
    assert len(lab.papers.messages) == 1


def serve(slack: SlackApi, log: RecordingLog, token: str = "") -> tuple[threading.Thread, Any]:
    stop = threading.Event()
    bolt = Bolt(token="xoxb-1", signing_secret="s", token_verification_enabled=False)  # noqa: S106
    arguments = (bolt, token or slack.app.app_token, slack.url, stop, log)
    thread = threading.Thread(target=serve_socket, args=arguments)
    thread.start()
    return thread, stop


def test_it_stops_at_once(tmp_path: Path) -> None:  # noqa: ARG001 - nothing is written
    with SlackApi(rates=UNLIMITED) as slack:
        thread, stop = serve(slack, RecordingLog())
        slack.wait_connected(1)
        began = time.monotonic()
        stop.set()
        thread.join(10)
        assert not thread.is_alive()
        assert time.monotonic() - began < 2
        slack.wait(lambda: not slack.sockets.links)


def test_before_slack_is_reached_it_tries_again_and_says_why_once() -> None:
    log = RecordingLog()
    with SlackApi(rates=UNLIMITED) as slack:
        slack.misbehave(Fault(status=503), "apps.connections.open")
        thread, stop = serve(slack, log)
        slack.wait(lambda: len(slack.calls("apps.connections.open")) >= 3, 20)
        slack.behave()
        slack.wait_connected(1)
        stop.set()
        thread.join(10)
    assert [event for event, _ in log.lines].count("not connected") == 1


def test_a_connection_that_stays_away_is_told_once_and_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "_SHORTEST_WAIT_SECONDS", 0.05)
    log = RecordingLog()
    with SlackApi(rates=UNLIMITED) as slack:
        thread, stop = serve(slack, log)
        slack.wait_connected(1)
        slack.wait(lambda: log.lines)
        slack.misbehave(Fault(status=503), "apps.connections.open")
        slack.sockets.drop()
        slack.wait(lambda: len(log.lines) == 2, 20)
        slack.behave()
        slack.wait(lambda: len(log.lines) == 3, 20)
        stop.set()
        thread.join(10)
    assert [event for event, _ in log.lines] == ["connected", "not connected", "connected"]
    assert log.lines[1][1]["problem"]


def test_a_token_that_slack_refuses_says_where_to_make_another() -> None:
    with SlackApi(rates=UNLIMITED) as slack:
        team = slack.add_team("T0LAB")
        with pytest.raises(UserError, match="does not take SLACK_APP_TOKEN"):
            check_app_token("xapp-no", slack.url)
        with pytest.raises(UserError, match="connections:write"):
            check_app_token(team.token, slack.url)
        check_app_token(slack.app.app_token, slack.url)
        log = RecordingLog()
        thread, stop = serve(slack, log, "xapp-no")
        slack.wait(lambda: log.lines)
        stop.set()
        thread.join(10)
    assert "SLACK_APP_TOKEN" in log.lines[0][1]["problem"]


def test_a_slack_that_is_not_there_is_left_to_later() -> None:
    check_app_token("xapp-1", "http://127.0.0.1:9/api/")

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest

from bot.edges.slack_app.manifest import (
    DOMAINS,
    EVENTS,
    SCOPES,
    Manifest,
    build_link,
    build_manifest,
    write_json,
    write_yaml,
)
from tests.edges.slack_app.manifest_schema import MANIFEST

BASE = "https://papers.lab.example"
EVERY = {
    "socket": build_manifest("/papers"),
    "http": build_manifest("/arxiv", base_url=f"{BASE}/", http=True),
    "oauth": build_manifest("/papers", base_url=BASE, http=True, oauth=True, rotate=True),
    "socket and oauth": build_manifest("/papers", base_url=BASE, oauth=True),
}


def read_yaml(text: str) -> Any:  # noqa: ANN401 - whatever a manifest holds
    """Read the part of YAML that manifests are written in."""
    value, rest = _read_block(text.splitlines(), 0)
    assert rest == []
    return value


def _read_block(lines: list[str], depth: int) -> tuple[Any, list[str]]:
    pad = " " * depth
    block: Any = [] if lines[0].startswith(f"{pad}- ") else {}
    while lines and lines[0].startswith(pad) and lines[0][depth] != " ":
        line, lines = lines[0][depth:], lines[1:]
        if isinstance(block, list):
            assert line.startswith("- ")
            if line[2] == '"':
                block.append(json.loads(line[2:]))
            else:
                item, lines = _read_block([f"{pad}  {line[2:]}", *lines], depth + 2)
                block.append(item)
            continue
        name, _, value = line.partition(":")
        assert name.isidentifier()
        if value:
            block[name] = json.loads(value)
        else:
            block[name], lines = _read_block(lines, depth + 2)
    return block, lines


@pytest.mark.parametrize("name", EVERY)
def test_slack_takes_every_manifest(name: str) -> None:
    validator = jsonschema.Draft202012Validator(MANIFEST)
    assert list(validator.iter_errors(EVERY[name])) == []


@pytest.mark.parametrize("name", EVERY)
def test_both_forms_say_the_same(name: str) -> None:
    manifest = EVERY[name]
    assert json.loads(write_json(manifest)) == manifest
    assert read_yaml(write_yaml(manifest)) == manifest


@pytest.mark.parametrize("name", EVERY)
def test_the_link_carries_the_manifest(name: str) -> None:
    link = urlsplit(build_link(EVERY[name]))
    assert (link.scheme, link.netloc, link.path) == ("https", "api.slack.com", "/apps")
    asked = parse_qs(link.query, strict_parsing=True)
    assert asked["new_app"] == ["1"]
    assert read_yaml(asked["manifest_yaml"][0]) == EVERY[name]
    # What browsers and servers take on the way.
    assert len(link.geturl()) < 8_000


def find_urls(node: object) -> set[str]:
    if isinstance(node, dict):
        return set().union(*map(find_urls, node.values()))
    if isinstance(node, list | tuple):
        return set().union(*map(find_urls, node))
    return {node} if isinstance(node, str) and "://" in node else set()


def test_over_a_socket_slack_needs_no_address() -> None:
    manifest = EVERY["socket"]
    assert find_urls(manifest) == set()
    assert manifest["settings"]["socket_mode_enabled"]


def test_over_http_everything_goes_to_one_address() -> None:
    manifest = EVERY["http"]
    assert find_urls(manifest) == {f"{BASE}/slack/events"}
    assert not manifest["settings"]["socket_mode_enabled"]
    assert manifest["features"]["slash_commands"][0]["command"] == "/arxiv"


def test_oauth_comes_back_to_this_program() -> None:
    assert EVERY["oauth"]["oauth_config"]["redirect_urls"] == [f"{BASE}/slack/oauth_redirect"]
    assert EVERY["oauth"]["settings"]["token_rotation_enabled"]
    assert find_urls(EVERY["socket and oauth"]) == {f"{BASE}/slack/oauth_redirect"}


def test_it_asks_for_what_is_used_and_no_more() -> None:
    manifest: Manifest = EVERY["socket"]
    assert manifest["oauth_config"]["scopes"] == {"bot": sorted(SCOPES)}
    assert not [scope for scope in SCOPES if scope.startswith(("admin", "identify", "files"))]
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == sorted(EVENTS)
    assert manifest["features"]["unfurl_domains"] == list(DOMAINS) == ["arxiv.org"]
    assert manifest["settings"]["org_deploy_enabled"] is False

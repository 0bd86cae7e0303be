import os
import re
import socket
from datetime import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import Post, Settings, load_settings, parse_settings
from bot.config.slack import SlackSettings, Transport
from bot.core.doubts import InDoubt
from bot.core.editions import Destination, DestinationKind
from bot.core.keyword_sets import DEFAULT_TYPES, KeywordSet, MatchMode
from bot.core.papers import AnnounceType
from bot.core.schedule import Rhythm, Schedule
from bot.errors import ConfigError, Fault

FULL = """\
[bot]
contact  = "papers@lab.example"
base_url = "https://papers.lab.example/"
timezone = "Europe/Berlin"

[database]
url = "sqlite:///there.db"

[arxiv]
categories = ["cs.CV", "cs.ro", "cs.SY", "eess.SY"]
base_url = "http://mirror.lab.example:8080/arxiv/"

[deliveries]
in_doubt = "hold"
workers = 64
mail_connections = 1

[retention]
papers_days = 100
history_days = 30

[web]
host = "::1"
port = 65535
operators = ["ada@lab.example", "ada@lab.example", "bo@lab.example"]
proxy = "127.0.0.1"

[slack]
command = "/arxiv"
transport = "http"
posts_per_minute = 6000
api_url = "https://slack-gov.com/api/"

[[sets]]
name     = "MLLM"
keywords = ["VLM", ["LLM", "image"]]
exclude  = ["survey"]
types    = ["replace", "new"]
categories = ["cs.CV"]
match    = "substring"
public   = true
post     = [
  { channel = "#papers-mllm", at = "09:00" },
  { email = "lab@lab.example", at = 7:30:00, on = "weekly sun", quiet = "22:00-07:00" },
  { email = "far@lab.example", timezone = "Asia/Tokyo", on = "weekdays" },
  { folder = "./digests/" },
]

[[sets]]
name  = " Grasping "
query = 'grasp* AND NOT cat:cs.HC'
""".replace("at = 7:30:00", "at = 07:30:00")


def parse(text: str, **environment: str) -> Settings:
    return parse_settings(text, "config.toml", environment)


def find_faults(text: str, **environment: str) -> list[tuple[str, int, str]]:
    with pytest.raises(ConfigError) as refused:
        parse(text, **environment)
    return [(fault.key, fault.line, fault.message) for fault in refused.value.faults]


def test_reads_every_key() -> None:
    channel = Destination(DestinationKind.CHANNEL, "#papers-mllm")
    email = Destination(DestinationKind.EMAIL, "lab@lab.example")
    far = Destination(DestinationKind.EMAIL, "far@lab.example")
    folder = Destination(DestinationKind.FOLDER, "digests")
    berlin = "Europe/Berlin"
    assert parse(FULL) == Settings(
        path="config.toml",
        contact="papers@lab.example",
        base_url="https://papers.lab.example",
        timezone="Europe/Berlin",
        database_url="sqlite:///there.db",
        arxiv_url="http://mirror.lab.example:8080/arxiv",
        categories=("cs.CV", "cs.RO", "eess.SY"),
        sets=(
            KeywordSet(
                "MLLM",
                keywords=(("VLM",), ("LLM", "image")),
                exclude=("survey",),
                types=(AnnounceType.NEW, AnnounceType.REPLACE),
                categories=("cs.CV",),
                match=MatchMode.SUBSTRING,
            ),
            KeywordSet("Grasping", query="grasp* AND NOT cat:cs.HC"),
        ),
        posts={
            "MLLM": (
                Post(channel, Schedule(at=time(9), timezone=berlin)),
                Post(
                    email,
                    Schedule(Rhythm.WEEKLY, time(7, 30), berlin, 6, (time(22), time(7))),
                ),
                Post(far, Schedule(Rhythm.WEEKDAYS, timezone="Asia/Tokyo")),
                Post(folder, Schedule(timezone=berlin)),
            ),
            "Grasping": (),
        },
        in_doubt=InDoubt.HOLD,
        workers=64,
        mail_connections=1,
        papers_days=100,
        history_days=30,
        web_host="::1",
        web_port=65535,
        web_operators=("ada@lab.example", "bo@lab.example"),
        web_proxy="127.0.0.1",
        public=frozenset({"MLLM"}),
        slack=SlackSettings(
            command="/arxiv",
            transport=Transport.HTTP,
            posts_per_minute=6000,
            api_url="https://slack-gov.com/api",
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sets = []\n[bot]\n[arxiv]\n[database]\n[deliveries]\n[retention]\n[web]\n[slack]\n",
        '[arxiv]\nbase_url = ""',
        "[retention]\npapers_days = 0\nhistory_days = 0",
    ],
)
def test_everything_has_a_default(text: str) -> None:
    assert parse(text) == Settings(path="config.toml")


def test_a_set_takes_new_and_cross_listed_papers_of_all_categories_by_default() -> None:
    (only,) = parse('[[sets]]\nname = "Clouds"\nkeywords = ["cloud"]').sets
    assert (only.types, only.categories, only.match) == (DEFAULT_TYPES, (), MatchMode.WORDS)


def test_the_configuration_that_travels_with_the_program_is_right() -> None:
    path = Path(__file__).parents[2] / "config.toml"
    assert load_settings(path, {}).sets


def test_what_that_configuration_shows_in_comments_is_right_too() -> None:
    text = (Path(__file__).parents[2] / "config.toml").read_text("utf-8")
    table = r"^\[(?:deliveries|retention|web|slack)\]\n(?:#[^\n]+\n)+"
    tables = "".join(re.findall(table, text, re.MULTILINE))
    tables = tables.replace("\n# ", "\n")
    # As it says there, these lines show what holds without them.
    assert parse(tables) == Settings(path="config.toml")
    assert re.findall(r"^\w+|^\[\w+\]", tables, re.MULTILINE) == [
        "[deliveries]",
        "in_doubt",
        "workers",
        "mail_connections",
        "[retention]",
        "papers_days",
        "history_days",
        "[web]",
        "host",
        "port",
        "operators",
        "proxy",
        "[slack]",
        "command",
        "transport",
        "posts_per_minute",
        "api_url",
    ]
    (post,) = re.findall(r"^# (post = .+)$", text, re.MULTILINE)
    for key in ('on = "weekdays"', 'on = "weekly mon"', 'quiet = "22:00-07:00"'):
        assert key.rpartition(" = ")[2] in text
        assert len(parse(GOOD_SET + post.replace(" }", f", {key} }}")).posts["Clouds"]) == 3


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            '[web]\noperators = ["ada@lab.example", "bo"]',
            ("web.operators", 2, "'bo' is not an e-mail address"),
        ),
        (
            '[web]\nproxy = "proxy.lab.example"',
            (
                "web.proxy",
                2,
                "'proxy.lab.example' is not an IP address: write it like 127.0.0.1",
            ),
        ),
        (
            '[[sets]]\nname = "Clouds"\nkeywords = ["cloud"]\npublic = "yes"',
            ("sets[0].public", 4, "'yes' is neither true nor false"),
        ),
        ("sets = 5", ("sets", 1, "write each set as [[sets]]")),
        ("sets = [5]", ("sets", 1, "write each set as [[sets]]")),
    ],
)
def test_who_reads_and_who_signs_in_is_written_plainly(
    text: str, fault: tuple[str, int, str]
) -> None:
    assert find_faults(text) == [fault]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::", "localhost", "web-1.lab.example"])  # noqa: S104
def test_a_host_is_an_address_or_a_name(host: str) -> None:
    assert parse(f'[web]\nhost = "{host}"').web_host == host


def test_a_post_keeps_its_own_time_zone_and_takes_the_bots_where_it_has_none() -> None:
    text = GOOD_SET + 'post = [{ folder = "a" }, { folder = "b", timezone = "Asia/Tokyo" }]'
    for own, zone in (("", "UTC"), ('[bot]\ntimezone = "Europe/Berlin"\n', "Europe/Berlin")):
        posts = parse(own + text).posts["Clouds"]
        assert [post.schedule.timezone for post in posts] == [zone, "Asia/Tokyo"]


# In the words of core.parsing, whose tests know them.
A_QUERYS_FAULT = ""
GOOD_SET = '[[sets]]\nname = "Clouds"\nkeywords = ["cloud"]\n'


@pytest.mark.parametrize(
    ("text", "key", "line", "message"),
    [
        ("[bott]", "bott", 1, "unknown key: did you mean bot?"),
        ("x = 1", "x", 1, "unknown key: known are bot, database, arxiv, deliver"),
        ('"a[b" = 1', "a[b", 1, "unknown key: "),
        ('\n"x." = 1', "x.", 2, "unknown key: "),
        ('"" = 1', "", 0, "unknown key: "),
        ("bot = 1", "bot", 1, "write it as a table: [bot]"),
        ("[[bot]]", "bot", 1, "write it as a table: [bot]"),
        ('[bot]\n\ntime_zone = "UTC"', "bot.time_zone", 3, "unknown key: did you mean timezone?"),
        ("[bot]\ncontact = 5", "bot.contact", 2, "5 is not text: put it in quotes"),
        ("bot.contact = 5", "bot.contact", 1, "5 is not text: put it in quotes"),
        ('[bot]\n"contact" = []', "bot.contact", 2, "[] is not text: put it in quotes"),
        ("bot = { contact = 5 }", "bot.contact", 1, "5 is not text: put it in quotes"),
        ('[bot]\ncontact = "lab"', "bot.contact", 2, "'lab' is not an e-mail address"),
        ('[bot]\ncontact = "a@b\\nc"', "bot.contact", 2, "'a@b\\nc' is not an e-mail address"),
        ('[bot]\ntimezone = "CET/Berlin"', "bot.timezone", 2, "'CET/Berlin' is not a time zone: "),
        (
            '[bot]\ntimezone = "Europe/Berln"',
            "bot.timezone",
            2,
            "'Europe/Berln' is not a time zone: did you mean Europe/Berlin?",
        ),
        ('[bot]\ntimezone = "§§§"', "bot.timezone", 2, "'§§§' is not a time zone: write it like"),
        ('[bot]\ntimezone = "../UTC"', "bot.timezone", 2, "'../UTC' is not a time zone: "),
        ('[bot]\ntimezone = ""', "bot.timezone", 2, "'' is not a time zone: "),
        *(
            (f'[bot]\nbase_url = "{url}"', "bot.base_url", 2, f"'{url}' is not a web address: ")
            for url in (
                "papers.lab.example",
                "ftp://lab.example",
                "https://",
                "https://[::1",
                "https://lab.example:port",
                "https://lab.example:99999",
                "https://lab .example",
            )
        ),
        (
            '[arxiv]\nbase_url = "https://me:secret@mirror.example"',
            "arxiv.base_url",
            2,
            "it holds a user's name or password: leave them out",
        ),
        ("[database]\nurl = 1", "database.url", 2, "1 is not text"),
        ('[database]\nurl = ""', "database.url", 2, "begin it with sqlite:///FILE or "),
        ('[database]\nurl = "sqlite:///"', "database.url", 2, "begin it with sqlite:///FILE or "),
        ('[database]\nurl = "mysql://db"', "database.url", 2, "begin it with sqlite:///FILE or "),
        ('[database]\nfile = "x"', "database.file", 2, "unknown key: known are url"),
        ('[arxiv]\ncategories = "cs.CV"', "arxiv.categories", 2, "write a list of texts: "),
        ("[arxiv]\ncategories = [1]", "arxiv.categories", 2, "write a list of texts: "),
        (
            '[arxiv]\ncategories = ["cs.CVV"]',
            "arxiv.categories",
            2,
            "'cs.CVV' is not an arXiv category: did you mean cs.CV?",
        ),
        (
            '[arxiv]\ncategories = [\n  "cs.CV",\n  # the weather\n  "weather",\n]',
            "arxiv.categories",
            5,
            "'weather' is not an arXiv category: see https://arxiv.org/category_taxonomy",
        ),
        ("sets = 1", "sets", 1, "write each set as [[sets]]"),
        ("[sets]", "sets", 1, "write each set as [[sets]]"),
        ("sets = [1]", "sets", 1, "write each set as [[sets]]"),
        (GOOD_SET + 'exlude = ["x"]', "sets[0].exlude", 4, "unknown key: did you mean exclude?"),
        (
            GOOD_SET + '[[sets]]\nname = "cLOUDS"\nquery = "rain"',
            "sets[1].name",
            5,
            "there is a set 'Clouds' already (case does not matter): choose another name",
        ),
        ('[[sets]]\nquery = "x"', "sets[0].name", 1, "give the set a name of 1 to 80 characters"),
        ('[[sets]]\nname = " "\nquery = "x"', "sets[0].name", 2, "give the set a name of 1 to 80"),
        ('[[sets]]\nname = "a\\tb"\nquery = "x"', "sets[0].name", 2, "give the set a name of 1 to"),
        (f'[[sets]]\nname = "{"x" * 81}"\nquery = "x"', "sets[0].name", 2, "give the set a name"),
        ('[[sets]]\nname = "x"', "sets[0]", 1, "the set looks for nothing: add keywords"),
        ('[[sets]]\nname = "x"\nkeywords = []', "sets[0]", 1, "the set looks for nothing: "),
        ('[[sets]]\nname = "x"\nkeywords = "y"', "sets[0].keywords", 3, "write a list: "),
        ('[[sets]]\nname = "x"\nkeywords = [[]]', "sets[0].keywords", 3, "write a list: "),
        ('[[sets]]\nname = "x"\nkeywords = [[["y"]]]', "sets[0].keywords", 3, "write a list: "),
        ('[[sets]]\nname = "x"\nquery = 1', "sets[0].query", 3, "1 is not text"),
        (GOOD_SET + 'query = "x"', "sets[0].query", 4, "a set has keywords or a query, not both"),
        (
            '[[sets]]\nname = "x"\nquery = "y OR"',
            "sets[0].query",
            3,
            A_QUERYS_FAULT,
        ),
        (
            '[[sets]]\nname = "x"\nquery = "NOT y"',
            "sets[0].query",
            3,
            A_QUERYS_FAULT,
        ),
        (
            '[[sets]]\nname = "x"\nkeywords = [\n  "y",\n  "z OR y",\n]',
            "sets[0].keywords",
            5,
            A_QUERYS_FAULT,
        ),
        (
            '[[sets]]\nname = "x"\nkeywords = [\n  ["y",\n   ""],\n]',
            "sets[0].keywords",
            5,
            A_QUERYS_FAULT,
        ),
        (
            GOOD_SET + 'exclude = [\n  "y",\n  "(z",\n]',
            "sets[0].exclude",
            6,
            A_QUERYS_FAULT,
        ),
        (GOOD_SET + "exclude = 1", "sets[0].exclude", 4, "write a list of texts: "),
        (GOOD_SET + "types = []", "sets[0].types", 4, "it is empty: known are new, cross, "),
        (GOOD_SET + 'types = "new"', "sets[0].types", 4, "write a list of texts: "),
        (
            GOOD_SET + 'types = ["new",\n"old"]',
            "sets[0].types",
            5,
            "'old' is not an announcement type: known are new, cross, replace, replace-cross",
        ),
        (GOOD_SET + 'categories = ["x"]', "sets[0].categories", 4, "'x' is not an arXiv category"),
        (
            GOOD_SET + 'match = "regex"',
            "sets[0].match",
            4,
            "'regex' is not a way to match: known are words, substring",
        ),
        (GOOD_SET + "match = 1", "sets[0].match", 4, "1 is not text"),
        (GOOD_SET + 'post = "x"', "sets[0].post", 4, "write a list of tables: "),
        (GOOD_SET + 'post = ["x"]', "sets[0].post", 4, "write a list of tables: "),
        (GOOD_SET + "post = [{}]", "sets[0].post[0]", 4, "name one destination: channel, email, "),
        (
            GOOD_SET + 'post = [\n{ folder = "x" },\n{ folder = "y", email = "a@b" }]',
            "sets[0].post[1]",
            6,
            "name one destination: ",
        ),
        (
            GOOD_SET + 'post = [\n{ folder = "x" },\n{ folder = "./x/" }]',
            "sets[0].post[1]",
            6,
            "folder x stands here twice",
        ),
        (
            GOOD_SET + 'post = [{ folder = "x", att = "9" }]',
            "sets[0].post[0].att",
            4,
            "unknown key: did you mean at?",
        ),
        (
            GOOD_SET + '[[sets.post]]\nfolder = "x"\n[[sets.post]]\nfolder = ""',
            "sets[0].post[1].folder",
            7,
            "it is empty or holds control characters",
        ),
        (GOOD_SET + "post = [{ folder = 1 }]", "sets[0].post[0].folder", 4, "1 is not text"),
        (
            GOOD_SET + 'post = [{ email = "lab" }]',
            "sets[0].post[0].email",
            4,
            "'lab' is not an e-mail address",
        ),
        (
            GOOD_SET + 'post = [{ folder = "x", on = "monthly" }]',
            "sets[0].post[0].on",
            4,
            "'monthly' is not a rhythm: known are daily, weekdays, weekly mon, ",
        ),
        (GOOD_SET + 'post = [{ folder = "x", on = "" }]', "sets[0].post[0].on", 4, "'' is not a"),
        (GOOD_SET + 'post = [{ folder = "x", on = 1 }]', "sets[0].post[0].on", 4, "1 is not text"),
        (
            GOOD_SET + 'post = [{ folder = "x", quiet = "22-7" }]',
            "sets[0].post[0].quiet",
            4,
            "'22-7' is not a span of the day: write it like \"22:00-07:00\"",
        ),
        (
            GOOD_SET + 'post = [{ folder = "x", quiet = ["22:00", "07:00"] }]',
            "sets[0].post[0].quiet",
            4,
            "['22:00', '07:00'] is not text: put it in quotes",
        ),
        (
            GOOD_SET + '[[sets.post]]\nfolder = "x"\ntimezone = "Asia/Tokio"',
            "sets[0].post[0].timezone",
            6,
            "'Asia/Tokio' is not a time zone: did you mean Asia/Tokyo?",
        ),
        (
            GOOD_SET + 'post = [{ folder = "x", timezone = "" }]',
            "sets[0].post[0].timezone",
            4,
            "'' is not a time zone: ",
        ),
        (
            GOOD_SET + 'post = [{ folder = "x", timzone = "UTC" }]',
            "sets[0].post[0].timzone",
            4,
            "unknown key: did you mean timezone?",
        ),
        ("[deliverys]", "deliverys", 1, "unknown key: did you mean deliveries?"),
        ("web = 1", "web", 1, "write it as a table: [web]"),
        (
            "[deliveries]\nworker = 1",
            "deliveries.worker",
            2,
            "unknown key: did you mean workers?",
        ),
        (
            "[retention]\ndays = 1",
            "retention.days",
            2,
            "unknown key: known are papers_days, history_days",
        ),
        ("[web]\nurl = 1", "web.url", 2, "unknown key: known are host, port"),
        (
            '[deliveries]\nin_doubt = "drop"',
            "deliveries.in_doubt",
            2,
            "'drop' is not a way to settle a doubt: known are resend, hold",
        ),
        ("[deliveries]\nin_doubt = true", "deliveries.in_doubt", 2, "True is not text: put it"),
        *(
            (f"[{table}]\n\n{name} = {value}", f"{table}.{name}", 3, message)
            for table, name, values, within in (
                ("deliveries", "workers", (-1, 0, 65), "1 to 64"),
                ("deliveries", "mail_connections", (0, 101), "1 to 100"),
                (
                    "retention",
                    "papers_days",
                    (-1, 1, 99, 36_501),
                    "100 to 36500, or 0 for ever",
                ),
                ("retention", "history_days", (-1, 29, 10**30), "30 to 36500, or 0 for ever"),
                ("web", "port", (0, 65_536), "1 to 65535"),
                ("slack", "posts_per_minute", (0, 6_001), "1 to 6000"),
            )
            for value, message in (
                *((value, f"{value} is out of range: write {within}") for value in values),
                ("true", "True is not a whole number"),
                ("false", "False is not a whole number"),
                ("4.0", "4.0 is not a whole number"),
                ('"4"', "'4' is not a whole number"),
                ("[]", "[] is not a whole number"),
            )
        ),
        ("[web]\nhost = 1", "web.host", 2, "1 is not text: put it in quotes"),
        ('[slack]\nboots = ""', "slack.boots", 2, "unknown key: known are command, transport, "),
        ("[slack]\ncommand = 1", "slack.command", 2, "1 is not text: put it in quotes"),
        *(
            (
                f'[slack]\ncommand = "{command}"',
                "slack.command",
                2,
                f"'{command}' is not a slash command: write it like /papers: ",
            )
            for command in ("", "papers", "/", "/Papers", "/my papers", f"/{'x' * 32}")
        ),
        (
            '[slack]\ntransport = "pigeon"',
            "slack.transport",
            2,
            "'pigeon' is not a transport: known are socket, http",
        ),
        ('[slack]\napi_url = "slack.com"', "slack.api_url", 2, "'slack.com' is not a web address"),
        *(
            (
                f'[web]\nhost = "{host}"',
                "web.host",
                2,
                f"'{host}' is not a host: write it like 127.0.0.1, without a port",
            )
            for host in ("", "127.0.0.1:8080", "http://lab.example", "lab example", "-lab", "[::1]")
        ),
        *(
            (
                GOOD_SET + f'post = [{{ folder = "x",\nat = {at} }}]'.replace("\n", " "),
                "sets[0].post[0].at",
                4,
                f'{shown} is not a time of day: write it like "09:00"',
            )
            for at, shown in (
                ('"9"', "'9'"),
                ('"24:00"', "'24:00'"),
                ('"09:60"', "'09:60'"),
                ('"٠٩:٠٠"', "'٠٩:٠٠'"),
                ("9", "9"),
                ("true", "True"),
            )
        ),
    ],
)
def test_tells_each_fault_with_its_key_and_line(
    text: str, key: str, line: int, message: str
) -> None:
    faults = [fault for fault in find_faults(text) if fault[0] == key]
    assert [fault[:2] for fault in faults] == [(key, line)]
    assert faults[0][2].startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        '[[sets]]\nname = "x"\nquery = 1',
        '[[sets]]\nname = "x"\nkeywords = 1',
        '[[sets]]\nname = 1\nquery = "x"',
        GOOD_SET + "post = [{ folder = 1 }]",
        GOOD_SET + 'types = "new"',
        GOOD_SET + "types = []",
        '[bot]\nbase_url = "x"',
        '[bot]\ncontact = "x"',
        GOOD_SET + "post = [{ folder = 'x', quiet = 1 }]",
        GOOD_SET + "post = [{ folder = 'x', timezone = 1 }]",
        GOOD_SET
        + "[bot]\ntimezone = 'x'\n[[sets]]\nname = 'y'\nquery = 'z'\npost = [{ folder = 'x' }]",
        "[deliveries]\nin_doubt = 1",
        "[deliveries]\nworkers = 0",
        "[web]\nhost = 1",
        "[slack]\ncommand = 1",
        '[slack]\nbot_token = "xoxb-1"',
        '[slack]\ncommand = "xoxb-1"',
        '[[sets]]\nname = "xoxb-1"\nquery = "cloud"',
    ],
)
def test_one_mistake_is_one_fault(text: str) -> None:
    assert len(find_faults(text)) == 1


def test_tells_all_faults_at_once_in_the_order_of_the_lines() -> None:
    text = """\
[bot]
contact = "lab"
zone = "UTC"

[arxiv]
categories = [
  "cs.CV",
  "cs.XX",
  "cs.YY",
]

[[sets]]
query = "OR"
types = ["old"]

[[sets]]
post = [
  { email = "x", on = "x" },
  { at = "9", quiet = "x" },
]
[web]
port = true
host = ":"
"""
    with pytest.raises(ConfigError) as refused:
        parse(text)
    assert [(fault.line, fault.key) for fault in refused.value.faults] == [
        (2, "bot.contact"),
        (3, "bot.zone"),
        (8, "arxiv.categories"),
        (9, "arxiv.categories"),
        (12, "sets[0].name"),
        (13, "sets[0].query"),
        (14, "sets[0].types"),
        (16, "sets[1].name"),
        (16, "sets[1]"),
        (18, "sets[1].post[0].on"),
        (18, "sets[1].post[0].email"),
        (19, "sets[1].post[1].at"),
        (19, "sets[1].post[1].quiet"),
        (19, "sets[1].post[1]"),
        (22, "web.port"),
        (23, "web.host"),
    ]
    assert str(refused.value).startswith(
        "config.toml: 16 faults\n  line 2: bot.contact: 'lab' is not an e-mail address\n"
    )


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[bot]\nx = ", 2, "not TOML: Invalid value"),
        ('[bot]\n\ncontact = "lab\n', 3, "not TOML: "),
        ("a = 1\na = 2", 2, "not TOML: "),
        ('a = """', 1, "not TOML: "),
        ("x", 1, "not TOML: "),
        (f"x = {'9' * 5000}", 0, "not a configuration: "),
        (f"x = {'[' * 1000}{']' * 1000}", 0, "not a configuration: "),
    ],
)
def test_tells_where_a_text_is_no_toml(text: str, line: int, message: str) -> None:
    ((key, found, told),) = find_faults(text)
    assert (key, found) == ("", line)
    assert told.startswith(message)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://me:secret@db.example/papers",
        "postgresql://me:s/cr:t@db.example/papers",
        "postgres://:secret@db.example/papers",
        "postgresql://db.example/papers?user=me&password=secret",
    ],
)
def test_a_password_in_the_file_is_refused_and_not_shown(url: str) -> None:
    text = f'[database]\nurl = "{url}"'
    message = "it holds a password: put the whole URL into the environment's DATABASE_URL"
    assert find_faults(text) == [("database.url", 2, message)]
    assert find_faults(text, DATABASE_URL="sqlite:///x.db") == [("database.url", 2, message)]


@pytest.mark.parametrize(
    ("given_url", "url"),
    [
        ("sqlite:///x.db", "sqlite:///x.db"),
        (" sqlite:////var/x.db\n", "sqlite:////var/x.db"),
        ("postgres://me:secret@db/papers", "postgresql+psycopg://me:secret@db/papers"),
        ("postgresql://db:5432/papers?a=b@c", "postgresql+psycopg://db:5432/papers?a=b@c"),
        ("postgresql+psycopg://me@db/papers", "postgresql+psycopg://me@db/papers"),
        ("", "sqlite:///there.db"),
    ],
)
def test_the_environments_database_stands_before_the_files(given_url: str, url: str) -> None:
    assert parse(FULL, DATABASE_URL=given_url).database_url == url
    if given_url and "secret" not in given_url:
        text = f'[database]\nurl = "{given_url.strip()}"'
        assert parse(text).database_url == url


def test_a_wrong_url_of_the_environment_is_named_as_such_and_not_shown() -> None:
    ((key, line, message),) = find_faults(FULL, DATABASE_URL="mysql://me:secret@db")
    assert (key, line) == ("DATABASE_URL (environment)", 0)
    assert "secret" not in message


def test_a_long_value_is_shown_in_part() -> None:
    ((_, _, message),) = find_faults(f"[bot]\ncontact = [{'1, ' * 500}]")
    assert len(message) < 150


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_lines_are_counted_past_strings_and_comments_of_many_lines(ending: str) -> None:
    text = """\
# name = "not a key" [bot]
[[sets]]
name = '''
x''' # contact = 1
query = \"\"\"\\
  y ""\\" [sets] name = {\\
  z\"\"\"\"\"

  [ "bot" ]
contact.x = 1
"time\\u007Aone" = 1
'''.replace("\\n", ending)
"""
    text = text.split("'''.replace", maxsplit=1)[0].replace("\n", ending)
    lines = [(key, line) for key, line, _ in find_faults(text)]
    assert ("bot.contact", 10) in lines
    assert ("bot.timezone", 11) in lines


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    for encoding in ("utf-8", "utf-8-sig"):
        path.write_text(FULL, encoding=encoding)
        assert load_settings(path, {}) == parse_settings(FULL, str(path), {})


def test_faults_of_a_file_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[bot]\ncontact = 1\n")
    with pytest.raises(ConfigError, match=rf"^{re.escape(str(path))}: 1 fault\n  line 2: "):
        load_settings(path, {})


def test_what_cannot_be_read_is_said_with_what_to_do(tmp_path: Path) -> None:
    latin = tmp_path / "latin.toml"
    latin.write_bytes('[bot]\ncontact = "ü"'.encode("latin-1"))
    loop = tmp_path / "loop.toml"
    loop.symlink_to(loop)
    with socket.socket(socket.AF_UNIX) as plug:
        here = Path.cwd()
        os.chdir(tmp_path)
        try:
            plug.bind("plug")
        finally:
            os.chdir(here)
        for path, message in (
            (latin, "byte 17 is not UTF-8: save the file as UTF-8"),
            (tmp_path, "Is a directory: name a file that can be read with --config"),
            (tmp_path / "none.toml", "No such file or directory: name a file that can be read"),
            (tmp_path / "latin.toml" / "x", "Not a directory: name a file that can be read"),
            (loop, "Too many levels of symbolic links: name a file that can be read"),
            (tmp_path / "plug", "No such device or address: name a file that can be read"),
            (Path("nul\0.toml"), "embedded null byte: name a file that can be read"),
        ):
            with pytest.raises(ConfigError) as refused:
                load_settings(path, {})
            (fault,) = refused.value.faults
            assert fault.message.startswith(message)


def find_any_faults(text: str) -> tuple[Fault, ...]:
    try:
        parse(text)
    except ConfigError as error:
        return error.faults
    return ()


def only_config_errors(text: str) -> None:
    end = text.count("\n") + 1
    for fault in find_any_faults(text):
        assert 0 <= fault.line <= end
        assert fault.message


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    only_config_errors(text)


PIECES = st.sampled_from(
    [*re.findall(r"\w+|\s+|.", FULL), "[[", "]]", '"""', "'''", "\\", "1e9", "nan", "1979-05-27"]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_mixture_of_pieces_of_a_configuration_is_read_or_refused(text: str) -> None:
    only_config_errors(text)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_configuration_changed_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    text = FULL
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(PIECES | st.text(max_size=3)) + text[end:]
    only_config_errors(text)


VALUES = st.recursive(
    st.sampled_from(
        ["1", "-2.5", "inf", "true", '"x"', "'cs.CV'", '"""a\nb"""', "07:30:00", "1979-05-27", '""']
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]")
        | st.lists(inner, max_size=3).map(lambda each: "[\n" + ",\n".join(each) + "\n]")
        | st.dictionaries(
            st.sampled_from(
                ["name", "at", "on", "timezone", "quiet", "folder", "'x y'", '"a[b"', '"c."']
            ),
            inner,
            max_size=2,
        ).map(lambda each: "{ " + ", ".join(f"{k} = {v}" for k, v in each.items()) + " }")
    ),
    max_leaves=6,
)
KEYS = sorted(set(re.findall(r"^(\w+)", FULL, re.MULTILINE)))


HEADERS = [
    "",
    "[bot]\n",
    "[database]\n",
    "[arxiv]\n",
    "[deliveries]\n",
    "[retention]\n",
    "[web]\n",
    "[slack]\n",
    "[[sets]]\n",
    "[[sets.post]]\n",
]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(HEADERS),
        max_size=4,
    ),
    st.dictionaries(st.sampled_from([*KEYS, '"a[b"', '"c."', "d.e"]), VALUES, max_size=4),
)
def test_any_value_of_any_key_is_read_or_refused(headers: list[str], pairs: dict[str, str]) -> None:
    body = "".join(f"{key} = {value}\n" for key, value in pairs.items())
    only_config_errors("".join(f"{header}{body}" for header in headers))

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx
import pytest

from bot.adapters.arxiv.document import MAX_BYTES
from bot.adapters.arxiv.source import ARXIV, HttpSource, build_client, build_user_agent
from bot.errors import SourceError

DAY = date(2025, 12, 4)
FEED = (
    b"<rss><channel><title>x</title><pubDate>Thu, 04 Dec 2025 00:00:00 -0500</pubDate>"
    b"</channel></rss>"
)
ATOM = b'<feed xmlns="http://www.w3.org/2005/Atom"><updated>2025-12-04T12:00:00Z</updated></feed>'
ERROR_FEED = (
    b"<rss><channel><title>Feed error for query: x</title>"
    b"<description>Bad subject class 'AII'.</description></channel></rss>"
)
RSS_TYPE = "application/rss+xml"
AGENT = "papers-bot/0 (+https://papers.example; papers@lab.example)"

Reply = Callable[["Handler"], None]


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    path: str
    headers: dict[str, str]
    port: int


class Handler(BaseHTTPRequestHandler):
    """Answers each request by the next reply of the script; the last one repeats."""

    protocol_version = "HTTP/1.1"
    script: ClassVar[list[Reply]]
    asked: ClassVar[list["Asked"]]

    def do_GET(self) -> None:
        number = len(self.asked)
        self.asked.append(Asked(self.path, dict(self.headers), self.client_address[1]))
        self.script[min(number, len(self.script) - 1)](self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Stay silent."""

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def reply(status: int = 200, body: bytes = FEED, **headers: str) -> Reply:
    def answer(handler: Handler) -> None:
        handler.say(status, body, **{"Content_Type": RSS_TYPE, **headers})

    return answer


def files(contents: dict[str, bytes]) -> Reply:
    """Answer like a folder on a web server."""

    def answer(handler: Handler) -> None:
        body = contents.get(handler.path)
        handler.say(404 if body is None else 200, body or b"Not Found", Content_Type="text/xml")

    return answer


def hang_up(handler: Handler) -> None:
    """Close the connection in the middle of a body."""
    handler.say(200, FEED[:20], Content_Type=RSS_TYPE, Content_Length=str(len(FEED)))
    handler.close_connection = True


def endless(handler: Handler) -> None:
    """Send until nobody listens."""
    handler.say(200, Content_Type=RSS_TYPE, Content_Length=str(10**12))
    handler.close_connection = True
    try:
        while True:
            handler.wfile.write(b" " * 65536)
    except OSError:
        return


class QuietServer(ThreadingHTTPServer):
    """Says nothing of clients that hang up: that is what they are told to do here."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent."""


@dataclass
class Server:
    """A server on this machine, whose script a test writes."""

    url: str
    script: list[Reply] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.asked]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "*")

    class Scripted(Handler):
        script: ClassVar[list[Reply]] = []
        asked: ClassVar[list[Asked]] = []

    with QuietServer(("127.0.0.1", 0), Scripted) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield Server(f"http://127.0.0.1:{http.server_port}", Scripted.script, Scripted.asked)
        http.shutdown()
        thread.join()


@dataclass
class Watch:
    """Time that passes only when somebody sleeps, or `tick` seconds at every look."""

    now: float = 0.0
    tick: float = 0.0
    naps: list[float] = field(default_factory=list)
    turns: int = 0
    said: list[str] = field(default_factory=list)

    def clock(self) -> float:
        self.now += self.tick
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds

    def wait(self) -> None:
        self.turns += 1


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with build_client() as client:
        yield client
    assert server.url


@pytest.fixture
def source(server: Server, watch: Watch, client: httpx.Client) -> HttpSource:
    return make_source(client, server.url, watch)


def make_source(client: httpx.Client, base_url: str, watch: Watch) -> HttpSource:
    return HttpSource(
        client,
        base_url,
        user_agent=AGENT,
        throttle=watch,
        sleep=watch.sleep,
        clock=watch.clock,
        jitter=lambda: 0.5,
        report=watch.said.append,
    )


def refusal(source: HttpSource, category: str = "cs.AI") -> SourceError:
    with pytest.raises(SourceError) as caught:
        source.read(category, None)
    return caught.value


def test_reads_a_feed(server: Server, source: HttpSource, watch: Watch) -> None:
    server.script.append(reply())
    announcement = source.read("cs.AI", DAY)
    assert (announcement.category, announcement.day) == ("cs.AI", DAY)
    assert announcement.url == f"{server.url}/rss/cs.AI"
    assert server.paths == ["/rss/cs.AI"]
    assert (watch.turns, watch.naps, watch.said) == (1, [], [])


def test_says_who_asks_and_offers_only_gzip(server: Server, source: HttpSource) -> None:
    server.script.append(reply())
    source.read("cs.AI", None)
    headers = server.asked[0].headers
    assert headers["User-Agent"] == AGENT
    assert headers["Accept-Encoding"] == "gzip"
    assert "xml" in headers["Accept"]
    assert "If-Modified-Since" not in headers


def test_keeps_one_connection_and_takes_a_turn_for_every_request(
    server: Server, source: HttpSource, watch: Watch
) -> None:
    server.script.append(reply())
    for category in ("cs.AI", "cs.CL", "cs.CV"):
        source.read(category, None)
    assert len({request.port for request in server.asked}) == 1
    assert watch.turns == 3


@pytest.mark.parametrize(
    ("category", "path"),
    [
        ("CS.ai", "/rss/cs.AI"),
        ("cs.SY", "/rss/eess.SY"),
        ("cs.CV+cs.LG", "/rss/cs.CV+cs.LG"),
        ("a/../b?c#d e", "/rss/a%2F..%2Fb%3Fc%23d%20e"),
    ],
)
def test_asks_for_arxivs_spelling(
    server: Server, source: HttpSource, category: str, path: str
) -> None:
    server.script.append(reply())
    assert source.read(category, None).category == category
    assert server.paths == [path]


def test_finds_a_folder_of_files_and_remembers_its_shape(
    server: Server, source: HttpSource
) -> None:
    here = {"/rss_cs.AI.xml": FEED, "/rss_cs.CL.xml": FEED, "/atom_cs.CV.xml": ATOM}
    server.script.append(files(here))
    assert source.read("cs.AI", None).url == f"{server.url}/rss_cs.AI.xml"
    assert source.read("cs.CL", None).url == f"{server.url}/rss_cs.CL.xml"
    assert source.read("cs.CV", None).url == f"{server.url}/atom_cs.CV.xml"
    assert server.paths == [
        "/rss/cs.AI",
        "/rss_cs.AI.xml",
        "/rss_cs.CL.xml",
        "/rss_cs.CV.xml",
        "/rss/cs.CV",
        "/atom_cs.CV.xml",
    ]


def test_says_where_it_looked(server: Server, client: httpx.Client, watch: Watch) -> None:
    server.script.append(files({}))
    error = refusal(make_source(client, f"{server.url}/mirror/", watch), "cs.AII")
    assert error.url == f"{server.url}/mirror"
    assert error.reason == (
        "has no feed of cs.AII (looked for /rss/cs.AII, /rss_cs.AII.xml, /atom_cs.AII.xml)."
        " Did you mean cs.AI (Artificial Intelligence)?"
    )
    assert server.paths[0] == "/mirror/rss/cs.AII"


def test_arxiv_itself_is_asked_in_one_way_only(watch: Watch) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        status = 404 if len(asked) > 1 else 429
        stream = httpx.ByteStream(b"")
        return httpx.Response(status, headers={"Retry-After": "12"}, stream=stream)

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        error = refusal(make_source(client, ARXIV, watch))
    assert asked == [f"{ARXIV}/rss/cs.AI"] * 2
    assert error.reason == "has no feed of cs.AI (looked for /rss/cs.AI)."
    assert watch.said == ["arXiv answered 429 for cs.AI; trying again in 12 s (second of four)"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_tries_again_when_the_server_is_busy(
    server: Server, source: HttpSource, watch: Watch, status: int
) -> None:
    server.script += [reply(status, b""), reply(status, b""), reply()]
    assert source.read("cs.AI", None).day == DAY
    assert watch.naps == [4.0, 8.0]
    assert watch.turns == 3
    assert watch.said == [
        f"{server.url} answered {status} for cs.AI; trying again in 4 s (second of four)",
        f"{server.url} answered {status} for cs.AI; trying again in 8 s (third of four)",
    ]


def test_waits_as_long_as_it_is_asked_to(server: Server, source: HttpSource, watch: Watch) -> None:
    server.script += [reply(429, b"Rate exceeded.", Retry_After="31"), reply()]
    source.read("cs.AI", None)
    assert watch.naps == [31.0]


def test_waits_until_the_date_that_it_is_given(
    server: Server, source: HttpSource, watch: Watch
) -> None:
    def later(handler: Handler) -> None:
        handler.say(503, Retry_After=handler.date_time_string(int(time.time()) + 60))

    server.script += [later, reply()]
    source.read("cs.AI", None)
    # A second may begin between the two dates.
    assert watch.naps in ([60.0], [59.0])


def test_gives_up_when_asked_for_more_patience_than_it_has(
    server: Server, source: HttpSource, watch: Watch
) -> None:
    server.script.append(reply(429, b"", Retry_After="900"))
    error = refusal(source)
    assert (error.reason, error.retry_after) == ("answered 429; try again in 900 s", 900.0)
    assert watch.naps == []


def test_gives_up_after_four_attempts(server: Server, source: HttpSource, watch: Watch) -> None:
    server.script.append(reply(503, b"", Retry_After="1"))
    error = refusal(source)
    assert error.url == f"{server.url}/rss/cs.AI"
    assert error.reason == "answered 503, as 3 times before; try again later"
    assert error.retry_after == 1.0
    assert len(server.asked) == 4
    assert watch.naps == [4.0, 8.0, 16.0]


def test_is_silent_when_nobody_listens(server: Server, client: httpx.Client, watch: Watch) -> None:
    server.script += [reply(503, b""), reply()]
    quiet = HttpSource(
        client,
        server.url,
        user_agent=AGENT,
        throttle=watch,
        sleep=watch.sleep,
        clock=watch.clock,
        jitter=lambda: 0.0,
    )
    assert quiet.read("cs.AI", None).day == DAY
    assert watch.naps == [2.0]


def test_tries_again_when_the_connection_breaks_in_a_body(
    server: Server, source: HttpSource, watch: Watch
) -> None:
    server.script += [hang_up, reply()]
    assert source.read("cs.AI", None).day == DAY
    assert "broke off (peer closed connection" in watch.said[0]


def test_tries_again_when_there_is_no_connection(
    server: Server, client: httpx.Client, watch: Watch
) -> None:
    server.script.append(reply())
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        error = refusal(make_source(client, f"http://127.0.0.1:{closed.getsockname()[1]}", watch))
    assert error.reason.startswith("could not be reached (")
    assert error.retry_after is None
    assert len(watch.said) == 3


def test_without_a_connection_only_the_first_category_is_waited_for(
    client: httpx.Client, watch: Watch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        source = make_source(client, f"http://127.0.0.1:{closed.getsockname()[1]}", watch)
        refusal(source)
        naps = len(watch.naps)
        error = refusal(source)
    assert error.reason.endswith("as for the category before")
    assert len(watch.naps) - naps <= 1


def test_tries_again_when_nothing_comes_in_time(server: Server, watch: Watch) -> None:
    released = threading.Event()

    def stall(handler: Handler) -> None:
        handler.say(200, Content_Type=RSS_TYPE, Content_Length=str(len(FEED)))
        released.wait(10)
        handler.close_connection = True

    server.script += [stall, reply()]
    with httpx.Client(timeout=0.2) as client:
        assert make_source(client, server.url, watch).read("cs.AI", None).day == DAY
    released.set()
    assert "did not answer in time (ReadTimeout)" in watch.said[0]


def test_bounds_the_time_of_a_whole_body_and_then_its_patience(
    server: Server, client: httpx.Client
) -> None:
    server.script.append(endless)
    watch = Watch(tick=50.0)
    error = refusal(make_source(client, server.url, watch))
    assert error.reason == "was still sending after 120 s; try again in 8 s"
    assert len(server.asked) == 2


def test_reads_no_more_than_the_cap(server: Server, source: HttpSource) -> None:
    server.script.append(endless)
    tracemalloc.start()
    try:
        error = refusal(source)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error.reason.startswith("is longer than 32 MiB")
    assert peak < 3 * MAX_BYTES


def bomb(megabytes: int) -> bytes:
    """Pack spaces a thousand to one, quickly: the same megabyte again and again."""
    packer = zlib.compressobj(9, wbits=31)
    head = packer.compress(b"<rss>") + packer.flush(zlib.Z_FULL_FLUSH)
    megabyte = packer.compress(b" " * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + megabyte * megabytes


def test_stops_a_gzip_bomb_while_it_goes_off(server: Server, source: HttpSource) -> None:
    server.script.append(reply(200, bomb(600), Content_Encoding="gzip"))
    tracemalloc.start()
    try:
        error = refusal(source)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error.reason.startswith("is longer than 32 MiB")
    # The server of this test, in the same process, holds its 0.6 MB too.
    assert peak < 4 * MAX_BYTES


def test_reads_gzip(server: Server, source: HttpSource) -> None:
    server.script.append(reply(200, gzip.compress(FEED), Content_Encoding="gzip"))
    assert source.read("cs.AI", None).day == DAY


@pytest.mark.parametrize(
    "body", [gzip.compress(FEED, mtime=0)[:-12], b"not gzip at all"], ids=["cut", "none"]
)
def test_tries_again_when_gzip_is_damaged(
    server: Server, source: HttpSource, watch: Watch, body: bytes
) -> None:
    server.script += [reply(200, body, Content_Encoding="gzip"), reply()]
    assert source.read("cs.AI", None).day == DAY
    assert "broke off (" in watch.said[0]


def test_refuses_an_encoding_that_it_did_not_offer(server: Server, source: HttpSource) -> None:
    server.script.append(reply(200, FEED, Content_Encoding="br"))
    assert refusal(source).reason == "sends a body encoded as 'br', which was not asked for"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_follows_redirects_in_turn(
    server: Server, source: HttpSource, watch: Watch, status: int
) -> None:
    server.script += [reply(status, b"", Location="/rss/moved"), reply()]
    assert source.read("cs.AI", None).url == f"{server.url}/rss/moved"
    assert [request.headers["User-Agent"] for request in server.asked] == [AGENT, AGENT]
    assert watch.turns == 2


def test_follows_five_redirects_and_no_more(server: Server, source: HttpSource) -> None:
    around = reply(302, b"", Location="/rss/cs.AI")
    server.script += [around] * 5 + [reply()]
    assert source.read("cs.AI", None).day == DAY
    server.script.insert(0, around)
    server.asked.clear()
    assert refusal(source).reason == "redirects more than 5 times"
    assert len(server.asked) == 6


def test_passes_on_arxivs_own_words_for_an_unknown_category(
    server: Server, source: HttpSource, watch: Watch
) -> None:
    server.script.append(reply(400, ERROR_FEED))
    error = refusal(source, "cs.AII")
    assert error.url == f"{server.url}/rss/cs.AII"
    assert error.reason == (
        "answered 400: Bad subject class 'AII'. Did you mean cs.AI (Artificial Intelligence)?"
    )
    assert watch.naps == []


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, b"<html><title>Invalid category</title></html>", "answered 400: Invalid category"),
        (403, b"", "answered 403"),
        (204, b"", "answered 204"),
        (304, b"", "answered 304"),
        (206, FEED, "answered 206"),
    ],
)
def test_believes_no_other_status(
    server: Server, source: HttpSource, status: int, body: bytes, reason: str
) -> None:
    server.script.append(reply(status, body))
    assert refusal(source).reason == reason


def test_an_error_feed_with_status_200_is_an_error(server: Server, source: HttpSource) -> None:
    server.script.append(reply(200, ERROR_FEED))
    assert refusal(source).reason == "Bad subject class 'AII'."


@pytest.mark.parametrize("media_type", ["text/html", "text/html; charset=utf-8", "TEXT/HTML"])
def test_believes_no_html_with_status_200(
    server: Server, source: HttpSource, media_type: str
) -> None:
    server.script.append(reply(200, b"No archive <b>specified</b>.", Content_Type=media_type))
    reason = "answered HTML instead of a feed; it says: No archive specified ."
    assert refusal(source).reason == reason


@pytest.mark.parametrize(
    "media_type", ["application/xml", "text/xml; charset=us-ascii", "text/plain", ""]
)
def test_reads_what_is_a_feed_whatever_a_file_server_calls_it(
    server: Server, source: HttpSource, media_type: str
) -> None:
    server.script.append(reply(200, FEED, Content_Type=media_type))
    assert source.read("cs.AI", None).day == DAY


def test_names_the_address_of_what_is_no_feed(server: Server, source: HttpSource) -> None:
    server.script.append(reply(200, b'{"a": 1}', Content_Type="application/json"))
    error = refusal(source)
    assert error.url == f"{server.url}/rss/cs.AI"
    assert error.reason == 'is not a feed; it says: {"a": 1}'


@pytest.mark.parametrize("base_url", ["ftp://127.0.0.1", "papers.example", "http://", "http://x:y"])
def test_refuses_what_is_no_web_address(client: httpx.Client, watch: Watch, base_url: str) -> None:
    error = refusal(make_source(client, base_url, watch))
    assert error.reason.startswith("is not an http or https address: ")
    assert watch.naps == []


def test_signs_in_to_a_mirror_and_tells_nobody_the_password(
    server: Server, client: httpx.Client, watch: Watch
) -> None:
    server.script += [reply(503, b""), reply(), reply(403, b"")]
    base_url = server.url.replace("//", "//reader:s3cret@")
    source = make_source(client, base_url, watch)
    assert source.read("cs.AI", None).url == f"{server.url}/rss/cs.AI"
    assert server.asked[1].headers["Authorization"].startswith("Basic ")
    error = refusal(source)
    assert "s3cret" not in f"{error} {watch.said}"


@pytest.mark.parametrize(
    ("parts", "agent"),
    [
        (("0.1.0", "https://p.example", "a@b.example"), "(+https://p.example; a@b.example)"),
        (("0.1.0", "", "a@b.example"), "(a@b.example)"),
        (("0.1.0", "https://p.example", " "), "(+https://p.example)"),
        (("0.1.0", "x", "a@b.example\r\nX-Evil: (1)\\"), "(+x; a@b.exampleX-Evil: 1)"),
        (("0.1.0", "x", "Zoë <z@b.example>"), "(+x; Zo <z@b.example>)"),
    ],
)
def test_names_itself_in_one_safe_line(parts: tuple[str, str, str], agent: str) -> None:
    assert build_user_agent(*parts) == f"papers-bot/0.1.0 {agent}"


def test_names_itself_without_anybody_to_write_to() -> None:
    assert build_user_agent("0.1.0", "", "") == "papers-bot/0.1.0"

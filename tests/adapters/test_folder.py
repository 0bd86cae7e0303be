import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.folder import (
    FolderPages,
    FolderSender,
    build_manifest,
    find_root,
    load_manifest,
    name_file,
    write_file,
)
from bot.core.editions import (
    DayListing,
    Destination,
    DestinationKind,
    Edition,
    Receipt,
    SetSummary,
)
from bot.core.records import Sent
from bot.errors import DeliveryError
from bot.render.view import IndexEntry

if TYPE_CHECKING:
    from bot.flows.passage import Sender

    _SENDER: Sender = FolderSender(FolderPages({}, {}, lambda _: ""), lambda _: None)  # type: ignore[arg-type, return-value]

DAY = date(2025, 12, 4)
HERE = Path(__file__).parents[2]


def show_edition(edition: Edition) -> str:
    # Long, so that half of it would be seen as such.
    return f"{edition.set.name} {edition.earlier}\n" * 2000 + "end"


def show_index(entries: Sequence[IndexEntry]) -> str:
    lines = (f"{entry.day} {entry.set_name} {entry.papers} {entry.href}\n" for entry in entries)
    return "".join(lines) + "end"


PAGES = FolderPages(
    edition={".md": show_edition, ".html": show_edition},
    day={"README.md": lambda listing: f"{listing.day} end"},
    index=show_index,
)


def load_day(day: date) -> DayListing:
    return DayListing(day, (), Receipt(day, 0, 0))


def make_edition(name: str = "Clouds", day: date = DAY, number: int = 0) -> Edition:
    return Edition(SetSummary(name, ("cloud",)), day, (), Receipt(day, 0, 0), earlier=number)


def leave() -> None:
    """Let everything leave."""


def to(folder: Path) -> Destination:
    return Destination(DestinationKind.FOLDER, str(folder))


def list_files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def sender() -> FolderSender:
    return FolderSender(PAGES, load_day)


def test_nothing_is_written_before_it_may_leave(tmp_path: Path, sender: FolderSender) -> None:
    def refuse() -> None:
        message = "too late"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="too late"):
        sender.send(make_edition(), to(tmp_path), "key-1", refuse)
    assert list_files(tmp_path) == [".papers-bot.lock"]


def test_writes_the_edition_the_days_page_the_index_and_the_manifest(
    tmp_path: Path, sender: FolderSender
) -> None:
    root = tmp_path / "not" / "there" / "yet"
    sent = sender.send(make_edition(), to(root), "key-1", leave)
    assert sent == Sent(str(root / "2025-12-04" / "Clouds.html"))
    assert list_files(root) == [
        ".papers-bot.lock",
        "2025-12-04/Clouds.html",
        "2025-12-04/Clouds.md",
        "2025-12-04/README.md",
        "editions.json",
        "index.html",
    ]
    assert (root / "2025-12-04" / "Clouds.md").read_text() == show_edition(make_edition())
    assert (root / "2025-12-04" / "README.md").read_text() == "2025-12-04 end"
    assert json.loads((root / "editions.json").read_text()) == [
        {
            "key": "key-1",
            "day": "2025-12-04",
            "set": "Clouds",
            "papers": 0,
            "file": "2025-12-04/Clouds.html",
        }
    ]


def test_files_can_be_read_by_whoever_may_read_this_users_files(
    tmp_path: Path, sender: FolderSender
) -> None:
    before = os.umask(0o027)
    try:
        sender.send(make_edition(), to(tmp_path), "key-1", leave)
    finally:
        os.umask(before)
    for name in ("index.html", "editions.json", "2025-12-04/Clouds.md"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o640


def test_the_index_lists_editions_in_the_order_in_which_they_came(
    tmp_path: Path, sender: FolderSender
) -> None:
    for key, name, day in (("c", "Rain", 4), ("a", "Clouds", 4), ("b", "Clouds", 3)):
        sender.send(make_edition(name, date(2025, 12, day)), to(tmp_path), key, leave)
    assert (tmp_path / "index.html").read_text() == (
        "2025-12-04 Rain 0 2025-12-04/Rain.html\n"
        "2025-12-04 Clouds 0 2025-12-04/Clouds.html\n"
        "2025-12-03 Clouds 0 2025-12-03/Clouds.html\n"
        "end"
    )
    assert list(load_manifest(tmp_path)) == ["c", "a", "b"]


def test_the_same_delivery_twice_changes_nothing(tmp_path: Path, sender: FolderSender) -> None:
    def look() -> dict[str, tuple[int, bytes]]:
        return {
            name: ((tmp_path / name).stat().st_mtime_ns, (tmp_path / name).read_bytes())
            for name in list_files(tmp_path)
            if not name.endswith(".lock")
        }

    for key, name in (("a", "Clouds"), ("b", "Rain")):
        sender.send(make_edition(name), to(tmp_path), key, leave)
    before = look()
    sender.send(make_edition(), to(tmp_path), "a", leave)
    assert look() == before


def test_an_edition_under_another_key_takes_the_place_of_the_first(
    tmp_path: Path, sender: FolderSender
) -> None:
    for key in ("before the database was lost", "after"):
        sender.send(make_edition(), to(tmp_path), key, leave)
    assert list(load_manifest(tmp_path)) == ["after"]
    assert (tmp_path / "index.html").read_text().count("Clouds.html") == 1


def test_finds_what_arrived_and_nothing_else(tmp_path: Path, sender: FolderSender) -> None:
    edition = make_edition()
    assert sender.find(edition, to(tmp_path / "none"), "key-1") is None
    assert sender.find(edition, to(tmp_path), "key-1") is None
    sent = sender.send(edition, to(tmp_path), "key-1", leave)
    assert sender.find(edition, to(tmp_path), "key-1") == sent
    assert sender.find(edition, to(tmp_path), "key-2") is None


DAMAGE = [
    b"",
    b"{",
    b"\xff",
    b"5",
    b"[5]",
    b"[{}]",
    b'[{"key": "a", "day": "yesterday", "set": "x", "papers": 1, "file": "x"}]',
    b'[{"key": "a", "day": "2025-12-04", "set": "x", "papers": "many", "file": "x"}]',
    b"[" * 100_000,
]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage[:20].decode("latin-1"))
def test_a_damaged_manifest_is_named_with_what_to_do(
    tmp_path: Path, sender: FolderSender, damage: bytes
) -> None:
    manifest = tmp_path / "editions.json"
    manifest.write_bytes(damage)
    message = rf"{manifest} is damaged \(.*\): delete it, and the index begins anew"
    with pytest.raises(DeliveryError, match=message):
        sender.find(make_edition(), to(tmp_path), "key-1")
    with pytest.raises(DeliveryError, match=message):
        sender.send(make_edition(), to(tmp_path), "key-1", leave)
    assert manifest.read_bytes() == damage


def test_a_manifest_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    entries = {
        "a": IndexEntry(DAY, "Wolken & “Regen”", 3, "2025-12-04/x.html"),
        "b": IndexEntry(date(2025, 12, 3), "🌧", 0, "2025-12-03/y.html"),
    }
    write_file(tmp_path / "editions.json", build_manifest(entries))
    assert list(load_manifest(tmp_path).items()) == list(entries.items())


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path: Path, sender: FolderSender) -> None:
    path = tmp_path / "digests"
    path.write_text("mine")
    message = f"cannot use the folder {path}: .*; a file stands where the folder should be"
    acts: tuple[Callable[[], object], ...] = (
        lambda: sender.send(make_edition(), to(path), "key-1", leave),
        lambda: sender.find(make_edition(), to(path), "key-1"),
    )
    for act in acts:
        with pytest.raises(DeliveryError, match=message) as refused:
            act()
        assert not refused.value.permanent
        assert not refused.value.unknown
    assert path.read_text() == "mine"


def test_a_folder_in_the_place_of_a_file_is_said(tmp_path: Path, sender: FolderSender) -> None:
    (tmp_path / "index.html").mkdir()
    with pytest.raises(DeliveryError, match="Is a directory; see that it can be written"):
        sender.send(make_edition(), to(tmp_path), "key-1", leave)
    assert sender.find(make_edition(), to(tmp_path), "key-1") is None
    assert not [name for name in list_files(tmp_path) if "part" in name]


def test_a_tilde_is_the_users_home(
    tmp_path: Path, sender: FolderSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    sender.send(make_edition(), Destination(DestinationKind.FOLDER, "~/digests"), "key-1", leave)
    assert (tmp_path / "digests" / "index.html").is_file()
    nobody = Destination(DestinationKind.FOLDER, "~nobody-of-that-name/digests")
    with pytest.raises(DeliveryError, match=r"cannot be found: .*; write its whole path"):
        find_root(nobody)


# As a script of its own: only so can a test stop being root, or be killed.
CHILD = """
import os, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from bot.errors import DeliveryError
import importlib.util
spec = importlib.util.spec_from_file_location("folder_tests", {file!r})
tests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tests)
sender = tests.FolderSender(tests.PAGES, tests.load_day)
root = tests.to(Path(sys.argv[1]))
"""


def start_child(body: str, folder: Path, *arguments: object) -> subprocess.Popen[str]:
    code = CHILD.format(here=str(HERE), file=__file__) + body
    command = [sys.executable, "-c", code, str(folder), *map(str, arguments)]
    return subprocess.Popen(
        command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=HERE
    )


@pytest.mark.skipif(os.name != "posix", reason="the folder's lock is POSIX's")
def test_a_folder_that_may_not_be_written_is_said() -> None:
    # Below /tmp itself: pytest's own folders are closed to other users.
    body = """
if os.getuid() == 0:
    os.setuid(65534)
for path in ("", "new"):
    try:
        sender.send(tests.make_edition(), tests.to(Path(sys.argv[1]) / path), "key-1", tests.leave)
    except DeliveryError as error:
        print(error, error.unknown)
"""
    folder = Path("/tmp") / f"papers-bot-test-{os.getpid()}"  # noqa: S108 - made and removed here
    folder.mkdir(0o755)
    folder.chmod(0o555)
    try:
        told, problems = start_child(body, folder).communicate(timeout=60)
    finally:
        folder.rmdir()
    assert problems == ""
    why = "Permission denied; make it writable for this user False"
    assert told.splitlines() == [
        f"cannot use the folder {folder}: {why}",
        f"cannot use the folder {folder / 'new'}: {why}",
    ]


def test_readers_see_whole_files_while_editions_arrive(
    tmp_path: Path, sender: FolderSender
) -> None:
    sender.send(make_edition(), to(tmp_path), "key", leave)
    done = threading.Event()
    looks: list[int] = []
    broken: list[str] = []

    def read() -> None:
        while not done.is_set():
            looks.append(1)
            load_manifest(tmp_path)
            for name in ("index.html", "2025-12-04/Clouds.md", "2025-12-04/Clouds.html"):
                text = (tmp_path / name).read_text()
                if not text.endswith("end"):
                    broken.append(text[-80:])

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(200):
            sender.send(make_edition(number=number), to(tmp_path), f"key-{number % 7}", leave)
    finally:
        done.set()
        reader.join()
    assert broken == []
    assert len(looks) > 1


def check_whole(folder: Path) -> None:
    """See that every file that a reader finds is whole, and what the manifest lists is there."""
    for name in list_files(folder):
        if name.endswith((".md", ".html")):
            assert (folder / name).read_text().endswith("end")
    for entry in load_manifest(folder).values():
        text = (folder / entry.href).read_text()
        assert text.startswith(f"{entry.set_name} ")
        assert len(set(text.splitlines())) == 2


def test_a_process_killed_anywhere_leaves_whole_files_and_the_next_goes_on(
    tmp_path: Path, sender: FolderSender
) -> None:
    body = """
print("ready", flush=True)
number = 0
while True:
    number += 1
    edition = tests.make_edition(f"Set-{number % 5}", number=number)
    sender.send(edition, root, f"key-{number % 5}", tests.leave)
"""
    for turn in range(6):
        child = start_child(body, tmp_path)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.05 + 0.017 * turn)
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=60)
        assert child.returncode == -signal.SIGKILL
        check_whole(tmp_path)
    sender.send(make_edition("After"), to(tmp_path), "after", leave)
    check_whole(tmp_path)
    assert sender.find(make_edition("After"), to(tmp_path), "after") is not None


def test_two_processes_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    body = """
for number in range(25):
    name = f"{sys.argv[2]}-{number}"
    sender.send(tests.make_edition(name), root, name, tests.leave)
"""
    children = [start_child(body, tmp_path, name) for name in ("one", "two")]
    for child in children:
        _, problems = child.communicate(timeout=120)
        assert (child.returncode, problems) == (0, "")
    manifest = load_manifest(tmp_path)
    assert set(manifest) == {f"{name}-{number}" for name in ("one", "two") for number in range(25)}
    assert (tmp_path / "index.html").read_text() == show_index(tuple(manifest.values()))
    check_whole(tmp_path)


def test_two_processes_that_write_one_file_at_once_leave_one_of_the_two(tmp_path: Path) -> None:
    body = """
for _ in range(200):
    tests.write_file(Path(sys.argv[1]) / "out.md", sys.argv[2] * 100_000)
    tests.write_file(Path(sys.argv[1]) / "out.md", sys.argv[2] * 50_000)
"""
    children = [start_child(body, tmp_path, name) for name in "ab"]
    while any(child.poll() is None for child in children):
        try:
            text = (tmp_path / "out.md").read_text()
        except FileNotFoundError:
            continue
        assert len(set(text)) == 1
        assert len(text) in (50_000, 100_000)
    assert [child.communicate()[1] for child in children] == ["", ""]
    assert list_files(tmp_path) == ["out.md"]


HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    ".",
    "",
    ".hidden",
    "dots...",
    "a/b",
    "a b",
    "a:b",
    "a\\b",
    "a\0b",
    "a\nb",
    "-rf",
    "CON",
    "nul.txt",
    "Com1",
    "README",
    "Index",
    "editions.json",
    "🌧🌧",
    "🌧",
    "x" * 200,
    "x" * 201,
    "水" * 80,
    "𝒜" * 80,
    "a-b-c14cdd",
    "a<script>",
    "~",
    "%2e%2e",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_a_set_is_named_its_files_stay_in_the_days_folder(
    tmp_path: Path, sender: FolderSender, name: str
) -> None:
    root = tmp_path / "root"
    sent = sender.send(make_edition(name), to(root), "key-1", leave)
    path = Path(sent.reference)
    assert path.parent == root / "2025-12-04"
    assert path.is_file()
    assert list_files(tmp_path) == [f"root/{each}" for each in list_files(root)]
    assert len(list_files(root)) == 6
    assert (root / "2025-12-04" / "README.md").read_text() == "2025-12-04 end"


def test_no_two_names_share_a_file() -> None:
    names = [name_file(name).casefold() for name in HOSTILE]
    assert len(set(names)) == len(HOSTILE)


@pytest.mark.parametrize("name", ["MLLM", "Vision_2", "a-b", "v1.2", "Größe", "点云"])
def test_a_harmless_name_is_kept(name: str) -> None:
    assert name_file(name) == name


@given(st.text(), st.text())
def test_any_two_names_have_two_files_that_any_system_can_hold(one: str, two: str) -> None:
    file = name_file(one)
    assert 0 < len(f".{file}.html.1234567.part".encode()) < 256
    assert not set(file) & set('/\\:*?"<>|\0')
    assert file.isprintable()
    assert file[0] != "."
    assert (file == name_file(two)) is (one == two)


def test_a_file_that_holds_the_text_already_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    write_file(path, "same")
    before = path.stat().st_ino
    write_file(path, "same")
    assert path.stat().st_ino == before
    write_file(path, "other")
    assert path.stat().st_ino != before
    assert path.read_text() == "other"

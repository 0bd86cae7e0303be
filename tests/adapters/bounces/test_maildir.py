"""New mail of a Maildir is read, however it got there, and filed."""

import os
from pathlib import Path

import pytest

from bot.adapters.bounces.maildir import Maildir
from bot.adapters.bounces.opening import open_mailbox
from bot.adapters.bounces.reading import MOST_BYTES
from bot.config.bounce_source import MaildirPlace
from bot.errors import MailboxError


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir()
    return tmp_path


def put(maildir: Path, **mails: bytes) -> None:
    for name, data in mails.items():
        (maildir / "new" / name).write_bytes(data)


def list_files(maildir: Path) -> set[str]:
    return {str(path.relative_to(maildir)) for path in maildir.rglob("*") if path.is_file()}


def test_new_mail_is_read_in_order_and_filed_by_what_became_of_it(maildir: Path) -> None:
    put(maildir, b=b"two", a=b"one", c=b"three")
    (maildir / "cur" / "seen:2,S").write_bytes(b"old")
    (maildir / "new" / ".hidden").write_bytes(b"no mail")
    source = open_mailbox(MaildirPlace(str(maildir)))
    mails = []
    for mail in source.fetch():
        mails.append(mail.data)
        mail.settle(handled=mail.data != b"two")
    assert mails == [b"one", b"two", b"three"]
    assert list_files(maildir) == {
        "cur/a:2,S",
        "cur/b:2,",
        "cur/c:2,S",
        "cur/seen:2,S",
        "new/.hidden",
    }
    assert list(source.fetch()) == []


def test_what_was_not_filed_is_read_again(maildir: Path) -> None:
    put(maildir, a=b"one")
    source = Maildir(str(maildir))
    assert [mail.data for mail in source.fetch()] == [b"one"]
    assert [mail.data for mail in source.fetch()] == [b"one"]


def test_another_process_may_take_it_meanwhile(maildir: Path) -> None:
    put(maildir, a=b"one", b=b"two")
    for mail in Maildir(str(maildir)).fetch():
        assert mail.data == b"one"
        for name in ("a", "b"):
            (maildir / "new" / name).unlink()
        mail.settle(handled=True)


def test_of_a_long_mail_only_the_beginning_is_read(maildir: Path) -> None:
    put(maildir, a=b"x" * (MOST_BYTES + 1))
    (mail,) = Maildir(str(maildir)).fetch()
    assert len(mail.data) == MOST_BYTES


def test_what_is_no_mail_stops_no_other(maildir: Path) -> None:
    os.mkfifo(maildir / "new" / "pipe")
    (maildir / "new" / "folder").mkdir()
    (maildir / "new" / "link").symlink_to("/etc/passwd")
    put(maildir, zuletzt=b"mail")
    mails: list[bytes] = []
    with pytest.raises(MailboxError, match=r"new/link: .*: let this user read it"):
        mails.extend(mail.data for mail in Maildir(str(maildir)).fetch())
    (maildir / "new" / "link").unlink()
    assert [mail.data for mail in Maildir(str(maildir)).fetch()] == [b"mail"]


def test_where_there_is_no_maildir_it_says_so(maildir: Path) -> None:
    for path in (maildir / "nowhere", maildir / "new"):
        with pytest.raises(MailboxError, match="there is no Maildir at"):
            list(Maildir(str(path)).fetch())


def test_where_it_cannot_be_filed_it_says_so(maildir: Path) -> None:
    put(maildir, a=b"one")
    (mail,) = Maildir(str(maildir)).fetch()
    (maildir / "cur").rmdir()
    (maildir / "cur").write_bytes(b"")
    with pytest.raises(MailboxError, match=r"cur: .*: let this user write there"):
        mail.settle(handled=True)

"""`papers send` with a mail server: what is due goes out by mail, once."""

from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

from tests.edges.cli.conftest import SAMPLE, Papers
from tests.fakes.smtp_server import END, Act, Script, SmtpServer

FOLDER = '{ folder = "digests" }'
ADDRESS = '{ email = "lab@lab.example" }'


def configure(folder: Path, server: SmtpServer) -> None:
    text = (SAMPLE / "config.toml").read_text("utf-8").replace(FOLDER, ADDRESS, 2)
    mail = f'[mail]\nrelay = "smtp://127.0.0.1:{server.port}"\nfrom = "digest@lab.example"\n'
    contact = '[bot]\ncontact = "ada@lab.example"\n'
    (folder / "config.toml").write_text(f"{contact}{mail}{text}", "utf-8")


def test_what_is_due_goes_out_by_mail_once(papers: Papers, tmp_path: Path) -> None:
    with SmtpServer() as server:
        configure(tmp_path, server)
        ran = papers("send", "--source", SAMPLE)
        assert ran.code == 0, ran.err
        assert papers("send", "--source", SAMPLE).code == 0
        messages = list(server.messages)
        assert server.connections == 1
        assert server.commands[-1] == "QUIT"
    assert {message.recipient for message in messages} == {"lab@lab.example"}
    assert {message.sender for message in messages} == {"digest@lab.example"}
    parsed = [BytesParser(EmailMessage, policy=default).parsebytes(each.data) for each in messages]
    names = sorted(str(each["List-Id"]).partition('"')[2].partition('"')[0] for each in parsed)
    assert names == ["Grasping", "Vision and language"]
    assert len({each["Message-ID"] for each in parsed}) == 2
    for each in parsed:
        assert each["List-Unsubscribe"] is None
        body = each.get_body(("plain",))
        assert body is not None
        assert "write to ada@lab.example to change that" in " ".join(body.get_content().split())
        assert each["Message-ID"] in ran.out


def test_a_dry_run_names_the_address_and_asks_no_server(papers: Papers, tmp_path: Path) -> None:
    with SmtpServer() as server:
        configure(tmp_path, server)
        out = papers("send", "--source", SAMPLE, "--dry-run").out
        assert "papers -> lab@lab.example\n" in out
        assert server.connections == 0


def test_what_may_have_arrived_is_in_doubt_and_said_so(papers: Papers, tmp_path: Path) -> None:
    with SmtpServer(Script(END, [Act(drop=True, takes=True)])) as server:
        configure(tmp_path, server)
        ran = papers("send", "--source", SAMPLE)
        assert ran.code == 1
        assert "lab@lab.example: in doubt: the connection to 127.0.0.1:" in ran.out
        assert len(server.messages) == 2

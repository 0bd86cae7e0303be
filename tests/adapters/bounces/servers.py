"""A Postfix and a Dovecot of the tests' own, on loopback, which touch no other on the machine."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

PATH = "/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", "")
OWNER = "nobody"
USER, PASSWORD = "bounces", "open sesame"

# Whatever is refused is refused by what really refuses it: a mailbox that is not there or full by
# Postfix's own delivery, a policy by a second server, which the first one hands mail on to.
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.lab.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_bind_address = 127.0.0.1
smtp_host_lookup = native
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_reject_unlisted_recipient = no
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
recipient_delimiter = +
virtual_mailbox_domains = lab.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/etc/mailboxes
virtual_mailbox_limit = 200000
message_size_limit = 200000
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 100
transport_maps = texthash:{folder}/etc/transports
relay_domains = remote.example, nowhere.example, away.example
maximal_queue_lifetime = 0
bounce_queue_lifetime = 0
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{remote} inet n - n - - smtpd
  -o smtpd_recipient_restrictions=check_recipient_access,texthash:{folder}/etc/access,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
MAPS = {
    "mailboxes": """\
bounces@lab.example bounces/
reader@lab.example reader/
full@lab.example full
""",
    "transports": """\
remote.example smtp:[127.0.0.1]:{remote}
nowhere.example error:5.1.2 unknown domain
away.example retry:4.4.1 connection timed out
""",
    "access": """\
policy@remote.example 550 5.7.26 This mail is unauthenticated, which is a risk to our users
spam@remote.example 554 5.7.1 Message refused by policy
gone@remote.example 550 5.1.1 The account that you tried to reach does not exist
over@remote.example 552 5.2.2 The account that you tried to reach is over quota
vague@remote.example 550 We do not like you
""",
}


@dataclass(frozen=True, slots=True)
class Postfix:
    """Where to hand mail in, and where it arrives."""

    port: int
    mail: Path
    log: Path

    def wait_for(self, mailbox: str, count: int, seconds: float = 30) -> list[Path]:
        """Wait for so many new mails in a Maildir; return them."""
        new = self.mail / mailbox / "new"
        until = time.monotonic() + seconds
        while True:
            found = sorted(new.iterdir()) if new.exists() else []
            if len(found) >= count:
                return found
            assert time.monotonic() < until, self.log.read_text("utf-8", "replace")
            time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Dovecot:
    """An IMAP server for a Maildir: with TLS on `secure`, without on `port`."""

    port: int
    secure: int
    maildir: Path

    def put(self, *mails: bytes) -> None:
        """Let mails arrive."""
        for mail in mails:
            name = f"{time.time_ns()}.mail"
            written = self.maildir / "tmp" / name
            written.write_bytes(mail)
            shutil.chown(written, OWNER)
            written.rename(self.maildir / "new" / name)


@contextmanager
def run_postfix(folder: Path) -> Iterator[Postfix]:
    """Run a server in a folder; skip where there is none, or it may not be started."""
    program = _find("postfix", "postfix")
    _need_root("Postfix")
    port, remote = _find_ports(2)
    facts: dict[str, object] = {"folder": folder, "port": port, "remote": remote}
    owner = _owner()
    facts |= {"uid": owner[0], "gid": owner[1]}
    etc, mail = folder / "etc", folder / "mail"
    for made in (etc, mail, folder / "queue", folder / "data"):
        made.mkdir(mode=0o755)
    shutil.chown(folder / "data", "postfix")
    shutil.chown(mail, OWNER)
    _write(etc, {"main.cf": MAIN, "master.cf": MASTER, **MAPS}, facts)
    # A mailbox as full as it may be.
    full = mail / "full"
    full.write_bytes(b"From x@x.example Thu Dec  4 08:00:00 2025\n" + b"x" * 199_950 + b"\n")
    shutil.chown(full, OWNER)
    _run(program, "-c", etc, "start")
    try:
        _wait_for_port(port)
        yield Postfix(port, mail, folder / "log")
    finally:
        _run(program, "-c", etc, "stop")


DOVECOT = """\
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
mail_location = maildir:{folder}/mail
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
auth_mechanisms = plain login
auth_failure_delay = 0
disable_plaintext_auth = yes
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {secure}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@contextmanager
def run_dovecot(folder: Path, authority: trustme.CA) -> Iterator[Dovecot]:
    """Run a server in a folder; skip where there is none, or it may not be started."""
    program = _find("dovecot", "dovecot-imapd")
    if not Path("/usr/lib/dovecot/imap").exists():
        pytest.skip("Dovecot has no IMAP: apt-get install dovecot-imapd")
    _need_root("Dovecot")
    port, secure = _find_ports(2)
    uid, gid = _owner()
    mail = folder / "mail"
    for name in ("", "tmp", "new", "cur"):
        (mail / name).mkdir(mode=0o700)
        shutil.chown(mail / name, OWNER)
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    facts: dict[str, object] = {"folder": folder, "port": port, "secure": secure}
    facts |= {"uid": uid, "gid": gid}
    _write(folder, {"users": f"{USER}:{PASSWORD}\n", "dovecot.conf": DOVECOT}, facts)
    command = [program, "-F", "-c", str(folder / "dovecot.conf")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for_port(secure)
            yield Dovecot(port, secure, mail)
        finally:
            server.terminate()


def _find(program: str, package: str) -> str:
    found = shutil.which(program, path=PATH)
    if found is None:
        pytest.skip(f"{program} is not installed: apt-get install {package}")
    return found


def _need_root(name: str) -> None:
    if os.geteuid() != 0:
        pytest.skip(f"{name} is started by root only: sudo pytest")


def _owner() -> tuple[int, int]:
    entry = pwd.getpwnam(OWNER)
    return entry.pw_uid, entry.pw_gid


def _write(folder: Path, files: Mapping[str, str], facts: Mapping[str, object]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text.format(**facts), "utf-8")


def _run(*command: object) -> None:
    ran = subprocess.run(
        [str(each) for each in command],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": PATH},
    )
    assert ran.returncode == 0, ran.stderr


def _find_ports(count: int) -> list[int]:
    with socket.socket() as one, socket.socket() as other:
        found = []
        for each in (one, other)[:count]:
            each.bind(("127.0.0.1", 0))
            found.append(each.getsockname()[1])
    return found


def _wait_for_port(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    msg = f"nothing listens on port {port}"
    raise AssertionError(msg)

"""The envelope sender that names a delivery, so that what bounces names it, too; sends nothing.

The address is `MAILBOX+KEY.MAC@HOST` (variable envelope return paths,
https://cr.yp.to/proto/verp.txt); the MAC keeps strangers from making bounces up. All of it is in
small letters, because servers on the way may change case.
"""

import base64
import hashlib
import hmac
import re

# Of the 64 octets that a local part may have (https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3)
# a delivery's key takes 32 and its MAC 16, with two signs between.
LONGEST_MAILBOX = 64 - 32 - 16 - 2

_MAC_BYTES = 10
_KEY = re.compile(r"[a-z0-9-]{1,32}")


def build_return_path(key: str, mailbox: str, secret: str) -> str:
    """Write the envelope sender of a delivery; the mailbox itself where there is no secret."""
    if not secret or not _KEY.fullmatch(key):
        return mailbox
    local, _, host = mailbox.rpartition("@")
    return f"{local}+{key}.{_sign(key, secret)}@{host}"


def read_return_path(address: str, secret: str) -> str | None:
    """Return the key that an address names; None where nobody with the secret wrote it."""
    local = address.rpartition("@")[0].lower()
    key, _, mac = local.partition("+")[2].rpartition(".")
    if not secret or not _KEY.fullmatch(key):
        return None
    return key if hmac.compare_digest(mac.encode(), _sign(key, secret).encode()) else None


def _sign(key: str, secret: str) -> str:
    mac = hmac.digest(secret.encode(), f"return path {key}".encode(), hashlib.sha256)
    return base64.b32encode(mac[:_MAC_BYTES]).decode().lower()

"""Texts that only we could have written: links, cookies and forms carry them; keeps nothing."""

import hashlib
import hmac
from functools import lru_cache, partial

from itsdangerous import BadSignature, URLSafeSerializer

from bot.errors import MissingError

_LONGEST = 2000
_MOST_KINDS = 64
_MOST_TEXTS = 256
_SAID = "this link is not one of ours, or it was cut: open it as it stands in the mail"


class Seals:
    """Seals parts of a kind with the secret key, and opens what it sealed itself."""

    def __init__(self, secret_key: str) -> None:
        """Use this key for all kinds; none opens as another one."""
        self._serializer = lru_cache(_MOST_KINDS)(partial(_build_serializer, secret_key))
        # A link to an edition stands in every mail that brings it.
        self._write = lru_cache(_MOST_TEXTS, typed=True)(self._write_anew)

    def seal(self, kind: str, *parts: str | int) -> str:
        """Write parts as a text for a URL: the same for the same, and for nobody to guess."""
        return self._write(kind, *parts)

    def _write_anew(self, kind: str, *parts: str | int) -> str:
        return self._serializer(kind).dumps(list(parts))

    def unseal(self, kind: str, token: str) -> tuple[str | int, ...]:
        """Read the parts of a text of this kind; raise MissingError for what we did not write."""
        if len(token) > _LONGEST or not token.isascii():
            raise MissingError(_SAID)
        try:
            parts: list[str | int] = self._serializer(kind).loads(token)
        except BadSignature as error:
            raise MissingError(_SAID) from error
        # Base64 reads the same of several last letters; we write only one of them.
        if self.seal(kind, *parts) != token:
            raise MissingError(_SAID)
        return tuple(parts)


def _build_serializer(secret_key: str, kind: str) -> URLSafeSerializer:
    # The key of a kind is derived once, instead of with every text.
    key = hmac.digest(secret_key.encode(), f"papers-bot {kind}".encode(), "sha256")
    return URLSafeSerializer(
        key, signer_kwargs={"key_derivation": "none", "digest_method": hashlib.sha256}
    )

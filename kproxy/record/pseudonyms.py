"""Pseudonyms: what a recording says instead of a secret (docs/secrets.md).

A keyed hash of the secret in a form that anybody recognises without the key: `kproxy-redacted-` and 40 hex digits, the
last 8 of which are a checksum. Equal secrets get equal pseudonyms within a recording, and a pseudonym, of whichever
recording, stays what it is when it is redacted again. Its characters are safe in headers, URLs, JSON, YAML and shells.

A large secret's pseudonym is as long as the secret (dashes follow): servers refuse and compress by length, and so they
do in a replay.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from kproxy.errors import ConfigError

_KEY_BYTES = 32
PREFIX = "kproxy-redacted-"
LENGTH = len(PREFIX) + 40
LARGE = 1024
"""Bytes of a secret from which on its length is kept: it is in the recording anyway, as the body's size."""

_FORM = re.compile(PREFIX + "([0-9a-f]{32})([0-9a-f]{8})-*")
_OBJECT_KEY = "kproxy"


def load_key(path: Path, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """The recording's key: the file's, or a new one in a new file (0600, folders 0700). ConfigError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            _write_key(path, random(_KEY_BYTES))
        key = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"The key of the recording's pseudonyms, {path}, cannot be used: {error.strerror}."
        ) from error
    if len(key) != _KEY_BYTES:
        raise ConfigError(
            f"The key of the recording's pseudonyms, {path}, has {len(key)} bytes instead of {_KEY_BYTES}."
        )
    return key


def key_path(state_home: Path, session_id: str) -> Path:
    """Where the key of a session's pseudonyms is kept; `state_home`: $XDG_STATE_HOME or ~/.local/state."""
    return state_home / "kproxy" / "keys" / session_id


def _write_key(path: Path, key: bytes) -> None:
    """Whole or not at all: FileExistsError if another was there before."""
    making = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
        os.link(making, path)
    finally:
        making.unlink()


def is_pseudonym(text: str) -> bool:
    """Whether `text` is a pseudonym that any recording's key made."""
    match = _FORM.fullmatch(text)
    return match is not None and _checksum(match[1]) == match[2]


def _checksum(digits: str) -> str:
    return hashlib.sha256(f"{PREFIX}{digits}".encode()).hexdigest()[:8]


class Pseudonyms:
    """Makes them, with one recording's key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.plain = lru_cache(maxsize=4096)(self._plain)

    def _plain(self, secret: bytes) -> str:
        """The pseudonym of a secret's bytes."""
        digits = hmac.digest(self._key, secret, "sha256").hex()[:32]
        return f"{PREFIX}{digits}{_checksum(digits)}"

    def text(self, secret: str) -> str:
        """What stands for a secret text: nothing for nothing, a JSON object where the text is one.

        The latter because the api-server demands it of `.dockerconfigjson`
        (k8s.io/kubernetes/pkg/apis/core/validation, ValidateSecret).
        """
        if not secret or is_pseudonym(secret):
            return secret
        raw = secret.encode("utf-8", "surrogatepass")
        if secret.lstrip().startswith("{"):
            return self._object(secret, raw)
        return self._as_long(raw)

    def _as_long(self, secret: bytes, around: int = 0) -> str:
        made = self.plain(secret)
        return made.ljust(len(secret) - around, "-") if len(secret) >= LARGE else made

    def _object(self, secret: str, raw: bytes) -> str:
        try:
            value = json.loads(secret)
        except (ValueError, RecursionError):
            return self._as_long(raw)
        if not isinstance(value, dict):
            return self._as_long(raw)
        known = value.get(_OBJECT_KEY)
        if len(value) == 1 and isinstance(known, str) and is_pseudonym(known):
            return secret
        return json.dumps({_OBJECT_KEY: self._as_long(raw, len(_OBJECT_KEY) + 7)}, separators=(",", ":"))

    def base64(self, secret: str) -> str:
        """What stands for a secret in base64, as in Secret.data; what is no base64 gets a text that is none either."""
        try:
            data = base64.b64decode(secret.replace("\n", "").replace("\r", ""), validate=True)
        except (binascii.Error, ValueError):
            return self.text(secret)
        return base64.b64encode(self.bytes(data)).decode() if data else secret

    def bytes(self, secret: bytes) -> bytes:
        """What stands for secret bytes."""
        try:
            return self.text(secret.decode()).encode()
        except UnicodeDecodeError:
            return self._as_long(secret).encode()

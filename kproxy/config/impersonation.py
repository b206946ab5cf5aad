"""A kubeconfig's `as…` as header fields (k8s.io/client-go/transport/round_trippers.go)."""

import re

from kproxy.config.entry import Entry, is_field_value
from kproxy.errors import ConfigError

_NO_TOKEN = re.compile(rb"[^!#$&'*+\-.^_`|~0-9A-Za-z]")


def impersonation(user: Entry) -> tuple[tuple[str, str], ...]:
    """The fields that a user's requests go out with. ConfigError where one would be no header."""
    headers: list[tuple[str, str]] = []
    if name := user.text("as"):
        headers.append(("Impersonate-User", name))
    if uid := user.text("as-uid"):
        headers.append(("Impersonate-Uid", uid))
    headers += [("Impersonate-Group", group) for group in user.texts("as-groups")]
    headers += _extra(user)
    if not all(is_field_value(value) for _, value in headers):
        raise ConfigError(f"as of {user.what} holds characters that no header may have.")
    return tuple(headers)


def escaped(key: str) -> bytes:
    """A key of extra as a part of a field's name: what no name may have, and the percent sign, is percent-encoded."""
    return _NO_TOKEN.sub(lambda match: b"%%%02X" % match[0][0], key.encode())


def _extra(user: Entry) -> list[tuple[str, str]]:
    extra = user.body.get("as-user-extra")
    if extra is None:
        return []
    if not isinstance(extra, dict):
        raise ConfigError(f"as-user-extra of {user.what} must be a mapping of lists.")
    keys = Entry(user.kind, user.name, extra, user.file, f"as-user-extra of {user.what}")
    names = {key: f"Impersonate-Extra-{escaped(key).decode('ascii')}" for key in sorted(extra)}
    return [(name, value) for key, name in names.items() for value in keys.texts(key)]

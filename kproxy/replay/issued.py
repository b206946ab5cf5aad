"""Tokens that a server issues: a recording has pseudonyms of them, the target issues others, and clients show them.

They are bound to each other in the replay's renaming, in memory: a later request that had shown, or said, the recorded
one says the target's. The replay's own recording hides them as any recording does.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.kinds import Kind
from kproxy.renaming.renaming import Renaming

PSEUDONYM = re.compile(r"kproxy-redacted-[0-9a-f]{40}-*")
"""As long as what it stands for, where that is long."""

_OF_AN_ACCOUNT = "kubernetes.io/service-account-token"
_LARGEST = 64 * 1024


def bind_issued(renaming: Renaming, recorded: JSON, live: JSON) -> None:
    """Bind what two answers, or events, hold of tokens that their servers issued."""
    if not isinstance(recorded, dict) or not isinstance(live, dict):
        return
    if recorded.get("kind") == "TokenRequest":
        _bind(renaming, _text(recorded, "status", "token"), _text(live, "status", "token"))
    elif recorded.get("type") == _OF_AN_ACCOUNT:
        _bind_data(renaming, _text(recorded, "data", "token"), _text(live, "data", "token"))
    elif recorded.get("kind") == "SecretList":
        _bind_list(renaming, recorded, live)


def _bind_list(renaming: Renaming, recorded: JSONObject, live: JSONObject) -> None:
    by_name = {_name(item): item for item in _items(live)}
    for item in _items(recorded):
        if item.get("type") == _OF_AN_ACCOUNT:
            namespace, name = _name(item)
            bind_issued(renaming, item, by_name.get((renaming.text(namespace), renaming.text(name))))


def _bind_data(renaming: Renaming, recorded: str, live: str) -> None:
    """A Secret has them in base64."""
    try:
        plain = b64decode(recorded, validate=True).decode("ascii"), b64decode(live, validate=True).decode("ascii")
    except (Error, ValueError):
        return
    if _bind(renaming, *plain):
        renaming.learn_name(Kind.PSEUDONYM, recorded.rstrip("="), b64encode(plain[1].encode()).decode().rstrip("="))


def _bind(renaming: Renaming, recorded: str, live: str) -> bool:
    if PSEUDONYM.fullmatch(recorded) is None or not live or len(live) > _LARGEST or PSEUDONYM.search(live):
        return False
    renaming.learn_name(Kind.PSEUDONYM, recorded, live)
    return True


def _text(value: JSONObject, outer: str, inner: str) -> str:
    within = value.get(outer)
    found = within.get(inner) if isinstance(within, dict) else None
    return found if isinstance(found, str) else ""


def _name(item: JSONObject) -> tuple[str, str]:
    return _text(item, "metadata", "namespace"), _text(item, "metadata", "name")


def _items(value: JSONObject) -> list[JSONObject]:
    items = value.get("items")
    return [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []

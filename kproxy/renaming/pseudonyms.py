"""Pseudonyms inside text: how they are recognised, whichever recording's key made them (kproxy.record.pseudonyms)."""

import re

_PLAIN = re.compile(r"kproxy-redacted-[0-9a-f]{40}")
_BASE64 = re.compile(r"a3Byb3h5LXJlZGFjdGVk[0-9A-Za-z]{55}")
"""The same in base64, as in a Secret's data, without the `=` behind it."""

_DOCKER = re.compile(r"eyJrcHJveHkiOiJrcHJveHktcmVkYWN0ZWQt[0-9A-Za-z+/]{56}")
"""The same as the one field of a JSON object in base64, as in a Secret's .dockerconfigjson."""

MARKS = ("kproxy-redacted-", "a3Byb3h5LXJlZGFjdGVk", "eyJrcHJveHki")
"""What each of the forms begins with."""


def has_pseudonym(text: str) -> bool:
    """Whether one may stand in `text`: quick."""
    return any(mark in text for mark in MARKS)


def pseudonyms_in(text: str) -> list[str]:
    """The pseudonyms that stand in `text`, plain ones first."""
    plain = _PLAIN.findall(text) if "kproxy-redacted-" in text else []
    plain += _DOCKER.findall(text) if "eyJrcHJveHki" in text else []
    return plain + (_BASE64.findall(text) if "a3Byb3h5LXJlZGFjdGVk" in text else [])

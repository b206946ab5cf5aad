"""Pseudonyms inside text: how they are recognised, whoever's key made them."""

import re

_PSEUDONYM = re.compile(r"kproxy-[0-9a-f]{32}")


def pseudonyms_in(text: str) -> list[str]:
    """The pseudonyms that stand in `text`, in their order."""
    return _PSEUDONYM.findall(text) if "kproxy-" in text else []

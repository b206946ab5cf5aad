"""The form of a value: what a learned rule has seen, so that it hides values of that form and no others."""

import re

from kproxy.model.jsontypes import JSON
from kproxy.renaming.kinds import UUID, is_time

MAX_TEXT = 500
"""Characters of a text that a rule is learned of at most."""

_RUN = re.compile(r"[0-9A-Za-z]+")
_AMOUNT = re.compile(r"[0-9]+[A-Za-z]{0,2}")


def form_of(value: JSON) -> str | None:
    """A value's form; None for what has none that could be told from others: objects, lists, long texts.

    A whole number's form says how many digits it has, so that 2 beside 3 teaches nothing of 5000. In a text a number
    is `#` (with its unit: `#ms`), letters mixed with digits are `?` for each, words stand for themselves:
    `web-x7k2p in 12ms` is `web-????? in #ms`.
    """
    if isinstance(value, str):
        return _text_form(value)
    if type(value) is int:
        return _whole_form(value)
    if isinstance(value, bool | float):
        return "boolean" if isinstance(value, bool) else "number"
    if not value:
        return {type(None): "null", dict: "empty object", list: "empty list"}[type(value)]
    return None


def _whole_form(value: int) -> str | None:
    if value.bit_length() > 64:
        return None
    sign = "negative " if value < 0 else ""
    return f"{sign}integer of {len(str(abs(value)))} digits"


def _text_form(text: str) -> str | None:
    if is_time(text):
        return "time"
    if UUID.fullmatch(text):
        return "uuid"
    if len(text) > MAX_TEXT:
        return None
    return "text " + _RUN.sub(lambda found: _run_form(found[0]), text.replace("#", "\\#").replace("?", "\\?"))


def _run_form(run: str) -> str:
    if run.isalpha():
        return run
    if _AMOUNT.fullmatch(run):
        return f"#{run.lstrip('0123456789')}"
    return "?" * len(run)

"""Whether the api-server accepts a label selector: with one that it does not, it reads no list options at all.

The rules are those of k8s.io/apimachinery/pkg/labels/selector.go.
"""

import re

_TOKEN = re.compile(r"==|!=|[=!(),<>]|[^=!(),<> \t\r\n]+")
_NAME = re.compile(r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_PREFIX = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_SYMBOLS = frozenset({"==", "!=", "=", "!", "(", ")", ",", "<", ">"})
_END = ""


def is_label_selector(text: str) -> bool:
    """Whether `text` is one."""
    return _Parser(_TOKEN.findall(text.partition("\0")[0])).accepts()


class _Parser:
    """Goes over the tokens once."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def accepts(self) -> bool:
        """Whether they are requirements with commas between them, or nothing."""
        if self._next == _END:
            return True
        while self._requirement():
            separator = self._take()
            if separator == _END:
                return True
            if separator != "," or (self._next in _SYMBOLS - {"!"} or self._next == _END):
                return False
        return False

    @property
    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def _take(self) -> str:
        token = self._next
        self._at += 1
        return token

    def _requirement(self) -> bool:
        absent = self._next == "!"
        if absent:
            self._take()
        if not _is_key(self._take()):
            return False
        if absent or self._next in {_END, ","}:
            return True
        operator = self._take()
        if operator in {"in", "notin"}:
            return self._values()
        if operator not in {"=", "==", "!=", "<", ">"}:
            return False
        value = "" if self._next in {_END, ","} else self._take()
        return _is_number(value) if operator in {"<", ">"} else _is_value(value)

    def _values(self) -> bool:
        """A set in parentheses; values may be empty."""
        if self._take() != "(":
            return False
        while True:
            word = self._take()
            if word == ")":
                return True
            if word in _SYMBOLS - {","} or word == _END:
                return False
            if word != "," and not (_is_value(word) and self._next in {",", ")"}):
                return False


def _is_key(text: str) -> bool:
    prefix, slash, name = text.rpartition("/")
    if slash and not (_PREFIX.fullmatch(prefix) and len(prefix) <= 253):
        return False
    return _NAME.fullmatch(name) is not None and len(name) <= 63


def _is_value(text: str) -> bool:
    return not text or (_NAME.fullmatch(text) is not None and len(text) <= 63)


def _is_number(text: str) -> bool:
    """As strconv.ParseInt takes it; a label's value has no sign before it."""
    return _is_value(text) and text.isascii() and text.isdecimal() and int(text) < 1 << 63

"""Label and field selectors: which objects a list or a watch is about."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from kproxy.lab.emulated.status import StatusError, bad_request
from kproxy.lab.emulated.tree import peek, texts
from kproxy.model.jsontypes import JSONObject

_TOKEN = re.compile(r"\s*(?:(==|!=|[=!,()<>])|([^\s=!,()<>]+))")
_OPERATORS = "in, notin, =, ==, !=, gt, lt"


@dataclass(frozen=True, slots=True)
class Term:
    """One requirement: a label, or a field by its selector's name; `values` of `in`, `notin`, `=`, `!=`, `>`, `<`."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, value: str | None) -> bool:
        """Whether it does for this value, None where there is no such label."""
        match self.operator:
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "in" | "=":
                return value is not None and value in self.values
            case "notin" | "!=":
                return value is None or value not in self.values
        return value is not None and _compares(value, self.operator, self.values[0])


@dataclass(frozen=True, slots=True)
class Selector:
    """All terms must hold."""

    labels: tuple[Term, ...] = ()
    fields: tuple[Term, ...] = ()

    def matches(self, value: JSONObject) -> bool:
        """Whether an object is selected."""
        labels = texts(value, "metadata", "labels")
        return all(term.holds(labels.get(term.key)) for term in self.labels) and all(
            term.holds(_field(value, term.key)) for term in self.fields
        )

    @property
    def is_empty(self) -> bool:
        """Whether it selects everything."""
        return not self.labels and not self.fields


def parse_labels(text: str) -> tuple[Term, ...]:
    """A label selector's terms. StatusError, worded as the server's parser words it where it can be."""
    tokens = _Tokens(text)
    terms: list[Term] = []
    while not tokens.at_end():
        terms.append(_label_term(tokens))
        if tokens.at_end():
            break
        found = tokens.take()
        if found != ",":
            raise bad_request(f"found '{found}', expected: ',' or 'end of string'")
        if tokens.at_end() or tokens.peek() == ",":
            raise bad_request(f"found '{tokens.peek()}', expected: identifier after ','")
    return tuple(terms)


def parse_fields(text: str, known: tuple[str, ...]) -> tuple[Term, ...]:
    """A field selector's terms, on fields that the resource knows. StatusError."""
    terms = []
    for part in filter(None, text.split(",")):
        found = re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", part)
        if found is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        key, operator, value = found.groups()
        if key not in known:
            raise _unknown_field(key, known)
        terms.append(Term(key, "!=" if operator == "!=" else "=", (value,)))
    return tuple(terms)


def _unknown_field(key: str, known: tuple[str, ...]) -> StatusError:
    """The resource cannot be selected by this field."""
    if set(known) <= {"metadata.name", "metadata.namespace"}:
        only = ", ".join(f'"{name}"' for name in known)
        return bad_request(f'"{key}" is not a known field selector: only {only}')
    return bad_request(f"field label not supported: {key}")


class _Tokens:
    def __init__(self, text: str) -> None:
        self._tokens = [operator or word for operator, word in _TOKEN.findall(text)]

    def at_end(self) -> bool:
        return not self._tokens

    def peek(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def take(self) -> str:
        return self._tokens.pop(0) if self._tokens else ""


def _label_term(tokens: _Tokens) -> Term:
    if tokens.peek() == "!":
        tokens.take()
        return Term(_identifier(tokens), "!")
    key = _identifier(tokens)
    if tokens.at_end() or tokens.peek() == ",":
        return Term(key, "exists")
    operator = tokens.take()
    if operator in {"in", "notin"}:
        return Term(key, operator, _values(tokens))
    if operator not in {"=", "==", "!=", ">", "<"}:
        raise bad_request(f"unable to parse requirement: found '{operator}', expected: {_OPERATORS}")
    value = tokens.take() if not tokens.at_end() and tokens.peek() != "," else ""
    return Term(key, "=" if operator == "==" else operator, (value,))


def _identifier(tokens: _Tokens) -> str:
    found = tokens.take()
    if not found or found in "==!=,()<>":
        raise bad_request(f"unable to parse requirement: found '{found}', expected: identifier")
    return found


def _values(tokens: _Tokens) -> tuple[str, ...]:
    if tokens.take() != "(":
        raise bad_request("unable to parse requirement: found '', expected: '('")
    values = []
    while not tokens.at_end() and tokens.peek() != ")":
        word = tokens.take()
        if word != ",":
            values.append(word)
    if tokens.take() != ")":
        raise bad_request("unable to parse requirement: found '', expected: ',' or ')'")
    return tuple(values)


def _compares(value: str, operator: str, bound: str) -> bool:
    compare: dict[str, Callable[[int, int], bool]] = {">": int.__gt__, "<": int.__lt__}
    try:
        return compare[operator](int(value), int(bound))
    except ValueError:
        return False


def _field(value: JSONObject, key: str) -> str:
    found = peek(value, *key.split("."))
    return found if isinstance(found, str) else ""

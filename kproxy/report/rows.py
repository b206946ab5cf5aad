"""Two documents as rows beside each other: list elements by Kubernetes's keys, the rows that differ marked.

What the verdict calls a difference is marked; what differs by the server's choice alone (a uid, a time) is not.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import where_they_part
from kproxy.renaming.lists import align
from kproxy.renaming.path import field_step
from kproxy.report.printing import printable

type _Side = Literal["left", "right", "both"]
type Mark = Literal["same", "chosen", "changed", "removed", "added"]
"""`chosen`: another value, and no difference: both servers chose their own."""

MAX_ROWS = 4_000
"""Rows of one pair of documents; what is beyond is cut."""

_CONTEXT = 2
"""Rows before and after one that differs."""

_MAX_VALUE = 400
_DIFFERENT: frozenset[Mark] = frozenset({"changed", "removed", "added"})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of both documents; None: the other one has none.

    `parent`: the index of the row that encloses it. `focus`: it is of the differences that are looked for.
    """

    depth: int
    left: str | None
    right: str | None
    mark: Mark
    parent: int | None = None
    focus: bool = True


@dataclass(frozen=True, slots=True)
class Fold:
    """So many rows in which nothing differs."""

    count: int


def rows(
    baseline: JSON, replayed: JSON, root: str, paths: Collection[str], focus: Collection[str] | None = None
) -> list[Row]:
    """Both documents. `paths`: those of the differences; `root`: how they name the documents themselves.

    `focus`: those of them that are looked for; None: all.
    """
    whole = focus is None or baseline is None or replayed is None
    made = _Maker(frozenset(paths), None if whole else frozenset(focus or ()))
    if baseline is not None and replayed is not None:
        made.pair("", baseline, replayed, root, "")
    elif baseline is not None:
        made.alone("", baseline, "left", "removed")
    elif replayed is not None:
        made.alone("", replayed, "right", "added")
    return made.rows


def folded(found: Sequence[Row], context: int = _CONTEXT) -> Iterator[Row | Fold]:
    """The rows that differ, those near them and those that enclose them; the others counted."""
    kept: set[int] = set()
    for index, row in enumerate(found):
        if row.mark in _DIFFERENT and row.focus:
            kept.update(range(max(0, index - context), min(len(found), index + context + 1)))
            kept.update(_enclosing(found, row))
    kept.update([at + 1 for at in kept if _is_named_below(found, at)])
    left_out = 0
    for index, row in enumerate(found):
        if index not in kept:
            left_out += 1
            continue
        if left_out:
            yield Fold(left_out)
            left_out = 0
        yield row
    if left_out and kept:
        yield Fold(left_out)


def _is_named_below(found: Sequence[Row], at: int) -> bool:
    """Whether a row begins an object in a list, and the next one has its name."""
    if at + 1 >= len(found) or found[at].left != "- metadata:":
        return False
    return (found[at + 1].left or "").startswith("name: ")


def _enclosing(found: Sequence[Row], row: Row) -> Iterator[int]:
    parent = row.parent
    while parent is not None:
        yield parent
        parent = found[parent].parent


def unified(found: Sequence[Row | Fold]) -> Iterator[str]:
    """Lines as of a unified diff: `-` the baseline's, `+` the replay's."""
    for row in found:
        if isinstance(row, Fold):
            yield f"  … {row.count} more line{'' if row.count == 1 else 's'}"
            continue
        indent = "  " * row.depth
        if row.mark not in _DIFFERENT:
            yield f"  {indent}{row.left if row.left is not None else row.right}"
        elif row.left == row.right:
            yield f"! {indent}{row.left} (in another order)"
        else:
            yield from (
                f"{sign} {indent}{side}" for sign, side in (("-", row.left), ("+", row.right)) if side is not None
            )


class _Maker:
    """Makes rows, depth first."""

    def __init__(self, paths: frozenset[str], focus: frozenset[str] | None = None) -> None:
        self.rows: list[Row] = []
        self._paths = paths
        self._parents: list[int] = []
        self._depth = 0
        self._focus = focus
        self._focused = focus is None

    def pair(self, label: str, a: JSON, b: JSON, path: str, field: str) -> None:
        """Two values of one field."""
        with self._looked_for(path):
            self._pair(label, a, b, path, field)

    @contextmanager
    def _looked_for(self, path: str) -> Iterator[None]:
        """What is within a field that is looked for is looked for, too."""
        before = self._focused
        self._focused = before or (self._focus is not None and path in self._focus)
        yield
        self._focused = before

    def _pair(self, label: str, a: JSON, b: JSON, path: str, field: str) -> None:
        if isinstance(a, dict) and isinstance(b, dict) and (a or b):
            with self._below(label):
                self._objects(a, b, path)
        elif isinstance(a, list) and isinstance(b, list) and (a or b):
            with self._below(label, "changed" if path in self._paths else "same"):
                self._lists(a, b, path, field)
        elif (isinstance(a, dict | list) or isinstance(b, dict | list)) and type(a) is not type(b):
            different = path in self._paths
            self.alone(label, a, "left", "removed" if different else "chosen")
            self.alone(label, b, "right", "added" if different else "chosen")
        else:
            same: Mark = "same" if type(a) is type(b) and a == b else "chosen"
            first, second = where_they_part(a, b, _MAX_VALUE)
            self._add(label + _text(first), label + _text(second), "changed" if path in self._paths else same)

    def alone(self, label: str, value: JSON, side: _Side, mark: Mark) -> None:
        """A value that only one side has, with all that is in it."""
        if isinstance(value, dict) and value:
            with self._below(label, mark, side):
                for name, each in value.items():
                    self.alone(f"{printable(name)}: ", each, side, mark)
        elif isinstance(value, list) and value:
            with self._below(label, mark, side):
                for each in value:
                    with self._element():
                        self.alone("", each, side, mark)
        else:
            self._add_to(side, label + _text(value), mark)

    def _objects(self, a: JSONObject, b: JSONObject, path: str) -> None:
        for name in dict.fromkeys([*a, *b]):
            inner, label = path + field_step(name), f"{printable(name)}: "
            if name in a and name in b:
                self.pair(label, a[name], b[name], inner, name)
            elif name in a:
                self._one(label, a[name], "left", inner)
            else:
                self._one(label, b[name], "right", inner)

    def _lists(self, a: list[JSON], b: list[JSON], path: str, field: str) -> None:
        for i, j in align(field, a, b, str).pairs:
            inner = f"{path}[{i if i is not None else j}]"
            with self._element():
                if i is not None and j is not None:
                    self.pair("", a[i], b[j], inner, field)
                elif i is not None:
                    self._one("", a[i], "left", inner)
                elif j is not None:
                    self._one("", b[j], "right", inner)

    def _one(self, label: str, value: JSON, side: _Side, path: str) -> None:
        """A field that one side has alone."""
        mark: Mark = "chosen" if path not in self._paths else "removed" if side == "left" else "added"
        with self._looked_for(path):
            self.alone(label, value, side, mark)

    @contextmanager
    def _below(self, label: str, mark: Mark = "same", side: _Side = "both") -> Iterator[None]:
        """What is within a field: its own row first, none for a document and for an element of a list."""
        if not label:
            yield
            return
        self._add_to(side, label.rstrip(), mark)
        self._parents.append(len(self.rows) - 1)
        self._depth += 1
        yield
        self._depth -= 1
        self._parents.pop()

    @contextmanager
    def _element(self) -> Iterator[None]:
        """An element of a list: its first row has the dash, and stands for it."""
        start = len(self.rows)
        self._parents.append(start)
        yield
        self._parents.pop()
        if start < len(self.rows):
            first = self.rows[start]
            parent = self._parents[-1] if self._parents else None
            self.rows[start] = replace(
                first,
                depth=max(0, first.depth - 1),
                left=_dashed(first.left),
                right=_dashed(first.right),
                parent=parent,
            )

    def _add_to(self, side: _Side, text: str, mark: Mark) -> None:
        self._add(None if side == "right" else text, None if side == "left" else text, mark)

    def _add(self, left: str | None, right: str | None, mark: Mark) -> None:
        if len(self.rows) < MAX_ROWS:
            parent = self._parents[-1] if self._parents else None
            self.rows.append(Row(self._depth, left, right, mark, parent, self._focused))


def _dashed(text: str | None) -> str | None:
    return None if text is None else f"- {text}"


def _text(value: JSON) -> str:
    written = printable(json.dumps(value, ensure_ascii=False))
    return written if len(written) <= _MAX_VALUE else f"{written[:_MAX_VALUE]}…"

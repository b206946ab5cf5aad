"""The cells of a Table's row, of which etcd says nothing: held against other Tables that show the same version."""

import re
from collections.abc import Iterator

from kproxy.diff.listed import Listed, document, name_of
from kproxy.diff.sides import Comparison, Pair, Side
from kproxy.model.api import metadata_of
from kproxy.model.exchange import Exchange, Seq, header
from kproxy.model.jsontypes import JSON, JSONObject

CELL = re.compile(r"\.cells\[(\d{1,4})\]")
"""A cell's path within a row."""
_LOOKED_AT = 512
"""Exchanges on either side of one that are looked through."""


def is_shown_so(of: Comparison, pair: Pair, row: int, column: int) -> bool:
    """Whether another Table of the replay's has the same cell for the same version of a row's object."""
    table = document(of.replayed, pair.replayed)
    listed, cell = Listed.of(table), _cell(table, row, column)
    if listed is None or cell is None or row >= len(listed.objects):
        return False
    shown = listed.objects[row]
    return any(_shows(value, shown, column) == cell for value in _alike(of.replayed, pair.replayed))


def _shows(table: JSONObject, shown: JSONObject, column: int) -> JSON:
    """What a Table says in a column of an object at this version, None if it does not show that."""
    listed = Listed.of(table)
    at = listed.places.get(name_of(shown)) if listed is not None else None
    same = listed is not None and at is not None and _version(listed.objects[at]) == _version(shown)
    return _cell(table, at, column) if at is not None and same else None


def _alike(side: Side, exchange: Exchange) -> Iterator[JSONObject]:
    """What was answered to reads of the same in the same form, some time before another one and behind it."""
    asked = _form(exchange)
    for seq in range(max(1, exchange.seq - _LOOKED_AT), exchange.seq + _LOOKED_AT):
        other = side.recording.exchange(Seq(seq)) if seq != exchange.seq else None
        value = document(side, other) if other is not None and _form(other) == asked else None
        if value is not None:
            yield value


def _form(exchange: Exchange) -> tuple[str, str, str]:
    return exchange.info.verb, exchange.info.path, header(exchange.request.headers, "accept")


def _version(shown: JSONObject) -> tuple[JSON, JSON]:
    metadata = metadata_of(shown)
    return metadata.get("uid"), metadata.get("resourceVersion")


def _cell(table: JSONObject | None, row: int, column: int) -> JSON:
    rows = (table or {}).get("rows")
    shown = rows[row] if isinstance(rows, list) and row < len(rows) else None
    cells = shown.get("cells") if isinstance(shown, dict) else None
    return cells[column] if isinstance(cells, list) and column < len(cells) else None

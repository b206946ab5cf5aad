"""What reading asks a recording, said with the tables of `schema`; `compiled` holds it as SQLite's SQL.

`make questions` writes kproxy/store/compiled.py, which is committed: to read a file nobody has to import SQLAlchemy,
which takes longer than most answers. tests/store/test_questions.py holds the two together.
"""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects import sqlite

from kproxy.model.session import SCHEMA
from kproxy.store import schema

_HEADING = '''"""What reading asks a recording, as SQLite is asked it. Written by `make questions`: see questions.py.

A parameter is `:name`, one that stands for several values `(:name)` after IN; `:limit` is how many rows at most.
"""

'''

_DIALECT = sqlite.dialect(paramstyle="named")
_EXCHANGES, _CHANGES, _LEDGER = schema.exchanges.c, schema.key_changes.c, schema.ledger.c
_PLACE = tuple(column.name for column in schema.key_changes.primary_key)
_IN_ORDER = {
    "changes": schema.key_changes,
    "ledger": schema.ledger,
    "start keys": schema.start_keys,
    "start objects": schema.start_objects,
}
"""What is read in the order of a table's primary key; a second question of each, `… after`, goes on from a row."""


def questions(number: int) -> dict[str, str]:
    """Each question's SQL by its name, as a recording of this schema number is asked it."""
    known = frozenset(schema.tables(number))
    asked = [*_of_exchanges(number), *_of_etcd(number), *_of_the_ledger(), *_of_the_rest(number)]
    return {
        name: _text(question)
        for name, question in asked
        if all(isinstance(table, Table) and table.name in known for table in _tables(question))
    }


def written() -> str:
    """The text of compiled.py."""
    newest = questions(SCHEMA)
    older: dict[int, dict[str, str]] = {}
    for number in range(1, SCHEMA):
        those = questions(number)
        older[number] = {name: those[name] for name in newest if name in those and those[name] != newest[name]}
    parts = [_HEADING, "TABLES: dict[int, tuple[str, ...]] = {\n"]
    parts += [_named(number, schema.tables(number)) for number in range(1, SCHEMA + 1)]
    parts += ["}\n", '"""The tables that a recording of each schema number has."""\n\n']
    parts += [f"KEPT_LEDGER = {_quoted(schema.KEPT_LEDGER)}\n\n", "QUESTIONS: dict[str, str] = {\n"]
    parts += [_lines(name, text, " " * 4) for name, text in newest.items()]
    parts += ["}\n\n", "OLDER: dict[int, dict[str, str]] = {\n"]
    for number, those in older.items():
        parts += [f"    {number}: {{\n", *(_lines(name, text, " " * 8) for name, text in those.items()), "    },\n"]
    parts += ["}\n", '"""What recordings of older schema numbers are asked instead: they have fewer columns."""\n']
    parts += ["\nORDER: dict[str, tuple[str, ...]] = {\n"]
    for name, table in _IN_ORDER.items():
        columns = ", ".join(_quoted(column.name) for column in table.primary_key)
        parts += [f"    {_quoted(name)}: ({columns}),\n"]
    parts += ["}\n", '"""The columns in whose order these are read, and which tell their rows apart."""\n']
    return "".join(parts)


type _Column = Column[Any]
"""Of whatever type."""
type _Question = Select[Any]
"""Of columns of whatever types."""


def _of_exchanges(number: int) -> Iterator[tuple[str, _Question]]:
    exchanges = _exchanges(number)
    later = exchanges.where(_EXCHANGES.seq > bindparam("after")).order_by(_EXCHANGES.seq).limit(_LIMIT)
    yield "exchanges", later
    yield "exchanges of verbs", later.where(_among(_EXCHANGES.verb, "verbs"))
    yield "exchange", exchanges.where(_EXCHANGES.seq == bindparam("seq"))
    if number >= schema.SINCE_3["since"]:
        traced = select(_EXCHANGES.seq, _EXCHANGES.trace_id, _EXCHANGES.parent_id)
        traced = traced.where(_EXCHANGES.trace_id != literal_column("''"), _EXCHANGES.seq > bindparam("after"))
        yield "traces", traced.order_by(_EXCHANGES.seq).limit(_LIMIT)
    yield "count of verbs", _count(schema.exchanges).where(_among(_EXCHANGES.verb, "verbs"))
    frames = schema.frames.c
    of_stream = and_(frames.seq == bindparam("seq"), frames.number > bindparam("after"))
    yield "frames", _select(schema.frames, number).where(of_stream).order_by(frames.number).limit(_LIMIT)


def _of_etcd(number: int) -> Iterator[tuple[str, _Question]]:
    changes = _select(schema.key_changes, number)
    yield from _in_order("changes", number)
    of_key = changes.where(_CHANGES.key == bindparam("key"))
    yield "changes of key", of_key.order_by(_CHANGES.cluster, _CHANGES.revision)
    yield "etcds", _select(schema.etcds, number).order_by(schema.etcds.c.number)
    calls = schema.etcd_calls.c
    numbered = _numbered(schema.etcd_calls, number)
    yield "calls", numbered
    yield "calls of methods", numbered.where(_among(calls.method, "methods"))
    same = and_(calls.trace_id == bindparam("trace_id"), calls.parent_id == bindparam("parent_id"))
    yield "calls of trace", _select(schema.etcd_calls, number).where(same).order_by(calls.number)
    yield "spans", _numbered(schema.spans, number)
    yield from _in_order("start keys", number)
    yield from _in_order("start objects", number)


def _of_the_ledger() -> Iterator[tuple[str, _Question]]:
    yield from _in_order("ledger", SCHEMA)
    order = [_LEDGER[name] for name in _PLACE]
    whole = select(schema.ledger)
    here = and_(*(_LEDGER[name] == bindparam(name) for name in ("revision", "key", "cluster")))
    yield "entry of change", whole.where(here)

    same = and_(*(_CHANGES[name] == _LEDGER[name] for name in _PLACE))
    placed = (column for column in _LEDGER if column.name not in _PLACE)
    entries = select(*_CHANGES, *placed).join_from(schema.key_changes, schema.ledger, same)
    entries = entries.order_by(*(_CHANGES[name] for name in _PLACE))
    yield "entries of key", entries.where(_CHANGES.key == bindparam("key"))
    yield "entries of exchange", entries.where(_LEDGER.seq == bindparam("seq"))
    yield "entries after exchange", entries.where(_LEDGER.consequence_seq == bindparam("seq"))

    caused = select(*_LEDGER, _CHANGES.type).join_from(schema.ledger, schema.key_changes, same)
    caused = caused.where(_LEDGER.seq.is_not(None)).order_by(_LEDGER.seq, *order)
    yield "attributions of exchange", caused.where(_LEDGER.seq == bindparam("seq"))
    yield "attributions", caused.where(_LEDGER.seq > bindparam("after")).limit(_LIMIT)
    yield "causing", select(_LEDGER.seq).where(_LEDGER.seq.is_not(None)).distinct().order_by(_LEDGER.seq)
    yield "no-ops", select(schema.no_op_writes).order_by(schema.no_op_writes.c.seq)


def _of_the_rest(number: int) -> Iterator[tuple[str, _Question]]:
    yield "session", _select(schema.session, number)
    yield "gaps", _select(schema.gaps, number).order_by(schema.gaps.c.number)
    yield "marks", _select(schema.marks, number).order_by(schema.marks.c.number)
    bodies, progress = schema.bodies.c, schema.progress.c
    yield "progress", select(progress.value).where(progress.name == bindparam("name"))
    packed = [bodies.size, bodies.coding, bodies.data]
    yield "body", select(*packed).where(bodies.digest == bindparam("digest"))
    yield "bodies", select(bodies.digest, *packed).where(_among(bodies.digest, "digests"))
    for table in (schema.key_changes, schema.ledger, schema.no_op_writes):
        yield f"count of {table.name}", _count(table)


_LIMIT: BindParameter[int] = bindparam("limit")
_NO_OFFSET = " OFFSET :param_1"
"""What SQLAlchemy says of a limit without an offset to SQLite."""


def _select(table: Table, number: int) -> _Question:
    """What a recording of this schema number has of a table."""
    return select(*schema.columns(table, number))


def _exchanges(number: int) -> _Question:
    """Exchanges, all that recurs in them as one text: it is mostly known, and then no column of it has to be made."""
    there = [each for each in schema.columns(schema.exchanges, number) if each.name not in schema.ASKED_ONLY]
    own = [each for each in there if each.name in schema.OF_EACH]
    recurring = [each for each in there if each.name not in schema.OF_EACH]
    return select(*own, func.json_array(*recurring).label("recurring"))


def _count(table: Table) -> _Question:
    return select(func.count().label("count")).select_from(table)


def _numbered(table: Table, number: int) -> _Question:
    """Rows of a table that counts them, some at a time."""
    wanted = _select(table, number).where(table.c.number > bindparam("after"))
    return wanted.order_by(table.c.number).limit(_LIMIT)


def _in_order(name: str, number: int) -> Iterator[tuple[str, _Question]]:
    """The two questions of what is read in order."""
    columns = list(_IN_ORDER[name].primary_key)
    ordered = _select(_IN_ORDER[name], number).order_by(*columns).limit(_LIMIT)
    yield name, ordered
    yield f"{name} after", ordered.where(_after(columns))


def _after(columns: Sequence[_Column]) -> ColumnElement[bool]:
    """What comes after a row in the order of these columns: as one comparison, it is found by the index."""
    return tuple_(*columns) > tuple_(*(bindparam(column.name) for column in columns))


def _among(column: _Column, name: str) -> ColumnElement[bool]:
    return column.in_(bindparam(name, expanding=True))


def _tables(question: _Question) -> Iterable[object]:
    """Those it asks, of a join each side."""
    for each in question.get_final_froms():
        yield from (getattr(each, "left", each), getattr(each, "right", each))


def _text(question: _Question) -> str:
    sql = " ".join(str(question.compile(dialect=_DIALECT)).split())
    return sql.replace("__[POSTCOMPILE_", ":").replace("])", ")").removesuffix(_NO_OFFSET)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _named(number: int, names: list[str]) -> str:
    return f"    {number}: (\n" + "".join(f"        {_quoted(name)},\n" for name in names) + "    ),\n"


def _lines(name: str, text: str, indent: str) -> str:
    """An entry whose text is long enough to be of several lines; SQL does not mind where they end."""
    if len(indent) + len(name) + len(text) + 9 < 110:
        return f'{indent}"{name}": """{text}""",\n'
    lines = "\n".join(wrap(text, 110, break_long_words=False, break_on_hyphens=False))
    return f'{indent}"{name}": """\n{lines}\n""",\n'

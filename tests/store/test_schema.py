"""The tables and their number."""

import hashlib
import json
from pathlib import Path

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from kproxy.model.session import SCHEMA
from kproxy.store.schema import metadata

FINGERPRINTS = Path(__file__).parent / "schema_fingerprints.json"


def fingerprint() -> str:
    """A hash of the tables as SQLite is told to create them: it changes when they do."""
    dialect = sqlite.dialect()
    statements = [str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables]
    statements += [
        str(CreateIndex(index).compile(dialect=dialect))
        for table in metadata.sorted_tables
        for index in sorted(table.indexes, key=lambda index: str(index.name))
    ]
    return hashlib.sha256("\n".join(statements).encode()).hexdigest()


def test_tables_that_change_need_a_new_schema_number() -> None:
    """Whoever changes a table: raise model.session.SCHEMA, add the new fingerprint, keep a fixture of the old one."""
    known = json.loads(FINGERPRINTS.read_text())
    assert known[str(SCHEMA)] == fingerprint()


def test_no_number_is_skipped_and_none_forgotten() -> None:
    known = json.loads(FINGERPRINTS.read_text())
    assert sorted(int(number) for number in known) == list(range(1, SCHEMA + 1))

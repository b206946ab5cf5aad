"""The tables and their number."""

import json
from pathlib import Path

from kproxy.model.session import SCHEMA
from kproxy.store.schema import fingerprint

FINGERPRINTS = Path(__file__).parent / "schema_fingerprints.json"


def test_tables_that_change_need_a_new_schema_number() -> None:
    """Whoever changes a table: raise model.session.SCHEMA, add the new fingerprint, keep a fixture of the old one."""
    known = json.loads(FINGERPRINTS.read_text())
    assert known[str(SCHEMA)] == fingerprint()


def test_no_number_is_skipped_and_none_forgotten() -> None:
    known = json.loads(FINGERPRINTS.read_text())
    assert sorted(int(number) for number in known) == list(range(1, SCHEMA + 1))

"""The SQL that reading uses is that of the tables, and finds its rows by an index."""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.model.session import SCHEMA
from kproxy.store import compiled, schema
from kproxy.store.questions import questions, written
from kproxy.store.writer import Writer
from tests.support.made import a_session

LOOKED_THROUGH = {"count of verbs", "calls of trace", "entries after exchange"}
"""Questions for some rows of a table that go through the whole of it: nobody asks them of many keys or exchanges."""


def test_the_committed_text_is_what_the_tables_say() -> None:
    """After a change of the tables or of a question: `make questions`."""
    assert Path(compiled.__file__).read_text("utf-8") == written()


@pytest.mark.parametrize("number", range(1, SCHEMA + 1))
def test_a_recording_of_each_schema_is_asked_for_the_columns_that_it_has(number: int) -> None:
    for name, text in questions(number).items():
        asked = compiled.OLDER.get(number, {}).get(name) or compiled.QUESTIONS[name]
        assert " ".join(asked.split()) == text
    assert compiled.TABLES[number] == tuple(schema.tables(number))


def test_each_question_is_one_that_sqlite_understands_and_answers_by_an_index(tmp_path: Path) -> None:
    session = a_session()
    Writer.create(tmp_path / "some.kproxy", session).close(session)
    with sqlite3.connect(tmp_path / "some.kproxy") as database:
        for name, text in compiled.QUESTIONS.items():
            given = dict.fromkeys(re.findall(r":(\w+)", text), 1)
            plan = [row[-1] for row in database.execute(f"EXPLAIN QUERY PLAN {text}", given)]
            if " WHERE " in text and name not in LOOKED_THROUGH:
                assert not [step for step in plan if step.startswith("SCAN") and "USING" not in step], (name, plan)


@pytest.mark.process
def test_a_file_is_read_without_sqlalchemy() -> None:
    look = "import sys, kproxy.store.reader, kproxy.store.kept; sys.exit('sqlalchemy' in sys.modules)"
    subprocess.run([sys.executable, "-c", look], check=True, timeout=60)

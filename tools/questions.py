"""Write kproxy/store/compiled.py from the tables: `make questions`."""

from pathlib import Path

from kproxy.model.session import SCHEMA
from kproxy.store import compiled
from kproxy.store.questions import questions, written

if __name__ == "__main__":
    file = Path(compiled.__file__)
    file.write_text(written(), "utf-8")
    print(f"{file}: {len(questions(SCHEMA))} questions")

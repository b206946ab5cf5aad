"""Tables of the docs that are lists of the code: rules of noise, forms of drawn names, formats of reports.

python tools/tables_in_docs.py            writes them into their pages
python tools/tables_in_docs.py --check    exits 1 if a page has others
"""

import re
from pathlib import Path

from generated import write_or_compare

from kproxy.cli.formats import FORMATS as REPORTS
from kproxy.diff.noise import RULES
from kproxy.renaming.derived import FORMS

DOCS = Path(__file__).parents[1] / "docs"

TABLES = {
    "noise.md": ("| rule | where | why |", [(f"`{rule.name}`", rule.place, rule.ground) for rule in RULES]),
    "reports.md": (
        "| `--format` | for | bounded to |",
        [(f"`{name}`", each.purpose, each.bound) for name, each in REPORTS.items()],
    ),
    "renaming.md": ("| form | like | source |", [(form.name, form.example, form.source) for form in FORMS]),
}
"""Each page's table: its head, and its rows."""


def with_table(page: str, head: str, rows: list[tuple[str, ...]]) -> str:
    """The page with the rows as they are now. LookupError if it has no such table."""
    found = re.compile(re.escape(head) + r"\n\|[ |-]*\n(?:\|.*\n)*")
    if not found.search(page):
        raise LookupError(f"there is no table {head}")
    lines = [head, "| --- | --- | --- |", *(f"| {' | '.join(row)} |" for row in rows)]
    return found.sub(lambda _: "\n".join(lines) + "\n", page)


def main() -> None:
    """Write the tables, or compare them."""
    for name, (head, rows) in TABLES.items():
        made = with_table((DOCS / name).read_text(encoding="utf-8"), head, rows)
        write_or_compare(
            DOCS / name, made, f"docs/{name} does not have the table as the code has it: `make pages` writes it again"
        )


if __name__ == "__main__":
    main()

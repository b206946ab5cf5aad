"""What differs between two versions of an object, field by field."""

from dataclasses import dataclass

from kproxy.fields.leaves import Leaves
from kproxy.fields.paths import FieldPath, path_text
from kproxy.model.jsontypes import JSON, JSONObject

type Change = str
"""set | changed | removed"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that a version set, changed or removed; a value is None where there was none."""

    path: FieldPath
    change: Change
    before: JSON = None
    after: JSON = None

    def as_json(self) -> JSONObject:
        """As every JSON output has it."""
        return {"path": path_text(self.path), "change": self.change, "before": self.before, "after": self.after}


def field_changes(before: Leaves, after: Leaves) -> list[FieldChange]:
    """Every field that differs, in the order of the later object, what was removed at the end.

    A list of plain values is one field.
    """
    found = [
        FieldChange(path=path, change="changed" if path in before else "set", before=before.get(path), after=value)
        for path, value in after.items()
        if not (path in before and same(before[path], value))
    ]
    return found + [
        FieldChange(path=path, change="removed", before=value) for path, value in before.items() if path not in after
    ]


def same(before: JSON, after: JSON) -> bool:
    """Equal as JSON: 1 is not true."""
    return type(before) is type(after) and before == after

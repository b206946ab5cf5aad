"""kproxy.renaming.walk."""

from kproxy.model.jsontypes import JSON
from kproxy.renaming.kinds import DATE_COLUMN, Owner, Place
from kproxy.renaming.path import Path, field_step, path_text
from kproxy.renaming.traces import Trace
from kproxy.renaming.walk import Walker


class Notes:
    """Writes down what a walker says."""

    def __init__(self) -> None:
        self.said: list[tuple[object, ...]] = []

    def leaf(self, path: Path, place: Place, baseline: JSON, replayed: JSON) -> None:
        """A pair of values."""
        self.said.append(("leaf", path_text(path), place.column or place.owner.uid, baseline, replayed))

    def removed(self, path: Path, place: Place, baseline: JSON) -> None:  # noqa: ARG002 - a Visitor
        """Only there."""
        self.said.append(("removed", path_text(path), baseline))

    def added(self, path: Path, place: Place, replayed: JSON) -> None:  # noqa: ARG002 - a Visitor
        """Only here."""
        self.said.append(("added", path_text(path), replayed))

    def reordered(self, path: Path, baseline: list[JSON], replayed: list[JSON]) -> None:  # noqa: ARG002 - a Visitor
        """Another order."""
        self.said.append(("reordered", path_text(path)))

    def traced(self, path: Path, trace: Trace) -> None:
        """Walked before."""
        for each in trace:
            self.leaf((path, each.path), each.place, each.baseline, each.replayed)


def walked(baseline: JSON, replayed: JSON) -> list[tuple[object, ...]]:
    """What a walk says."""
    notes = Notes()
    Walker(notes, str).walk(baseline, replayed)
    return notes.said


def test_a_path_names_each_step() -> None:
    said = walked({"spec": {"containers": [{"name": "a", "image": "x"}]}}, {"spec": {"containers": [{"name": "a"}]}})
    assert said == [
        ("leaf", "$.spec.containers[0].name", "", "a", "a"),
        ("removed", "$.spec.containers[0].image", "x"),
    ]


def test_a_field_with_other_characters_is_quoted() -> None:
    assert field_step("app.kubernetes.io/name") == "['app.kubernetes.io/name']"
    assert field_step("f:it's") == "['f:it\\'s']"


def test_what_differs_in_type_is_a_pair() -> None:
    assert walked({"a": {}}, {"a": []}) == [("leaf", "$.a", "", {}, [])]


def test_values_belong_to_the_object_that_holds_them() -> None:
    said = walked({"metadata": {"uid": "u"}, "spec": {"x": 1}}, {"metadata": {"uid": "v"}, "spec": {"x": 2}})
    assert ("leaf", "$.spec.x", "u", 1, 2) in said


def test_cells_know_their_column_in_later_events_too() -> None:
    notes = Notes()
    walker = Walker(notes, str)
    table: JSON = {"kind": "Table", "columnDefinitions": [{"name": "Age"}], "rows": [{"cells": ["1s"]}]}
    walker.walk(table, table)
    later: JSON = {"kind": "Table", "rows": [{"cells": ["2s"]}]}
    walker.walk(later, later)
    assert ("leaf", "$.rows[0].cells[0]", "Age", "2s", "2s") in notes.said


def test_a_custom_resources_date_is_a_duration() -> None:
    notes = Notes()
    table: JSON = {
        "kind": "Table",
        "columnDefinitions": [{"name": "Born", "type": "date"}],
        "rows": [{"cells": ["1s"]}],
    }
    Walker(notes, str).walk(table, table)
    assert ("leaf", "$.rows[0].cells[0]", DATE_COLUMN, "1s", "1s") in notes.said


def test_a_listed_table_of_one_object_is_at_the_stores_revision() -> None:
    shown: JSON = {"metadata": {"uid": "u", "resourceVersion": "7"}}
    table: JSON = {"kind": "Table", "metadata": {"resourceVersion": "7"}, "rows": [{"object": shown}]}
    for owner, scope in ((Owner(), "u"), (Owner(listing=True), "")):
        notes = Notes()
        Walker(notes, str).walk(table, table, owner)
        assert ("leaf", "$.metadata.resourceVersion", scope, "7", "7") in notes.said


def test_a_token_request_has_times_of_its_own() -> None:
    said = walked(
        {"kind": "TokenRequest", "metadata": {"uid": "u", "creationTimestamp": "a"}},
        {"kind": "TokenRequest", "metadata": {"uid": "v", "creationTimestamp": "b"}},
    )
    assert ("leaf", "$.metadata.creationTimestamp", "", "a", "b") in said

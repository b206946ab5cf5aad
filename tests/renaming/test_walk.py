"""kproxy.renaming.walk."""

import json

from kproxy.model.jsontypes import JSON, JSONObject
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

    def traced(self, path: Path, trace: Trace) -> bool:
        """Walked before."""
        for each in trace.leaves:
            self.leaf((path, each.path), each.place, each.baseline, each.replayed)
        return True

    def field(self, name: str, baseline: JSONObject, replayed: JSONObject) -> str:  # noqa: ARG002 - a Visitor
        """Not renamed."""
        return name


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


def test_what_only_one_side_has_is_told_with_its_place() -> None:
    places: list[tuple[str, Place, JSON]] = []

    class Places(Notes):
        def removed(self, path: Path, place: Place, baseline: JSON) -> None:  # noqa: ARG002 - a Visitor
            places.append(("removed", place, baseline))

        def added(self, path: Path, place: Place, replayed: JSON) -> None:  # noqa: ARG002 - a Visitor
            places.append(("added", place, replayed))

        def leaf(self, path: Path, place: Place, baseline: JSON, replayed: JSON) -> None:  # noqa: ARG002 - a Visitor
            places.append(("leaf", place, baseline))

    first: JSON = {"metadata": {"uid": "u"}, "spec": {"a": 1, "both": 1, "list": [1, 2]}}
    second: JSON = {"metadata": {"uid": "u"}, "spec": {"b": 2, "both": 2, "list": [1]}}
    Walker(Places(), str).walk(first, second)
    found = {(what, place.key): (place.owner.uid, place.fields, value) for what, place, value in places}
    assert found["removed", "a"] == ("u", ("spec", "a"), 1)
    assert found["added", "b"] == ("u", ("spec", "b"), 2)
    assert found["leaf", "both"] == ("u", ("spec", "both"), 1)
    assert found["removed", "list"] == ("u", ("spec", "list"), 2)
    spec = next(place for what, place, _ in places if (what, place.key) == ("added", "b"))
    assert (spec.baseline.get("a"), spec.replayed.get("b"), spec.column) == (1, 2, "")


def test_an_element_that_is_added_is_told_with_its_value() -> None:
    assert walked({"list": [1]}, {"list": [1, 2]})[-1] == ("added", "$.list[1]", 2)


def owners(value: JSON, outer: Owner | None = None) -> list[tuple[str, bool]]:
    """Whose each leaf is."""
    found: list[tuple[str, bool]] = []

    class Owners(Notes):
        def leaf(self, path: Path, place: Place, baseline: JSON, replayed: JSON) -> None:  # noqa: ARG002 - a Visitor
            if place.key == "x":
                found.append((place.owner.uid, place.owner.listing))

    Walker(Owners(), str).walk(value, json.loads(json.dumps(value).replace('"x": 1', '"x": 2')), outer)
    return found


def test_a_list_is_told_by_its_items_its_kind_or_its_rows_and_a_table_of_one_object_is_that_objects() -> None:
    metadata: JSON = {"resourceVersion": "7"}
    assert owners({"metadata": metadata, "items": [], "x": 1}) == [("", True)]
    assert owners({"metadata": metadata, "kind": "PodList", "x": 1}) == [("", True)]
    assert owners({"metadata": metadata, "kind": "Pod", "x": 1}) == [("", False)]
    assert owners({"kind": "PodList", "x": 1}) == [("", False)]

    def table(*rows: JSON) -> JSON:
        return {"metadata": metadata, "kind": "Table", "rows": list(rows), "x": 1}

    row: JSON = {"object": {"metadata": {"uid": "u", "resourceVersion": "7"}}}
    older: JSON = {"object": {"metadata": {"uid": "u", "resourceVersion": "6"}}}
    assert owners(table(row)) == [("u", False)]
    assert owners(table(row), Owner(listing=True)) == [("", True)]
    for others in ((row, row), (older,), ({"object": "odd"},), ("odd",), ()):
        assert owners(table(*others)) == [("", True)]

"""kproxy.diff.listed: beside test_stale.py and test_overlap.py, what is a list, and where its objects stand."""

from kproxy.diff.listed import Listed
from kproxy.model.jsontypes import JSONObject
from tests.diff.sessions import FakeServer

SERVER = FakeServer("a", 100, 7)


def test_objects_of_a_list_have_its_kind_and_version_and_are_found_by_name() -> None:
    item: JSONObject = {"metadata": {"name": "a", "namespace": "default"}}
    listed = Listed.of(SERVER.listed(4, item, SERVER.pod(2, "b")))
    assert listed is not None
    assert (listed.revision, listed.objects[0]["kind"], listed.objects[0]["apiVersion"]) == (104, "Pod", "v1")
    assert listed.places == {("default", "a"): 0, ("default", "b"): 1}


def test_what_has_no_revision_or_elements_that_are_no_objects_is_no_list() -> None:
    assert Listed.of(None) is None
    assert Listed.of(SERVER.pod(1)) is None
    assert Listed.of(SERVER.listed(1, 7)) is None
    assert Listed.of({"kind": "Table", "metadata": {"resourceVersion": "1"}, "rows": [{"cells": []}]}) is None
    assert Listed.of({"kind": "PodList", "metadata": {"resourceVersion": "x"}, "items": []}) is None

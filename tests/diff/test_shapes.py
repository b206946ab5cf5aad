"""kproxy.diff.shapes: documents without what a server chose in them."""

import json

import pytest

from kproxy.diff.shapes import Shapes
from kproxy.model.jsontypes import JSONObject

UIDS = ("aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002")


def pod(name: str, uid: str, revision: str) -> bytes:
    return b'{"metadata":{"name":"%s","uid":"%s","resourceVersion":"%s"},"level":"%s"}' % (
        name.encode(),
        uid.encode(),
        revision.encode(),
        uid[:8].encode(),
    )


def test_documents_that_differ_in_chosen_values_are_of_one_shape() -> None:
    shapes = Shapes()
    first, second = shapes.cut(pod("web-x2x4q", UIDS[0], "7")), shapes.cut(pod("web-b2b4b", UIDS[1], "81"))
    other = shapes.cut(pod("api-b2b4b", UIDS[1], "81"))
    assert first is not None
    assert second is not None
    assert other is not None
    assert first.shape is second.shape
    assert first.shape is not other.shape  # a name that was drawn for something else
    assert second.values == (b"web-b2b4b", UIDS[1].encode(), b"81")
    assert second.shape.filled(list(first.values)) == pod("web-x2x4q", UIDS[0], "7")


@pytest.mark.parametrize(
    "document",
    [
        {"metadata": {"name": "kubernetes"}},
        {"metadata": {"name": "web-x2x4q", "generateName": "web-x"}},
        {"metadata": {"name": "plain", "generateName": "web-"}},
        {"metadata": {"name": "web-222222", "labels": {"pod-template-hash": "222222"}}},
        {"metadata": {"name": "map-00000012", "ownerReferences": [{"kind": "CronJob"}]}},
        {"metadata": {"name": "a", "creationTimestamp": "2026-99-01T00:00:00Z"}},
        {"metadata": {"name": "a", "managedFields": [{"time": "2026-01-01T00:00:00+01:00"}]}},
        {"metadata": {"name": "event.17a3b5c7d9e1f203"}},
        {"times": [{"at": "2026-01-01T00:00:00Z"}] * 60},
    ],
)
def test_what_its_values_say_more_of_is_not_cut(document: JSONObject) -> None:
    assert Shapes().cut(json.dumps(document, separators=(",", ":")).encode()) is None


def test_a_raw_nul_is_of_no_shape_not_even_where_the_shape_is_known() -> None:
    shapes = Shapes()
    document = b'{"kind":"X","metadata":{"name":"%s","uid":"%s"}}'
    assert shapes.cut(document % (b"abc0", UIDS[0].encode())) is not None
    assert shapes.cut(document % (b"abc1", UIDS[1].encode())) is not None
    assert shapes.cut(document % (b"\0n\0", b"\0u\0")) is None

"""kproxy.diff.inside: objects that annotations hold as JSON."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.diff.inside import documents_inside
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Verdict
from tests.diff.sessions import PODS, FakeServer, verdict_of
from tests.support.made import json_values

APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def test_only_values_may_differ() -> None:
    assert documents_inside('{"a":1}', '{"a":"x"}') == ({"a": 1}, {"a": "x"})
    for other in ('{"b":1}', '{"a": 1}', '{"a":1}\n', '{"a":1,"b":2}', '{"a":{}}', "{a:1}", "[1]", "text", ""):
        assert documents_inside('{"a":1}', other) is None


@pytest.mark.parametrize("text", ['{"a":', "{" * 100_000, '{"a":1}' + " " * (1 << 18), '{"a":1e}'])
def test_what_is_no_document_is_a_text(text: str) -> None:
    assert documents_inside(text, text) is None


def test_a_text_that_is_no_document_is_left_in_the_time_that_it_takes_to_read_it() -> None:
    text = "{ " + '\\" x' * 8_000  # each quote may begin a string that ends nowhere
    before = time.process_time()
    assert documents_inside(text, text + "y") is None
    assert time.process_time() - before < 5  # 18 s, once


@pytest.mark.parametrize("depth", [150, 250, 900])
def test_what_is_nested_deeper_than_a_document_may_be_is_a_text(depth: int) -> None:
    first, second = ('{"a":' + "[" * depth + value + "]" * depth + "}" for value in "12")
    assert (documents_inside(first, second) is None) is (depth > 200)
    assert documents_inside(first, second, most=100) is None


def test_documents_in_documents_end_no_comparison() -> None:
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server, value in zip(servers, "12", strict=True):
        inner = value
        for _ in range(4):
            inner = json.dumps({"a": json.loads("[" * 150 + json.dumps(inner) + "]" * 150)})
        pod = server.pod(1)
        metadata = pod["metadata"]
        assert isinstance(metadata, dict)
        metadata["annotations"] = {APPLIED: inner}
        server.exchange("GET", f"{PODS}/a", 200, pod)
    assert [each.kind for each in verdict_of(*servers).differences] == ["changed"]


@given(st.dictionaries(st.text(max_size=3), json_values))
def test_a_document_beside_itself_is_read_as_it_is(value: JSONObject) -> None:
    text = json.dumps(value)
    found = documents_inside(text, text)
    assert found is not None
    assert json.dumps(found[0]) == text


def applied(*, image: str = "i", revision: int = 1, space: str = "") -> Verdict:
    """The verdict over a pod that was applied from what was read before, uid and revision and all."""
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server, own in zip(servers, (("i", 1, ""), (image, revision, space)), strict=True):
        before = server.pod(own[1], spec={"containers": [{"name": "c", "image": own[0]}]})
        server.exchange("GET", f"{PODS}/a", 200, server.pod(1, spec={"containers": []}))
        after = server.pod(2)
        metadata: JSON = after["metadata"]
        assert isinstance(metadata, dict)
        metadata["annotations"] = {APPLIED: json.dumps(before, separators=(",", f":{own[2]}"))}
        server.exchange("GET", f"{PODS}/a", 200, after)
    return verdict_of(*servers)


def test_what_was_applied_may_hold_what_each_server_chose() -> None:
    assert applied().differences == ()


def test_a_difference_in_what_was_applied_is_named_by_its_place() -> None:
    root = f"$.metadata.annotations['{APPLIED}']"
    for verdict, path, kind in (
        (applied(image="j"), f"{root}.spec.containers[0].image", "changed"),
        (applied(revision=2), f"{root}.metadata.resourceVersion", "renamed"),
        (applied(space=" "), root, "changed"),
    ):
        assert [(each.seq, each.path, each.kind) for each in verdict.differences] == [(2, path, kind)]

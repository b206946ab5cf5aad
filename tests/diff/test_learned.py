"""kproxy.diff.learned."""

import pytest

from kproxy.diff.learned import MOST_FORMS, Lessons, check_teachers, teacher
from kproxy.diff.rules import Teacher
from kproxy.errors import UsageError
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON
from kproxy.model.session import Server, Session
from kproxy.model.verdict import Difference
from kproxy.wire.requestinfo import request_info
from tests.support.memory import MemoryRecording

RUNS = (Teacher(session="s1", version="v1", started="a"), Teacher(session="s2", version="v1", started="b"))
GET = request_info("GET", "/api/v1/namespaces/default/pods/a")


def difference(path: str, baseline: JSON, replayed: JSON, *, where: str = "body", kind: str = "changed") -> Difference:
    """A difference of exchange 1."""
    return Difference(seq=Seq(1), where=where, path=path, kind=kind, baseline=baseline, replayed=replayed)


def learned(*differences: Difference) -> Lessons:
    """What these teach."""
    lessons = Lessons()
    for each in differences:
        lessons.take(each, GET, RUNS)
    return lessons


def test_a_rule_has_the_place_the_forms_and_the_runs_that_taught_it() -> None:
    (rule,) = learned(
        difference("$.status.podIPs[0].ip", "10.0.0.1", "10.0.0.12"),
        difference("$.status.podIPs[1].ip", "10.0.0.3", None, kind="removed"),
    ).rules()
    assert (rule.resource, rule.verb, rule.path.text) == ("pods", "get", "$.status.podIPs[*].ip")
    assert rule.taught
    assert rule.taught.forms == {"text #.#.#.#"}
    assert rule.taught.kinds == {"changed", "added", "removed"}
    assert (rule.taught.times, rule.taught.runs) == (2, RUNS)
    assert "2 runs on v1" in rule.reason


def test_in_etcd_a_rule_is_for_the_keys_beside() -> None:
    (rule,) = learned(
        difference("/registry/pods/default/a[0].status.host", "n1", "n2", where="etcd"),
        difference("/registry/pods/default/b[3] previous .status.host", "n1", "n2", where="etcd"),
    ).rules()
    assert (rule.key, rule.path.text, rule.resource) == ("/registry/pods/default/*", "$.status.host", "")


@pytest.mark.parametrize(
    "never",
    [
        difference("status", 200, 409, where="status"),
        difference("exchange", "GET /", None, where="missing", kind="removed"),
        difference("exchange 4", None, "GET /", where="extra", kind="added"),
        difference("end", "complete", "server-gone", where="end"),
        difference("target", "/a", "/b", where="request"),
        difference("$.spec.replicas", 1, 2, where="request"),
        difference("$[3]", {"type": "ADDED"}, None, where="stream", kind="removed"),
        difference("$[3]", {"type": "ADDED"}, {"type": "ADDED"}, where="stream", kind="reordered"),
        difference("$[3].type", "ADDED", "MODIFIED", where="stream"),
        difference("$", "1 bookmarks", "2 bookmarks", where="stream"),
        difference("> stdout", "3 bytes", "4 bytes", where="stream"),
        difference("$.items[2]", {"kind": "Pod"}, None, kind="removed"),
        difference("$.status", {"phase": "x"}, None, kind="removed"),
        difference("$.status.loadBalancer", {"ingress": []}, None, kind="removed"),
        difference("$.metadata.uid", "a", "b", kind="renamed"),
        difference("$.metadata.name", "a", "b"),
        difference("$.kind", "Pod", "Node"),
        difference("$.code", 404, 409),
        difference("$.reason", "NotFound", "Conflict"),
        difference("content-type", "a", "b", where="header"),
        difference("/registry/pods/default/a[0]", None, "PUT at 7", where="etcd", kind="added"),
        difference("/registry/pods/default/a[0] version", 1, 2, where="etcd"),
        difference("/registry/pods/default/a[0] type", "PUT", "DELETE", where="etcd"),
    ],
    ids=lambda each: f"{each.where} {each.path}",
)
def test_what_is_never_noise_is_never_learned_but_said(never: Difference) -> None:
    lessons = learned(never)
    assert lessons.rules() == ()
    assert lessons.refused.total() == 1


def test_a_field_in_a_managers_set_is_learned_as_the_empty_object_that_it_is() -> None:
    path = "$.metadata.managedFields[1].fieldsV1['f:status']['f:readyReplicas']"
    (rule,) = learned(difference(path, {}, None, kind="removed")).rules()
    assert rule.path.text == "$.metadata.managedFields[*].fieldsV1['f:status']['f:readyReplicas']"
    assert rule.taught
    assert rule.taught.forms == {"empty object"}
    assert "once" in rule.reason


def test_what_is_not_learned_is_counted_by_its_place() -> None:
    lessons = learned(
        difference("$.items[1].status", {"a": 1}, None, kind="removed"),
        difference("$.items[2].status", {"a": 1}, None, kind="removed"),
        difference("/registry/pods/default/a[1] version", 1, 2, where="etcd"),
        difference("/registry/pods/default/a[2] version", 1, 2, where="etcd"),
    )
    assert sorted(lessons.refused.values()) == [2, 2]


def test_values_without_a_form_in_common_teach_nothing() -> None:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    lessons = learned(*(difference("$.status.word", "start", letter) for letter in letters[: MOST_FORMS + 1]))
    assert lessons.rules() == ()
    assert "too many forms" in next(iter(lessons.refused))


@pytest.mark.parametrize(
    "runs",
    [RUNS[:1], (RUNS[0], RUNS[0]), (RUNS[0], Teacher(session="s2", version="v2", started="b"))],
)
def test_who_cannot_teach_is_refused(runs: tuple[Teacher, ...]) -> None:
    with pytest.raises(UsageError):
        check_teachers(runs)
    check_teachers(RUNS)


def test_a_recording_teaches_by_its_session_its_servers_version_and_its_beginning() -> None:
    session = Session(id="s", started_at="2026-11-23T07:00:00Z", server=Server(version="v1.37.2"))
    assert teacher(MemoryRecording(session=session)) == Teacher(
        session="s", version="v1.37.2", started="2026-11-23T07:00:00Z"
    )

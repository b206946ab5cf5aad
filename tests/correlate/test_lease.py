"""kproxy.correlate.lease: what went with its lease."""

from dataclasses import replace

from kproxy.model.attribution import Basis
from tests.correlate.story import Story, deletes, pod

EVENTS = "/api/v1/namespaces/default/events"


def expiring(*names: str) -> Story:
    """Keys under one lease, deleted in one revision."""
    story = Story()
    for number, name in enumerate(names):
        key = f"/registry/events/default/{name}"
        event = pod(name, 101 + number, name=name)
        story.ask("POST", EVENTS, 201, event)
        story.put(101 + number, key, pod(name, name=name), lease=7)
        story.delete(200, key, before=pod(name, name=name))
    return story


def test_several_keys_that_go_in_one_revision_go_to_who_put_them_under_their_lease() -> None:
    story = expiring("a", "b")
    assert story.grounds()[2:] == [(200, 1, Basis.LEASE), (200, 2, Basis.LEASE)]
    (first, _) = [entry for entry in story.told().entries if entry.change.revision == 200]
    assert first.attribution is not None
    assert "lease 7 ended" in first.attribution.evidence
    assert "with 1 more of its keys" in first.attribution.evidence


def test_one_key_alone_may_have_been_deleted_by_anybody() -> None:
    story = expiring("a")
    story.recording.change_list[-1:] = []
    story.delete(200, "/registry/configmaps/default/x", before=pod("x"))
    assert story.grounds()[1:] == [(200, None, None)]
    assert expiring("a").grounds()[1:] == [(200, None, None)]


def test_one_key_alone_that_no_call_deleted_went_with_its_lease() -> None:
    story = expiring("a")
    story.call(199, deletes("/registry/pods/default/else"))
    assert story.grounds()[1:] == [(200, 1, Basis.LEASE)]


def test_a_revoked_lease_is_the_requests_whose_trace_the_call_carries() -> None:
    story = expiring("a", "b")
    asked = story.ask("POST", "/apis/x.io/v1/leases", 201, None, trace_id="a" * 32, parent_id="1" * 16)
    story.call(200, method="Lease/LeaseRevoke", lease=7, succeeded=None, trace_id="a" * 32, parent_id="1" * 16)
    assert story.grounds()[2:] == [(200, asked, Basis.TRACED)] * 2


def test_each_lease_of_a_revision_is_counted_by_itself() -> None:
    story = expiring("a", "b", "c")
    put = story.recording.change_list[4]
    story.recording.change_list[4] = replace(put, lease=8)
    assert story.grounds()[3:] == [(200, 1, Basis.LEASE), (200, 2, Basis.LEASE), (200, None, None)]
    found = [entry.attribution for entry in story.told().entries if entry.change.revision == 200]
    assert all("with 1 more of its keys" in each.evidence for each in found if each is not None)

"""kproxy.renaming.kinds."""

import pytest

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.kinds import DATE_COLUMN, Kind, Owner, Place, classify, owner_of

U1, U2 = "385ac3c3-d112-4b7c-aae9-3af50d03912e", "485ac3c3-d112-4b7c-aae9-3af50d03912e"
T1, T2 = "2026-01-01T00:00:01Z", "2026-01-01T00:00:02.5Z"


@pytest.mark.parametrize(
    ("key", "first", "second", "kind"),
    [
        ("uid", U1, U2, Kind.UID),
        ("resourceVersion", "1", "2", Kind.REVISION),
        ("resourceVersion", "1", "x", None),
        ("resourceVersion", "1", str((1 << 63) - 1), Kind.REVISION),
        ("resourceVersion", "1", str(1 << 63), None),
        ("creationTimestamp", T1, T2, Kind.TIME),
        ("creationTimestamp", T1, "today", None),
        ("clusterIP", "10.0.0.1", "10.0.0.2", Kind.CLUSTER_IP),
        ("clusterIP", "10.0.0.1", "None", None),
        ("nodePort", 30001, 30002, Kind.NODE_PORT),
        ("nodePort", 30001, True, None),
        ("port", 80, 81, None),
        ("serverAddress", "10.0.0.1:443", "10.0.0.1:444", Kind.ADDRESS),
        ("image", "a", "b", None),
        ("name", "a", "b", None),
    ],
)
def test_what_the_server_chooses_is_told_by_its_place(key: str, first: JSON, second: JSON, kind: Kind | None) -> None:
    assert classify(Place(key), first, second) is kind


def test_a_name_is_the_servers_only_if_it_was_generated() -> None:
    parent: JSONObject = {"generateName": "web-"}
    place = Place("name", parent, parent)
    assert classify(place, "web-abcde", "web-fghij") is Kind.NAME
    assert classify(place, "web-abcde", "other") is None


def test_an_age_is_one_in_a_tables_column_of_that_name() -> None:
    assert classify(Place("cells", column="Age"), "1s", "2s") is Kind.AGE
    assert classify(Place("cells", column="Status"), "1s", "2s") is None


@pytest.mark.parametrize(
    ("column", "resource", "kind"),
    [
        ("Duration", "batch/jobs", Kind.AGE),
        ("Duration", "example.com/songs", None),
        ("Last Seen", "events", Kind.AGE),
        ("First Seen", "events.k8s.io/events", Kind.AGE),
        ("Last Seen", "example.com/birds", None),
        (DATE_COLUMN, "example.com/birds", Kind.AGE),
    ],
)
def test_a_duration_is_the_servers_in_tables_that_are_known_to_show_the_time_since(
    column: str, resource: str, kind: Kind | None
) -> None:
    place = Place("cells", owner=Owner("u", resource=resource), column=column)
    assert classify(place, "1s", "3d") is kind


def test_a_reference_has_the_revisions_of_what_it_refers_to() -> None:
    assert Place("resourceVersion", {"uid": U2}, owner=Owner(U1)).revision_scope() == U2
    assert Place("resourceVersion", {}, owner=Owner(U1)).revision_scope() == U1
    assert not Place("resourceVersion", {}, owner=Owner("", listing=True)).revision_scope()


def test_an_api_servers_own_authorities_are_how_it_was_started_and_anybody_elses_are_data() -> None:
    first, second = "-----BEGIN CERTIFICATE-----\nA", "-----BEGIN CERTIFICATE-----\nB"
    own = owner_of({"uid": "u", "namespace": "kube-system", "name": "extension-apiserver-authentication"}, Owner())
    others = owner_of({"uid": "u", "namespace": "default", "name": "extension-apiserver-authentication"}, Owner())
    assert own is not None
    assert others is not None
    assert classify(Place("client-ca-file", {}, {}, own), first, second) is Kind.AUTHORITY
    assert classify(Place("client-ca-file", {}, {}, own), first, "") is None
    assert classify(Place("something", {}, {}, own), first, second) is None
    assert classify(Place("client-ca-file", {}, {}, others), first, second) is None

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


def test_the_day_since_which_an_api_server_tracks_tokens_is_that_of_its_first_start_and_any_other_is_data() -> None:
    name = "kube-apiserver-legacy-service-account-token-tracking"
    own = owner_of({"uid": "u", "namespace": "kube-system", "name": name}, Owner())
    others = owner_of({"uid": "u", "namespace": "default", "name": name}, Owner())
    assert own is not None
    assert others is not None
    assert classify(Place("since", {}, {}, own), "2026-11-26", "2026-11-27") is Kind.DAY
    assert classify(Place("since", {}, {}, own), "2026-11-26", "yesterday") is None
    assert classify(Place("until", {}, {}, own), "2026-11-26", "2026-11-27") is None
    assert classify(Place("since", {}, {}, others), "2026-11-26", "2026-11-27") is None


def test_a_json_patchs_value_is_a_revision_where_its_operation_is_on_one() -> None:
    assert classify(Place("value", {"path": "/metadata/resourceVersion"}), "1", "2") is Kind.REVISION
    assert classify(Place("value", {"path": "/metadata/name"}), "1", "2") is None
    assert classify(Place("value", {}), "1", "2") is None
    assert classify(Place("name", {"path": "/metadata/resourceVersion"}), "1", "2") is None


def test_the_ports_of_the_servers_own_endpoints_are_its_choice_and_those_of_others_are_data() -> None:
    for namespace, name, kind in (
        ("default", "kubernetes", Kind.SERVER_PORT),
        ("default", "web", None),
        ("web", "kubernetes", None),
    ):
        row: JSONObject = {"object": {"metadata": {"namespace": namespace, "name": name}}}
        assert classify(Place("cells", row, {}, column="Ports"), "6443", "7443") is kind
        assert classify(Place("cells", row, {}, column="Ports"), "6443", "x") is None
        assert classify(Place("cells", row, {}, column="Name"), "6443", "7443") is None
    assert classify(Place("cells", {"object": "odd"}, {}, column="Ports"), "6443", "7443") is None
    own = owner_of({"uid": "u", "namespace": "default", "name": "kubernetes"}, Owner())
    other = owner_of({"uid": "u", "namespace": "default", "name": "web"}, Owner())
    assert own is not None
    assert other is not None
    assert classify(Place("port", owner=own), 6443, 7443) is Kind.SERVER_PORT
    assert classify(Place("port", owner=other), 6443, 7443) is None
    assert classify(Place("port", owner=own), 6443, True) is None


@pytest.mark.parametrize(
    ("address", "is_one"),
    [("::", True), (":", False), ("10.0.0.1", True), ("f" * 45, True), ("f" * 46, False), ("10.0.0.g", False)],
)
def test_a_cluster_ip_is_an_address(address: str, is_one: bool) -> None:
    assert classify(Place("clusterIP"), address, "10.0.0.2") is (Kind.CLUSTER_IP if is_one else None)
    assert classify(Place("clusterIPs"), "10.0.0.2", address) is (Kind.CLUSTER_IP if is_one else None)


def test_a_token_that_goes_on_is_a_lists_and_a_map_of_ports_an_allocation() -> None:
    assert classify(Place("continue", owner=Owner(listing=True)), "a", "b") is Kind.CONTINUE
    assert classify(Place("continue"), "a", "b") is None
    assert classify(Place("data", {"kind": "RangeAllocation"}), "a", "b") is Kind.ALLOCATION
    assert classify(Place("data", {"kind": "ConfigMap"}), "a", "b") is None


def test_an_objects_version_is_its_own_or_that_of_the_value_that_it_was_read_from() -> None:
    times: list[JSON] = [{"time": T1}, "odd", {"time": T2}, {"time": 3}]
    found = owner_of({"uid": "u", "managedFields": times}, Owner(revision="7", resource="pods"))
    assert found == Owner("u", revision="7", newest=T2, resource="pods")
    found = owner_of({"uid": "u", "resourceVersion": "9", "managedFields": "odd"}, Owner(revision="7"))
    assert found == Owner("u", revision="9")
    assert owner_of({"name": "x"}, Owner(revision="7")) is None


def test_a_revision_is_that_of_the_object_beside_it_of_its_owner_or_the_stores() -> None:
    assert Place("resourceVersion", {"uid": U1}, {}, Owner(U2, listing=True)).revision_scope() == U1
    assert Place("resourceVersion", {}, {}, Owner(U2)).revision_scope() == U2
    assert Place("resourceVersion", {}, {}, Owner(U2, listing=True)).revision_scope() == ""

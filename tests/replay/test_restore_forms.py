"""kproxy.replay.restore_forms: what of an object is asked for."""

from kproxy.model.api import ObjectRef
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.replay.restore_forms import as_written, comparable, made_of, manager_of, same_managers, without_choices

SERVICE = ObjectRef(group="", resource="services", namespace="team", name="web")


def test_what_the_server_chooses_and_the_status_are_not_asked_for() -> None:
    metadata: JSONObject = {"name": "a", "labels": {"x": "y"}, "uid": "u", "resourceVersion": "5", "generation": 2}
    assert made_of({"kind": "Pod", "metadata": metadata, "spec": {}, "status": {"phase": "Running"}}) == {
        "kind": "Pod",
        "metadata": {"name": "a", "labels": {"x": "y"}},
        "spec": {},
    }


def test_a_jobs_selector_is_its_uid_unless_somebody_chose_it() -> None:
    labels: JSONObject = {"controller-uid": "u", "batch.kubernetes.io/controller-uid": "u", "job-name": "j"}
    spec: JSONObject = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}}
    made = made_of({"kind": "Job", "metadata": {}, "spec": spec})
    assert made["spec"] == {"template": {"metadata": {"labels": {"job-name": "j"}}}}
    chosen: JSONObject = {**spec, "manualSelector": True}
    assert made_of({"kind": "Job", "metadata": {}, "spec": chosen})["spec"] == chosen


def test_a_services_addresses_are_left_to_a_target_that_cannot_give_them() -> None:
    spec: JSONObject = {"clusterIP": "10.1.2.3", "clusterIPs": ["10.1.2.3"], "ports": [{"port": 1, "nodePort": 30000}]}
    assert without_choices(SERVICE, {"spec": spec}) == {"spec": {"ports": [{"port": 1}]}}
    headless: JSONObject = {"clusterIP": "None", "clusterIPs": ["None"]}
    assert without_choices(SERVICE, {"spec": headless}) == {"spec": headless}


def test_who_wrote_an_object_first_is_who_writes_it_again() -> None:
    managers: JSON = [
        {"manager": "kubelet", "subresource": "status", "time": "2026-01-01T00:00:00Z"},
        {"manager": "kubectl create", "time": "2026-01-01T00:00:00Z"},
    ]
    document: JSONObject = {"metadata": {"managedFields": managers}}
    assert (manager_of(document), manager_of(document, "status")) == ("kubectl%20create", "kubelet")
    assert manager_of({}) == "kproxy-restore"
    later: JSON = [{"manager": "kubectl create", "time": "2027"}, {"manager": "kubelet", "subresource": "status"}]
    assert same_managers(document, {"metadata": {"managedFields": later}})
    assert not same_managers(document, {})


def test_of_a_secret_its_keys_are_compared_and_of_anything_else_all() -> None:
    def secret(**data: str) -> JSONObject:
        return {"kind": "Secret", "metadata": {"name": "s"}, "data": {**data}}

    assert comparable(secret(b="1", a="2")) == comparable(secret(a="3", b="4"))
    assert comparable(secret(a="1")) != comparable(secret(b="1"))
    maps: list[JSONObject] = [{"kind": "ConfigMap", "data": {"a": value}} for value in "12"]
    assert [comparable(each) for each in maps] == maps


def test_a_job_without_a_template_and_a_service_without_a_spec_are_asked_for_as_they_are() -> None:
    assert made_of({"kind": "Job", "metadata": {}, "spec": {"selector": {}, "parallelism": 2}}) == {
        "kind": "Job",
        "metadata": {},
        "spec": {"parallelism": 2},
    }
    assert without_choices(SERVICE, {"kind": "Service"}) == {"kind": "Service"}
    pods: JSONObject = {"spec": {"clusterIP": "10.1.2.3"}}
    assert without_choices(ObjectRef(group="", resource="pods", namespace="team", name="p"), pods) == pods


def event(*versions: JSON, kind: str = "Event") -> JSONObject:
    """An object as v1 has it, whose managers wrote these versions' fields."""
    managers: JSON = [{"manager": "m", "apiVersion": each} for each in versions]
    return {"apiVersion": "v1", "kind": kind, "metadata": {"managedFields": managers}, "message": "m"}


def test_an_event_that_was_written_in_the_new_version_is_asked_for_in_it() -> None:
    new = event("v1", "events.k8s.io/v1")
    written = as_written(new)
    assert (written["apiVersion"], written["note"]) == ("events.k8s.io/v1", "m")
    unmanaged: JSONObject = {"kind": "Event", "apiVersion": "v1"}
    for old in (event("v1"), event(), event("events.k8s.io/v1", kind="Pod"), unmanaged):
        assert as_written(old) == old
    odd: JSONObject = {"apiVersion": "v1", "kind": "Event", "metadata": {"managedFields": ["events.k8s.io/v1"]}}
    assert as_written(odd) == odd


def test_the_same_managers_are_the_same_in_whatever_order_they_stand_and_say_their_fields() -> None:
    one: JSONObject = {"manager": "a", "operation": "Update"}
    turned: JSONObject = {"operation": "Update", "manager": "a", "time": "2026"}
    other: JSONObject = {"manager": "b", "operation": "Update"}
    assert same_managers(
        {"metadata": {"managedFields": [one, other]}}, {"metadata": {"managedFields": [other, turned]}}
    )
    assert not same_managers({"metadata": {"managedFields": [one]}}, {"metadata": {"managedFields": [other]}})
    assert same_managers({"metadata": {"managedFields": ["none"]}}, {})

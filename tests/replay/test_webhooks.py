"""Webhooks and aggregated APIs whose servers are not there."""

import pytest

from kproxy.model.api import ObjectRef, RequestInfo
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.replay.webhooks import Handling, Stub, Webhooks, named_in

SERVICE: JSONObject = {"service": {"namespace": "team", "name": "hook", "path": "/"}, "caBundle": "eA=="}
CONFIGURATION = ObjectRef(
    group="admissionregistration.k8s.io", resource="validatingwebhookconfigurations", namespace="", name="guard"
)
DEFINITION = ObjectRef(
    group="apiextensions.k8s.io", resource="customresourcedefinitions", namespace="", name="widgets.example.com"
)
API_SERVICE = ObjectRef(
    group="apiregistration.k8s.io", resource="apiservices", namespace="", name="v1beta1.metrics.k8s.io"
)
RULE: JSON = {
    "apiGroups": ["apps"],
    "apiVersions": ["v1"],
    "resources": ["deployments", "deployments/scale"],
    "operations": ["CREATE", "UPDATE"],
    "scope": "Namespaced",
}


def configuration(client: JSONObject) -> JSONObject:
    """With one webhook."""
    hook: JSONObject = {"name": "g.example.com", "clientConfig": client, "failurePolicy": "Fail", "rules": [RULE]}
    return {"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "guard"}, "webhooks": [hook]}


def hook_of(document: JSONObject | None) -> JSONObject:
    """Its webhook."""
    assert document is not None
    hooks = document["webhooks"]
    assert isinstance(hooks, list)
    (hook,) = hooks
    assert isinstance(hook, dict)
    return hook


def test_one_that_is_dropped_is_ignored_where_it_does_not_answer_and_said() -> None:
    handling = Handling(Webhooks.DROP)
    hook = hook_of(handling.adapt(CONFIGURATION, configuration(SERVICE)))
    assert (hook["failurePolicy"], hook["clientConfig"]) == ("Ignore", SERVICE)
    (note,) = handling.notes
    assert "g.example.com" in note
    assert "the service team/hook, which is not there: its failurePolicy is Ignore here" in note
    assert CONFIGURATION in handling.changed
    at_url = hook_of(handling.adapt(CONFIGURATION, configuration({"url": "https://192.0.2.1/"})))
    assert at_url["timeoutSeconds"] == 1  # nobody waits for what is not there
    assert at_url["clientConfig"] == {"url": "https://127.0.0.1:1/"}  # a failure that is ignored is a call all the same


def test_one_that_is_there_stays_as_it_is() -> None:
    handling = Handling(Webhooks.DROP, there=lambda config: "service" in config)
    assert handling.adapt(CONFIGURATION, configuration(SERVICE)) == configuration(SERVICE)
    assert not handling.notes
    assert not handling.touched


def test_a_stub_is_called_in_its_place_and_what_is_kept_is_kept() -> None:
    handling = Handling(Webhooks.STUB, stub=Stub("https://127.0.0.1:5", "Y2E="))
    hook = hook_of(handling.adapt(CONFIGURATION, configuration(SERVICE)))
    assert hook["clientConfig"] == {"url": "https://127.0.0.1:5/admit", "caBundle": "Y2E="}
    assert hook["failurePolicy"] == "Fail"
    kept = Handling(Webhooks.KEEP)
    assert kept.adapt(CONFIGURATION, configuration(SERVICE)) == configuration(SERVICE)
    assert kept.notes
    assert kept.touched


def test_what_a_merge_patch_says_of_a_webhook_that_was_changed_is_as_it_is_there() -> None:
    handling = Handling(Webhooks.DROP)
    said: JSONObject = {"webhooks": [{"name": "g.example.com", "failurePolicy": "Fail", "timeoutSeconds": 10}]}
    assert handling.adapt(CONFIGURATION, said) == said
    handling.adapt(CONFIGURATION, configuration({"url": "https://192.0.2.1/"}))
    hook = hook_of(handling.adapt(CONFIGURATION, said))
    assert hook == {"name": "g.example.com", "failurePolicy": "Ignore", "timeoutSeconds": 1}


def test_a_part_of_an_aggregated_apis_service_names_nobody() -> None:
    handling = Handling(Webhooks.DROP)
    port: JSONObject = {"spec": {"service": {"port": 8443}}}
    assert handling.adapt(API_SERVICE, port) == port
    assert not handling.notes


def asked(verb: str, resource: str, subresource: str = "", *, group: str = "apps", namespace: str = "a") -> RequestInfo:
    """A request, all of version v1."""
    return RequestInfo(
        verb=verb, path="", is_resource=True, group=group, version="v1", resource=resource,
        subresource=subresource, namespace=namespace,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("info", "touched"),
    [
        (asked("create", "deployments"), True),
        (asked("patch", "deployments", "scale"), True),
        (asked("patch", "deployments", "status"), False),
        (asked("delete", "deployments"), False),
        (asked("create", "deployments", namespace=""), False),
        (asked("create", "pods", group=""), False),
        (asked("get", "deployments"), False),
    ],
)
def test_what_a_webhook_saw_is_told_by_its_rules(info: RequestInfo, touched: bool) -> None:
    handling = Handling(Webhooks.DROP)
    handling.adapt(CONFIGURATION, configuration(SERVICE))
    assert [each.matches(info) for each in handling.touched] == [touched]
    (why,) = {each.reason for each in handling.touched}
    assert why.endswith("/guard calls the service team/hook, which is not there")


@pytest.mark.parametrize("stored", [True, False])
def test_a_conversion_goes_without_its_webhook(stored: bool) -> None:
    webhook: JSONObject = {"webhookClientConfig": SERVICE} if stored else {"webhook": {"clientConfig": SERVICE}}
    spec: JSONObject = {
        "group": "example.com",
        "names": {"plural": "widgets"},
        "conversion": {"strategy": "Webhook", **webhook},
    }
    handling = Handling(Webhooks.DROP)
    assert handling.adapt(DEFINITION, {"spec": spec}) == {"spec": {**spec, "conversion": {"strategy": "None"}}}
    info = RequestInfo(verb="create", path="", is_resource=True, group="example.com", version="v9", resource="widgets")
    assert [each.matches(info) for each in handling.touched] == [True]
    stub = Handling(Webhooks.STUB, stub=Stub("https://s", "Y2E="))
    changed = stub.adapt(DEFINITION, {"spec": spec})
    called: JSONObject = {"url": "https://s/convert", "caBundle": "Y2E="}
    there: JSONObject = {"webhookClientConfig": called} if stored else {"webhook": {"clientConfig": called}}
    assert changed == {"spec": {**spec, "conversion": {"strategy": "Webhook", **there}}}


def test_an_aggregated_api_is_left_out_and_its_version_remembered() -> None:
    handling = Handling(Webhooks.DROP)
    document: JSONObject = {"spec": {"group": "metrics.k8s.io", "version": "v1beta1", "service": SERVICE["service"]}}
    assert handling.adapt(API_SERVICE, document) is None
    assert list(handling.aggregated) == [("metrics.k8s.io", "v1beta1")]
    assert Handling(Webhooks.KEEP).adapt(API_SERVICE, document) == document
    local: JSONObject = {"spec": {"group": "apps", "version": "v1"}}
    assert handling.adapt(API_SERVICE, local) == local


def test_a_requests_body_says_which_configuration_it_is_of() -> None:
    assert named_in(configuration(SERVICE)) == CONFIGURATION
    assert named_in({"kind": "Pod"}) is None
    assert named_in([1]) is None


def test_what_is_no_rule_no_conversion_and_no_service_names_nobody() -> None:
    handling = Handling(Webhooks.DROP)
    hook: JSONObject = {"name": "g", "clientConfig": SERVICE, "rules": ["all", RULE]}
    handling.adapt(CONFIGURATION, {"webhooks": [hook]})
    assert len(handling.touched) == 1
    documents: list[JSONObject] = [{"spec": "none"}, {"spec": {"group": "example.com"}}, {}]
    for document in documents:
        assert handling.adapt(DEFINITION, document) == document
        assert handling.adapt(API_SERVICE, document) == document


def test_what_is_there_or_is_to_be_kept_converts_and_serves_as_it_was_recorded() -> None:
    spec: JSONObject = {"conversion": {"strategy": "Webhook", "webhook": {"clientConfig": SERVICE}}}
    definition: JSONObject = {"spec": spec}
    service: JSONObject = {"spec": {"group": "m.io", "version": "v1", "service": SERVICE["service"]}}
    there, kept = Handling(Webhooks.DROP, there=lambda _: True), Handling(Webhooks.KEEP)
    for handling in (there, kept):
        assert handling.adapt(DEFINITION, definition) == definition
        assert handling.adapt(API_SERVICE, service) == service
    assert (there.notes, there.touched, there.aggregated) == ({}, {}, {})
    assert [note.rpartition(": ")[2] for note in kept.notes] == ["it is as it was recorded"] * 2
    assert (len(kept.touched), list(kept.aggregated)) == (1, [("m.io", "v1")])


def test_what_was_changed_and_why_is_said_in_one_sentence_each() -> None:
    spec: JSONObject = {
        "conversion": {"strategy": "Webhook", "webhook": {"clientConfig": {"url": "https://192.0.2.1/"}}}
    }
    service: JSONObject = {"spec": {"group": "m.io", "version": "v1", "service": SERVICE["service"]}}
    what = f"the conversion of {DEFINITION} calls the URL https://192.0.2.1/, which is not there"
    for handling, end in (
        (Handling(Webhooks.DROP), "its strategy is None here"),
        (
            Handling(Webhooks.STUB, stub=Stub("https://s", "Y2E=")),
            "kproxy's own server stands in and changes nothing but apiVersion",
        ),
        (Handling(Webhooks.KEEP), "it is as it was recorded"),
        (Handling(Webhooks.STUB), "its strategy is None here"),
    ):
        handling.adapt(DEFINITION, {"spec": spec})
        assert list(handling.notes) == [f"{what}: {end}"]
        assert [each.reason for each in handling.touched] == [what]
        assert (DEFINITION in handling.changed) is (handling.policy is not Webhooks.KEEP)
    left_out = Handling(Webhooks.DROP)
    left_out.adapt(API_SERVICE, service)
    assert list(left_out.notes) == [
        f"{API_SERVICE} is served by the service team/hook, which is not there: it is left out"
    ]
    hook = Handling(Webhooks.STUB, stub=Stub("https://s", "Y2E="))
    hook.adapt(CONFIGURATION, {"webhooks": [{"clientConfig": SERVICE}]})
    [note] = hook.notes
    assert note == (
        f"webhook ? of {CONFIGURATION} calls the service team/hook, which is not there: "
        "kproxy's own server stands in and allows everything"
    )


def test_who_is_called_by_a_configuration_is_known_by_what_it_is_of() -> None:
    handling = Handling(Webhooks.DROP)
    for ref, concerns in (
        (CONFIGURATION, True),
        (DEFINITION, True),
        (API_SERVICE, True),
        (ObjectRef(group=CONFIGURATION.group, resource="validatingadmissionpolicies", namespace="", name="p"), False),
        (ObjectRef(group="", resource="validatingwebhookconfigurations", namespace="", name="p"), False),
        (ObjectRef(group="", resource="pods", namespace="a", name="p"), False),
    ):
        assert handling.concerns(ref.group, ref.resource) is concerns
        if not concerns:
            assert handling.adapt(ref, configuration(SERVICE)) == configuration(SERVICE)
    assert not handling.notes


@pytest.mark.parametrize(
    ("rule", "info", "touched"),
    [
        (
            {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"], "operations": ["*"]},
            asked("create", "pods"),
            True,
        ),
        (
            {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"], "operations": ["*"]},
            asked("create", "pods", "status"),
            False,
        ),
        (
            {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"], "operations": ["*"]},
            asked("create", "pods", "status"),
            True,
        ),
        (
            {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"], "operations": ["*"]},
            asked("create", "pods"),
            True,
        ),
        (
            {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["pods/*"], "operations": ["*"]},
            asked("create", "pods", "status"),
            True,
        ),
        (
            {"apiGroups": ["apps"], "apiVersions": ["v2"], "resources": ["*"], "operations": ["*"]},
            asked("create", "pods"),
            False,
        ),
        (
            {"apiGroups": ["x"], "apiVersions": ["v1"], "resources": ["*"], "operations": ["*"]},
            asked("create", "pods"),
            False,
        ),
        (
            {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["*"], "operations": ["DELETE"]},
            asked("deletecollection", "pods"),
            True,
        ),
        (
            {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["*"], "operations": ["CONNECT"]},
            asked("proxy", "pods"),
            True,
        ),
        (
            {
                "apiGroups": ["apps"],
                "apiVersions": ["v1"],
                "resources": ["*"],
                "operations": ["UPDATE"],
                "scope": "Cluster",
            },
            asked("update", "pods"),
            False,
        ),
        (
            {
                "apiGroups": ["apps"],
                "apiVersions": ["v1"],
                "resources": ["*"],
                "operations": ["UPDATE"],
                "scope": "Cluster",
            },
            asked("update", "pods", namespace=""),
            True,
        ),
        (
            {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["*"], "operations": ["UPDATE"], "scope": "*"},
            asked("update", "pods"),
            True,
        ),
        ({"resources": "pods"}, asked("create", "pods"), False),
    ],
)
def test_a_rule_matches_as_admissions_rules_do(rule: JSONObject, info: RequestInfo, *, touched: bool) -> None:
    handling = Handling(Webhooks.DROP)
    handling.adapt(CONFIGURATION, {"webhooks": [{"clientConfig": SERVICE, "rules": [rule]}]})
    assert [each.matches(info) for each in handling.touched] == [touched]


def test_whether_a_conversions_server_is_there_is_asked_of_its_own() -> None:
    called: list[JSONObject] = []

    def there(config: JSONObject) -> bool:
        called.append(config)
        return True

    handling = Handling(Webhooks.DROP, there=there)
    spec: JSONObject = {"conversion": {"strategy": "Webhook", "webhook": {"clientConfig": SERVICE}}}
    assert handling.adapt(DEFINITION, {"spec": spec}) == {"spec": spec}
    handling.adapt(CONFIGURATION, configuration(SERVICE))
    handling.adapt(API_SERVICE, {"spec": {"service": SERVICE["service"]}})
    assert called == [SERVICE, SERVICE, {"service": SERVICE["service"]}]


@pytest.mark.parametrize(
    ("kind", "group", "resource"),
    [
        ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io", "validatingwebhookconfigurations"),
        ("MutatingWebhookConfiguration", "admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
        ("CustomResourceDefinition", "apiextensions.k8s.io", "customresourcedefinitions"),
        ("APIService", "apiregistration.k8s.io", "apiservices"),
    ],
)
def test_each_kind_that_names_servers_is_of_its_resource(kind: str, group: str, resource: str) -> None:
    named = named_in({"kind": kind, "metadata": {"name": "x"}})
    assert named == ObjectRef(group=group, resource=resource, namespace="", name="x")
    assert Handling(Webhooks.DROP).concerns(group, resource)


def test_of_an_aggregated_api_it_is_known_why_it_is_not_there() -> None:
    handling = Handling(Webhooks.DROP)
    handling.adapt(API_SERVICE, {"spec": {"group": "m.io", "version": "v1", "service": SERVICE["service"]}})
    assert handling.aggregated == {
        ("m.io", "v1"): f"{API_SERVICE} is served by the service team/hook, which is not there"
    }

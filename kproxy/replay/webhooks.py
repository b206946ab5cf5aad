"""Webhooks and aggregated APIs of a recorded server, which call services and URLs that another server may not have.

A configuration whose server is not there would refuse what the recorded one accepted (failurePolicy Fail), so it is
changed before it is restored or sent: what was changed, and what such a webhook may have touched, is said.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from kproxy.model.api import ObjectRef, RequestInfo, metadata_of
from kproxy.model.jsontypes import JSON, JSONObject, text

ADMISSION = "admissionregistration.k8s.io"
_CONFIGURATIONS = frozenset({"validatingwebhookconfigurations", "mutatingwebhookconfigurations"})
DEFINITIONS = ("apiextensions.k8s.io", "customresourcedefinitions")
_API_SERVICES = ("apiregistration.k8s.io", "apiservices")
NOBODY = "https://127.0.0.1:1/"
"""In place of a URL that is not to be called: ignoring a webhook's failure would not keep a server from asking it."""
_SHORTEST = 1
"""Seconds that a webhook at a URL is waited for which is not there."""

_OPERATIONS = {
    "create": "CREATE",
    "update": "UPDATE",
    "patch": "UPDATE",
    "delete": "DELETE",
    "deletecollection": "DELETE",
    "proxy": "CONNECT",
}


class Webhooks(StrEnum):
    """What becomes of webhooks whose servers are not there."""

    DROP = "drop"
    STUB = "stub"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Touched:
    """What a webhook that is not there saw in the recording: requests that one of its rules matches.

    Patterns as in admission rules: `*` is any; a resource may name a subresource, `pods/status`.
    """

    groups: frozenset[str]
    versions: frozenset[str]
    resources: frozenset[str]
    operations: frozenset[str]
    namespaced: bool | None
    reason: str

    def matches(self, info: RequestInfo) -> bool:
        """Whether a request came to it."""
        operation = _OPERATIONS.get(info.verb, "")
        if not info.is_resource or not self._any(self.operations, operation):
            return False
        if self.namespaced is not None and self.namespaced is not bool(info.namespace):
            return False
        resource = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
        wild = {resource, "*/*", f"{info.resource}/*"} if info.subresource else {resource, "*", "*/*"}
        wild |= {f"*/{info.subresource}"} if info.subresource else set()
        return (
            self._any(self.groups, info.group)
            and self._any(self.versions, info.version)
            and bool(wild & self.resources)
        )

    @staticmethod
    def _any(patterns: frozenset[str], value: str) -> bool:
        return "*" in patterns or value in patterns


@dataclass(frozen=True, slots=True)
class Stub:
    """Where kproxy's own admission server listens; `ca`: its CA, base64 of PEM."""

    url: str
    ca: str

    def at(self, path: str) -> JSONObject:
        """A clientConfig that calls it."""
        return {"url": f"{self.url}/{path}", "caBundle": self.ca}


@dataclass(slots=True)
class Handling:
    """Changes configurations, and remembers what it did.

    `there`: whether what a clientConfig, or an APIService's service, names can be reached from the target.
    `notes`: one sentence for each thing that was changed, or is not there. `aggregated`: groups and versions that a
    server of their own served. `changed`: what was changed already: what is said of it later without naming whom it
    calls (a patch) is of what is not there. `hurried`: those whose webhooks are waited for _SHORTEST seconds.
    """

    policy: Webhooks
    there: Callable[[JSONObject], bool] = lambda _: False
    stub: Stub | None = None
    notes: dict[str, None] = field(default_factory=dict)
    touched: dict[Touched, None] = field(default_factory=dict)
    aggregated: dict[tuple[str, str], str] = field(default_factory=dict)
    changed: dict[ObjectRef, str] = field(default_factory=dict)
    hurried: set[ObjectRef] = field(default_factory=set)

    def concerns(self, group: str, resource: str) -> bool:
        """Whether objects of a resource may name such servers."""
        return (group == ADMISSION and resource in _CONFIGURATIONS) or (group, resource) in {DEFINITIONS, _API_SERVICES}

    def adapt(self, ref: ObjectRef, document: JSONObject) -> JSONObject | None:
        """An object, or the part of it that a patch says, as it is to be there; None: it is left out."""
        if ref.group == ADMISSION and ref.resource in _CONFIGURATIONS:
            return self._configuration(ref, document)
        if (ref.group, ref.resource) == DEFINITIONS:
            return self._definition(ref, document)
        if (ref.group, ref.resource) == _API_SERVICES:
            return self._api_service(ref, document)
        return document

    def _configuration(self, ref: ObjectRef, document: JSONObject) -> JSONObject:
        hooks = document.get("webhooks")
        if not isinstance(hooks, list):
            return document
        return {**document, "webhooks": [self._hook(ref, each) if isinstance(each, dict) else each for each in hooks]}

    def _hook(self, ref: ObjectRef, hook: JSONObject) -> JSONObject:
        config = hook.get("clientConfig")
        if not isinstance(config, dict) or not _names_one(config):
            return self._hook_of_changed(ref, hook) if ref in self.changed else hook
        if self.there(config):
            return hook
        what = f"webhook {text(hook.get('name')) or '?'} of {ref} calls {place_of(config)}, which is not there"
        for touched in _touched(hook, what):
            self.touched[touched] = None
        if self.policy is Webhooks.KEEP:
            self.notes[f"{what}: it is as it was recorded"] = None
            return hook
        if self.policy is Webhooks.STUB and self.stub is not None:
            self._note(ref, f"{what}: kproxy's own server stands in and allows everything")
            return {**hook, "clientConfig": self.stub.at("admit")}
        self._note(ref, f"{what}: its failurePolicy is Ignore here")
        if "url" not in config:
            return {**hook, "failurePolicy": "Ignore"}
        self.hurried.add(ref)
        nobody: JSONObject = {**config, "url": NOBODY}
        return {**hook, "failurePolicy": "Ignore", "timeoutSeconds": _SHORTEST, "clientConfig": nobody}

    def _hook_of_changed(self, ref: ObjectRef, hook: JSONObject) -> JSONObject:
        """What is said of a webhook without its server, in a configuration whose servers are not there."""
        if self.policy is Webhooks.STUB and self.stub is not None:
            return {**hook, "clientConfig": self.stub.at("admit")} if "clientConfig" in hook else hook
        said: JSONObject = {"failurePolicy": "Ignore"}
        if ref in self.hurried:
            said["timeoutSeconds"] = _SHORTEST
        return {name: said.get(name, value) for name, value in hook.items()}

    def _definition(self, ref: ObjectRef, document: JSONObject) -> JSONObject:
        spec = document.get("spec")
        conversion = spec.get("conversion") if isinstance(spec, dict) else None
        if not isinstance(spec, dict) or not isinstance(conversion, dict):
            return document
        config = _conversion_client(conversion)
        if config is None or not _names_one(config):
            of_changed = ref in self.changed and (self.policy is Webhooks.DROP or config is not None)
            return {**document, "spec": {**spec, "conversion": self._converted(conversion)}} if of_changed else document
        if self.there(config):
            return document
        what = f"the conversion of {ref} calls {place_of(config)}, which is not there"
        self.touched[_all_of(spec, what)] = None
        if self.policy is Webhooks.KEEP:
            self.notes[f"{what}: it is as it was recorded"] = None
            return document
        if self.policy is Webhooks.STUB and self.stub is not None:
            self._note(ref, f"{what}: kproxy's own server stands in and changes nothing but apiVersion")
        else:
            self._note(ref, f"{what}: its strategy is None here")
        return {**document, "spec": {**spec, "conversion": self._converted(conversion)}}

    def _converted(self, conversion: JSONObject) -> JSONObject:
        if self.policy is Webhooks.STUB and self.stub is not None:
            return _with_client(conversion, self.stub.at("convert"))
        return {"strategy": "None"}

    def _api_service(self, ref: ObjectRef, document: JSONObject) -> JSONObject | None:
        spec = document.get("spec")
        service = spec.get("service") if isinstance(spec, dict) else None
        if not isinstance(spec, dict) or not isinstance(service, dict) or not _names_one({"service": service}):
            return document
        if self.there({"service": service}):
            return document
        what = f"{ref} is served by {place_of({'service': service})}, which is not there"
        self.aggregated[text(spec.get("group")), text(spec.get("version"))] = what
        if self.policy is Webhooks.KEEP:
            self.notes[f"{what}: it is as it was recorded"] = None
            return document
        self._note(ref, f"{what}: it is left out")
        return None

    def _note(self, ref: ObjectRef, sentence: str) -> None:
        self.notes[sentence] = None
        self.changed[ref] = sentence


def _names_one(config: JSONObject) -> bool:
    """Whether a clientConfig says whom to call: a part of one, as a patch says it (a caBundle), does not."""
    service = config.get("service")
    return bool(text(config.get("url"))) or (isinstance(service, dict) and bool(text(service.get("name"))))


def place_of(config: JSONObject) -> str:
    """What a clientConfig names, for people."""
    service = config.get("service")
    if isinstance(service, dict):
        return f"the service {text(service.get('namespace'))}/{text(service.get('name'))}"
    return f"the URL {text(config.get('url'))[:200]}"


def named_in(document: JSON) -> ObjectRef | None:
    """Which configuration a request's body is of, by its kind; None for another one."""
    kinds = {
        "ValidatingWebhookConfiguration": (ADMISSION, "validatingwebhookconfigurations"),
        "MutatingWebhookConfiguration": (ADMISSION, "mutatingwebhookconfigurations"),
        "CustomResourceDefinition": DEFINITIONS,
        "APIService": _API_SERVICES,
    }
    found = kinds.get(text(document.get("kind"))) if isinstance(document, dict) else None
    if found is None:
        return None
    return ObjectRef(group=found[0], resource=found[1], namespace="", name=text(metadata_of(document).get("name")))


def _conversion_client(conversion: JSONObject) -> JSONObject | None:
    """Whom a definition's conversion calls: in v1, or in the v1beta1 that etcd holds."""
    webhook = conversion.get("webhook")
    config = webhook.get("clientConfig") if isinstance(webhook, dict) else conversion.get("webhookClientConfig")
    return config if isinstance(config, dict) else None


def _with_client(conversion: JSONObject, config: JSONObject) -> JSONObject:
    webhook = conversion.get("webhook")
    if isinstance(webhook, dict):
        return {**conversion, "webhook": {**webhook, "clientConfig": config}}
    return {**conversion, "webhookClientConfig": config}


def _all_of(spec: JSONObject, reason: str) -> Touched:
    """Every request for a definition's objects."""
    plural = _plural(spec)
    return Touched(
        groups=frozenset({text(spec.get("group"))}),
        versions=frozenset("*"),
        resources=frozenset({plural, f"{plural}/*"}),
        operations=frozenset({"*"}),
        namespaced=None,
        reason=reason,
    )


def _plural(spec: JSONObject) -> str:
    names = spec.get("names")
    return text(names.get("plural")) if isinstance(names, dict) else ""


def _touched(hook: JSONObject, reason: str) -> Iterator[Touched]:
    rules = hook.get("rules")
    for rule in rules if isinstance(rules, list) else []:
        if isinstance(rule, dict):
            scope = text(rule.get("scope"))
            yield Touched(
                _texts(rule.get("apiGroups")),
                _texts(rule.get("apiVersions")),
                _texts(rule.get("resources")),
                _texts(rule.get("operations")),
                {"Cluster": False, "Namespaced": True}.get(scope),
                reason,
            )


def _texts(value: JSON) -> frozenset[str]:
    return frozenset(each for each in value if isinstance(each, str)) if isinstance(value, list) else frozenset()

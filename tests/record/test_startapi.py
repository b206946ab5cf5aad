"""The start state through the API."""

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest

from kproxy.errors import RecordingError
from kproxy.model.exchange import Digest
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.start import StartObject, StartSource
from kproxy.record.apiclient import ApiRefusedError
from kproxy.record.literals import Literals
from kproxy.record.pseudonyms import Pseudonyms
from kproxy.record.redact import Redactor
from kproxy.record.settings import ApiPlace, StartWish
from kproxy.record.startapi import ApiStart, Listable, listable
from kproxy.store.writer import Batch
from tests.support.loop import in_loop

PLACE = ApiPlace(host="h", port=1, host_header="h:1")
VERBS: JSON = ["create", "delete", "get", "list"]


def resource(name: str, kind: str, verbs: JSON = VERBS) -> JSON:
    """One of discovery's."""
    return {"name": name, "kind": kind, "verbs": verbs}


def group(name: str, *versions: str) -> JSON:
    """One of /apis."""
    found: list[JSON] = [{"groupVersion": f"{name}/{each}", "version": each} for each in versions]
    return {"name": name, "versions": found, "preferredVersion": found[0]}


@dataclass
class Api:
    """Answers from a table; `lists` by path: pages of items."""

    asked: list[str] = field(default_factory=list)
    expired: int = 0
    refused: tuple[str, ...] = ()
    pages: dict[str, list[list[JSON]]] = field(default_factory=dict)

    def get(self, path: str) -> JSONObject:
        """As a Getter."""
        self.asked.append(path)
        found = DISCOVERY.get(path)
        if found is not None:
            return found
        place, query = urlsplit(path).path, parse_qs(urlsplit(path).query)
        if place in self.refused:
            raise ApiRefusedError(path, 403, "no")
        if "continue" in query and self.expired:
            self.expired -= 1
            raise ApiRefusedError(path, 410, "too old")
        pages = self.pages.get(place, [[]])
        number = int(query.get("continue", ["0"])[0])
        more = str(number + 1) if number + 1 < len(pages) else ""
        return {"metadata": {"resourceVersion": "77", "continue": more}, "items": pages[number]}

    def close(self) -> None:
        """As a Getter."""


DISCOVERY: dict[str, JSONObject] = {
    "/api/v1": {
        "resources": [
            resource("pods", "Pod"),
            resource("pods/status", "Pod", ["get"]),
            resource("componentstatuses", "ComponentStatus", ["get", "list"]),
            resource("bindings", "Binding", ["create"]),
            resource("secrets", "Secret"),
        ]
    },
    "/apis": {"groups": [group("apps", "v1"), group("metrics.k8s.io", "v1beta1"), group("example.com", "v2", "v1")]},
    "/apis/apps/v1": {"resources": [resource("deployments", "Deployment")]},
    "/apis/example.com/v2": {"resources": [resource("widgets", "Widget")]},
    "/apis/example.com/v1": {"resources": [resource("widgets", "Widget"), resource("gadgets", "Gadget")]},
    "/apis/metrics.k8s.io/v1beta1": {"resources": [resource("pods", "PodMetrics")]},
    "/apis/apiregistration.k8s.io/v1/apiservices": {
        "items": [
            {"spec": {"group": "metrics.k8s.io", "version": "v1beta1", "service": {"name": "m"}}},
            {"spec": {"group": "apps", "version": "v1"}},
        ]
    },
}


def thing(name: str, namespace: str = "team", **more: JSON) -> JSON:
    """An item of a list: without its kind."""
    return {"metadata": {"name": name, "namespace": namespace, "resourceVersion": "5", "uid": f"u-{name}"}, **more}


@dataclass
class Kept:
    """What was committed."""

    objects: list[StartObject] = field(default_factory=list)
    bodies: dict[Digest, bytes] = field(default_factory=dict)

    async def commit(self, batch: Batch) -> None:
        """As a Committer's."""
        self.objects += [each for each in batch.start if isinstance(each, StartObject)]
        self.bodies |= batch.bodies


async def read(api: Api, wish: StartWish | None = None) -> tuple[bool, Kept, ApiStart]:
    """All of it."""
    kept, pseudonyms = Kept(), Pseudonyms(bytes(32))
    redactor = Redactor(pseudonyms, Literals(pseudonyms, ()))
    start = ApiStart(wish or StartWish(source=StartSource.API), PLACE, kept.commit, redactor, lambda _: api)
    await start.begin()
    return await start.read(), kept, start


def test_each_resource_is_listed_once_in_the_version_that_the_server_prefers_and_others_servers_are_not() -> None:
    assert list(listable(Api())) == [
        Listable("", "v1", "pods", "Pod", status=True),
        Listable("", "v1", "secrets", "Secret", status=False),
        Listable("apps", "v1", "deployments", "Deployment", status=False),
        Listable("example.com", "v2", "widgets", "Widget", status=False),
        Listable("example.com", "v1", "gadgets", "Gadget", status=False),
    ]


@in_loop
async def test_pages_are_read_at_the_revision_of_the_beginning_and_secrets_hidden() -> None:
    api = Api(
        pages={
            "/api/v1/pods": [[thing("a")], [thing("b")]],
            "/api/v1/secrets": [[thing("s", data={"p": "aHVudGVyMg=="})]],
        }
    )
    used, kept, _ = await read(api)
    assert used
    assert [str(each.ref) for each in kept.objects] == ["pods/team/a", "pods/team/b", "secrets/team/s"]
    assert kept.objects[0].status
    stored = b"".join(kept.bodies.values())
    assert b'"apiVersion":"v1","kind":"Pod"' in stored
    assert b"aHVudGVyMg" not in stored
    assert "/api/v1/pods?limit=250&resourceVersion=77&resourceVersionMatch=Exact" in api.asked
    assert "/api/v1/pods?limit=250&continue=1" in api.asked


@in_loop
async def test_a_list_whose_pages_expire_is_begun_again_as_it_is_now() -> None:
    api = Api(pages={"/api/v1/pods": [[thing("a")], [thing("b")]]}, expired=1)
    _, kept, _ = await read(api)
    assert [each.name for each in kept.objects] == ["a", "a", "b"]  # the same rows: they are written once
    assert "/api/v1/pods?limit=250" in api.asked


@in_loop
async def test_lists_that_the_user_may_not_have_are_named() -> None:
    _, _, start = await read(Api(refused=("/api/v1/secrets", "/apis/apps/v1/deployments")))
    assert start.refused == ["secrets", "deployments.apps"]


@in_loop
async def test_a_server_that_nobody_uses_says_so_and_a_large_one_is_a_sentence() -> None:
    own = Api(pages={"/api/v1/pods": [[thing("kube-proxy", "kube-system")]]})
    assert not (await read(own, StartWish(source=StartSource.API, if_used=True)))[0]
    large = Api(pages={"/api/v1/pods": [[thing(str(number)) for number in range(10)]]})
    with pytest.raises(RecordingError, match="--start-state-limit"):
        await read(large, StartWish(source=StartSource.API, max_bytes=700))

"""Discovery and OpenAPI."""

import hashlib
import json

from kproxy.lab.emulated.discovery import AGGREGATED
from kproxy.lab.emulated.tree import as_object, each, peek
from tests.lab.emulated.serving import Api, with_api


def test_discovery_names_every_kind_and_its_parts() -> None:
    async def ask(api: Api) -> None:
        listed = (await api("GET", "/api/v1")).object
        assert [entry["name"] for entry in each(listed, "resources")] == [
            "configmaps",
            "namespaces",
            "namespaces/finalize",
            "namespaces/status",
            "pods",
            "pods/status",
            "secrets",
        ]
        assert (await api("GET", "/apis")).object["groups"] == []
        assert (await api("GET", "/api")).object["versions"] == ["v1"]

    with_api(ask)


def test_the_storage_hash_is_the_real_servers() -> None:
    async def ask(api: Api) -> None:
        listed = (await api("GET", "/api/v1")).object
        configmaps = next(each(listed, "resources"))
        assert configmaps["storageVersionHash"] == "qFsyl6wFWjQ="

    with_api(ask)


def test_discovery_is_aggregated_for_who_asks_for_it() -> None:
    async def ask(api: Api) -> None:
        reply = await api("GET", "/api", headers={"Accept": f"{AGGREGATED},application/json"})
        assert reply.headers["Content-Type"] == AGGREGATED
        version = next(each(next(each(reply.object, "items")), "versions"))
        assert [entry["resource"] for entry in each(version, "resources")] == [
            "configmaps",
            "namespaces",
            "pods",
            "secrets",
        ]
        assert (await api("GET", "/apis", headers={"Accept": AGGREGATED})).object["items"] == []

    with_api(ask)


def test_openapi_says_that_patch_takes_field_validation_and_all_its_references_exist() -> None:
    async def ask(api: Api) -> None:
        index = (await api("GET", "/openapi/v3")).object
        url = peek(index, "paths", "api/v1", "serverRelativeURL")
        assert isinstance(url, str)
        document = (await api("GET", url)).object
        assert url.endswith(hashlib.sha512(json.dumps(document).encode()).hexdigest().upper())
        patch = peek(document, "paths", "/api/v1/namespaces/{namespace}/pods/{name}", "patch")
        assert "fieldValidation" in [parameter["name"] for parameter in each(as_object(patch), "parameters")]
        schemas = as_object(peek(document, "components", "schemas"))
        text = json.dumps(document)
        for name in {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}:
            assert name in schemas

    with_api(ask)

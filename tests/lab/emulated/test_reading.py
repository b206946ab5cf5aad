"""get and list: selectors, pages, past revisions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.lab.emulated.reading import make_continue, read_continue
from kproxy.lab.emulated.status import StatusError
from kproxy.lab.emulated.tree import each, text
from kproxy.model.jsontypes import JSONObject
from tests.lab.emulated.memory import MemoryStore
from tests.lab.emulated.serving import MAPS, PODS, Api, configmap, pod, with_api


def names(body: JSONObject) -> list[str]:
    return [text(item, "metadata", "name") for item in each(body, "items")]


async def fill(api: Api) -> None:
    for name in "abcde":
        await api("POST", MAPS, {"metadata": {"name": name, "labels": {"odd": str(name in "ace").lower()}}})


def test_pages_follow_each_other_and_are_of_one_revision() -> None:
    async def ask(api: Api) -> None:
        await fill(api)
        first = (await api("GET", f"{MAPS}?limit=2")).object
        metadata = first["metadata"]
        assert isinstance(metadata, dict)
        assert metadata["remainingItemCount"] == 3
        await api("DELETE", f"{MAPS}/d")
        rest = (await api("GET", f"{MAPS}?limit=5&continue={metadata['continue']}")).object
        assert names(first) + names(rest) == list("abcde")
        assert rest["metadata"] == {"resourceVersion": metadata["resourceVersion"]}

    with_api(ask)


def test_a_page_with_a_selector_is_filled() -> None:
    async def ask(api: Api) -> None:
        await fill(api)
        first = (await api("GET", f"{MAPS}?limit=2&labelSelector=odd%3Dtrue")).object
        metadata = first["metadata"]
        assert isinstance(metadata, dict)
        assert "remainingItemCount" not in metadata
        rest = (await api("GET", f"{MAPS}?limit=2&labelSelector=odd%3Dtrue&continue={metadata['continue']}")).object
        assert names(first) + names(rest) == ["a", "c", "e"]

    with_api(ask)


def test_a_list_may_be_of_a_past_revision_until_it_is_compacted() -> None:
    async def ask(api: Api) -> None:
        created = (await api("POST", MAPS, configmap("a"))).object["metadata"]
        assert isinstance(created, dict)
        await api("POST", MAPS, configmap("b"))
        path = f"{MAPS}?resourceVersionMatch=Exact&resourceVersion={created['resourceVersion']}"
        assert names((await api("GET", path)).object) == ["a"]
        assert isinstance(api.store, MemoryStore)
        api.store.compact(1000)
        assert (await api("GET", path)).object["reason"] == "Expired"

    with_api(ask)


def test_objects_of_all_namespaces_are_listed_together() -> None:
    async def ask(api: Api) -> None:
        for namespace in ("default", "kube-system"):
            await api("POST", f"/api/v1/namespaces/{namespace}/pods", pod("one"))
        assert names((await api("GET", "/api/v1/pods")).object) == ["one", "one"]
        assert names((await api("GET", PODS)).object) == ["one"]
        assert names((await api("GET", "/api/v1/pods?fieldSelector=metadata.namespace=kube-system")).object) == ["one"]

    with_api(ask)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=x", 400),
        ("continue=%25", 400),
        ("continue=abc", 400),
        ("labelSelector=a%20b", 400),
        ("fieldSelector=nope", 400),
        ("fieldSelector=nope%3D1", 400),
        ("resourceVersion=abc", 400),
        ("resourceVersion=%C2%B2", 400),
        ("resourceVersion=999999", 504),
        ("resourceVersionMatch=Exact", 422),
        ("sendInitialEvents=true", 422),
    ],
)
def test_options_that_cannot_be_meant_are_a_status(query: str, status: int) -> None:
    async def ask(api: Api) -> None:
        assert (await api("GET", f"{MAPS}?{query}")).status == status

    with_api(ask)


@given(st.integers(0, 2**63), st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True))
def test_a_continue_token_is_read_as_it_was_made(revision: int, name: str) -> None:
    prefix = "/registry/pods/default/"
    if ".." not in name:
        assert read_continue(make_continue(revision, prefix + name, prefix), prefix) == (revision, prefix + name)


@given(st.text(max_size=60))
def test_any_continue_token_is_read_or_refused(token: str) -> None:
    try:
        _, after = read_continue(token, "/registry/pods/")
    except StatusError as error:
        assert error.code == 400  # noqa: PT017 - the other outcome is as good
    else:
        assert after.startswith("/registry/pods/")

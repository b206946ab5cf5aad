"""kproxy.diff.published: indexes beside what the session defined."""

from dataclasses import replace

import pytest

from kproxy.model.exchange import Body, Exchange, Headers, Nanos
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Outcome, Verdict
from tests.diff.sessions import SECOND, FakeServer, verdict_of

KEY = "/registry/apiextensions.k8s.io/customresourcedefinitions/things.example.org"
OWN, APPS, CORE = "apis/example.org/v1", "apis/apps/v1", "api/v1"
ALL = (CORE, APPS, OWN)
FAR = 60


def server(letter: str, base: int, hour: int, *, comes: float, goes: float = FAR) -> FakeServer:
    """A server on which a definition comes and goes at these seconds of the session."""
    made = FakeServer(letter, base, hour)
    made.put(1, KEY, made.pod(1))
    made.delete(2, KEY)
    for index, at in enumerate((comes, goes)):
        made.made.change_list[index] = replace(made.made.change_list[index], at=Nanos(int(at * SECOND)))
    return made


def index(*names: str, group: str = "") -> JSONObject:
    """Which paths /openapi/v3 lists; `group`: a hash that is another one."""
    return {
        "paths": {
            name: {"serverRelativeURL": f"/openapi/v3/{name}?hash={'B' if name == group else 'A'}"} for name in names
        }
    }


def groups(*names: str) -> JSONObject:
    """Which groups /apis lists."""
    return {"kind": "APIGroupDiscoveryList", "items": [{"metadata": {"name": name}} for name in names]}


def compared(  # noqa: PLR0913 - two answers, and when the definition came there
    first: JSON,
    second: JSON,
    *,
    path: str = "/openapi/v3",
    comes: tuple[float, float] = (0.5, 0.5),
    strict: bool = False,
    goes: tuple[float, float] = (FAR, FAR),
) -> Verdict:
    """The verdict when each index is asked for at the first second."""
    servers = server("a", 100, 7, comes=comes[0], goes=goes[0]), server("b", 5000, 15, comes=comes[1], goes=goes[1])
    for made, answer in zip(servers, (first, second), strict=True):
        made.exchange("GET", path, 200, answer)
    return verdict_of(*servers, strict=strict)


RIGHT = [
    compared(index(CORE, APPS), index(*ALL)),
    compared(index(*ALL), index(CORE, APPS)),
    compared(index(*ALL), index(*ALL, group=OWN)),
    compared(groups("apps"), groups("apps", "example.org"), path="/apis"),
    compared(groups("apps", "example.org"), groups("apps"), path="/apis"),
    compared(index(*ALL), index(CORE, APPS), comes=(-30, -30), goes=(0.5, 0.5)),
    compared(index(CORE, APPS), index(*ALL), comes=(-30, -30), goes=(0.5, 0.5)),
    compared(index(*ALL), index(CORE, APPS), comes=(-30, 0.5)),
]
WRONG = [
    compared(index(*ALL), index(CORE, APPS), comes=(-30, -30)),  # it has been there for long
    compared(index(CORE, APPS), index(*ALL), comes=(0.5, 30)),  # it is listed before it is there
    compared(index(CORE, APPS), index(*ALL), comes=(-30, -30), goes=(-15, -15)),  # it has been gone for long
    compared(index(*ALL), index(CORE, OWN)),  # another path is missing
    compared(index(*ALL), index(*ALL, "apis/else.org/v1")),  # one that nobody defined
    compared(index(*ALL), index(CORE, APPS, group=APPS)),  # another one differs, too
    compared(groups("apps", "batch", "example.org"), groups("batch", "apps"), path="/apis"),  # and their order
    compared(groups("apps"), {**groups("apps", "example.org"), "x": 1}, path="/apis"),  # and what is beside it
    compared(index(*ALL), {"paths": {}}),
    compared(index(*ALL), index(CORE, APPS), path="/openapi/v2"),  # no index
    compared(index(CORE, APPS), index(*ALL), strict=True),
]


@pytest.mark.parametrize("verdict", RIGHT)
def test_an_index_may_list_a_definition_or_not_a_little_after_it_came_or_went(verdict: Verdict) -> None:
    assert (verdict.outcome, [(each.rule, each.count) for each in verdict.noise]) == (
        Outcome.EQUIVALENT,
        [("definitions-published", 1)],
    )


@pytest.mark.parametrize("verdict", WRONG)
def test_all_else_in_an_index_is_compared(verdict: Verdict) -> None:
    assert verdict.outcome is Outcome.DIFFERENT


def tagged(*, known: bool, length: Headers = (), index: tuple[int, str] = (304, '"old"')) -> Verdict:
    """The verdict when the recorded client had the list already, the replay's is sent it anew.

    `length`: how that one's end is marked, its Content-Length otherwise; `index`: what is answered in the recording.
    """
    servers = server("a", 100, 7, comes=1.5), server("b", 5000, 15, comes=1.5)
    for made in servers:
        made.exchange("GET", "/apis", 200, groups("apps"), headers=(("Etag", '"old"'),) if known else ())
    status, tag = index
    first = servers[0].exchange(
        "GET", "/apis", status, groups("apps") if status == 200 else None, headers=(("Etag", tag),)
    )
    servers[1].exchange("GET", "/apis", 200, groups("apps", "example.org"), headers=(("Etag", '"new"'),))
    if status == 304:
        servers[0].edit(first, lambda each: marked(each, ()))
    if length:
        servers[1].edit(first, lambda each: marked(each, length))
    for made in servers:
        made.edit(
            first,
            lambda each: replace(
                each, request=replace(each.request, headers=(*each.request.headers, ("If-None-Match", '"old"')))
            ),
        )
    return verdict_of(*servers)


def marked(exchange: Exchange, length: Headers) -> Exchange:
    """An exchange whose answer's end is marked in another way."""
    assert exchange.answer is not None
    kept = tuple(each for each in exchange.answer.headers if each[0] != "Content-Length")
    return replace(exchange, answer=replace(exchange.answer, headers=(*kept, *length)))


@pytest.mark.parametrize("length", [(), (("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip"))])
def test_a_list_that_still_holds_is_the_one_that_the_client_had(length: Headers) -> None:
    verdict = tagged(known=True, length=length)
    assert verdict.differences == ()
    assert [each.rule for each in verdict.noise] == ["definitions-published"]


@pytest.mark.parametrize("length", [(("Content-Length", "7"),), (("Content-Length", "7"), ("X-Said", "1"))])
def test_of_two_lists_that_are_both_sent_each_must_end_where_it_says(length: Headers) -> None:
    assert tagged(known=True, length=length, index=(200, '"other"')).outcome is Outcome.DIFFERENT


def test_what_the_client_had_must_be_known() -> None:
    assert tagged(known=False).outcome is Outcome.DIFFERENT


THINGS: JSONObject = {
    "resource": "things",
    "scope": "Namespaced",
    "shortNames": ["th"],
    "verbs": ["get", "list"],
    "singularResource": "thing",
}


def group(*resources: JSONObject, versions: tuple[str, ...] = ("v1",)) -> JSONObject:
    """What /apis lists of the definitions' group: these resources, in each of these versions."""
    listed: list[JSON] = [{"version": version, "resources": list(resources)} for version in versions]
    item: JSONObject = {"metadata": {"name": "example.org"}, "versions": listed}
    return {"kind": "APIGroupDiscoveryList", "items": [item]}


def listed(first: JSON, second: JSON, *acts: str) -> Verdict:
    """The verdict on two lists of a second after the definition of things was made, and `acts` were done to it."""
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for made, answer in zip(servers, (first, second), strict=True):
        made.put(1, KEY, made.pod(1, spec={"scope": "Namespaced"}))
        made.put(2, KEY, made.pod(2, spec={"scope": "Namespaced"}, status={"accepted": True}), version=2)
        for number, act in enumerate(acts, 3):
            if act == "update":
                made.put(number, KEY, made.pod(number, spec={"scope": "Cluster"}), version=number)
            elif act == "delete":
                made.delete(number, KEY)
            else:
                made.put(number, KEY.replace("things", act), made.pod(number))
        before: Body | None = None
        for index, change in enumerate(made.made.change_list):
            previous = before if change.key == KEY.encode() else None
            made.made.change_list[index] = replace(change, at=Nanos(SECOND // 2), previous=previous)
            before = change.value if change.key == KEY.encode() else before
        made.exchange("GET", "/apis", 200, answer)
    return verdict_of(*servers)


OTHERS: JSONObject = {**THINGS, "resource": "others"}
CHANGED = [
    group({**THINGS, "verbs": ["get"]}),
    group({**THINGS, "shortNames": []}),
    group({**THINGS, "scope": "Cluster"}),
    group(THINGS, versions=("v1", "v2")),
    group(THINGS, versions=("v2",)),
    group(THINGS, OTHERS),
    group(THINGS, {"resource": "undefined"}),
]


@pytest.mark.parametrize("other", CHANGED)
def test_of_a_group_that_both_list_a_resource_is_the_same_though_it_has_just_been_defined(other: JSONObject) -> None:
    assert listed(group(THINGS), other).outcome is Outcome.DIFFERENT
    assert listed(other, group(THINGS)).outcome is Outcome.DIFFERENT


@pytest.mark.parametrize(
    ("first", "second", "acts"),
    [
        (group(THINGS), group({**THINGS, "scope": "Cluster"}), ("update",)),
        (group(THINGS), group({**THINGS, "verbs": ["delete"]}), ("delete",)),
        (group(THINGS), group(THINGS, OTHERS), ("others",)),
        (group(OTHERS), group(THINGS, OTHERS), ("others",)),
    ],
)
def test_a_resource_may_be_missing_or_as_it_was_before_its_definition_was_updated(
    first: JSONObject, second: JSONObject, acts: tuple[str, ...]
) -> None:
    verdict = listed(first, second, *acts)
    assert [each.rule for each in verdict.noise] == ["definitions-published"]
    assert verdict.outcome is Outcome.EQUIVALENT


def test_another_definition_of_the_group_explains_nothing_of_a_resource() -> None:
    assert listed(group(THINGS, OTHERS), group({**THINGS, "verbs": []}), "others").outcome is Outcome.DIFFERENT

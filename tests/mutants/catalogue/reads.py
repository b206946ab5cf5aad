"""Reads: the order of lists, pages, selectors, stale reads, protobuf beside JSON, Tables."""

from collections.abc import Callable
from dataclasses import replace

from kproxy.model.jsontypes import JSONObject
from tests.mutants.catalogue.made import by_real_server, by_server
from tests.mutants.lies import Answers, Asked, Of, Requests, Stale, at, documents, drop, put, without_parameter
from tests.mutants.mutant import Mutant, Place
from tests.mutants.session import CONFIGMAPS, PODS

WHOLE = Of("GET", CONFIGMAPS, "^$")
ONE = f"{PODS}/one"
DEMO = "/api/v1/namespaces/default/pods/hello-demo"


def _items(value: JSONObject) -> list[object]:
    items = at(value, "items")
    return items if isinstance(items, list) else []  # type: ignore[return-value] # JSON's lists hold JSON


def _reversed(value: JSONObject) -> None:
    _items(value).reverse()


def _without_first(value: JSONObject) -> None:
    del _items(value)[:1]


def _twice(value: JSONObject) -> None:
    items = _items(value)
    items += items[:1]


def _kinds(value: JSONObject) -> None:
    for item in _items(value):
        if isinstance(item, dict):
            item["kind"] = "ConfigMap"


def _query(old: str, new: str) -> Callable[[Asked], Asked]:
    return lambda asked: replace(asked, query=asked.query.replace(old, new))


def _exact_as_newest(asked: Asked) -> Asked:
    return without_parameter("resourceVersion")(without_parameter("resourceVersionMatch")(asked))


def _as_json(asked: Asked) -> Asked:
    return replace(asked, headers=tuple(pair for pair in asked.headers if pair[0].lower() != "accept"))


def _as_oneself(asked: Asked) -> Asked:
    return replace(asked, headers=tuple(pair for pair in asked.headers if pair[0].lower() != "impersonate-user"))


def _table(change: Callable[[JSONObject], None]) -> Callable[[JSONObject], None]:
    def changed(value: JSONObject) -> None:
        if value.get("kind") == "Table":
            change(value)

    return changed


def _without_column(value: JSONObject) -> None:
    drop("columnDefinitions", 1)(value)
    drop("rows", 0, "cells", 1)(value)


LISTS: tuple[Mutant, ...] = (
    by_server(
        "list-reversed",
        "list order",
        "a list begins with the last key",
        Place("GET", CONFIGMAPS, "body", r"\$\.items"),
        lambda: Answers(of=WHOLE, change=documents(_reversed)),
    ),
    by_server(
        "list-misses-one",
        "list order",
        "a list misses an object",
        Place("GET", CONFIGMAPS, "body", r"\$\.items\[0\]"),
        lambda: Answers(of=WHOLE, change=documents(_without_first)),
    ),
    by_server(
        "list-shows-one-twice",
        "list order",
        "a list shows an object twice",
        Place("GET", CONFIGMAPS, "body", r"\$\.items.*"),
        lambda: Answers(of=WHOLE, change=documents(_twice)),
    ),
    by_server(
        "items-have-kinds",
        "list order",
        "a list's items say their kind",
        Place("GET", CONFIGMAPS, "body", r"\$\.items\[0\]\.kind"),
        lambda: Answers(of=WHOLE, change=documents(_kinds)),
    ),
    by_server(
        "limit-ignored",
        "pagination",
        "a list ignores limit",
        Place("GET", rf"{CONFIGMAPS}\?limit=2", "body", r"\$\.(metadata\.continue|items.*)"),
        lambda: Requests(of=Of("GET", CONFIGMAPS, "^limit=2$"), change=without_parameter("limit")),
    ),
    by_server(
        "continue-missing",
        "pagination",
        "a page does not say where to go on",
        Place("GET", rf"{CONFIGMAPS}\?limit=2", "body", r"\$\.metadata\.continue"),
        lambda: Answers(of=Of("GET", CONFIGMAPS, "^limit=2$"), change=documents(drop("metadata", "continue"))),
    ),
    by_server(
        "remaining-count-wrong",
        "pagination",
        "remainingItemCount is wrong",
        Place("GET", rf"{CONFIGMAPS}\?limit=2", "body", r"\$\.metadata\.remainingItemCount"),
        lambda: Answers(
            of=Of("GET", CONFIGMAPS, "^limit=2$"), change=documents(put(1, "metadata", "remainingItemCount"))
        ),
    ),
    by_server(
        "continue-begins-again",
        "pagination",
        "a continue token leads to the first page",
        Place("GET", rf"{CONFIGMAPS}\?limit=2&continue=.*", "body", r"\$\.(items|metadata).*"),
        lambda: Requests(of=Of("GET", CONFIGMAPS, "continue="), change=without_parameter("continue")),
    ),
    by_server(
        "exact-is-newest",
        "pagination",
        "resourceVersionMatch=Exact answers the newest state",
        Place("GET", rf"{CONFIGMAPS}\?resourceVersion=.*", "body", r"\$\.(items|metadata).*"),
        lambda: Requests(of=Of("GET", CONFIGMAPS, "Match=Exact"), change=_exact_as_newest),
    ),
    by_server(
        "list-revision-below-items",
        "revision semantics",
        "a list's resourceVersion is below its items'",
        Place("GET", CONFIGMAPS, "body", r"\$\.metadata\.resourceVersion"),
        lambda: Answers(of=WHOLE, change=documents(put("1", "metadata", "resourceVersion"))),
    ),
)

SELECTORS: tuple[Mutant, ...] = (
    by_server(
        "label-selector-ignored",
        "selectors",
        "a list ignores its label selector",
        Place("GET", rf"{CONFIGMAPS}\?labelSelector=tier%3Dfront", "body", r"\$\.items.*"),
        lambda: Requests(of=Of("GET", CONFIGMAPS, "tier%3Dfront"), change=without_parameter("labelSelector")),
    ),
    by_server(
        "notin-is-in",
        "selectors",
        "notin selects what in would",
        Place("GET", rf"{CONFIGMAPS}\?labelSelector=tier\+notin.*", "body", r"\$\.items.*"),
        lambda: Requests(of=Of("GET", CONFIGMAPS, "notin"), change=_query("notin", "in")),
    ),
    by_server(
        "field-selector-ignored",
        "selectors",
        "a list ignores metadata.name",
        Place("GET", rf"{CONFIGMAPS}\?fieldSelector=.*", "body", r"\$\.items.*"),
        lambda: Requests(of=Of("GET", CONFIGMAPS, "metadata.name"), change=without_parameter("fieldSelector")),
    ),
    by_server(
        "field-selector-of-spec-wrong",
        "selectors",
        "spec.restartPolicy selects those that have another one",
        Place("GET", rf"{PODS}\?fieldSelector=.*", "body", r"\$\.items.*"),
        lambda: Requests(of=Of("GET", PODS, "restartPolicy"), change=_query("Always", "Never")),
    ),
)

STALE: tuple[Mutant, ...] = (
    by_server(
        "stale-get",
        "stale reads",
        "a get without a resourceVersion answers a state of before the last write",
        Place("GET", f"{CONFIGMAPS}/a", "body", r"\$\.(metadata|data).*"),
        lambda: Stale(of=Of("GET", f"{CONFIGMAPS}/a")),
    ),
    by_server(
        "stale-list",
        "stale reads",
        "a list without a resourceVersion answers a state of before the last write",
        Place("GET", CONFIGMAPS, "body", r"\$\.(metadata|items).*"),
        lambda: Stale(of=WHOLE),
    ),
    by_server(
        "deleted-still-read",
        "stale reads",
        "what was deleted is read again",
        Place("GET", f"{CONFIGMAPS}/b", "status", "status"),
        lambda: Stale(of=Of("GET", f"{CONFIGMAPS}/b")),
    ),
    by_server(
        "demo-deleted-still-read",
        "stale reads",
        "the walkthrough's pod is read after its end",
        Place("GET", DEMO, "status", "status"),
        lambda: Stale(of=Of("GET", DEMO)),
        golden="hello-demo",
    ),
)

FORMS: tuple[Mutant, ...] = (
    by_server(
        "protobuf-differs",
        "content",
        "protobuf says another image than JSON",
        Place("GET", ONE, "body", r"\$\.spec\.containers\[0\]\.image"),
        lambda: Answers(
            of=Of("GET", ONE, accept="protobuf"), change=documents(put("x:1", "spec", "containers", 0, "image"))
        ),
    ),
    by_server(
        "protobuf-not-served",
        "content",
        "protobuf that is asked for is not served",
        Place("GET", ONE, "header", "content-type"),
        lambda: Requests(of=Of("GET", ONE, accept="protobuf"), change=_as_json),
    ),
    by_server(
        "version-other",
        "content",
        "the server says that it is another version",
        Place("GET", "/version", "body", r"\$\.gitVersion"),
        lambda: Answers(of=Of("GET", "/version"), change=documents(put("v1.0.0", "gitVersion"))),
    ),
    by_real_server(
        "table-column-missing",
        "tables",
        "a Table of pods misses a column",
        Place("GET", f"{DEMO}.*|.*/pods.*", "body", r"\$\.(columnDefinitions|rows).*"),
        lambda: Answers(of=Of("GET", DEMO, accept="as=Table"), change=documents(_table(_without_column))),
        golden="hello-kubectl",
    ),
    by_real_server(
        "table-cell-other",
        "tables",
        "a Table's cell says another status",
        Place("GET", f"{DEMO}.*|.*/pods.*", "body", r"\$\.rows\[0\]\.cells\[2\]"),
        lambda: Answers(
            of=Of("GET", DEMO, accept="as=Table"), change=documents(_table(put("Running", "rows", 0, "cells", 2)))
        ),
        golden="hello-kubectl",
    ),
)

AUTHORIZATION: tuple[Mutant, ...] = (
    by_real_server(
        "impersonation-ignored",
        "status codes",
        "who is impersonated does not matter: nobody is forbidden anything",
        Place("GET", PODS, "status", "status"),
        lambda: Requests(of=Of("GET", PODS, "^$"), change=_as_oneself),
    ),
)

MUTANTS = (*LISTS, *SELECTORS, *STALE, *FORMS, *AUTHORIZATION)

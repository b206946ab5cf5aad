"""What is told of drawn edits of a real replay, and of servers that behave otherwise, word for word.

`python -m tests.diff.golden` writes golden.txt anew: whoever changes a sentence reads there what has become of it.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random

from kproxy.correlate.ledger import correlate
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Verdict
from tests.diff.conftest import PAIR, RealPair, in_memory
from tests.diff.edits import draw
from tests.diff.sessions import PODS, FakeServer, changed_twice, verdict_of
from tests.support.memory import MemoryRecording
from tests.support.misbehaving import misbehaving

GOLDEN = Path(__file__).with_name("golden.txt")
SEED, EDITS = 20261128, 24
_LONGEST = 150
"""Characters of a value in a line."""


def told(pair: RealPair) -> Iterator[str]:
    """All lines: of each edit what it was, and what was found."""
    random = Random(SEED)
    for _ in range(EDITS):
        edit = draw(pair.replayed, random)
        yield f"== {_cut(str(edit))}"
        yield from of_verdict(pair.verdict(edit.recording))
    yield "== several behaviours at once"
    yield from of_verdict(pair.verdict(misbehaving(pair.replayed)))
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    yield "== an API of the next version"
    yield from of_verdict(verdict_of(api(servers[0], newer=False), api(servers[1], newer=True)))
    for strict in (False, True):
        yield f"== lists, tables, watches and moments{', strictly' if strict else ''}"
        first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
        yield from of_verdict(verdict_of(lists(first, other=False), lists(second, other=True), strict=strict))


def of_verdict(verdict: Verdict) -> Iterator[str]:
    """A verdict line by line, without what is the same in all of them."""
    for name, tally in (("exchanges", verdict.exchanges), ("keys", verdict.etcd)):
        yield f"{verdict.outcome}: {name} {tally.compared} {tally.identical} {tally.equivalent} {tally.different}"
    for finding in verdict.findings:
        yield f"cause: {finding.cause}"
        yield from (f"  {sentence}" for sentence in finding.chain[1:])
        for each in finding.differences[:6]:
            place = f"{each.seq} {each.where} {each.path} {each.kind}"
            yield f"  - {place}: {_cut(repr(each.baseline))} -> {_cut(repr(each.replayed))}"
    yield from (f"reason: {each}" for each in verdict.reasons)
    yield from (f"noise: {each.rule} {each.count}" for each in verdict.noise)


def api(server: FakeServer, *, newer: bool) -> FakeServer:
    """An API of one version or of the next one: its index, a document, discovery in both forms, what is refused."""
    more: list[str] = ["apis/new.k8s.io", "apis/new.k8s.io/v1", "version"] if newer else []
    index: JSONObject = {
        name: {"serverRelativeURL": f"/openapi/v3/{name}?hash={len(more)}"} for name in ("api/v1", *more)
    }
    server.exchange("GET", "/openapi/v3", 200, {"paths": index})
    gated = "Alpha: it needs the Users feature gate."
    fields: JSONObject = {"mode": {"type": "string", "description": "a" if newer else "b"}}
    if newer:
        fields |= {"user": {"type": "integer", "description": gated}, "rule": {"$ref": "#/components/schemas/io.Rule"}}
    types: JSONObject = {"io.Pod": {"required": ["mode", *(["user"] if newer else [])], "properties": fields}}
    if newer:
        types["io.Rule"] = {"type": "object", "description": "of a Claim"}
    parameters: list[JSON] = [{"name": name, "in": "query"} for name in ("limit", *(["shard"] if newer else []))]
    paths: JSONObject = {f"/api/v1/{name}": {"get": {"parameters": parameters}} for name in ("pods", "nodes")}
    if newer:
        paths["/api/v1/claims/{name}"] = {}
    server.exchange("GET", "/openapi/v3/api/v1", 200, {"paths": paths, "components": {"schemas": types}})
    kinds = ("Pod", *(("Claim", "ClaimBinding") if newer else ()))
    plain: list[JSON] = [{"name": f"{kind.lower()}s", "kind": kind, "verbs": ["get"]} for kind in kinds]
    server.exchange("GET", "/apis/example.org/v1", 200, {"kind": "APIResourceList", "resources": plain})
    found: list[JSON] = [{"resource": f"{kind.lower()}s", "responseKind": {"kind": kind}} for kind in kinds]
    groups: list[JSON] = [
        {"metadata": {"name": name}, "versions": [{"version": "v1", "resources": found}]}
        for name in ("example.org", *(["new.k8s.io"] if newer else []))
    ]
    server.exchange("GET", "/apis", 200, {"kind": "APIGroupDiscoveryList", "items": groups})
    refused: JSONObject = {"kind": "Status", "status": "Failure", "message": "no such thing", "code": 404}
    listed: JSONObject = {"kind": "ClaimList", "apiVersion": "example.org/v1", "metadata": {}, "items": []}
    server.exchange("GET", "/apis/example.org/v1/claims", 200 if newer else 404, listed if newer else refused)
    server.exchange("GET", "/version", 200, {"gitVersion": "v1.37.2" if newer else "v1.34.4"})
    return server


def lists(server: FakeServer, *, other: bool) -> FakeServer:
    """Lists in pages and tables, a watch, reads that may show any moment, a creation that is answered otherwise."""
    changed_twice_on(server)
    page = f"{PODS}?limit=1"
    for number, target in enumerate((page, f"{page}&continue=x"), start=1):
        shown = server.listed(4, server.pod(3 if number == 1 else 4, "a" if number == 1 else "b", status={"number": 3}))
        metadata = shown["metadata"]
        assert isinstance(metadata, dict)
        if number == 1:
            metadata |= {"continue": "x", "remainingItemCount": 2 if other else 1}
        server.exchange("GET", target, 200, shown)
    columns: list[JSON] = [{"name": name} for name in ("Name", "Ready", *(["Scope"] if other else []))]
    row: JSON = {"cells": ["a", "1/1", *(["x"] if other else [])], "object": server.pod(3, status={"number": 3})}
    server.exchange("GET", PODS, 200, {"kind": "Table", "columnDefinitions": columns, "rows": [row]})
    server.exchange("GET", f"{PODS}/a?resourceVersion=0", 200, server.pod(2, status={"number": 7 if other else 2}))
    events: list[JSONObject] = [{"type": "MODIFIED", "object": server.pod(3, status={"number": 3})}]
    later: JSONObject = {"type": "DELETED", "object": server.pod(9, "zz")}
    marks: JSONObject = {"kind": "Pod", "metadata": {"resourceVersion": str(server.base + 8)}}
    more: list[JSONObject] = [{"type": "BOOKMARK", "object": marks}, later] if other else []
    server.watch(f"{PODS}?watch=1&resourceVersion=5", *events, *more)
    server.exchange("POST", PODS, 409 if other else 201, server.pod(6, "late"), send={"when": 1 if other else 2})
    if not other:
        server.put(6, "/registry/pods/default/late", server.pod(6, "late"))
    return server


def changed_twice_on(server: FakeServer) -> None:
    """A pod is made and changed twice, then another one is made."""
    made = changed_twice(server.letter, server.base, server.hour).made
    server.made.exchange_list += made.exchange_list
    server.made.change_list += made.change_list
    server.made.body_bytes |= made.body_bytes


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def real_pair() -> RealPair:
    """The one that the tests share."""
    recorded: MemoryRecording = in_memory(PAIR / "recorded")
    return RealPair(recorded, in_memory(PAIR / "replayed"), correlate(recorded))


if __name__ == "__main__":
    GOLDEN.write_text("".join(f"{line}\n" for line in told(real_pair())))

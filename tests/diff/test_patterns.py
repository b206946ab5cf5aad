"""kproxy.diff.patterns: what pairs of one pattern tell is what walking each of them tells."""

import json
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from kproxy.diff.patterns import Patterns
from kproxy.diff.shapes import Cut, Shapes
from kproxy.diff.told import Told, told_by
from kproxy.model.jsontypes import JSONObject
from kproxy.renaming.kinds import Owner
from kproxy.renaming.traces import AskedTheRenaming, Tracer
from kproxy.renaming.walk import Walker

UIDS = tuple(f"{letter * 8}-0000-4000-8000-00000000000{digit}" for letter in "ac" for digit in "12")
TIMES = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "2026-01-02T00:00:00Z", "2025-01-02T00:00:00Z")
FINE = ("2026-01-01T00:00:00.000001Z", "2026-01-01T00:00:00.500000Z", "2026-01-01T00:00:01.000000Z")
REVISIONS = ("7", "8", "90071992547409", "0")
NAMES = (
    "web-x2x4q",
    "web-b2b4b",
    "web-bbbbbb",
    "web-2222222",
    "map-00000012",
    "kubernetes",
    "plain",
    UIDS[0],
    "a-b-x2x4q",
)
OPTIONS = ("managed", "generated", "far", "hash", "cron", "times", "spec", "deleted", "text", "owner", "lists", "fine")

VALUES = st.fixed_dictionaries(
    {
        "uids": st.lists(st.sampled_from(UIDS), min_size=3, max_size=3),
        "times": st.lists(st.sampled_from(TIMES), min_size=6, max_size=6),
        "fine": st.lists(st.sampled_from(FINE), min_size=2, max_size=2),
        "revisions": st.lists(st.sampled_from(REVISIONS), min_size=2, max_size=2),
        "names": st.lists(st.sampled_from(NAMES), min_size=2, max_size=2),
    }
)


def document(options: frozenset[str], values: dict[str, list[str]]) -> JSONObject:
    uids, times, revisions, names = values["uids"], values["times"], values["revisions"], values["names"]
    metadata: JSONObject = {
        "name": names[0],
        "namespace": "kube-system",
        "uid": uids[0],
        "resourceVersion": revisions[0],
        "creationTimestamp": times[0],
    }
    if "managed" in options:
        metadata["managedFields"] = [
            {"manager": manager, "operation": "Update", "time": time, "fieldsV1": {"f:a": {}}}
            for manager, time in zip("ab", times[1:3], strict=True)
        ]
    if "generated" in options:
        metadata["generateName"] = "web-b" if "far" in options else "web-"
    if "hash" in options:
        metadata["labels"] = {"pod-template-hash": "2222222", "example.org/name": "web-x2x4q"}
    if "cron" in options:
        metadata["ownerReferences"] = [{"kind": "CronJob", "name": "map", "uid": uids[1]}]
    elif "owner" in options:
        metadata["ownerReferences"] = [{"kind": "A", "name": "a", "uid": each} for each in uids[1:]]
    if "deleted" in options:
        metadata |= {"deletionTimestamp": times[3], "deletionGracePeriodSeconds": 30}
    return {"kind": "Thing", "apiVersion": "v1", "metadata": metadata, **content(options, values)}


def content(options: frozenset[str], values: dict[str, list[str]]) -> JSONObject:
    uids, times, names = values["uids"], values["times"], values["names"]
    made: JSONObject = {}
    if "spec" in options:
        made["spec"] = {"until": times[3], "template": {"metadata": {"name": names[1]}}, "size": 3}
    if "times" in options:
        made["status"] = {"conditions": [{"type": "Ready", "lastUpdateTime": times[4], "lastTransitionTime": times[5]}]}
    if "fine" in options:
        made["lease"] = {"acquireTime": values["fine"][0], "renewTime": values["fine"][1], "holder": uids[2]}
    if "text" in options:
        made["message"] = f"of {UIDS[3]}, at {TIMES[0]}"
    if "lists" in options:
        made["seen"] = [{"uid": each, "at": time} for each, time in zip(uids[:2], times[:2], strict=True)]
    return made


def written(value: JSONObject) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def walked(first: JSONObject, second: JSONObject, owner: Owner) -> Told | None:
    tracer = Tracer()
    try:
        Walker(tracer, tracer.text).walk(first, second, owner)
    except AskedTheRenaming:
        return None
    return told_by(tracer.trace)


@given(
    st.frozensets(st.sampled_from(OPTIONS)),
    st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=6),
    st.permutations(TIMES),
    st.permutations(UIDS),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_what_a_pattern_tells_is_what_a_walk_tells(
    options: frozenset[str],
    pairs: Sequence[tuple[dict[str, list[str]], dict[str, list[str]]]],
    times: Sequence[str],
    uids: Sequence[str],
    listing: bool,
) -> None:
    """Pairs, and others whose values are equal in the same places, and stand in another order."""
    others = dict(zip((*TIMES, *UIDS), (*times, *uids), strict=True))
    patterns, shapes, owner = Patterns(), (Shapes(), Shapes()), Owner(listing=listing, resource="things")
    for image in ({}, {}, {}, others):  # from the third of a pattern on, it is known
        for pair in pairs:
            first, second = (document(options, renamed(values, image)) for values in pair)
            cut = shapes[0].cut(written(first)), shapes[1].cut(written(second))
            if cut[0] is not None and cut[1] is not None:
                told = patterns.told(cut[0], cut[1], owner)
                assert told is None or told == walked(first, second, owner)


def renamed(values: dict[str, list[str]], image: dict[str, str]) -> dict[str, list[str]]:
    return {name: [image.get(each, each) for each in found] for name, found in values.items()}


def cut_twice(*documents: JSONObject) -> list[Cut]:
    shapes = Shapes()
    return [cut for each in documents if (cut := shapes.cut(written(each))) is not None]


def plain(number: int, revision: str = "7") -> JSONObject:
    values = {
        "uids": [UIDS[number]] * 3,
        "times": [TIMES[number]] * 6,
        "fine": [FINE[0]] * 2,
        "revisions": [revision, revision],
        "names": [f"web-b2b4{'bcdf'[number]}", "web-x2x4q"],
    }
    return document(frozenset({"managed", "generated", "times"}), values)


def test_names_that_were_drawn_for_others_have_what_they_were_drawn_for_compared() -> None:
    patterns, owner = Patterns(), Owner()
    uids, times, fine = list(UIDS[:3]), [TIMES[0]] * 6, [FINE[0]] * 2
    values = {"uids": uids, "times": times, "fine": fine, "revisions": ["7", "7"]}
    first, second = (
        document(frozenset({"generated"}), {**values, "names": [name, "web-x2x4q"]})
        for name in ("web-bbbbbb", "web-2222222")
    )
    cut, other = cut_twice(first, second, first, second)[-2:]
    told = [patterns.told(cut, other, owner) for _ in range(3)][-1]
    assert told is not None
    assert (told.plain, told.texts) == (True, [("web-6", "web-7")])
    assert told == walked(first, second, owner)


def test_others_of_a_shape_are_not_walked() -> None:
    patterns = Patterns()
    first, second, third, fourth = cut_twice(plain(0), plain(1), plain(2, "9"), plain(3, "5"))
    assert first.shape is fourth.shape
    assert patterns.told(first, second, Owner()) is None
    found = patterns.told(third, second, Owner()) or patterns.told(first, second, Owner())
    assert found is not None
    assert found == walked(plain(2, "9"), plain(1), Owner()) or found == walked(plain(0), plain(1), Owner())


def test_values_that_may_not_all_have_been_cut_out_have_no_pattern() -> None:
    patterns, shapes = Patterns(), Shapes()
    spaced = written({"uid": UIDS[0], "of": {}}).replace(b'{"uid":', b'{"uid": ')
    cuts = shapes.cut(spaced), shapes.cut(written({"uid": UIDS[1], "of": {}}))
    assert cuts[0] is not None
    assert cuts[1] is not None
    assert [patterns.told(cuts[0], cuts[1], Owner()) for _ in range(4)] == [None] * 4

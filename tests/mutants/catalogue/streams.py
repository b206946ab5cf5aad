"""Watch streams: lost, invented, misordered events, wrong types, wrong initial states, wrong objects."""

import json
from collections.abc import Callable, Iterable

from kproxy.model.api import metadata_of
from kproxy.model.jsontypes import JSONObject
from tests.mutants.catalogue.made import by_real_server, by_server
from tests.mutants.lies import Ending, Events, Of, Requests, Step, at, put, without_parameter
from tests.mutants.mutant import Mutant, Place
from tests.mutants.session import CONFIGMAPS, PODS, SECRETS
from tests.mutants.streamlies import Ends, EventsFirst

LIVE = Of("GET", CONFIGMAPS, "labelSelector=tier$")
INITIAL = Of("GET", CONFIGMAPS, "sendInitialEvents")
POD_WATCH = Of("GET", PODS, "^watch=1$")
KUBECTLS = Of("GET", "/api/v1/namespaces/default/pods", "watch=true")
QUIET = Of("GET", SECRETS, "watch=1")
UNSEEN = Of("PATCH", f"{CONFIGMAPS}/b", body="unseen")
LAST = 13
"""The last event that the watch with a selector awaited; one more is under way when its client leaves."""
EXPIRED: JSONObject = {
    "type": "ERROR",
    "object": {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "too old resource version: 1 (2)",
        "reason": "Expired",
        "code": 410,
    },
}


def nth(number: int, change: Callable[[JSONObject], Iterable[JSONObject]]) -> Callable[[], Step]:
    """A step that does something to the event with this number, from 0."""

    def make() -> Step:
        seen = 0

        def step(event: JSONObject) -> Iterable[JSONObject]:
            nonlocal seen
            seen += 1
            return change(event) if seen == number + 1 else [event]

        return step

    return make


def first_of(kind: str, change: Callable[[JSONObject], Iterable[JSONObject]]) -> Callable[[], Step]:
    """A step that does something to the first event of a type."""

    def make() -> Step:
        done = False

        def step(event: JSONObject) -> Iterable[JSONObject]:
            nonlocal done
            if done or event["type"] != kind:
                return [event]
            done = True
            return change(event)

        return step

    return make


def lost(_: JSONObject) -> list[JSONObject]:
    """It does not come."""
    return []


def twice(event: JSONObject) -> list[JSONObject]:
    """It comes twice."""
    return [event, event]


def edited(change: Callable[[JSONObject], object]) -> Callable[[JSONObject], list[JSONObject]]:
    """It comes changed."""

    def edit(event: JSONObject) -> list[JSONObject]:
        change(event)
        return [event]

    return edit


def swapped(number: int) -> Callable[[], Step]:
    """A step that sends the event with this number after the next one."""

    def make() -> Step:
        seen: list[JSONObject] = []

        def step(event: JSONObject) -> Iterable[JSONObject]:
            seen.append(event)
            if len(seen) == number + 1:
                return []
            return [event, seen[number]] if len(seen) == number + 2 else [event]

        return step

    return make


def stopping(number: int, *last: JSONObject) -> Callable[[], Step]:
    """A step that sends so many events, then `last`, then none."""

    def make() -> Step:
        seen = 0

        def step(event: JSONObject) -> Iterable[JSONObject]:
            nonlocal seen
            seen += 1
            if seen <= number:
                return [event]
            return last if seen == number + 1 else []

        return step

    return make


def frozen_revision() -> Step:
    """Each event bears the first one's resourceVersion."""
    first: list[str] = []

    def step(event: JSONObject) -> Iterable[JSONObject]:
        first.append(str(at(event, "object", "metadata", "resourceVersion")))
        put(first[0], "object", "metadata", "resourceVersion")(event)
        return [event]

    return step


def older() -> Step:
    """A step that sends an event of before once more, when the client is about to leave."""
    seen: list[JSONObject] = []

    def step(event: JSONObject) -> Iterable[JSONObject]:
        seen.append(event)
        return [event, seen[-3]] if len(seen) == LAST + 2 else [event]

    return step


def without(name: str) -> Step:
    """A step that shows nothing of the objects with this name."""

    def step(event: JSONObject) -> Iterable[JSONObject]:
        return [] if metadata_of(event["object"]).get("name") == name else [event]

    return step


def ghost(event: JSONObject) -> list[JSONObject]:
    """It comes, and one of an object that there is not."""
    shown = json.loads(json.dumps(event))
    for name, value in (("name", "ghost"), ("uid", "0f0f0f0f-0000-4000-8000-00000000abcd")):
        put(value, "object", "metadata", name)(shown)
    revision = int(str(at(event, "object", "metadata", "resourceVersion")))
    put(str(revision + 1), "object", "metadata", "resourceVersion")(shown)
    return [event, shown]


def _tail(name: str, does: str, make: Callable[[], Step]) -> Mutant:
    """What comes when the client is about to leave: it was not awaited, but it must not be anything."""
    place = Place("GET", rf"{CONFIGMAPS}\?.*watch=1.*", "stream", r"\$\[1[3-6]\].*")
    return by_server(
        name, "watches", does, place, lambda: EventsFirst(of=LIVE, make=make, number=LAST + 1, before=UNSEEN)
    )


def _ends(name: str, does: str, place: Place, of: Of, end: Ending) -> Mutant:
    return by_server(name, "watches", does, place, lambda: Ends(of=of, end=end))


def _watch(name: str, does: str, path: str, of: Of, make: Callable[[], Step]) -> Mutant:
    place = Place("GET", rf"{of.path}\?.*watch=1.*", "stream", path)
    return by_server(name, "watches", does, place, lambda: Events(of=of, make=make))


MUTANTS: tuple[Mutant, ...] = (
    _watch("event-lost", "a watch loses its second event", r"\$\[1\].*", LIVE, nth(1, lost)),
    _watch("event-twice", "a watch shows its second event twice", r"\$\[\d+\].*", LIVE, nth(1, twice)),
    _watch("events-swapped", "two objects' events come in the other order", r"\$\[\d+\].*", LIVE, swapped(1)),
    _watch("states-swapped", "one object's two changes come in the other order", r"\$\[\d+\].*", LIVE, swapped(4)),
    _watch(
        "modified-is-added",
        "a change is told as ADDED",
        r"\$\[\d+\]\.type",
        LIVE,
        first_of("MODIFIED", edited(put("ADDED", "type"))),
    ),
    _watch(
        "deleted-is-modified",
        "an end is told as MODIFIED",
        r"\$\[\d+\].*",
        LIVE,
        first_of("DELETED", edited(put("MODIFIED", "type"))),
    ),
    _watch(
        "deletion-lost", "a watch loses the first end of an object", r"\$\[\d+\].*", LIVE, first_of("DELETED", lost)
    ),
    _watch(
        "event-object-other",
        "an event shows other data than the object has",
        r"\$\[\d+\]\.object\.data\.k",
        LIVE,
        nth(2, edited(put("other", "object", "data", "k"))),
    ),
    _watch(
        "event-revision-frozen",
        "events bear one resourceVersion",
        r"\$\[\d+\]\.object\.metadata\.resourceVersion",
        LIVE,
        frozen_revision,
    ),
    _watch("watch-stalls", "a watch shows three events and no more", r"\$\[3\].*", LIVE, stopping(3)),
    _watch("watch-expires", "a watch ends with 410 after three events", r"\$\[3\].*", LIVE, stopping(3, EXPIRED)),
    by_server(
        "watch-selector-ignored",
        "selectors",
        "a watch shows what its selector does not select",
        Place("GET", rf"{CONFIGMAPS}\?watch=1&resourceVersion.*", "stream", r"\$\[\d+\].*"),
        lambda: Requests(of=LIVE, change=without_parameter("labelSelector")),
    ),
    _watch("initial-event-lost", "the initial state misses an object", r"\$\[0\].*", INITIAL, nth(0, lost)),
    _watch(
        "initial-type-wrong",
        "the initial state is told as MODIFIED",
        r"\$\[0\]\.type",
        INITIAL,
        nth(0, edited(put("MODIFIED", "type"))),
    ),
    _watch(
        "initial-end-missing",
        "no bookmark ends the initial events",
        r"\$\[2\].*",
        INITIAL,
        first_of("BOOKMARK", lost),
    ),
    _watch(
        "initial-end-revision",
        "the bookmark that ends the initial events is below them",
        r"\$\[2\]\.object\.metadata\.resourceVersion",
        INITIAL,
        first_of("BOOKMARK", edited(put("1", "object", "metadata", "resourceVersion"))),
    ),
    _watch(
        "passing-object-lost",
        "of an object that is made and deleted after the initial events nothing is shown",
        r"\$\[4\].*",
        INITIAL,
        lambda: without("passing"),
    ),
    _watch("live-event-lost", "what comes after the initial events is lost", r"\$\[3\].*", INITIAL, nth(3, lost)),
    _watch(
        "initial-state-other",
        "a watch from no revision begins with a state that never was",
        r"\$\[0\].*",
        POD_WATCH,
        nth(0, edited(put("x:9", "object", "spec", "containers", 0, "image"))),
    ),
    _watch("pod-event-lost", "a watch of pods loses a change of status", r"\$\[2\].*", POD_WATCH, nth(2, lost)),
    _tail(
        "tail-other",
        "an event that comes when the client leaves shows other data than the object has",
        nth(LAST + 1, edited(put("other", "object", "data", "k"))),
    ),
    _tail(
        "tail-other-type",
        "an event that comes when the client leaves tells a change as an end",
        nth(LAST + 1, edited(put("DELETED", "type"))),
    ),
    _tail("tail-twice", "an event that comes when the client leaves comes twice", nth(LAST + 1, twice)),
    _tail("tail-older", "an event of before comes again when the client leaves", older),
    _tail(
        "tail-ghost",
        "an event of an object that there is not comes when the client leaves",
        nth(LAST + 1, ghost),
    ),
    _ends(
        "quiet-watch-ends",
        "a watch that has nothing to show is ended in good order, long before its time",
        Place("GET", rf"{SECRETS}\?watch=1.*", "end", "end"),
        QUIET,
        Ending(0),
    ),
    _ends(
        "watch-ends-early",
        "a watch is ended in good order after three events",
        Place("GET", rf"{CONFIGMAPS}\?watch=1.*", "end", "end"),
        LIVE,
        Ending(3),
    ),
    _ends(
        "watch-is-cut",
        "a watch's connection is cut after its last event",
        Place("GET", rf"{CONFIGMAPS}\?watch=1.*", "end", "end"),
        INITIAL,
        Ending(6, cut=True),
    ),
    by_real_server(
        "kubectl-event-lost",
        "watches",
        "kubectl's watch loses a change",
        Place("GET", r"/api/v1/namespaces/default/pods\?.*watch=true.*", "stream", r"\$\[1\].*"),
        lambda: Events(of=KUBECTLS, make=nth(1, lost)),
        golden="hello-kubectl",
    ),
)

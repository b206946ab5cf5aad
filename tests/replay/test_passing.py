"""kproxy.replay.passing: a session of a Deployment, told by etcd's history and by what people read of it."""

import json
from dataclasses import dataclass, field, replace

from kproxy.model.attribution import Attribution, Basis, Consequence, LedgerEntry, Standing
from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import EMPTY_BODY, Answer, Exchange, Nanos, Request, Seq
from kproxy.model.jsontypes import JSON
from kproxy.replay.passing import Passing
from kproxy.wire.requestinfo import request_info
from kproxy.wire.watchevents import WatchEvent
from tests.support.memory import HEADER, MemoryRecording

MAIN = ClusterId("main")
WEB = "/apis/apps/v1/namespaces/space/deployments/web"
PODS = "/api/v1/namespaces/space/pods"
STORED = "/registry/deployments/space/web"
POD = "/registry/pods/space/web-1"


@dataclass
class World:
    """What happened, one after the other: each thing at the next moment, each change at the next revision."""

    recording: MemoryRecording = field(default_factory=MemoryRecording)
    entries: list[LedgerEntry] = field(default_factory=list)
    driven: set[int] = field(default_factory=set)
    now: int = 0

    def asked(self, method: str, target: str, shown: int | None = None, status: int = 200) -> Exchange:
        """By somebody who is driven; answered with an object, or a list, of revision `shown`."""
        self.now += 10
        document = {"metadata": {"resourceVersion": str(shown)}} if shown is not None else {"kind": "Status"}
        exchange = Exchange(
            seq=Seq(len(self.recording.exchange_list) + 1),
            connection=1,
            started=Nanos(self.now),
            ended=Nanos(self.now + 1),
            info=request_info(method, target),
            request=Request(method=method, target=target, http_version="HTTP/1.1", headers=(), body=EMPTY_BODY),
            answer=Answer(
                status=status,
                reason="",
                http_version="HTTP/1.1",
                headers=(("Content-Type", "application/json"),),
                body=self.recording.keep(json.dumps(document).encode()),
            ),
        )
        self.recording.exchange_list.append(exchange)
        self.driven.add(exchange.seq)
        return exchange

    def changed(  # noqa: PLR0913 - by name
        self,
        key: str,
        revision: int,
        *,
        by: Exchange | None = None,
        after: Exchange | None = None,
        gone: bool = False,
        before: bool = False,
    ) -> None:
        """A change: `by` a request, else by somebody who is left out; `after`: what it follows up."""
        self.now += 10
        change = KeyChange(
            cluster=MAIN,
            revision=Revision(revision),
            key=EtcdKey(key.encode()),
            type=ChangeType.DELETE if gone else ChangeType.PUT,
            at=Nanos(self.now),
        )
        ground = Attribution(
            cluster=MAIN,
            revision=change.revision,
            key=change.key,
            type=change.type,
            seq=by.seq if by is not None else Seq(0),
            basis=Basis.REVISION,
            evidence="",
        )
        self.entries.append(
            LedgerEntry(
                change=change,
                standing=Standing.BEFORE if before else Standing.ATTRIBUTED if by else Standing.UNATTRIBUTED,
                attribution=ground if by is not None else None,
                consequence=Consequence(seq=after.seq, evidence="") if after is not None else None,
            )
        )

    @property
    def passing(self) -> Passing:
        """What is known of it."""
        return Passing.of(self.recording, self.entries, self.driven)

    def read(self, exchange: Exchange) -> bool:
        """Whether what a read showed was passed through."""
        return self.passing.read(self.recording, exchange)

    def comes_or_goes(self, exchange: Exchange) -> bool:
        """Whether it came or went then."""
        return self.passing.comes_or_goes(self.recording, exchange)


def scaled() -> tuple[World, Exchange]:
    """Somebody scaled a Deployment."""
    world = World()
    scale = world.asked("PATCH", f"{WEB}/scale", 10)
    world.changed(STORED, 10, by=scale)
    return world, scale


def test_a_state_that_a_controller_went_on_from_was_seen_in_passing() -> None:
    world, _ = scaled()
    seen = world.asked("GET", WEB, 10)
    world.changed(STORED, 12)
    assert world.read(seen)
    assert not world.comes_or_goes(seen)


def test_the_last_state_stays() -> None:
    world, _ = scaled()
    world.changed(STORED, 12)
    assert not world.read(world.asked("GET", WEB, 12))


def test_what_controllers_do_after_the_next_write_is_that_writes_doing() -> None:
    world, _ = scaled()
    seen = world.asked("GET", WEB, 10)
    world.asked("DELETE", f"{PODS}/web-1", 11)
    world.changed(STORED, 12)
    assert not world.read(seen)


def test_a_consequence_of_what_was_written_before_goes_on_however_late_it_is() -> None:
    world, scale = scaled()
    seen = world.asked("GET", WEB, 10)
    later = world.asked("DELETE", f"{PODS}/web-1", 11)
    world.changed(STORED, 12, after=later)
    assert not world.read(seen)
    world.changed(STORED, 13, after=scale)
    assert world.read(seen)


def test_a_write_in_another_namespace_ends_nothing_and_one_to_what_has_none_does() -> None:
    world, _ = scaled()
    seen = world.asked("GET", WEB, 10)
    world.asked("POST", "/api/v1/namespaces/other/pods", 11)
    world.changed(STORED, 12)
    assert world.read(seen)
    world, _ = scaled()
    seen = world.asked("GET", WEB, 10)
    world.asked("PATCH", "/api/v1/nodes/n", 11)
    world.changed(STORED, 12)
    assert not world.read(seen)


def test_a_refused_write_ends_nothing() -> None:
    world, _ = scaled()
    seen = world.asked("GET", WEB, 10)
    world.asked("DELETE", f"{PODS}/web-1", status=404)
    world.changed(STORED, 12)
    assert world.read(seen)


def test_an_object_that_somebody_who_is_driven_changed_next_stayed() -> None:
    world, scale = scaled()
    seen = world.asked("GET", WEB, 10)
    world.changed(STORED, 11, by=scale)
    world.changed(STORED, 12)
    assert not world.read(seen)


def test_a_list_is_passed_through_when_one_of_its_objects_is() -> None:
    world, scale = scaled()
    world.changed(POD, 11)
    seen = world.asked("GET", PODS, 11)
    everywhere = world.asked("GET", "/api/v1/pods", 11)
    world.changed("/registry/configmaps/space/c", 12, by=scale)
    assert not world.read(seen)
    world.changed(POD, 13)
    assert world.read(seen)
    assert world.read(everywhere)
    assert not world.read(world.asked("GET", "/api/v1/namespaces/other/pods", 11))
    assert not world.read(world.asked("GET", PODS, 13))


def test_what_was_not_there_yet_comes_and_what_was_there_goes() -> None:
    world, _ = scaled()
    absent = world.asked("GET", f"{PODS}/web-1", status=404)
    world.changed(POD, 11)
    there = world.asked("GET", f"{PODS}/web-1", 11)
    world.changed(POD, 12)
    world.changed(POD, 13, gone=True)
    assert world.comes_or_goes(absent)
    assert world.comes_or_goes(there)


def test_the_deletion_after_which_nothing_was_found_may_be_seen_late() -> None:
    world, _ = scaled()
    world.changed(POD, 11)
    absent = world.asked("GET", f"{PODS}/web-1", status=404)
    world.changed(POD, 12)
    world.changed(POD, 13, gone=True)
    assert not world.read(absent)
    world.changed(POD, 14)
    assert world.read(absent)


def test_a_namespace_is_its_own_object() -> None:
    world = World()
    deletion = world.asked("DELETE", "/api/v1/namespaces/space", 5)
    world.changed("/registry/namespaces/space", 5, by=deletion)
    seen = world.asked("GET", "/api/v1/namespaces/space", 5)
    world.changed("/registry/namespaces/space", 9, gone=True)
    assert world.comes_or_goes(seen)


def test_without_etcds_history_nothing_is_known() -> None:
    world, _ = scaled()
    seen = world.asked("GET", WEB, 10)
    assert not Passing().read(world.recording, seen)
    world.changed(STORED, 12, before=True)
    assert not world.read(seen)


def test_an_answer_without_a_revision_tells_nothing() -> None:
    world, _ = scaled()
    seen = [world.asked("GET", WEB), world.asked("GET", WEB, status=403), world.asked("PATCH", WEB, 10)]
    world.changed(STORED, 12)
    assert not any(map(world.read, seen))


def event(revision: JSON, name: JSON = "web") -> WatchEvent:
    return WatchEvent(
        type="MODIFIED", object={"metadata": {"name": name, "namespace": "space", "resourceVersion": revision}}
    )


def test_of_a_watch_each_event_is_a_state_of_its_object() -> None:
    world, _ = scaled()
    info = world.asked("GET", "/apis/apps/v1/namespaces/space/deployments?watch=true").info
    world.changed(STORED, 12)
    passing = world.passing
    assert passing.event(info, event("10"))
    assert not passing.event(info, event("12"))
    assert not passing.event(info, event("9")), "not in the session's history"
    assert not passing.event(info, event("x"))
    assert not passing.event(info, event(None))
    assert not passing.event(info, event("10", name=7))
    assert not passing.event(info, event("10", name="other")), "it has no history"


def test_objects_are_looked_for_where_their_api_server_keeps_them() -> None:
    world = World(MemoryRecording(session=replace(HEADER, etcd_prefix="/elsewhere")))
    scale = world.asked("PATCH", f"{WEB}/scale", 10)
    world.changed(STORED.replace("/registry", "/elsewhere"), 10, by=scale)
    seen = world.asked("GET", WEB, 10)
    world.changed(STORED.replace("/registry", "/elsewhere"), 12)
    assert world.read(seen)

"""The start state of a recording, given to the target of a replay before anything of the session is sent."""

import asyncio
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from urllib.parse import urlsplit

from kproxy.config.hosts import is_this_machine
from kproxy.errors import ReplayError, UsageError
from kproxy.etcd.client import connect
from kproxy.etcd.seeding import write_keys
from kproxy.etcd.settings import EtcdSettings
from kproxy.lab.settings import LabSettings
from kproxy.lab.webhookstub import webhook_stub
from kproxy.model.api import ObjectRef
from kproxy.model.jsontypes import JSONObject, text
from kproxy.model.recording import Recording
from kproxy.model.session import Session
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.startstate import Standing, learn_start, standing_of, start_of
from kproxy.replay.doubts import ANY, Doubts
from kproxy.replay.guard import Resource
from kproxy.replay.restore_api import ApiRestore
from kproxy.replay.restore_asks import service_names
from kproxy.replay.restore_etcd import Seed, corrections, differing, renamed, seed_of
from kproxy.replay.restored import Restored
from kproxy.replay.transport import Transport
from kproxy.replay.webhooks import DEFINITIONS, Handling, Stub, Webhooks
from kproxy.session.recording import Tell
from kproxy.session.target import Target
from kproxy.wire.ownkeys import SYSTEM_NAMESPACES, is_made_anew_object, is_with_namespaces
from kproxy.wire.storage import PREFIX

_PAGE = 500
_QUIET_SECONDS = 1.0
_LOUD_SECONDS = 15.0
"""As long as a server that goes on writing by itself is waited for."""
_POLL_SECONDS = 0.1
_CONNECT_SECONDS = 2.0


class RestoreChoice(StrEnum):
    """How a start state is restored; auto: into the etcd of a fresh server of its kind, else through the API."""

    AUTO = "auto"
    ETCD = "etcd"
    API = "api"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """What is going to be restored, decided before the target is there.

    `how`: etcd, api or "" (nothing); `seed`: the keys, where it is etcd.
    """

    how: str = ""
    seed: Seed = field(default_factory=Seed)
    handling: Handling = field(default_factory=lambda: Handling(Webhooks.DROP))


@contextmanager
def restoring(
    recording: Recording, lab: LabSettings | None, choice: RestoreChoice, webhooks: Webhooks
) -> Iterator[Restoring]:
    """Decide it; for as long as the block lasts, a stub of webhooks serves where one is asked for.

    `lab`: the fresh server that is to be started, None: another target. UsageError for what cannot be meant.
    """
    how = how_to(recording.session, lab, choice)
    if webhooks is Webhooks.STUB and lab is None:
        raise UsageError("--webhooks stub needs a fresh server: another one would not find kproxy's own")
    if webhooks is not Webhooks.STUB:
        there = _reached_from_here(remote=webhooks is Webhooks.KEEP) if lab else _nowhere
        yield _restoring(recording, how, Handling(webhooks, there=there))
        return
    with webhook_stub() as stub:
        handling = Handling(webhooks, there=_reached_from_here(remote=False), stub=Stub(stub.url, stub.ca))
        yield _restoring(recording, how, handling)


def _restoring(recording: Recording, how: str, handling: Handling) -> Restoring:
    seed = seed_of(recording, handling) if how == "etcd" else Seed()
    return Restoring(how=how, seed=seed, handling=handling)


def how_to(session: Session, lab: LabSettings | None, choice: RestoreChoice) -> str:
    """etcd, api, or "" where there is nothing to restore. UsageError for --restore etcd where that cannot be."""
    exact = session.start_state == "etcd" and lab is not None and session.server.kind in {"", lab.server}
    if choice is RestoreChoice.ETCD and not exact:
        raise UsageError(
            "--restore etcd needs a start state that was read from etcd, and a fresh server of the recorded kind: "
            "--restore api writes objects through the API"
        )
    if choice is RestoreChoice.NONE or not session.has_start:
        return ""
    return "etcd" if exact and choice is not RestoreChoice.API else "api"


async def restore(recording: Recording, target: Target, what: Restoring, tell: Tell) -> Restored:
    """Restore it; all that could not be is said before this returns. ReplayError, EtcdError."""
    restored = Restored(how=what.how)
    if what.how == "etcd":
        await _restore_keys(recording, target, what.seed, restored)
    elif what.how == "api":
        with _told_if_stopped(target, restored, tell):
            await _restore_objects(recording, target, what.handling, restored)
    if what.how:
        await _quiet(target)
    for sentence in (*restored.sentences(), *what.handling.notes):
        tell(sentence)
    return restored


@contextmanager
def _told_if_stopped(target: Target, restored: Restored, tell: Tell) -> Iterator[None]:
    """Whoever stops it, or an error on the way, leaves objects behind on a server that stays."""
    try:
        yield
    except BaseException:
        if target.lab is None and restored.count:
            tell(f"{restored.count} objects of the start state were made on {target.upstream.url}, and are still there")
        raise


def objects_of(recording: Recording, resources: Iterable[Resource]) -> frozenset[ObjectRef]:
    """The objects of a start state that are of these resources, but those that servers make by themselves."""
    kinds = {(group, plural) for group, _, plural in resources}
    return frozenset(ref for ref in _used(recording) if (ref.group, ref.resource) in kinds)


def count_of(recording: Recording) -> int:
    """How many objects of a start state are restored, about: what servers make by themselves is not counted."""
    return sum(1 for _ in _used(recording))


def _used(recording: Recording) -> Iterator[ObjectRef]:
    hidden = SYSTEM_NAMESPACES - {"default"}
    for each in start_of(recording):
        ref = each.ref
        if ref is None or ref.namespace in hidden or ref.resource in {"apiservices", "ipaddresses"}:
            continue
        if not is_made_anew_object(ref, None) and not is_with_namespaces(ref):
            yield ref


def doubts_of(restored: Restored, handling: Handling) -> Doubts:
    """What a replay on such a target cannot be blamed for."""
    missing = {each.ref: f"{each.name}: {each.reason}" for each in restored.missing if each.ref is not None}
    unserved = {
        (ref.name.partition(".")[2], ANY): missing[ref]
        for each in restored.missing
        if (ref := each.ref) is not None and not each.there and (ref.group, ref.resource) == DEFINITIONS
    }
    gone = (each for each in restored.missing if each.ref is not None and not each.there)
    return Doubts(
        objects={**missing, **handling.changed},
        namespaces={
            each.ref.name: missing[each.ref] for each in gone if each.ref and each.ref.resource == "namespaces"
        },
        touched=tuple(handling.touched),
        aggregated={**unserved, **handling.aggregated},
    )


async def _restore_keys(recording: Recording, target: Target, seed: Seed, restored: Restored) -> None:
    if target.lab is None or target.etcd is None:  # nobody's etcd but a lab's is written
        raise ReplayError(
            "The start state cannot be restored: the target is no fresh server whose etcd is known; "
            "use --on fresh, or --restore api."
        )
    await write_keys(target.etcd, seed.later if target.seeded else (*seed.keys, *seed.later))
    live = {each.name: each for each in await _standing(target.etcd)}
    own = Renaming()
    learn_start(own, start_of(recording), live.values())
    named = list(renamed((*seed.keys, *seed.later), own))
    if _same_version(recording, target):
        named += corrections(recording, live)
    if named:
        await write_keys(target.etcd, named)
        live = {each.name: each for each in await _standing(target.etcd)}
    learn_start(restored.renaming, start_of(recording), live.values())
    restored.count = len(seed.keys) + len(seed.later)
    restored.missing = [*seed.missing, *differing(start_of(recording), live)]


def _same_version(recording: Recording, target: Target) -> bool:
    """Whether the target is a fresh server of the very version that was recorded."""
    return target.lab is not None and target.lab.server_version == recording.session.server.version


async def _standing(settings: EtcdSettings) -> list[Standing]:
    """All that the target's etcd holds under the api-server's prefix."""
    found: list[Standing] = []
    async with await connect(settings) as etcd:
        after, revision = None, await etcd.revision()
        while True:
            page = await etcd.prefix(f"{PREFIX}/".encode(), at=revision, limit=_PAGE, after=after)
            found += [standing_of(each.key, each.mod_revision, each.value, PREFIX) for each in page.items]
            if not page.more or not page.items:
                return found
            after = page.items[-1].key


async def _restore_objects(recording: Recording, target: Target, handling: Handling, restored: Restored) -> None:
    transport = Transport(target.upstream)
    try:
        if target.lab is None:
            services = await service_names(transport)
            handling.there = lambda config: _names_one_of(config, services)
        controllers = bool(target.lab.controllers) if target.lab is not None else None
        same = _same_version(recording, target)
        await ApiRestore(transport, recording, handling, restored, controllers=controllers, same_version=same).run()
    finally:
        transport.close()


def _names_one_of(config: JSONObject, services: frozenset[tuple[str, str]]) -> bool:
    service = config.get("service")
    return isinstance(service, dict) and (text(service.get("namespace")), text(service.get("name"))) in services


def _nowhere(_: JSONObject) -> bool:
    return False


def _reached_from_here(*, remote: bool) -> Callable[[JSONObject], bool]:
    """Whether somebody listens at a clientConfig's URL: a fresh server is on this machine, and has no services.

    Without `remote`, nobody elsewhere is even asked: a replay's AdmissionReviews are not for a company's own webhooks.
    """
    listening = cache(_listens)  # one question for each place: it may take seconds

    def there(config: JSONObject) -> bool:
        url = text(config.get("url"))
        if not url:
            return False
        try:
            place = urlsplit(url)
            host, port = place.hostname or "", place.port or 443
        except ValueError:
            return False
        return (remote or is_this_machine(host)) and listening(host, port)

    return there


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_SECONDS):
            return True
    except (OSError, ValueError):
        return False


async def _quiet(target: Target) -> None:
    """Until the server writes nothing by itself for a second, or for long enough."""
    if target.etcd is None:
        await asyncio.sleep(_QUIET_SECONDS)
        return
    loop = asyncio.get_running_loop()
    async with await connect(target.etcd) as etcd:
        end = loop.time() + _LOUD_SECONDS
        last, since = await etcd.revision(), loop.time()
        while loop.time() < end and loop.time() - since < _QUIET_SECONDS:
            await asyncio.sleep(_POLL_SECONDS)
            now = await etcd.revision()
            if now != last:
                last, since = now, loop.time()

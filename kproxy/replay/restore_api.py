"""The start state as objects, made through the target's API, one after the other.

What the server chooses is taken away before (uid, resourceVersion, times) and learned from the answers; status goes
through /status, and managedFields by an update of their own, so that the next apply meets the managers it met before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.exchange import BodyState
from kproxy.model.jsontypes import JSONObject, text
from kproxy.model.recording import Recording
from kproxy.model.start import StartEntry, StartKey
from kproxy.renaming.apply import rename_json
from kproxy.renaming.kinds import Kind, Owner, Place
from kproxy.renaming.learn import Learner
from kproxy.replay.restore_asks import Answered, ask, attempts
from kproxy.replay.restore_forms import (
    as_written,
    comparable,
    made_of,
    manager_of,
    plain,
    same_managers,
    without_choices,
)
from kproxy.replay.restore_order import Item, in_order, item_of
from kproxy.replay.restored import DIFFERS, OWN_RESOURCES, NotRestored, Restored, said
from kproxy.replay.transport import Transport
from kproxy.replay.webhooks import Handling
from kproxy.wire.content import ContentError, decode
from kproxy.wire.definitions import as_v1
from kproxy.wire.ownkeys import is_automanaged, is_made_anew, is_made_anew_object, is_with_namespaces
from kproxy.wire.storage import decode_value, key_object

_CONFLICTS = 5
"""Times that an object is changed by somebody else between our look at it and our change."""
_CHOSEN = ("uid", "resourceVersion", "creationTimestamp")


@dataclass(frozen=True, slots=True)
class Served:
    """A resource as the target serves it."""

    namespaced: bool
    status: bool


@dataclass(slots=True)
class ApiRestore:
    """One run.

    `controllers`: whether the target has some (None: asked of it); `same_version`: it is of the recorded version, so
    that what somebody had changed of a server's own objects is changed in it, too.
    """

    transport: Transport
    recording: Recording
    handling: Handling
    restored: Restored
    controllers: bool | None = None
    same_version: bool = False
    entries: list[StartEntry] = field(default_factory=list)
    served: dict[str, dict[str, Served]] = field(default_factory=dict)

    async def run(self) -> None:
        """Makes all of them. ReplayError if the target does not answer at all."""
        self.entries = list(self.recording.start_state())
        learner = Learner(self.restored.renaming)
        if self.controllers is None:
            found = await self._ask("GET", "/api/v1/namespaces/default/serviceaccounts/default")
            self.controllers = found.status == 200
        await self._learn_own(learner)
        for item in in_order(self._items()):
            document = self._document(self.entries[item.number])
            if isinstance(document, dict):
                await self._restore(item, document, learner)

    def _items(self) -> Iterator[Item]:
        """What is to be made; what cannot be is noted."""
        for number, entry in enumerate(self.entries):
            ref = self._ref(entry)
            if ref is None or self._is_left(entry, ref):
                continue
            document = self._document(entry)
            if isinstance(document, str):
                self._missing(ref, document)
            elif isinstance(document, dict) and not (ref.resource == "apiservices" and is_automanaged(document)):
                yield item_of(number, ref, document)

    def _ref(self, entry: StartEntry) -> ObjectRef | None:
        return key_object(entry.key, self.recording.session.etcd_prefix) if isinstance(entry, StartKey) else entry.ref

    def _is_left(self, entry: StartEntry, ref: ObjectRef) -> bool:
        """What is told by its name: the server's own, and what comes with other objects."""
        if ref.resource == "ipaddresses" or ref.group == "internal.apiserver.k8s.io":
            return True
        if ref.resource == "apiservices":
            return False
        if isinstance(entry, StartKey):
            return is_made_anew(entry.key, None, self.recording.session.etcd_prefix)
        return is_made_anew_object(ref, None)

    def _document(self, entry: StartEntry) -> JSONObject | str | None:
        """The object; a text: why it is not known."""
        body = entry.value
        if body.digest is None or body.state is not BodyState.KEPT:
            return body.reason or f"its value is {body.state.value}"
        data = self.recording.body(body.digest)
        try:
            value = decode_value(data) if isinstance(entry, StartKey) else decode("application/json", data)
        except ContentError as error:
            return str(error)
        return as_written(as_v1(value)) if isinstance(value, dict) else "its value is no object"

    async def _restore(self, item: Item, document: JSONObject, learner: Learner) -> None:
        ref = item.ref
        adapted = self.handling.adapt(ref, document)
        if adapted is None:
            return
        api_version = text(document.get("apiVersion"))
        served = (await self._resources(api_version)).get(ref.resource)
        if served is None:
            self._missing(ref, f"the target does not serve {ref.resource} in {api_version or 'no version'}")
            return
        path = _path(api_version, ref)
        live = await self._make(ref, path, adapted, served)
        if live is None:
            return
        self.restored.count += 1
        learner.learn(document, live, self._owner(self.entries[item.number], ref))
        self._learn_revision(self.entries[item.number], ref, document, live)
        self._check(ref, document, live)

    async def _make(self, ref: ObjectRef, path: str, document: JSONObject, served: Served) -> JSONObject | None:
        wanted = self._renamed(made_of(document))
        place = path
        path += f"?fieldManager={manager_of(document)}"
        answer = await self._ask("POST", path, wanted)
        if answer.status == 409:
            return await self._adopted(ref, f"{place}/{ref.name}", wanted, answer)
        if answer.status == 422 and (other := without_choices(ref, wanted)) != wanted:
            answer = await self._ask("POST", path, other)
        if answer.status not in {200, 201}:
            self._missing(ref, answer.reason)
            return None
        return await self._finish(ref, f"{place}/{ref.name}", document, answer.document, served)

    async def _adopted(self, ref: ObjectRef, path: str, wanted: JSONObject, refused: Answered) -> JSONObject | None:
        """What is there already, and stays as it is: a namespace's own account, an object of a restore before this."""
        found = await self._ask("GET", path)
        if found.status != 200:
            self._missing(ref, refused.reason)
            return None
        if not is_with_namespaces(ref) and comparable(made_of(found.document)) != comparable(wanted):
            self._missing(ref, "another one of this name is there", there=True)
        return found.document

    async def _finish(
        self, ref: ObjectRef, path: str, document: JSONObject, made: JSONObject, served: Served
    ) -> JSONObject:
        """Status, managers, a deletion that had begun; awaits what the server goes on to do."""
        live = made
        if served.status and isinstance(document.get("status"), dict) and document["status"]:
            status = self._renamed(document)["status"]
            place = f"{path}/status?fieldManager={manager_of(document, 'status')}"
            live = await self._put(place, lambda now: {**now, "status": status}, live)
        live = await self._corrected(path, document, live)
        if metadata_of(document).get("deletionTimestamp"):
            await self._ask("DELETE", path)
            live = (await self._ask("GET", path)).document or live
        if ref.resource == "customresourcedefinitions":
            live = await self._established(path, live)
        if ref.resource == "namespaces" and self.controllers:
            await self._account(ref.name)
        return live

    async def _corrected(self, path: str, document: JSONObject, live: JSONObject) -> JSONObject:
        """As it was, where the server had made it otherwise: its own uid in labels, a taint of a new node, managers.

        Twice at most: who changes a field becomes its manager, and managers alone are changed without becoming one.
        """
        self._learn_uid(text(metadata_of(document).get("uid")), text(metadata_of(live).get("uid")))
        wanted, managers = self._renamed(plain(document)), metadata_of(document).get("managedFields")
        own: JSONObject = {"managedFields": managers} if managers else {}

        def corrected(now: JSONObject) -> JSONObject:
            metadata = metadata_of(now)
            chosen: JSONObject = {name: metadata[name] for name in _CHOSEN if name in metadata}
            return {**wanted, "metadata": {**metadata_of(wanted), **chosen, **own}}

        for _ in range(2):
            if wanted == plain(live) and (not managers or same_managers(document, live)):
                break
            live = await self._put(path, corrected, live)
        return live

    def _learn_uid(self, baseline: str, live: str) -> None:
        if baseline and live:
            self.restored.renaming.learn_name(Kind.UID, baseline, live)

    async def _put(self, path: str, wanted: Callable[[JSONObject], JSONObject], live: JSONObject) -> JSONObject:
        """Change an object as it is now: the server itself may have changed it meanwhile (a flow schema's status)."""
        for _ in range(_CONFLICTS):
            answer = await self._ask("PUT", path, wanted(live))
            if answer.status == 200:
                return answer.document
            if answer.status != 409:
                break
            now = await self._ask("GET", path.partition("?")[0])
            live = now.document if now.status == 200 else live
        return live

    async def _established(self, path: str, live: JSONObject) -> JSONObject:
        """A definition is served a moment after it is made."""
        async for _ in attempts():
            live = (await self._ask("GET", path)).document or live
            spec, names = live.get("spec"), set[str]()
            if isinstance(spec, dict) and _is_established(live):
                versions = spec.get("versions")
                names = (
                    {text(each.get("name")) for each in versions if isinstance(each, dict) and each.get("served")}
                    if isinstance(versions, list)
                    else set()
                )
                group = text(spec.get("group"))
                self.served = {name: each for name, each in self.served.items() if not name.startswith(f"{group}/")}
                plural = path.rpartition("/")[2].partition(".")[0]
                lists = [await self._ask("GET", f"/apis/{group}/{name}/{plural}?limit=1") for name in sorted(names)]
                if all(each.status == 200 for each in lists):
                    return live
        return live

    async def _account(self, namespace: str) -> None:
        """A namespace's default account and the CA that its pods get, as its controllers make them."""
        root = f"/api/v1/namespaces/{namespace}"
        async for _ in attempts():
            found = [
                (await self._ask("GET", f"{root}/{each}")).status
                for each in ("serviceaccounts/default", "configmaps/kube-root-ca.crt")
            ]
            if found == [200, 200]:
                return

    async def _learn_own(self, learner: Learner) -> None:
        """What the target made by itself in the place of what the recorded server had made by itself.

        First of all: others may name it, as an Event does.
        """
        for entry in self.entries:
            ref = self._ref(entry)
            if ref is None or ref.resource not in OWN_RESOURCES or not self._is_left(entry, ref):
                continue
            document = self._document(entry)
            if not isinstance(document, dict):
                continue
            path = f"{_path(text(document.get('apiVersion')), ref)}/{ref.name}"
            live = await self._ask("GET", path)
            if live.status != 200:
                continue
            self._learn_uid(text(metadata_of(document).get("uid")), text(metadata_of(live.document).get("uid")))
            learner.learn(document, live.document, self._owner(entry, ref))
            self._learn_revision(entry, ref, document, live.document)
            if ref.resource == "services" or said(document) == said(live.document):
                continue
            corrected = live.document
            if self.same_version:
                corrected = await self._corrected(path, document, corrected)
                self._learn_revision(entry, ref, document, corrected)
            if said(document) != said(corrected):
                self._missing(ref, DIFFERS, there=True)

    def _owner(self, entry: StartEntry, ref: ObjectRef) -> Owner:
        revision = entry.mod_revision if isinstance(entry, StartKey) else entry.revision
        return Owner(revision=str(revision), resource=_resource(ref))

    def _learn_revision(self, entry: StartEntry, ref: ObjectRef, document: JSONObject, live: JSONObject) -> None:
        """Etcd's values do not say their own revision; the API's do, and are learned with all else."""
        revision, uid = text(metadata_of(live).get("resourceVersion")), text(metadata_of(document).get("uid"))
        if isinstance(entry, StartKey) and uid and revision.isdecimal():
            recorded = str(entry.mod_revision)
            self.restored.renaming.revisions.learn(uid, recorded, revision, resource=_resource(ref))

    def _check(self, ref: ObjectRef, document: JSONObject, live: JSONObject) -> None:
        """What the API does not let anybody choose."""
        before, now = metadata_of(document).get("generation"), metadata_of(live).get("generation")
        if isinstance(before, int) and isinstance(now, int) and before != now:
            self._missing(ref, "its generation cannot be set through the API", there=True)
        if metadata_of(document).get("managedFields") and not same_managers(document, live):
            self._missing(ref, "its managedFields cannot be set through this API", there=True)

    def _renamed(self, document: JSONObject) -> JSONObject:
        """With the target's names in the place of those that are known: owners' uids, above all."""
        found = rename_json(self.restored.renaming, document, Place())
        return found if isinstance(found, dict) else document

    async def _resources(self, api_version: str) -> dict[str, Served]:
        """What the target serves of a group's version."""
        if api_version not in self.served:
            root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
            listed = (await self._ask("GET", root)).document.get("resources")
            found = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
            names = {text(each.get("name")) for each in found}
            self.served[api_version] = {
                text(each.get("name")): Served(
                    bool(each.get("namespaced")), f"{text(each.get('name'))}/status" in names
                )
                for each in found
            }
        return self.served[api_version]

    def _missing(self, ref: ObjectRef, reason: str, *, there: bool = False) -> None:
        self.restored.missing.append(NotRestored(str(ref), reason, ref, there))

    async def _ask(self, method: str, path: str, document: JSONObject | None = None) -> Answered:
        return await ask(self.transport, method, path, document)


def _path(api_version: str, ref: ObjectRef) -> str:
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    place = f"/namespaces/{ref.namespace}" if ref.namespace else ""
    return f"{root}{place}/{ref.resource}"


def _resource(ref: ObjectRef) -> str:
    return f"{ref.group}/{ref.resource}" if ref.group else ref.resource


def _is_established(definition: JSONObject) -> bool:
    status = definition.get("status")
    conditions = status.get("conditions") if isinstance(status, dict) else None
    return any(
        isinstance(each, dict) and (each.get("type"), each.get("status")) == ("Established", "True")
        for each in (conditions if isinstance(conditions, list) else [])
    )

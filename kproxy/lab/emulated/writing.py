"""create, update and patch."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kproxy.lab.emulated.call import Call, Found, Result
from kproxy.lab.emulated.managed import Writer, record_write
from kproxy.lab.emulated.objects import (
    Taken,
    causes_of,
    decode_value,
    encode_value,
    metadata_update_causes,
    present,
    read,
    take,
)
from kproxy.lab.emulated.patch import apply_patch
from kproxy.lab.emulated.resources import NAMESPACES, Resource
from kproxy.lab.emulated.status import (
    Cause,
    StatusError,
    already_exists,
    bad_request,
    conflict,
    forbidden,
    invalid,
    not_found,
)
from kproxy.lab.emulated.store import Store
from kproxy.lab.emulated.tree import clone, entries, part, peek, text
from kproxy.model.jsontypes import JSON, JSONObject

RETRIES = 20
"""How often a write that names no revision is tried again when another one came first."""

_SUFFIX_LENGTH = 5
_MAX_GENERATED = 63 - _SUFFIX_LENGTH
_KEPT_METADATA = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """What the server chooses: the time, uids, the ends of generated names."""

    now: Callable[[], datetime]
    uid: Callable[[], str]
    suffix: Callable[[int], str]

    def timestamp(self) -> str:
        """Now, as metav1.Time writes it."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")


class Writes:
    """The writing verbs."""

    def __init__(self, store: Store, chance: Chance) -> None:
        self._store = store
        self._chance = chance

    async def create(self, call: Call, body: JSONObject) -> Result:
        """A new object. StatusError."""
        dry_run = call.dry_run("CreateOptions")
        resource = call.resource
        taken = take(body, resource, call.field_validation)
        value = taken.value
        metadata = part(value, "metadata")
        place(value, call)
        await self._check_namespace(call, text(metadata, "name"))
        if text(metadata, "resourceVersion"):
            raise StatusError(500, "", "resourceVersion should not be set on objects to be created")
        self._new_metadata(value, call)
        resource.prepare_create(value)
        name = text(metadata, "name")
        causes = causes_of(value, resource)
        if causes:
            raise invalid(resource.kind, name, causes)
        key = resource.key(call.namespace, name)
        if dry_run:
            if await self._store.get(key) is not None:
                raise already_exists(resource.plural, name)
            revision: int | None = 0
        else:
            revision = await self._store.create(key, encode_value(value, resource))
        if revision is None:
            raise already_exists(resource.plural, name)
        return Result(value=present(value, revision, resource), status=201, warnings=taken.warnings)

    async def update(self, call: Call, body: JSONObject) -> Result:
        """An object in place of the one that is there. StatusError."""
        dry_run = call.dry_run("UpdateOptions")
        taken = take(body, call.resource, call.field_validation)
        place(taken.value, call)
        _check_name(taken.value, call)

        def replaced(old: Found) -> Taken:
            _check_uid(taken.value, old, call)
            return Taken(clone(taken.value), taken.warnings)

        return await self._retry(call, replaced, dry_run=dry_run)

    async def patch(self, call: Call, media_type: str, patch: JSON) -> Result:
        """An object with a patch applied; what is patched is read again when another write came first. StatusError."""
        dry_run = call.dry_run("PatchOptions")

        def patched(old: Found) -> Taken:
            body = apply_patch(media_type, patch, read(old.stored, call.resource))
            try:
                taken = take(body, call.resource, call.field_validation)
            except StatusError as error:
                why = error.message.partition(f"handled as a {call.resource.kind}: ")[2] or error.message
                raise invalid("", "", [Cause("FieldValueInvalid", why, "patch")]) from error
            place(taken.value, call)
            _check_name(taken.value, call)
            return taken

        return await self._retry(call, patched, dry_run=dry_run)

    async def find(self, call: Call) -> Found:
        """The object as it is. StatusError."""
        stored = await self._store.get(call.key)
        if stored is None:
            raise not_found(call.resource.plural, call.name)
        return Found(stored, decode_value(stored.value))

    async def _retry(self, call: Call, make: Callable[[Found], Taken], *, dry_run: bool) -> Result:
        for _ in range(RETRIES):
            old = await self.find(call)
            taken = make(old)
            named = text(taken.value, "metadata", "resourceVersion")
            # A patch carries the revision that it was applied to: only one that the client wrote itself is a demand.
            _check_revision(named, old, call)
            value = self._updated(call, old.value, taken.value)
            result = await self._store_update(call, old, value, dry_run=dry_run)
            if result is not None:
                return Result(value=result, warnings=taken.warnings)
        raise conflict(call.resource.plural, call.name)

    async def _store_update(self, call: Call, old: Found, value: JSONObject, *, dry_run: bool) -> JSONObject | None:
        """The answer, None if another write came first."""
        resource = call.resource
        stored = encode_value(value, resource)
        if _is_finished(value, resource):
            revision: int | None = old.stored.revision
            if not dry_run and await self._store.delete(call.key, old.stored.revision) is None:
                revision = None
        elif stored == old.stored.value or dry_run:
            revision = old.stored.revision
        else:
            revision = await self._store.update(call.key, stored, old.stored.revision)
        return None if revision is None else present(value, revision, resource)

    def _updated(self, call: Call, old: JSONObject, new: JSONObject) -> JSONObject:
        """What `new` becomes over `old`. StatusError if it must not."""
        resource = call.resource
        metadata, before = part(new, "metadata"), part(clone(old), "metadata")
        metadata.pop("resourceVersion", None)
        given_uid = metadata.get("uid")
        causes = metadata_update_causes(new, old) if given_uid is not None else []
        for name in _KEPT_METADATA:
            metadata.pop(name, None)
            if name in before:
                metadata[name] = before[name]
        value = _merge_part(new, old, call.subresource, resource)
        if resource.generation and value.get("spec") != old.get("spec"):
            part(value, "metadata")["generation"] = int(str(before.get("generation", 0))) + 1
        self._record(old, value, call)
        causes += causes_of(value, resource)
        if not call.subresource or resource.spec_finalizers:
            causes += resource.validate_update(value, old)
        if causes:
            raise invalid(resource.kind, call.name, causes)
        return value

    def _new_metadata(self, value: JSONObject, call: Call) -> None:
        metadata = part(value, "metadata")
        for name in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields"):
            metadata.pop(name, None)
        # Before the name is made: what follows from it is no client's doing.
        self._record(None, value, call)
        generate = text(metadata, "generateName")
        if generate and not text(metadata, "name"):
            metadata["name"] = generate[:_MAX_GENERATED] + self._chance.suffix(_SUFFIX_LENGTH)
            call.resource.defaults(value)
        if not text(metadata, "name"):
            metadata.pop("name", None)
        metadata["uid"] = self._chance.uid()
        metadata["creationTimestamp"] = self._chance.timestamp()
        if call.resource.generation:
            metadata["generation"] = 1

    def _record(self, old: JSONObject | None, value: JSONObject, call: Call) -> None:
        metadata = part(value, "metadata")
        writer = Writer(
            manager=call.manager,
            api_version=call.resource.api_version,
            subresource=call.subresource,
            now=self._chance.timestamp(),
        )
        reset = {"": ("status",), "status": ("spec",), "finalize": ("status",)}.get(call.subresource, ())
        empty: JSONObject = {"metadata": {}} | call.resource.bookmark
        entries_now = record_write(old, value, writer, reset, empty)
        metadata.pop("managedFields", None)
        if entries_now:
            metadata["managedFields"] = entries_now

    async def _check_namespace(self, call: Call, name: str) -> None:
        """Nothing is created in a namespace that is not there, or on its way out."""
        if not call.resource.namespaced:
            return
        stored = await self._store.get(NAMESPACES.key("", call.namespace))
        if stored is None:
            raise not_found(NAMESPACES.plural, call.namespace)
        if peek(decode_value(stored.value), "metadata", "deletionTimestamp") is not None:
            raise forbidden(
                call.resource.plural,
                name,
                f"unable to create new content in namespace {call.namespace} because it is being terminated",
                [
                    Cause(
                        "NamespaceTerminating", f"namespace {call.namespace} is being terminated", "metadata.namespace"
                    )
                ],
            )


def place(value: JSONObject, call: Call) -> None:
    """Puts the object into the request's namespace. StatusError if it names another."""
    metadata = part(value, "metadata")
    if text(metadata, "namespace") not in {"", call.namespace if call.resource.namespaced else ""}:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    metadata.pop("namespace", None)
    if call.resource.namespaced:
        metadata["namespace"] = call.namespace


def _check_name(value: JSONObject, call: Call) -> None:
    """An update is for the object that the path names. StatusError."""
    name = text(value, "metadata", "name")
    if not name:
        raise bad_request(
            f"the name of the object ({call.name} based on URL) was undeterminable: name must be provided"
        )
    if name != call.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({call.name})")


def _check_revision(named: str, old: Found, call: Call) -> None:
    """A write that names a revision is for that one. StatusError."""
    if named and not (named.isascii() and named.isdigit()):
        raise StatusError(500, "", f'strconv.ParseUint: parsing "{named}": invalid syntax')
    if int(named or "0") not in {0, old.stored.revision}:
        raise conflict(call.resource.plural, call.name)


def _check_uid(value: JSONObject, old: Found, call: Call) -> None:
    """An update that names a uid is for that object. StatusError."""
    named, there = text(value, "metadata", "uid"), text(old.value, "metadata", "uid")
    if named not in {"", there}:
        raise conflict(
            call.resource.plural,
            call.name,
            f"StorageError: invalid object, Code: 4, Key: {call.key}, ResourceVersion: 0, AdditionalErrorMsg:"
            f" Precondition failed: UID in precondition: {named}, UID in object meta: {there}",
        )


def _merge_part(new: JSONObject, old: JSONObject, subresource: str, resource: Resource) -> JSONObject:
    """What an endpoint takes of `new`: the object without its status, or only its status, or only its finalizers."""
    if subresource == "status":
        value = clone(old) | ({"status": new["status"]} if "status" in new else {})
        value["metadata"] = new["metadata"]
        return value
    if subresource == "finalize":
        value = clone(old)
        value["metadata"] = new["metadata"]
        part(value, "spec").pop("finalizers", None)
        finalizers = entries(part(new, "spec"), "finalizers")
        if finalizers:
            part(value, "spec")["finalizers"] = finalizers
        return value
    if "status" in resource.subresources:
        new.pop("status", None)
        if "status" in old:
            new["status"] = clone(old)["status"]
    resource.prepare_update(new, old)
    return new


def _is_finished(value: JSONObject, resource: Resource) -> bool:
    """Whether an object that is being deleted waits for nobody any more."""
    metadata = part(value, "metadata")
    if metadata.get("deletionTimestamp") is None or entries(metadata, "finalizers"):
        return False
    if resource.spec_finalizers and entries(part(value, "spec"), "finalizers"):
        return False
    return not metadata.get("deletionGracePeriodSeconds")

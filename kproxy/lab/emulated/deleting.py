"""delete and deletecollection.

A pod is first marked, then deleted (two revisions), as the real server does it with one that no node runs; what has
finalizers is only marked; a namespace waits for its controller, which nobody is here.
"""

from dataclasses import dataclass
from datetime import timedelta

from kproxy.lab.emulated.call import Call, Found, Result, options_error
from kproxy.lab.emulated.objects import decode_value, encode_value, present
from kproxy.lab.emulated.reading import list_objects
from kproxy.lab.emulated.resources import Resource
from kproxy.lab.emulated.status import StatusError, conflict, forbidden, not_found, success
from kproxy.lab.emulated.store import Store
from kproxy.lab.emulated.tree import clone, entries, number, part, peek, text
from kproxy.lab.emulated.writing import RETRIES, Chance
from kproxy.model.jsontypes import JSONObject

_POLICIES = ("Foreground", "Background", "Orphan")
_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOptions:
    """How to delete. `grace` in seconds, None for the object's own."""

    grace: int | None = None
    policy: str = ""
    uid: str = ""
    revision: str = ""
    dry_run: bool = False


def delete_options(call: Call, body: JSONObject) -> DeleteOptions:
    """From the body, where there is one, else from the query. StatusError."""
    if body:
        dry = entries(body, "dryRun")
        if dry not in ([], ["All"]):
            raise options_error("DeleteOptions", "dryRun", 'Unsupported value: supported values: "All"')
        grace, policy, dry_run = number(body, "gracePeriodSeconds"), text(body, "propagationPolicy"), bool(dry)
    else:
        grace, policy = call.number("gracePeriodSeconds"), call.query.get("propagationPolicy", "")
        dry_run = call.dry_run("DeleteOptions")
    if policy not in {"", *_POLICIES}:
        supported = ", ".join(f'"{name}"' for name in (*_POLICIES, "nil"))
        message = f'Unsupported value: "{policy}": supported values: {supported}'
        raise options_error("DeleteOptions", "propagationPolicy", message)
    return DeleteOptions(
        grace=grace,
        policy=policy,
        uid=text(body, "preconditions", "uid"),
        revision=text(body, "preconditions", "resourceVersion"),
        dry_run=dry_run,
    )


class Deletes:
    """The deleting verbs."""

    def __init__(self, store: Store, chance: Chance) -> None:
        self._store = store
        self._chance = chance

    async def delete(self, call: Call, body: JSONObject) -> Result:
        """Deletes an object, or begins to. StatusError."""
        options = delete_options(call, body)
        if call.name in call.resource.immortal:
            raise forbidden(call.resource.plural, call.name, "this namespace may not be deleted")
        for _ in range(RETRIES):
            stored = await self._store.get(call.key)
            if stored is None:
                raise not_found(call.resource.plural, call.name)
            found = Found(stored, decode_value(stored.value))
            _check_preconditions(found, options, call)
            result = await self._attempt(call, found, options)
            if result is not None:
                return result
        raise conflict(call.resource.plural, call.name)

    async def delete_collection(self, call: Call, body: JSONObject) -> Result:
        """Deletes what a list selects; answers that list. StatusError."""
        options = delete_options(call, body)
        listed = await list_objects(self._store, call)
        for item in entries(listed.value, "items"):
            metadata = part(item, "metadata") if isinstance(item, dict) else {}
            one = Call(
                resource=call.resource,
                namespace=text(metadata, "namespace"),
                name=text(metadata, "name"),
                query=call.query,
                manager=call.manager,
            )
            if not options.dry_run:
                await self._delete_quietly(one, body)
        return listed

    async def _delete_quietly(self, call: Call, body: JSONObject) -> None:
        try:
            await self.delete(call, body)
        except StatusError as error:
            if error.code != 404:  # somebody else was faster
                raise

    async def _attempt(self, call: Call, found: Found, options: DeleteOptions) -> Result | None:
        """The answer, None if another write came first."""
        resource = call.resource
        marked = mark(found.value, resource, options, self._chance)
        deletes_now = marked is None or (
            resource.graceful
            and not resource.spec_finalizers
            and not entries(part(marked, "metadata"), "finalizers")
            and not peek(marked, "metadata", "deletionGracePeriodSeconds")
        )
        if options.dry_run:
            return _answer(call, found, marked, found.stored.revision)
        revision = found.stored.revision
        if marked is not None and marked != found.value:
            written = await self._store.update(call.key, encode_value(marked, resource), revision)
            if written is None:
                return None
            revision = written
        if deletes_now:
            deleted = await self._store.delete(call.key, revision)
            if deleted is None:
                return None
            revision = deleted
        return _answer(call, found, marked, revision)


def mark(old: JSONObject, resource: Resource, options: DeleteOptions, chance: Chance) -> JSONObject | None:
    """The object as it is while it waits to be deleted; None if it need not wait at all."""
    new = clone(old)
    metadata = part(new, "metadata")
    finalizer = _FINALIZERS.get(options.policy)
    if finalizer is not None and finalizer not in entries(metadata, "finalizers"):
        metadata["finalizers"] = [*entries(metadata, "finalizers"), finalizer]
    if resource.spec_finalizers:
        if not entries(part(new, "spec"), "finalizers"):
            return None
        if metadata.get("deletionTimestamp") is None:
            metadata["deletionTimestamp"] = chance.timestamp()
            part(new, "status")["phase"] = "Terminating"
        return new
    if not resource.graceful and not entries(metadata, "finalizers"):
        return None
    grace = _grace_seconds(old, options) if resource.graceful else 0
    if metadata.get("deletionTimestamp") is None:
        if resource.generation:
            metadata["generation"] = int(str(metadata.get("generation", 0))) + 1
    elif grace >= (number(metadata, "deletionGracePeriodSeconds") or 0):
        return new  # a delete can only be made to come sooner
    when = chance.now() + timedelta(seconds=grace)
    metadata["deletionTimestamp"] = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata["deletionGracePeriodSeconds"] = grace
    return new


def _grace_seconds(pod: JSONObject, options: DeleteOptions) -> int:
    """What a pod gets: none before a node has it, or at its end.

    As k8s.io/kubernetes/pkg/registry/core/pod/strategy.go has it.
    """
    if not text(pod, "spec", "nodeName") or text(pod, "status", "phase") in {"Failed", "Succeeded"}:
        return 0
    if options.grace is not None:
        return 1 if options.grace < 0 else options.grace
    return max(1, number(pod, "spec", "terminationGracePeriodSeconds") or 0)


def _check_preconditions(found: Found, options: DeleteOptions, call: Call) -> None:
    """That the object is the one that is meant. StatusError."""
    uid = text(found.value, "metadata", "uid")
    if options.uid not in {"", uid}:
        why = (
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({uid})."
            " The object might have been deleted and then recreated"
        )
        raise conflict(call.resource.kind, call.name, why)
    revision = str(found.stored.revision)
    if options.revision not in {"", revision}:
        why = (
            f"the ResourceVersion in the precondition ({options.revision}) does not match the ResourceVersion in"
            f" record ({revision}). The object might have been modified"
        )
        raise conflict(call.resource.kind, call.name, why)


def _answer(call: Call, found: Found, marked: JSONObject | None, revision: int) -> Result:
    if marked is None:
        return Result(value=success(call.resource.plural, call.name, text(found.value, "metadata", "uid")))
    return Result(value=present(clone(marked), revision, call.resource))

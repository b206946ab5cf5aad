"""An operator as kopf's examples have it (01-minimal, 05-handlers, 10-builtins, 11-filtering-handlers, 04-events)."""

import kopf


@kopf.on.create("kopfexamples")
def create(spec, **_):
    return {"said": f"created with {spec.get('field')}"}


@kopf.on.update("kopfexamples", field="spec.field")
def update(old, new, **_):
    return {"said": f"from {old} to {new}"}


@kopf.on.delete("kopfexamples")
def delete(logger, name, **_):
    logger.info("deleted %s", name)


@kopf.on.event("", "v1", "configmaps", labels={"of": "kopf"})
def event(type, patch, body, **_):  # noqa: A002 - kopf's name for it
    if type != "DELETED" and "seen" not in body.get("metadata", {}).get("annotations", {}):
        patch.metadata.annotations["seen"] = "by-kopf"

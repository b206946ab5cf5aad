"""lightkube: one feature a run, its findings as JSON on standard output."""

import json
import sys

from lightkube import ApiError, Client
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Pod
from lightkube.types import PatchType


def config_map(name, **data):
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="default", labels={"of": "lightkube"}), data=data)


def status_of(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except ApiError as error:
        return error.response.status_code
    return 200


def objects(client):
    made = client.create(config_map("lightkube", a="1"))
    got = client.get(ConfigMap, "lightkube")
    got.data["b"] = "2"
    client.replace(got)
    patched = client.patch(ConfigMap, "lightkube", {"data": {"c": "3"}}, patch_type=PatchType.MERGE)
    conflict = status_of(client.replace, made)
    client.delete(ConfigMap, "lightkube")
    return {"data": patched.data, "conflict": conflict, "gone": status_of(client.get, ConfigMap, "lightkube")}


def pages(client):
    for number in range(5):
        client.create(config_map(f"lightkube-{number}"))
    found = [each.metadata.name for each in client.list(ConfigMap, labels={"of": "lightkube"}, chunk_size=2)]
    for name in found:
        client.delete(ConfigMap, name)
    return {"found": len(found)}


def apply(client):
    wanted = ConfigMap(
        apiVersion="v1", kind="ConfigMap", metadata=ObjectMeta(name="lightkube-applied", namespace="default"), data={}
    )
    client.apply(wanted, field_manager="compat")
    wanted.data = {"a": "1"}
    applied = client.apply(wanted, field_manager="compat")
    client.delete(ConfigMap, "lightkube-applied")
    return {"data": applied.data, "managers": [each.manager for each in applied.metadata.managedFields]}


def watching(client):
    seen = []
    client.create(config_map("lightkube-watched"))
    for event, _ in client.watch(ConfigMap, labels={"of": "lightkube"}, namespace="default", server_timeout=60):
        seen.append(event)
        if event == "ADDED":
            client.patch(ConfigMap, "lightkube-watched", {"data": {"c": "3"}}, patch_type=PatchType.MERGE)
        elif event == "MODIFIED":
            client.delete(ConfigMap, "lightkube-watched")
        else:
            break
    return {"events": seen}


def logs(client, pod):
    for line in client.log(pod, follow=True, newlines=False):
        print(line, flush=True)
        if line == "last":
            return


def found(client, pod):
    return {"phase": client.get(Pod, pod).status.phase}


FEATURES = {"objects": objects, "pages": pages, "apply": apply, "watch": watching, "logs": logs, "get": found}

print(json.dumps(FEATURES[sys.argv[1]](Client(field_manager="compat"), *sys.argv[2:])))

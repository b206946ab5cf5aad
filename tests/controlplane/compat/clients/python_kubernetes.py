"""The official Python client: one feature a run, its findings as JSON on standard output."""

import json
import sys
import threading

from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import portforward, stream

NAMESPACE = "default"


def status_of(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except ApiException as error:
        return error.status
    return 200


def config_map(name, **data):
    metadata = client.V1ObjectMeta(name=name, labels={"of": "python-kubernetes"})
    return client.V1ConfigMap(metadata=metadata, data=data)


def objects(api):
    name = "python-kubernetes"
    made = api.create_namespaced_config_map(NAMESPACE, config_map(name, a="1"))
    got = api.read_namespaced_config_map(name, NAMESPACE)
    got.data["b"] = "2"
    api.replace_namespaced_config_map(name, NAMESPACE, got)
    patched = api.patch_namespaced_config_map(name, NAMESPACE, {"data": {"c": "3"}})
    conflict = status_of(api.replace_namespaced_config_map, name, NAMESPACE, made)
    api.delete_namespaced_config_map(name, NAMESPACE)
    gone = status_of(api.read_namespaced_config_map, name, NAMESPACE)
    return {"data": patched.data, "conflict": conflict, "gone": gone}


def pages(api):
    for number in range(5):
        api.create_namespaced_config_map(NAMESPACE, config_map(f"python-kubernetes-{number}"))
    sizes, token = [], None
    while token != "":
        page = api.list_namespaced_config_map(
            NAMESPACE, limit=2, _continue=token, label_selector="of=python-kubernetes"
        )
        sizes.append(len(page.items))
        token = page.metadata._continue or ""
    api.delete_collection_namespaced_config_map(NAMESPACE, label_selector="of=python-kubernetes")
    return {"pages": sizes}


def watching(api):
    name, seen, watcher = "python-kubernetes-watched", [], watch.Watch()
    version = api.list_namespaced_config_map(NAMESPACE).metadata.resource_version

    def change():
        api.create_namespaced_config_map(NAMESPACE, config_map(name))
        api.patch_namespaced_config_map(name, NAMESPACE, {"data": {"c": "3"}})
        api.delete_namespaced_config_map(name, NAMESPACE)

    changing = threading.Timer(0.5, change)
    changing.start()
    selector = f"metadata.name={name}"
    for event in watcher.stream(
        api.list_namespaced_config_map, NAMESPACE, field_selector=selector, resource_version=version, timeout_seconds=60
    ):
        seen.append(event["type"])
        if event["type"] == "DELETED":
            watcher.stop()
    changing.join()
    return {"events": seen}


def until_the_end(api):
    """One watch, read to its end: urllib3 raises where that is none."""
    answer = api.list_namespaced_config_map(NAMESPACE, watch=True, _preload_content=False)
    count = 0
    for piece in answer.stream(decode_content=False):
        count += piece.count(b"\n")
        print("watching", flush=True)
    return {"events": count > 0}


def logs(api, pod):
    for line in watch.Watch().stream(api.read_namespaced_pod_log, pod, NAMESPACE, follow=True):
        print(line, flush=True)
        if line == "last":
            return


def execute(api, pod):
    session = stream(
        api.connect_get_namespaced_pod_exec,
        pod,
        NAMESPACE,
        command=["sh", "-c", "read line; echo out $line; echo wrong >&2; exit 3"],
        stdin=True,
        stdout=True,
        stderr=True,
        tty=False,
        _preload_content=False,
    )
    session.write_stdin("typed\n")
    session.run_forever(timeout=60)
    return {"stdout": session.read_stdout(), "stderr": session.read_stderr(), "code": session.returncode}


def forward(api, pod, port):
    forwarded = portforward(api.connect_get_namespaced_pod_portforward, pod, NAMESPACE, ports=port)
    sock = forwarded.socket(int(port))
    sock.setblocking(True)
    sock.sendall(b"ping\n")
    answer = b""
    while not answer.endswith(b"\n"):
        answer += sock.recv(100)
    sock.close()
    return {"answer": answer.decode()}


FEATURES = {
    "objects": objects,
    "pages": pages,
    "watch": watching,
    "until-the-end": until_the_end,
    "logs": logs,
    "exec": execute,
    "port-forward": forward,
}

config.load_kube_config()
print(json.dumps(FEATURES[sys.argv[1]](client.CoreV1Api(), *sys.argv[2:])))

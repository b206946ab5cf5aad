"""kr8s: one feature a run, its findings as JSON on standard output."""

import asyncio
import json
import sys

import kr8s
from kr8s.asyncio.objects import ConfigMap, Pod


async def config_map(api, name, **data):
    raw = {"metadata": {"name": name, "namespace": "default", "labels": {"of": "kr8s"}}, "data": data}
    return await ConfigMap(raw, api=api)


async def objects(api):
    made = await config_map(api, "kr8s", a="1")
    await made.create()
    got = await ConfigMap.get("kr8s", namespace="default", api=api)
    await got.patch({"data": {"c": "3"}})
    await got.label(more="yes")
    data = got.raw["data"]
    await got.delete()
    try:
        await ConfigMap.get("kr8s", namespace="default", api=api)
    except kr8s.NotFoundError:
        return {"data": dict(data), "gone": 404}
    return {}


async def watching(api):
    seen = []
    made = await config_map(api, "kr8s-watched")
    await made.create()
    async for event, _ in api.watch("configmaps", namespace="default", label_selector="of=kr8s"):
        seen.append(event)
        if event == "ADDED":
            await made.patch({"data": {"c": "3"}})
        elif event == "MODIFIED":
            await made.delete()
        else:
            return {"events": seen}
    return {"events": seen}


async def logs(api, pod):
    async for line in (await Pod.get(pod, namespace="default", api=api)).logs(follow=True):
        print(line, flush=True)
        if line == "last":
            return


async def execute(api, pod):
    found = await Pod.get(pod, namespace="default", api=api)
    done = await found.exec(["sh", "-c", "echo out; echo wrong >&2; exit 3"], check=False)
    return {"stdout": done.stdout.decode(), "stderr": done.stderr.decode(), "code": done.returncode}


async def forward(api, pod, port):
    found = await Pod.get(pod, namespace="default", api=api)
    async with found.portforward(int(port), local_port="auto") as local:
        reader, writer = await asyncio.open_connection("127.0.0.1", local)
        writer.write(b"ping\n")
        answer = await reader.readline()
        writer.close()
    return {"answer": answer.decode()}


FEATURES = {"objects": objects, "watch": watching, "logs": logs, "exec": execute, "port-forward": forward}


async def main():
    api = await kr8s.asyncio.api()
    print(json.dumps(await FEATURES[sys.argv[1]](api, *sys.argv[2:])))


asyncio.run(main())

"""What the etcd relay costs a real kube-apiserver: ConfigMaps are made and put again, directly and through the relay.

Two api-servers on one etcd, each with a prefix of its own, take turns, and so do runs with a reader at the relay's feed
(as a recording has one) and without. `cpu_us` and `peak_mib` are the relay's: one call to etcd for each request.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.machine import taken
from tests.bench.measure import Figures
from tests.bench.processes import BenchError, printed, running
from tests.bench.usage import cpu_seconds, peak_bytes, settle
from tests.support.etcd_relay import RelayProcess, relay_process
from tests.support.etcd_server import Certificates, EtcdServer, make_certificates
from tests.support.real_apiserver import ApiServer, real_apiserver

KIND = "etcd-relay"
DIRECT = "direct"
ALONE = "through the relay"
READ = "through the relay, calls read"
CONNECTIONS = 16
METHODS = {"POST": "201", "PUT": "200"}
PATH = "/api/v1/namespaces/default/configmaps"
WARM_UP = 300

READER = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\nwhile s.recv(1 << 20): pass"


@dataclass(frozen=True, slots=True)
class Place:
    """What a run needs."""

    programs: Path
    folder: Path
    relay: RelayProcess
    direct: ApiServer
    relayed: ApiServer


def scene_name(method: str, *, tls: bool) -> str:
    """As the tables have it."""
    return f"etcd relay, {method} ConfigMap of 1 KB, {'TLS' if tls else 'plain'}, c={CONNECTIONS}"


def relay_scenes(
    assets: Path, programs: Path, rounds: int, requests: int, say: Callable[[str], None]
) -> Iterator[dict[str, object]]:
    """The report's scenes. BenchError if a request goes wrong."""
    for tls in (False, True):
        when = taken()
        runs: dict[str, dict[str, list[Figures]]] = {method: {} for method in METHODS}
        with _place(assets, programs, tls=tls) as place:
            for each in (place.direct, place.relayed):
                _load(place, each, "POST", "warm", 0, WARM_UP)
            for turn in range(rounds):
                for name, figures in _round(place, turn, requests):
                    for method, one in zip(METHODS, figures, strict=True):
                        runs[method].setdefault(name, []).append(one)
        for method, contenders in runs.items():
            say(f"{scene_name(method, tls=tls)}:")
            for name, figures in contenders.items():
                say(f"  {name:<32}{', '.join(f'{one.rate:,.0f}/s {one.cpu_us:,.0f} us' for one in figures)}")
            yield {
                "name": scene_name(method, tls=tls),
                "kind": KIND,
                "workload": method,
                "tls": tls,
                "connections": CONNECTIONS,
                "contenders": {name: [one.as_json() for one in figures] for name, figures in contenders.items()},
                "taken": when,
            }


def _round(place: Place, turn: int, requests: int) -> Iterator[tuple[str, list[Figures]]]:
    """Each contender's POSTs and PUTs; who begins, changes from round to round."""
    names = [DIRECT, ALONE, READ]
    for name in names[turn % 3 :] + names[: turn % 3]:
        server = place.direct if name == DIRECT else place.relayed
        with _reader(place.relay, attached=name == READ):
            yield name, [_run(place, server, method, f"{name.split()[-1]}-{turn}", requests) for method in METHODS]


def _run(place: Place, server: ApiServer, method: str, prefix: str, requests: int) -> Figures:
    relay = place.relay.process.pid
    before = _cpu(relay)
    found = _load(place, server, method, prefix, 0, requests)
    spent = _cpu(relay) - before if server is place.relayed else 0.0
    peak = peak_bytes([relay]) / 2**20 if server is place.relayed else 0.0
    return Figures(found["rps"], found["p50_us"], found["p99_us"], spent / requests * 1e6, peak)


def _cpu(relay: int) -> float:
    settle(relay)
    return cpu_seconds([relay])


def _load(  # noqa: PLR0913, PLR0917 - what is asked of the generator
    place: Place, server: ApiServer, method: str, prefix: str, first: int, requests: int
) -> dict[str, float]:
    metadata = {"name": f"{prefix}-{{n}}"}
    data = {"made": method, "number": "{n}", "text": "what somebody wrote down; " * 40}
    body = place.folder / "body.json"
    body.write_text(json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}))
    # A POST's path has no name, but each request wants a number
    path = f"{PATH}/{prefix}-{{n}}" if method == "PUT" else f"{PATH}?fieldManager=bench-{{n}}"
    command = [str(place.programs / "load"), "--url", server.url, "--ca", str(server.ca), "--token", server.admin.token]
    command += ["--method", method, "--body", str(body), "--path-template", path, "--expect", METHODS[method]]
    command += ["--connections", f"{CONNECTIONS}", "--requests", f"{requests}", "--first", f"{first}"]
    found: dict[str, float] = json.loads(printed(*command))
    if found["errors"]:
        raise BenchError(f"{found['errors']} errors of {found['requests']} requests: {found}")
    return found


@contextmanager
def _reader(relay: RelayProcess, *, attached: bool) -> Iterator[None]:
    """Somebody who takes all that the feed tells, if asked for."""
    if not attached:
        yield
        return
    with running([sys.executable, "-c", READER, str(relay.feed)]) as reader:
        time.sleep(0.5)
        if reader.poll() is not None:
            raise BenchError("the feed's reader ended")
        yield


@contextmanager
def _place(assets: Path, programs: Path, *, tls: bool) -> Iterator[Place]:
    with TemporaryDirectory(prefix="kproxy-bench-") as temporary:
        folder = Path(temporary)
        certificates = make_certificates(folder) if tls else None
        etcd = EtcdServer(folder, certificates, binary=assets / "etcd", flags=("--quota-backend-bytes=8589934592",))
        etcd.start()
        try:
            with (
                relay_process(folder, etcd.url, more=_options(certificates)) as relay,
                real_apiserver(assets, folder / "a", etcd.url, certificates, "--etcd-prefix=/direct") as direct,
                real_apiserver(assets, folder / "b", relay.urls[0], certificates, "--etcd-prefix=/relayed") as relayed,
            ):
                yield Place(programs, folder, relay, direct, relayed)
        except subprocess.SubprocessError as error:
            raise BenchError(str(error)) from error
        finally:
            etcd.kill()


def _options(certificates: Certificates | None) -> list[str]:
    if certificates is None:
        return []
    return [
        *("--cert", str(certificates.server_cert), "--key", str(certificates.server_key)),
        *("--client-ca", str(certificates.cacert), "--etcd-cacert", str(certificates.cacert)),
        *("--etcd-cert", str(certificates.cert), "--etcd-key", str(certificates.key)),
    ]

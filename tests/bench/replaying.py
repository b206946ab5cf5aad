"""How fast sessions are sent again: kproxy's replay beside `mitmdump -C` and beside as many raw clients.

Independent reads of a fixed upstream, and reads and creations on a real kube-apiserver, are recorded once. That server
shares all processors with its clients, or has one and its clients have the others: what a client spends is not taken
from the server then, as where it runs on another machine. Raw clients are the load generator, which knows nothing of a
recording and reads as fast as its connections may. `mitmdump -C` sends the same reads, recorded by `mitmdump -w`; its
start is taken off its time. kproxy's time is from the first request to the last answer, while it is recorded itself;
CPU is that of its proxy and its recorder until all is stored.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.contenders import PYTHON, mitmdump
from tests.bench.kproxy_process import KproxyProcess
from tests.bench.machine import taken
from tests.bench.measure import Figures
from tests.bench.processes import BIN, BenchError, environment, printed
from tests.bench.processors import all_but_one, one, running_on, several
from tests.bench.scenes import PODS, Scene, Server, Workload
from tests.bench.servers import fixed, kube_apiserver

KIND = "replay"
RAW = "raw clients"
REPLAY = "kproxy replay"
MITM = "mitmdump -C"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
READ = "GET 2.1 KB"
CREATE = "POST ConfigMap of 1 KB"
REAL = "kube-apiserver"
REAL_APART = "kube-apiserver on a processor of its own"


@dataclass(frozen=True, slots=True)
class Place:
    """What a run needs.

    `session`: the recording; `flows`: mitmdump's, None where it does not take part; `kubectl`: where objects are
    created.
    """

    programs: Path
    folder: Path
    server: Server
    requests: int
    connections: int
    session: Path
    kubectl: Path | None = None
    flows: Path | None = None

    @property
    def create(self) -> bool:
        """Whether objects are created, which have to be deleted before they can be again."""
        return self.kubectl is not None


def scene_name(where: str, what: str, connections: int) -> str:
    """As the tables have it."""
    return f"replay, {where}, {what}, c={connections}"


def replay_scenes(
    assets: Path | None, programs: Path, rounds: int, requests: int, say: Callable[[str], None]
) -> Iterator[dict[str, object]]:
    """The report's scenes. BenchError if a request goes wrong."""
    for connections in (1, 16):
        with TemporaryDirectory(prefix="kproxy-bench-") as temporary:
            folder = Path(temporary)
            with fixed(programs, folder, tls=False) as server:
                place = _recorded(Place(programs, folder, server, requests, connections, folder / "session.kproxy"))
                yield _scene(scene_name("fixed", READ, connections), place, rounds, say)
    if assets is None:
        return
    for where, apart in ((REAL, False), (REAL_APART, True)) if several() else ((REAL, False),):
        for what in (READ, CREATE):
            with TemporaryDirectory(prefix="kproxy-bench-") as temporary, ExitStack() as ended:
                folder = Path(temporary)
                with running_on(one()) if apart else nullcontext():
                    server = ended.enter_context(kube_apiserver(assets, folder))
                if apart:
                    ended.enter_context(running_on(all_but_one()))
                kubectl = assets / "kubectl" if what == CREATE else None
                place = _recorded(Place(programs, folder, server, requests, 16, folder / "session.kproxy", kubectl))
                made = _scene(scene_name(where, what, 16), place, rounds, say)
            yield made  # by then whoever asked has all processors again


def _scene(name: str, place: Place, rounds: int, say: Callable[[str], None]) -> dict[str, object]:
    when = taken()
    runs: dict[str, list[Figures]] = {}
    for turn in range(rounds):
        runs.setdefault(RAW, []).append(_raw(place, f"raw-{turn}"))
        if place.flows is not None:
            runs.setdefault(MITM, []).append(_mitmdump(place))
        _forget(place)
        runs.setdefault(REPLAY, []).append(_replay(place))
        _forget(place)
    say(f"{name}:")
    for contender, figures in runs.items():
        say(f"  {contender:<32}{', '.join(f'{one.rate:,.0f}/s {one.cpu_us:,.0f} us' for one in figures)}")
    return {
        "name": name,
        "kind": KIND,
        "workload": CREATE if place.create else READ,
        "tls": place.server.tls,
        "connections": place.connections,
        "contenders": {each: [one.as_json() for one in figures] for each, figures in runs.items()},
        "taken": when,
    }


def _recorded(place: Place) -> Place:
    """Record the session, and mitmdump's flows where it takes part."""
    server, folder = place.server, place.folder
    with KproxyProcess.start(server, place.session, folder, "--when-stuck", "block") as kproxy:
        _load(place, kproxy.url, kproxy.ca, kproxy.token, "recorded")
    if place.create:
        _forget(place)
        return place
    flows = folder / "flows"
    with mitmdump("-w", str(flows))(
        Scene("fixed", Workload.GET, server.tls, place.connections), server, folder
    ) as entry:
        _load(place, entry.url, entry.ca, entry.token, "recorded")
        kept = flows.rename(folder / "kept")  # it is written on, and not taken away when the proxy ends
    return replace(place, flows=kept)


def _load(place: Place, url: str, ca: Path | None, token: str, prefix: str) -> dict[str, float]:
    command = [str(place.programs / "load"), "--url", url, "--connections", f"{place.connections}"]
    command += ["--requests", f"{place.requests}"]
    command += (["--ca", str(ca)] if ca else []) + (["--token", token] if token else [])
    if place.create:
        body = place.folder / "body.json"
        data = {"number": "{n}", "text": "what somebody wrote down; " * 40}
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"{prefix}-{{n}}"}, "data": data}
        body.write_text(json.dumps(made))
        command += ["--method", "POST", "--body", str(body), "--expect", "201"]
        command += ["--path-template", f"{CONFIG_MAPS}?fieldManager=bench-{{n}}"]
    else:
        path = PODS + "/p-{n}" if place.server.kind == "fixed" else "/api/v1/namespaces/default/pods/bench?n={n}"
        command += ["--path-template", path]
    found: dict[str, float] = json.loads(printed(*command))
    if found["errors"]:
        raise BenchError(f"{found['errors']} errors of {found['requests']} requests: {found}")
    return found


def _forget(place: Place) -> None:
    """What was created is not there for the next one."""
    if place.create:
        command = [str(place.kubectl), "--kubeconfig", str(place.server.kubeconfig), "delete", "--raw", CONFIG_MAPS]
        printed(*command, env=environment())


def _raw(place: Place, prefix: str) -> Figures:
    server = place.server
    found = _load(place, server.url, server.ca, server.token, prefix)
    return Figures(found["rps"], found["p50_us"], found["p99_us"], 0.0, 0.0)


def _mitmdump(place: Place) -> Figures:
    command = [str(BIN / "mitmdump"), "-q", "-n", "--set", f"confdir={place.folder / 'mitmproxy-C'}"]
    command += ["--set", f"client_replay_concurrency={1 if place.connections == 1 else -1}"]
    if place.server.ca is not None:
        command += ["--set", f"ssl_verify_upstream_trusted_ca={place.server.ca}"]
    empty = place.folder / "none"
    empty.touch()
    start = _seconds([*command, "-C", str(empty)])
    seconds = _seconds([*command, "-C", str(place.flows)]) - start
    return Figures(place.requests / seconds, 0.0, 0.0, 0.0, 0.0)


def _seconds(command: list[str]) -> float:
    begun = time.monotonic()
    printed(*command, env=environment())
    return time.monotonic() - begun


def _replay(place: Place) -> Figures:
    server = place.server
    command = [PYTHON, "-m", "tests.bench.replayer", str(place.session), "-o", str(place.folder / "again.kproxy")]
    command += ["--concurrency", f"{place.connections}"]
    command += ["--kubeconfig", str(server.kubeconfig)] if server.tls else ["--upstream", server.url]
    found = json.loads(printed(*command, env=environment(XDG_STATE_HOME=str(place.folder / "state"))))
    if found["requests"] != place.requests:
        raise BenchError(f"{place.requests} requests were recorded, {found['requests']} were answered: {found}")
    spent = found["cpu"] / place.requests * 1e6
    return Figures(place.requests / found["seconds"], 0.0, 0.0, spent, found["peak"] / 2**20)

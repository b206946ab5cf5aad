"""Who is measured. Each contender is started as a user would, on a free port, and ends with its block."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.certificate import write_certificate
from tests.bench.kproxy_process import KproxyProcess
from tests.bench.processes import BIN, BenchError, environment, free_port, printed, running, wait_for_port
from tests.bench.scenes import Scene, Server, Workload

PYTHON = str(BIN / "python")


@dataclass(frozen=True, slots=True)
class Entry:
    """Where the generator goes in. `pid` None: nobody is measured; `recording`: what is written meanwhile."""

    url: str
    ca: Path | None = None
    token: str = ""
    proxy: str = ""
    pid: int | None = None
    recording: Path | None = None


type Contender = Callable[[Scene, Server, Path], AbstractContextManager[Entry]]


@contextmanager
def direct(_scene: Scene, server: Server, _folder: Path) -> Iterator[Entry]:
    """Nobody in between."""
    yield Entry(server.url, server.ca, server.token)


@contextmanager
def relay(_scene: Scene, server: Server, folder: Path) -> Iterator[Entry]:
    """See tests.bench.relay."""
    port = free_port()
    address = server.url.partition("://")[2]
    command = [PYTHON, "-m", "tests.bench.relay", "--listen", f"{port}", "--to", address]
    ca = None
    if server.tls:
        shown = write_certificate(folder, "relay")
        command += ["--ca", str(server.ca), "--cert", str(shown.certificate), "--key", str(shown.key)]
        ca = shown.ca
    with running(command) as process:
        wait_for_port(port)
        yield Entry(f"{_scheme(server)}://127.0.0.1:{port}", ca, server.token, pid=process.pid)


def mitmdump(*more: str) -> Contender:
    """As a user would start it; certificates are its own, made in a folder that is then gone."""

    @contextmanager
    def start(scene: Scene, server: Server, folder: Path) -> Iterator[Entry]:
        port, place = free_port(), folder / "mitmproxy"
        flows = folder / "flows"
        command = [str(BIN / "mitmdump"), "-q", "--set", f"confdir={place}"]
        command += ["--mode", f"reverse:{server.url}@127.0.0.1:{port}"]
        if server.tls:
            command += ["--set", f"ssl_verify_upstream_trusted_ca={server.ca}"]
        if scene.workload is Workload.WATCH:  # else no event leaves it before the watch's end
            command += ["--set", "stream_large_bodies=1", "--set", "store_streamed_bodies=true"]
        command += [part.replace("FLOWS", str(flows)) for part in more]
        with running(command, env=environment(XDG_STATE_HOME=str(folder / "state"))) as process:
            wait_for_port(port)
            ca = place / "mitmproxy-ca-cert.pem" if server.tls else None
            yield Entry(f"{_scheme(server)}://127.0.0.1:{port}", ca, server.token, pid=process.pid)
        flows.unlink(missing_ok=True)

    return start


@contextmanager
def unrecorded(_scene: Scene, server: Server, folder: Path) -> Iterator[Entry]:
    """Kproxy's proxy alone, see tests.bench.unrecorded."""
    command = [PYTHON, "-m", "tests.bench.unrecorded", "--listen", f"{_scheme(server)}://127.0.0.1:0"]
    command += ["--kubeconfig", str(server.kubeconfig)] if server.tls else ["--upstream", server.url]
    with running(command, stdout=subprocess.PIPE, env=environment()) as process:
        line = process.stdout.readline() if process.stdout is not None else ""
        if not line:
            raise BenchError("the proxy without a recorder did not start")
        told = json.loads(line)
        ca = None
        if told["ca"]:
            ca = folder / "kproxy-ca.crt"
            ca.write_text(told["ca"])
        yield Entry(told["url"], ca, told["token"], pid=process.pid)


def record(*more: str) -> Contender:
    """`kproxy record`. It blocks where it cannot follow, so that all that is counted as served is recorded."""

    @contextmanager
    def start(_scene: Scene, server: Server, folder: Path) -> Iterator[Entry]:
        recording = folder / "bench.kproxy"
        with KproxyProcess.start(server, recording, folder, "--when-stuck", "block", *more) as process:
            yield Entry(process.url, process.ca, process.token, pid=process.pid, recording=recording)

    return start


@contextmanager
def addon(scene: Scene, server: Server, folder: Path) -> Iterator[Entry]:
    """The addon lane: `mitmdump -s` with kproxy's addon."""
    script, recording = printed(PYTHON, "-m", "kproxy", "addon-path"), folder / "bench.kproxy"
    more = ("-s", script, "--set", f"kproxy_output={recording}", "--set", "kproxy_when_stuck=block")
    with mitmdump(*more)(scene, server, folder) as entry:
        yield Entry(entry.url, entry.ca, entry.token, pid=entry.pid, recording=recording)


@contextmanager
def hoverfly(_scene: Scene, server: Server, _folder: Path) -> Iterator[Entry]:
    """Hoverfly's capture: a forward proxy that keeps what it sees in memory."""
    port, admin = free_port(), free_port()
    command = ["hoverfly", "-capture", "-pp", f"{port}", "-ap", f"{admin}", "-log-level", "fatal"]
    command += ["-dest", "127.0.0.1"]
    with running(command) as process:
        wait_for_port(port)
        yield Entry(server.url, server.ca, server.token, proxy=f"127.0.0.1:{port}", pid=process.pid)


DIRECT = "direct"
RELAY = "byte relay (asyncio)"
MITMDUMP = "mitmdump -q"
WRITING = "mitmdump -q -w"
UNRECORDED = "kproxy, nothing recorded"
RECORD = "kproxy record"
WORKERS = "kproxy record --workers 2"
ADDON = "mitmdump with kproxy's addon"
HOVERFLY = "Hoverfly, capture"


def contenders() -> dict[str, Contender]:
    """All that this machine and this version of kproxy have, in the order of the tables."""
    found: dict[str, Contender] = {
        DIRECT: direct,
        RELAY: relay,
        MITMDUMP: mitmdump(),
        WRITING: mitmdump("-w", "FLOWS"),
        UNRECORDED: unrecorded,
        ADDON: addon,
        RECORD: record(),
    }
    if "--workers" in printed(PYTHON, "-m", "kproxy", "record", "--help"):
        found[WORKERS] = record("--workers", "2")
    if shutil.which("hoverfly"):
        found[HOVERFLY] = hoverfly
    return found


def takes_part(name: str, scene: Scene) -> bool:
    """Whether the contender can be in the scene: Hoverfly captures as a forward proxy only, and whole answers."""
    if name == HOVERFLY:
        return not scene.tls and scene.workload is not Workload.WATCH
    return True


def _scheme(server: Server) -> str:
    return "https" if server.tls else "http"

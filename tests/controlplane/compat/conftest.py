"""A real server, a node and kproxy before them, for clients that no one here wrote, in environments of their own."""

import base64
import itertools
import os
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.model.exchange import End, Exchange
from kproxy.store.reader import open_recording
from tests.support.live_record import LiveRecord, live_record
from tests.support.record_process import PATIENCE, wait_for
from tests.support.stand_in_kubelet import Node, stand_in

HERE = Path(__file__).parent
CLIENTS = HERE / "clients"
INSTALLED = "KPROXY_COMPAT"
"""Names the folder in which `make test-compat` has installed them."""

BEHIND = itertools.count(1)


@dataclass(frozen=True)
class World:
    """What a client of this worker finds."""

    record: LiveRecord
    straight: dict[str, str]
    node: Node
    installed: Path

    @property
    def python(self) -> str:
        """The interpreter that has the Python clients."""
        return str(self.installed / "venv" / "bin" / "python")

    def start(self, command: Sequence[str], **env: str) -> subprocess.Popen[str]:
        """A client through kproxy."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, stdout=pipe, stderr=subprocess.STDOUT, text=True, env={**self.record.env, **env}
        )

    def kubectl(self, *arguments: str, data: str = "") -> str:
        """Kubectl straight to the server, for what is to be there."""
        return subprocess.run(
            ["kubectl", *arguments],
            input=data, env=self.straight, check=True, stdout=subprocess.PIPE, text=True, timeout=PATIENCE,
        ).stdout  # fmt: skip

    def recorded(self, after: int) -> list[Exchange]:
        """The exchanges behind this number, once all of them have ended, in a way that a client may give them."""
        last = f"/version?behind={next(BEHIND)}"
        _get(self.record.env["KUBECONFIG"], last)

        def found() -> list[Exchange] | None:
            with open_recording(str(self.record.path)) as recording:
                all_ = [each for each in recording.exchanges() if each.seq > after]
            over = any(each.request.target == last for each in all_)
            return all_ if over and all(each.end is not End.UNKNOWN for each in all_) else None

        made = wait_for(found)
        assert {each.end for each in made} <= {End.COMPLETE, End.CLIENT_GONE}
        return made


def _get(kubeconfig: str, target: str) -> None:
    """A request behind all others, through kproxy."""
    config = yaml.safe_load(Path(kubeconfig).read_text())
    (current,) = [each["context"] for each in config["contexts"] if each["name"] == config["current-context"]]
    (cluster,) = [each["cluster"] for each in config["clusters"] if each["name"] == current["cluster"]]
    (user,) = [each["user"] for each in config["users"] if each["name"] == current["user"]]
    ca = base64.b64decode(cluster["certificate-authority-data"]).decode()
    place = urlsplit(cluster["server"])
    context = ssl.create_default_context(cadata=ca)
    connection = HTTPSConnection(place.hostname or "", place.port, timeout=PATIENCE, context=context)
    connection.request("GET", target, headers={"Authorization": f"Bearer {user['token']}"})
    assert connection.getresponse().status == 200
    connection.close()


@pytest.fixture(scope="session")
def installed() -> Path:
    """The folder with the clients."""
    folder = Path(os.environ.get(INSTALLED, ""))
    if not os.environ.get(INSTALLED) or not (folder / "installed").exists():
        pytest.fail(f"{INSTALLED}={str(folder)!r} has no clients: make test-compat installs them and sets it")
    for script in CLIENTS.glob("*.mjs"):  # Node.js looks for packages beside the script
        (folder / f"{script.name}.{os.getpid()}").write_text(script.read_text())
        (folder / f"{script.name}.{os.getpid()}").replace(folder / script.name)
    return folder


@pytest.fixture(scope="session")
def world(assets: Path, installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all tests of a worker: they look at what comes behind their beginning."""
    folder = tmp_path_factory.mktemp("compat")
    base = {name: value for name, value in os.environ.items() if not name.startswith(("KPROXY_", "KUBECTL_"))}
    env = {**base, "PATH": f"{assets}:{base['PATH']}", "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        env["KUBECONFIG"] = str(lab.kubeconfig)
        with stand_in("accepting", folder, env) as node, live_record(folder, env) as record:
            record.env["PYTHONWARNINGS"] = "ignore"  # kr8s names the servers that it has been tested with
            yield World(record, env, node, installed)


class Echo(socketserver.BaseRequestHandler):
    """Sends back what it gets, until the other side has ended."""

    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data)


@pytest.fixture
def echo() -> Iterator[str]:
    """The port of a server on this machine's loopback, which is the stand-in's pod."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield str(server.server_address[1])
        server.shutdown()
        thread.join(PATIENCE)


@cache
def go_program() -> Path:
    """The program over client-go, built if it has to be."""
    command = ["sh", str(HERE.parents[2] / "controlplane" / "build.sh"), "clientgo"]
    built = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Path(built.stdout.strip()) / "clientgo"


def last_line(process: subprocess.Popen[str]) -> str:
    """What the client said last, once it has ended well."""
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, out
    return out.strip().splitlines()[-1]

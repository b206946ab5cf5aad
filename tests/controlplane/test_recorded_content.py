"""Through `kproxy record` from a real kube-apiserver with CBOR on: zipped watches, secrets, values in etcd."""

import base64
import http.client
import json
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import zstandard

from kproxy.lab import LabSettings, start_lab
from kproxy.model.exchange import Exchange, Frame, header
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.recording import Recording
from kproxy.session.show import show_exchange
from kproxy.store.reader import open_recording
from kproxy.wire.content import decode, encode
from kproxy.wire.mediatype import CBOR_MAGIC
from kproxy.wire.storage import decode_value
from kproxy.wire.watchevents import WatchCutter, decode_event
from tests.support.record_process import record_process, wait_for

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(240)]

JSON_TYPE, PROTOBUF, CBOR = "application/json", "application/vnd.kubernetes.protobuf", "application/cbor"
WATCHES = {JSON_TYPE: JSON_TYPE, PROTOBUF: f"{PROTOBUF};stream=watch", CBOR: CBOR}
MAPS = "/api/v1/namespaces/default/configmaps"
SECRETS = "/api/v1/namespaces/default/secrets"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
WATCH = "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
PASSWORD = "the password of a <Secret> in CBOR"
FILLER = "x" * 20_000
CRD: JSONObject = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


@dataclass
class Client:
    """Asks through kproxy's plain listener."""

    url: str

    def connect(self) -> http.client.HTTPConnection:
        """A connection of its own."""
        return http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)

    def send(self, method: str, path: str, media_type: str, body: JSON = None) -> tuple[int, JSON]:
        """One request, in one media type both ways."""
        connection = self.connect()
        data = None if body is None else encode(media_type, body)
        connection.request(method, path, data, {"Accept": media_type, "Content-Type": media_type})
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        return answer.status, decode(answer.getheader("Content-Type", ""), read)


@dataclass
class Watcher:
    """A zipped watch in a thread of its own, cut as it comes."""

    client: Client
    path: str
    accept: str
    names: list[str] = field(default_factory=list)
    coding: str = ""

    def __post_init__(self) -> None:
        self._connection = self.client.connect()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._connection.request("GET", self.path, headers={"Accept": self.accept, "Accept-Encoding": "gzip"})
        answer = self._connection.getresponse()
        media_type = answer.getheader("Content-Type", "")
        self.coding = answer.getheader("Content-Encoding", "")
        unzip, cutter = zlib.decompressobj(31), WatchCutter(media_type)
        while data := answer.read1(65536):
            plain = b""
            while data:  # each flush of the server's is a gzip member of its own
                plain += unzip.decompress(data)
                data = unzip.unused_data
                unzip = zlib.decompressobj(31) if unzip.eof else unzip
            for event, _ in cutter.feed(plain):
                seen = decode_event(media_type, event)
                self.names.append(f"{seen.type} {_name(seen.object)}")

    def wait(self, name: str) -> None:
        """Until an event of this object is there."""
        wait_for(lambda: name if name in self.names else None)

    def end(self) -> None:
        """The server ends it: the request gave it so many seconds."""
        self._thread.join(90)
        assert not self._thread.is_alive()
        self._connection.close()


def _name(value: JSONObject) -> str:
    metadata = value["metadata"]
    assert isinstance(metadata, dict)
    return str(metadata.get("name", ""))


@dataclass
class Flight:
    """What was recorded, and what its client saw."""

    file: Path
    recording: Recording
    exchanges: list[Exchange]
    watchers: dict[str, Watcher]

    def watch(self, media_type: str) -> tuple[Exchange, list[Frame]]:
        """The watch in this media type, and its frames."""
        (found,) = (
            each
            for each in self.exchanges
            if each.info.verb == "watch"
            and each.info.resource == "configmaps"
            and header(each.request.headers, "accept") == WATCHES[media_type]
        )
        return found, list(self.recording.frames(found.seq))


@pytest.fixture(scope="module")
def flight(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flight]:
    """A watch in each media type while objects come; then secrets and custom resources in CBOR."""
    folder = tmp_path_factory.mktemp("content")
    file = folder / "content.kproxy"
    settings = LabSettings(server="kube-apiserver", assets=assets, feature_gates="CBORServingAndStorage=true")
    with start_lab(settings) as lab, pytest.MonkeyPatch.context() as patch:
        for name, value in lab.environment().items():
            patch.setenv(name, value)
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        with record_process(None, file) as running:
            client = Client(running.url)
            watchers = fly(client)
    with open_recording(str(file)) as recording:
        yield Flight(file, recording, list(recording.exchanges()), watchers)


def fly(client: Client) -> dict[str, Watcher]:
    """All of the traffic."""
    watchers = {name: Watcher(client, f"{MAPS}{WATCH}&timeoutSeconds=25", accept) for name, accept in WATCHES.items()}
    beside = Watcher(client, f"{SECRETS}{WATCH}&timeoutSeconds=20", CBOR)
    for watcher in (*watchers.values(), beside):
        watcher.wait("BOOKMARK ")
    for name in ("one", "two", "three"):
        body: JSONObject = {
            "kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name}, "data": {"f": FILLER}
        }  # fmt: skip
        assert client.send("POST", MAPS, CBOR, body)[0] == 201
        for watcher in watchers.values():
            watcher.wait(f"ADDED {name}")
        time.sleep(0.3)  # so that the events' times tell them apart
    secret: JSONObject = {
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {"name": "s", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": ""}},
        "data": {"p": base64.b64encode(PASSWORD.encode()).decode()},
    }
    applied = json.dumps(secret)
    secret["metadata"] = {"name": "s", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied}}
    assert client.send("POST", SECRETS, CBOR, secret)[0] == 201
    beside.wait("ADDED s")
    assert client.send("GET", SECRETS, CBOR)[0] == 200
    assert client.send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", CBOR, CRD)[0] == 201
    wait_for(lambda: True if client.send("GET", WIDGETS, JSON_TYPE)[0] == 200 else None)
    widget: JSONObject = {
        "kind": "Widget",
        "apiVersion": "example.com/v1",
        "metadata": {"name": "w"},
        "spec": {"ratio": 1.5, "template": secret},
    }
    assert client.send("POST", WIDGETS, CBOR, widget)[0] == 201
    for watcher in (*watchers.values(), beside):
        watcher.end()
    return watchers


@pytest.mark.parametrize("media_type", WATCHES)
def test_events_of_a_zipped_watch_are_frames_with_their_own_times(flight: Flight, media_type: str) -> None:
    exchange, frames = flight.watch(media_type)
    assert exchange.answer is not None
    assert header(exchange.answer.headers, "content-encoding") == flight.watchers[media_type].coding == "gzip"
    kind = header(exchange.answer.headers, "content-type")
    events = [decode_event(kind, flight.recording.body(frame.body.digest)) for frame in frames if frame.body.digest]
    assert [f"{event.type} {_name(event.object)}" for event in events] == flight.watchers[media_type].names
    times = {_name(event.object): frame.at for event, frame in zip(events, frames, strict=True)}
    assert times["two"] - times["one"] > 200_000_000 < times["three"] - times["two"]


def test_events_are_the_same_objects_in_each_media_type(flight: Flight) -> None:
    found = []
    for media_type in WATCHES:
        exchange, _ = flight.watch(media_type)
        view = show_exchange(str(flight.file), exchange.seq)
        assert any(frame.ends_initial for frame in view.frames)
        found.append([frame.document for frame in view.frames if frame.type == "ADDED"])
    assert len(found[0]) >= 3
    assert found[0] == found[1] == found[2]


def test_a_secret_in_cbor_is_nowhere_in_the_recording(flight: Flight) -> None:
    forms = [PASSWORD.encode(), *(base64.b64encode(b"\0" * at + PASSWORD.encode())[4:-6] for at in range(3))]
    bodies = []
    with sqlite3.connect(flight.file) as database:
        for coding, data in database.execute("SELECT coding, data FROM bodies").fetchall():
            bodies.append(zstandard.ZstdDecompressor().decompress(data) if coding == "zstd" else data)
    database.close()
    assert any(FILLER.encode() in body for body in bodies)
    assert not [body for body in bodies for form in forms if form in body]
    assert sum(b"kproxy-redacted-" in body for body in bodies) > 3
    assert not [form for form in forms if form in flight.file.read_bytes()]


def test_no_content_was_left_out(flight: Flight) -> None:
    states = {
        body.state.value: body.reason
        for exchange in flight.exchanges
        for body in (exchange.request.body, exchange.answer.body if exchange.answer else exchange.request.body)
    }
    assert states.keys() <= {"kept", "empty", "frames"}, states


def test_custom_resources_in_etcd_are_read_from_cbor(flight: Flight) -> None:
    values = [
        flight.recording.body(change.value.digest)
        for change in flight.recording.key_changes()
        if change.key == b"/registry/example.com/widgets/default/w" and change.value and change.value.digest
    ]
    assert len(values) == 1
    assert values[0].startswith(CBOR_MAGIC)
    spec = decode_value(values[0])["spec"]
    assert isinstance(spec, dict)
    assert spec["ratio"] == 1.5

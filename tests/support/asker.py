"""A plain client of an api-server, for tests that look at what each of its requests came to."""

import base64
import http.client
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from kproxy.lab.settings import LabSettings
from kproxy.lab.start import Lab, start_lab
from kproxy.model.jsontypes import JSON, JSONObject, text

JSON_TYPE, MERGE = "application/json", "application/merge-patch+json"


@dataclass
class Answer:
    """What came."""

    status: int
    body: JSONObject

    @property
    def message(self) -> str:
        """What a Status says."""
        return text(self.body.get("message"))

    @property
    def items(self) -> list[JSON]:
        """A list's."""
        items = self.body.get("items")
        return items if isinstance(items, list) else []


@dataclass
class Asker:
    """A client on one connection, as long as that holds; `answers` are those of all requests so far."""

    url: str
    token: str = ""
    ca: str | None = None
    answers: list[Answer] = field(default_factory=list)
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        port = urlsplit(self.url).port
        if self.ca is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        else:
            context = ssl.create_default_context(cadata=self.ca)
            self.connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)

    def ask(self, method: str, path: str, body: JSON = None, kind: str = JSON_TYPE, **headers: str) -> Answer:
        """One request; of what stays open only the answer's beginning is read."""
        fields = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        fields |= {"Content-Type": kind, "Accept": JSON_TYPE}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, None if body is None else json.dumps(body), fields)
        reply = self.connection.getresponse()
        stays = reply.status == 101 or (reply.status == 200 and "watch=1" in path)
        data = b"" if stays else reply.read()
        if stays:
            self.connection.close()
        try:
            document = json.loads(data)
        except ValueError:
            document = {}
        self.answers.append(Answer(reply.status, document if isinstance(document, dict) else {}))
        return self.answers[-1]


@contextmanager
def fresh_server(assets: Path) -> Iterator[tuple[Lab, Asker]]:
    """A server and its admin."""
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        config = yaml.safe_load(lab.kubeconfig.read_text())
        ca = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
        yield lab, Asker(lab.url, config["users"][0]["user"]["token"], ca)

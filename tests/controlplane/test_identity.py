"""Who called, on a real kube-apiserver: RBAC, NodeRestriction, flow schemas and the audit log see the client itself."""

import http.client
import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from kproxy.lab.settings import LabSettings
from kproxy.lab.start import Lab, start_lab
from kproxy.model.exchange import End, Exchange, IdentityMode
from kproxy.model.jsontypes import JSONObject
from kproxy.store.reader import open_recording
from tests.support.authority import Authority, Issued
from tests.support.record_process import record_process, wait_for

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

VIEWER = "kproxy-viewer"
ADMIN = "kproxy-admin"
MAPS = "/api/v1/namespaces/default/configmaps"
NODES = "/api/v1/nodes"
TOKENS = "/api/v1/namespaces/default/serviceaccounts/robot/token"


@dataclass
class Server:
    """A lab, an authority of clients that it believes, and the tokens of its users."""

    lab: Lab
    authority: Authority
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return Path(self.lab.info.folder)

    def audited(self, audit_id: str) -> JSONObject:
        """What the api-server wrote of a request."""

        def found() -> JSONObject | None:
            for line in Path(self.lab.info.audit_log).read_text().splitlines():
                if audit_id in line and '"stage":"ResponseComplete"' in line:
                    event: JSONObject = json.loads(line)
                    return event
            return None

        return wait_for(found)


@dataclass
class Answer:
    """What a client got."""

    status: int
    body: JSONObject
    headers: dict[str, str]


def token_of(kubeconfig: Path) -> str:
    token = yaml.safe_load(kubeconfig.read_text())["users"][0]["user"]["token"]
    assert isinstance(token, str)
    return token


@pytest.fixture(scope="module")
def server(assets: Path) -> Iterator[Server]:
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        folder = Path(lab.info.folder)
        authority = Authority.read(folder / "client-ca.crt", folder / "client-ca.key")
        made = Server(lab, authority)
        made.tokens = {ADMIN: token_of(lab.kubeconfig), VIEWER: token_of(lab.user_kubeconfig)}
        yield made


class Client:
    """Speaks to a kproxy, or to the server itself."""

    def __init__(self, url: str, ca: str | None, folder: Path) -> None:
        self._place = urlsplit(url)
        self._ca = ca
        self._folder = folder

    def ask(  # noqa: PLR0913 - a request's parts, all named
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        shown: Issued | None = None,
        body: JSONObject | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own."""
        context = ssl.create_default_context(cadata=self._ca)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the test's authority is a plain one
        if shown is not None:
            context.load_cert_chain(*shown.written(self._folder, "shown"))
        connection = http.client.HTTPSConnection("localhost", self._place.port, timeout=60, context=context)
        fields = {"Authorization": f"Bearer {token}"} if token else {}
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        fields |= {"Content-Type": kind, **(headers or {})}
        connection.request(method, path, json.dumps(body) if body is not None else None, fields)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return Answer(answer.status, json.loads(text), {name.lower(): value for name, value in answer.getheaders()})


@dataclass
class Kproxy:
    """A `kproxy record` in one mode."""

    mode: IdentityMode
    client: Client
    output: Path
    stack: ExitStack

    def recorded(self) -> list[Exchange]:
        """End it; what it has recorded."""
        self.stack.close()
        with open_recording(str(self.output)) as recording:
            return list(recording.exchanges())


@pytest.fixture(params=["pass", "front-proxy", "impersonate"])
def kproxy(
    request: pytest.FixtureRequest, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Kproxy]:
    monkeypatch.setenv("KUBECONFIG", str(server.lab.kubeconfig))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("KPROXY_LAB", raising=False)
    mode = IdentityMode(request.param)
    options = ["--identity", mode.value, "--listen", "https://127.0.0.1:0", "--serving-ca", str(own_ca(tmp_path))]
    if mode is not IdentityMode.PASS:
        options += ["--client-ca", str(server.folder / "client-ca.crt")]
    if mode is IdentityMode.FRONT_PROXY:
        options += ["--proxy-client-cert", str(server.folder / "front-proxy-client.crt")]
        options += ["--proxy-client-key", str(server.folder / "front-proxy-client.key")]
    with ExitStack() as stack:
        output = tmp_path / "s.kproxy"
        running = stack.enter_context(record_process(None, output, *options))
        ca = (tmp_path / "serving-ca.pem").read_text().partition("-----BEGIN PRIVATE")[0]
        yield Kproxy(mode, Client(running.url, ca, tmp_path), output, stack)


def own_ca(folder: Path) -> Path:
    """An authority for kproxy's listener, certificate and key in a file."""
    authority = Authority("kproxy under test")
    file = folder / "serving-ca.pem"
    file.touch(mode=0o600)
    file.write_text(authority.pem + authority.key_pem)
    return file


def named(answer: Answer) -> str:
    """The user in the sentence of a 403."""
    message = answer.body["message"]
    assert isinstance(message, str)
    return message


def test_rights_audit_log_and_flow_schema_are_the_callers_own(server: Server, kproxy: Kproxy) -> None:
    ask = kproxy.client.ask
    forbidden = ask("POST", MAPS, token=server.tokens[VIEWER], body=config_map("viewers"))
    listed = ask("GET", MAPS, token=server.tokens[VIEWER])
    made = ask("POST", MAPS, token=server.tokens[ADMIN], body=config_map(f"admins-{kproxy.mode}"))
    nobody = ask("GET", MAPS, token="not-a-token")

    assert forbidden.status == 403
    assert f'User "{VIEWER}" cannot create resource' in named(forbidden)
    assert (listed.status, made.status, nobody.status) == (200, 201, 401)
    for answer, user in ((forbidden, VIEWER), (listed, VIEWER), (made, ADMIN)):
        assert audited_user(server.audited(answer.headers["audit-id"])) == user
    flows = {answer.headers["x-kubernetes-pf-flowschema-uid"] for answer in (listed, made)}
    assert len(flows) == 2

    exchanges = kproxy.recorded()
    assert [each.answer.status for each in exchanges if each.answer] == [403, 200, 201, 401]
    assert {each.identity for each in exchanges[:3]} == {kproxy.mode}
    if kproxy.mode is not IdentityMode.PASS:
        assert [each.caller for each in exchanges[:3]] == [VIEWER, VIEWER, ADMIN]
        assert exchanges[2].forwarded == f"{ADMIN} [system:masters]"
        assert exchanges[3].end is End.REFUSED
    words = kproxy.output.read_bytes()
    assert not [token for token in (*server.tokens.values(), "not-a-token") if token.encode() in words]


def test_a_node_may_change_itself_and_no_other_node(server: Server, kproxy: Kproxy) -> None:
    if kproxy.mode is IdentityMode.PASS:
        node = server.authority.client("system:node:n1", "system:nodes")
        assert kproxy.client.ask("GET", NODES, shown=node).status in {401, 403}  # it ends at kproxy, as documented
        return
    for name in ("n1", "n2"):
        kproxy.client.ask("POST", NODES, token=server.tokens[ADMIN], body={"metadata": {"name": name}})
    node = server.authority.client("system:node:n1", "system:nodes")
    patch: JSONObject = {"metadata": {"annotations": {"seen": kproxy.mode.value}}}

    own = kproxy.client.ask("PATCH", f"{NODES}/n1", shown=node, body=patch)
    others = kproxy.client.ask("PATCH", f"{NODES}/n2", shown=node, body=patch)

    assert own.status == 200
    assert others.status == 403
    assert 'is not allowed to modify node "n2"' in named(others) or "n1" in named(others)
    assert audited_user(server.audited(own.headers["audit-id"])) == "system:node:n1"
    exchange = kproxy.recorded()[-1]
    assert (exchange.caller, exchange.forwarded) == ("system:node:n1", "system:node:n1 [system:nodes]")


def test_a_service_account_is_itself(server: Server, kproxy: Kproxy) -> None:
    ask = kproxy.client.ask
    admin = server.tokens[ADMIN]
    account: JSONObject = {"metadata": {"name": "robot"}}
    ask("POST", "/api/v1/namespaces/default/serviceaccounts", token=admin, body=account)
    issued = ask("POST", TOKENS, token=admin, body={"spec": {"expirationSeconds": 3600}})
    status = issued.body["status"]
    assert isinstance(status, dict)

    answer = ask("GET", MAPS, token=str(status["token"]))

    assert answer.status == 403
    assert 'User "system:serviceaccount:default:robot" cannot list' in named(answer)
    event = server.audited(answer.headers["audit-id"])
    user = event["user"] if kproxy.mode is not IdentityMode.IMPERSONATE else event["impersonatedUser"]
    assert isinstance(user, dict)
    groups = user["groups"]
    assert isinstance(groups, list)
    assert {"system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"} <= set(groups)


def test_nobody_becomes_somebody_else_by_saying_so(server: Server, kproxy: Kproxy) -> None:
    claims = {"X-Remote-User": ADMIN, "X-Remote-Group": "system:masters"}
    claimed = kproxy.client.ask("POST", MAPS, token=server.tokens[VIEWER], body=config_map("c"), headers=claims)
    impersonating = {"Impersonate-User": ADMIN, "Impersonate-Group": "system:masters"}
    nested = kproxy.client.ask("POST", MAPS, token=server.tokens[VIEWER], body=config_map("c"), headers=impersonating)
    foreign = Authority().client(ADMIN, "system:masters")

    assert (claimed.status, nested.status) == (403, 403)
    assert VIEWER in named(claimed)
    if kproxy.mode is IdentityMode.IMPERSONATE:
        assert "not nested" in named(nested)
    else:
        assert f'User "{VIEWER}" cannot impersonate' in named(nested)
    if kproxy.mode is not IdentityMode.PASS:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            kproxy.client.ask("GET", MAPS, shown=foreign)


def test_the_same_token_is_reviewed_once(server: Server, kproxy: Kproxy) -> None:
    if kproxy.mode is IdentityMode.PASS:
        return
    before = reviews(server)
    for _ in range(5):
        assert kproxy.client.ask("GET", MAPS, token=server.tokens[VIEWER]).status == 200
    kproxy.client.ask("POST", MAPS, token=server.tokens[ADMIN], body=config_map(f"last-{kproxy.mode}"))

    assert wait_for(lambda: reviews(server) - before if reviews(server) - before >= 2 else None) == 2


def config_map(name: str) -> JSONObject:
    return {"metadata": {"name": name}, "data": {"a": "1"}}


def audited_user(event: JSONObject) -> str:
    """As whom the api-server acted."""
    user = event.get("impersonatedUser", event["user"])
    assert isinstance(user, dict)
    name = user["username"]
    assert isinstance(name, str)
    return name


def reviews(server: Server) -> int:
    lines = Path(server.lab.info.audit_log).read_text().splitlines()
    return sum('"resource":"tokenreviews"' in line and '"stage":"ResponseComplete"' in line for line in lines)

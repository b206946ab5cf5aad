"""A session in which kubectl and curl say secrets in every way that they have, on a real kube-apiserver.

Run by `kproxy record … -- python secret_kubectl.py SEED CONTROL [well]`. `said(SEED)` gives the value of each way. The
control value goes into a ConfigMap, which is no secret: it must be in the recording. `well`: nothing is done wrong.
"""

import base64
import hashlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

NAMESPACE = "/api/v1/namespaces/default"
SECRETS = f"{NAMESPACE}/secrets"
JSON, PROTOBUF = "application/json", "application/vnd.kubernetes.protobuf"
KINDS = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
    "apply": "application/apply-patch+yaml",
}

WAYS = (
    *("generic", "tls", "docker", "applied", "serverside", "stringdata", "listed", "replaced", "patched", "merged"),
    *("pathpatched", "large", "jsonlooking", "binary", "quoted", "wrongbase64", "typo", "typolist", "misplaced", "cut"),
    *("badpatch", "badjsonpatch", "badapply", "protobuf", "cookie", "query", "review", "escapedpath", "doubledslash"),
    *("form", "nocontenttype", "notyaml", "yaml", "comment", "twice", "toolarge", "twolengths", "conflict"),
    *("original", "upper", "number", "foldedhead", "shortlength", "watched", "cutchunk", "immutable", "wrongkind"),
)
SHORT = {"one": "ꙮ", "three": "҉ꙮẋ", "four": "ꙮẋ҉ꙭ"}
"""Too short to be looked for as hashes are: of characters that nobody else says."""


def said(seed: str) -> dict[str, str]:
    """The value of each way."""
    made = {way: hashlib.sha256(f"{seed}{way}".encode()).hexdigest()[:20] for way in WAYS}
    made["quoted"] = f'{made["quoted"][:10]}"<&>\\{made["quoted"][10:]}'
    made["number"] = str(int(made["number"], 16))[:15]
    return made | SHORT


class Client:
    """kubectl and HTTP, through kproxy."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values
        self._place = urlsplit(os.environ["KPROXY_URL"])
        self._context = ssl.create_default_context(cafile=os.environ["KPROXY_CA"])

    def kubectl(self, *arguments: str, given: str | None = None, fails: bool = False) -> str:
        """What it prints."""
        done = subprocess.run(["kubectl", *arguments], input=given, capture_output=True, text=True, check=False)
        if (done.returncode != 0) != fails:
            raise SystemExit(f"kubectl {arguments}: {done.returncode}: {done.stderr}")
        return done.stdout

    def http(self, method: str, path: str, body: object = None, media: str = JSON, **headers: str) -> tuple[int, bytes]:
        """Status and content."""
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body, ensure_ascii=False).encode()
        fields = {"Authorization": f"Bearer {os.environ['KPROXY_TOKEN']}"}
        fields |= {"Content-Type": media} if raw is not None and media else {}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        client = http.client.HTTPSConnection(self._place.hostname or "", self._place.port, context=self._context)
        client.request(method, path, raw, fields)
        answer = client.getresponse()
        content = answer.read()
        client.close()
        return answer.status, content

    def raw(self, head: list[str], body: bytes) -> bytes:
        """Bytes as they are, and what comes back."""
        lines = [*head, "Host: x", f"Authorization: Bearer {os.environ['KPROXY_TOKEN']}", "", ""]
        place = (self._place.hostname or "", self._place.port or 443)
        with (
            socket.create_connection(place, 30) as plain,
            self._context.wrap_socket(plain, server_hostname=place[0]) as connection,
        ):
            connection.sendall("\r\n".join(lines).encode() + body)
            connection.settimeout(3)
            got = b""
            with suppress(TimeoutError):
                while data := connection.recv(65536):
                    got += data
            return got


def coded(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def secret(name: str, **parts: object) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, **parts}


def with_kubectl(client: Client, folder: Path) -> None:
    """As people do it."""
    v, kubectl = client.values, client.kubectl
    kubectl(
        "create", "secret", "generic", "generic", f"--from-literal=p={v['generic']}", f"--from-literal=q={v['quoted']}"
    )
    for name, value in SHORT.items():
        kubectl("create", "secret", "generic", f"short-{name}", f"--from-literal=p={value}")
    (folder / "large").write_bytes(b"x" * 900_000 + v["large"].encode() + b"y" * 70_000)
    (folder / "binary").write_bytes(b"\xff\x00\xfe" + v["binary"].encode() + b"\x80")
    (folder / "json").write_text(json.dumps({"auths": {"x": v["jsonlooking"]}}))
    (folder / "empty").write_bytes(b"")
    for name in ("large", "binary", "json", "empty"):
        kubectl("create", "secret", "generic", f"file-{name}", f"--from-file={folder / name}")
    key = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", "2"]
    subprocess.run([*key, "-keyout", str(folder / "key"), "-out", str(folder / "crt")], check=True, capture_output=True)
    kubectl("create", "secret", "tls", "tls", f"--key={folder / 'key'}", f"--cert={folder / 'crt'}")
    Path(os.environ["TLS_KEY_TO"]).write_bytes((folder / "key").read_bytes())
    docker = ("--docker-server=x", "--docker-username=u", f"--docker-password={v['docker']}")
    kubectl("create", "secret", "docker-registry", "docker", *docker)
    for value in (v["applied"], v["patched"]):
        kubectl(
            "apply", "-f", "-", given=json.dumps(secret("applied", stringData={"p": value}, data={"q": coded(value)}))
        )
    for value in (v["serverside"], v["replaced"]):
        kubectl("apply", "--server-side", "-f", "-", given=json.dumps(secret("serverside", data={"p": coded(value)})))
    kubectl("replace", "-f", "-", given=json.dumps(secret("generic", stringData={"r": v["replaced"]})))
    two = [
        secret("listed", stringData={"p": v["listed"]}),
        {**secret("listed"), "kind": "ConfigMap", "data": {"a": "b"}},
    ]
    kubectl("create", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": two}))
    for kind, patch in (
        ("strategic", {"stringData": {"p": v["patched"]}}),
        ("merge", {"data": {"q": coded(v["merged"])}}),
        ("json", [{"op": "replace", "path": "/data/p", "value": coded(v["pathpatched"])}]),
    ):
        kubectl("patch", "secret", "applied", "--type", kind, "-p", json.dumps(patch))
    for output in ("yaml", "json", "wide", "name"):
        kubectl("get", "secrets", "-o", output)
        kubectl("get", "secret", "applied", "-o", output)
    kubectl("describe", "secret", "applied")
    kubectl("create", "serviceaccount", "robot")
    Path(os.environ["TOKEN_TO"]).write_text(kubectl("create", "token", "robot").strip())
    watch = subprocess.Popen(["kubectl", "get", "secrets", "-w", "-o", "yaml"], stdout=subprocess.DEVNULL)
    for number in range(3):
        kubectl("create", "secret", "generic", f"watched-{number}", f"--from-literal=p={v['watched']}")
    kubectl("create", "configmap", "control", f"--from-literal=p={sys.argv[2]}")
    kubectl("delete", "secret", "watched-0", "file-binary")
    watch.terminate()
    watch.wait()


def with_http(client: Client) -> None:
    """As programs do it."""
    v, http = client.values, client.http
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": v["review"]}}
    http("POST", "/apis/authentication.k8s.io/v1/tokenreviews", review)
    review["spec"] = {"token": Path(os.environ["TOKEN_TO"]).read_text()}
    http("POST", "/apis/authentication.k8s.io/v1/tokenreviews", review, Accept=PROTOBUF)
    http("POST", SECRETS, {**secret("p"), "stringData": {"p": v["protobuf"]}}, Accept=PROTOBUF)
    for accept in (
        f"{JSON};as=Table;v=v1;g=meta.k8s.io",
        f"{JSON};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
        f"{PROTOBUF};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
        f"{PROTOBUF};as=Table;v=v1;g=meta.k8s.io",
        PROTOBUF,
        "application/yaml",
        "application/cbor",
    ):
        for query in ("", "?includeObject=Object", "?watch=1&timeoutSeconds=1"):
            http("GET", SECRETS + query, Accept=accept)
        http("GET", f"{SECRETS}/applied", Accept=accept)
        http("GET", f"{SECRETS}/applied", Accept=accept, Accept_Encoding="gzip")
    _, body = http("GET", f"{SECRETS}/applied", Accept=PROTOBUF)
    http("PUT", f"{SECRETS}/applied", body, PROTOBUF)
    http("POST", NAMESPACE + "/configmaps", body, PROTOBUF)
    http("GET", "/api/v1/watch/namespaces/default/secrets?timeoutSeconds=1")
    http("GET", f"{NAMESPACE}/%73ecrets/applied")
    http("POST", f"{NAMESPACE}/%73ecrets", secret("escaped", stringData={"p": v["escapedpath"]}))
    for path in (f"/{SECRETS}", SECRETS.replace("/v1", "//v1"), SECRETS.replace("/api", "/API"), f"/x/..{SECRETS}"):
        http("GET", path)
        http("POST", path, secret("doubled", stringData={"p": v["doubledslash"]}))
    http("GET", f"{SECRETS}/applied?token={v['query']}", Cookie=f"s={v['cookie']}")


def with_errors(client: Client) -> None:
    """As programs do it wrong: what was said comes back in the error."""
    v, http = client.values, client.http
    data = f'{{"kind":"Secret","apiVersion":"v1","metadata":{{"name":"e"}},"data":{{"p":"{v["wrongbase64"]}!"}}}}'
    http("POST", SECRETS, data.encode())
    http("POST", SECRETS, {**secret("typo"), "stringdata": {"p": v["typo"]}})
    http("POST", SECRETS + "?fieldValidation=Strict", {**secret("typo2"), "strngData": [{"p": v["typolist"]}]})
    http("POST", SECRETS, {**secret("upper"), "Data": {"p": coded(v["upper"])}})
    http("POST", NAMESPACE + "/configmaps", secret("misplaced", stringData={"p": v["misplaced"]}))
    http("POST", SECRETS, f'{{"kind":"Secret","stringData":{{"p":"{v["cut"]}'.encode())
    for kind in ("merge", "strategic"):
        http("PATCH", f"{SECRETS}/applied", {"data": {"p": v["badpatch"] + "!"}}, KINDS[kind])
        http("PATCH", f"{SECRETS}/applied", {"data": {"p": "ꙮ!"}}, KINDS[kind])
        http("PATCH", f"{SECRETS}/applied", {"data": [v["badpatch"]]}, KINDS[kind])
        http("PATCH", f"{SECRETS}/applied", {"data": v["badpatch"], "stringData": "ꙮ"}, KINDS[kind])
        http("PATCH", f"{SECRETS}/applied", {"stringData": {"p": int(v["number"])}}, KINDS[kind])
        http("PATCH", f"{SECRETS}/applied", json.dumps({"data": {"p": v["badpatch"]}})[:-2].encode(), KINDS[kind])
        http(
            "PATCH",
            f"{SECRETS}/applied",
            {"metadata": {"uid": "other"}, "stringData": {"p": v["conflict"]}},
            KINDS[kind],
        )
        http("PATCH", f"{SECRETS}/applied", {"kind": "Pod", "stringData": {"p": v["wrongkind"]}}, KINDS[kind])
    for path in ("/data/nothere/x", "/data/p", "/data", "/stringData", "", "data/p", "/data/-"):
        for op in ("test", "replace", "add", "nonsense", "remove"):
            patch = [{"op": op, "path": path, "value": v["badjsonpatch"]}]
            http("PATCH", f"{SECRETS}/applied", patch, KINDS["json"])
    http("PATCH", f"{SECRETS}/applied", {"op": "add", "path": "/data/p", "value": v["badjsonpatch"]}, KINDS["json"])
    for text in (
        f"kind: Secret\napiVersion: v1\nmetadata: {{name: applied}}\nstringData: {{p: {v['badapply']}}}\ndata: [1]\n",
        f"kind: Secret\napiVersion: v1\nstringData:\n\tp: {v['badapply']}\n",
        f"kind: Secret\napiVersion: v1\nmetadata: {{name: applied}}\nstringdata: {v['badapply']}\n",
        f"just {v['badapply']}",
    ):
        http("PATCH", f"{SECRETS}/applied?fieldManager=x&force=true", text.encode(), KINDS["apply"])
        http("POST", SECRETS, text.encode(), "application/yaml")
    http(
        "POST", SECRETS, f"# {v['comment']}\nkind: Secret\nstringData: {{p: {v['yaml']}}}".encode(), "application/yaml"
    )
    http("POST", SECRETS, f"kind: Secret\n  p: [{v['notyaml']}".encode(), "application/yaml")
    http("POST", SECRETS, secret("f", stringData={"p": v["form"]}), "application/x-www-form-urlencoded")
    http("POST", SECRETS, f"p={v['form']}".encode(), "application/x-www-form-urlencoded")
    http("POST", SECRETS, secret("f", stringData={"p": v["nocontenttype"]}), "")
    twice = f'{{"kind":"Secret","metadata":{{"name":"twice"}},"stringData":{{"p":"{v["twice"]}","p":"x"}}}}'
    http("POST", SECRETS, twice.encode())
    http("POST", SECRETS, secret("toolarge", stringData={"p": v["toolarge"] + "z" * 1_200_000}))
    http("POST", SECRETS, secret("toolarge", stringData={"p": v["toolarge"] + "z" * 4_000_000}))
    original = json.dumps(secret("o", stringData={"p": v["original"]}))
    noted = secret("original")
    noted["metadata"] = {"name": "original", "annotations": {"kapp.k14s.io/original": original}}
    http("POST", SECRETS, noted)
    frozen = secret("immutable", stringData={"p": "a"}, immutable=True)
    http("POST", SECRETS, frozen)
    http("PUT", f"{SECRETS}/immutable", {**frozen, "stringData": {"p": v["immutable"]}})
    http("POST", SECRETS, secret("Not A Name", stringData={"p": v["conflict"], "not a key": v["conflict"]}))
    http(
        "POST",
        SECRETS,
        secret("wrong", type="kubernetes.io/dockerconfigjson", stringData={".dockerconfigjson": v["wrongkind"]}),
    )
    http("POST", SECRETS, secret("wrong", type="kubernetes.io/tls", stringData={"tls.crt": v["wrongkind"]}))
    http("DELETE", f"{SECRETS}/applied", {"kind": "DeleteOptions", "preconditions": {"uid": "other"}})


def with_bad_framing(client: Client) -> None:
    """A body whose end nobody can tell: what kproxy refuses may hold it."""
    v, line = client.values, f"POST {SECRETS} HTTP/1.1"
    for way, fields in (
        ("twolengths", ["Content-Length: 7", "Content-Length: 300"]),
        ("foldedhead", ["Content-Length: 300", "X: a", " b"]),
        ("shortlength", ["Content-Length: 5"]),
        ("cutchunk", ["Transfer-Encoding: chunked"]),
    ):
        body = json.dumps(secret(way, stringData={"p": v[way]}), indent=1).encode()
        client.raw([line, "Content-Type: application/json", *fields], body)
        body = f"kind: Secret\nmetadata:\n  name: {way}\nstringData:\n  p: {v[way]}\n".encode()
        client.raw([line, "Content-Type: application/yaml", *fields], body)
        client.raw([line, "Content-Type: application/yaml", *fields], body.replace(b"\n", b"\r\n") + b"\r\n")
    half = json.dumps(secret("cut", stringData={"p": v["cut"]})).encode()
    client.raw([line, "Content-Type: application/json", "Content-Length: 3000"], half)
    client.raw([line, "Content-Type: application/json", "Expect: 100-continue", f"Content-Length: {len(half)}"], half)


def main() -> None:
    client = Client(said(sys.argv[1]))
    with tempfile.TemporaryDirectory() as folder:
        with_kubectl(client, Path(folder))
    if sys.argv[3:] == ["well"]:
        return
    with_http(client)
    with_errors(client)
    with_bad_framing(client)


if __name__ == "__main__":
    main()

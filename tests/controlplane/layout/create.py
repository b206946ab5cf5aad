"""Creates objects.yaml through KUBECONFIG's server, with kubectl, and stores what the server serves: create.py FILE."""

import base64
import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE = Path(__file__).parent
PATIENCE = 60.0
NAME = "layout"


def kubectl(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """One command, and how it ended."""
    return subprocess.run(["kubectl", *arguments], input=given, capture_output=True, text=True, check=False)


def prepared() -> list[dict[str, object]]:
    """Each with its name, and with what only a program can make."""
    text = (HERE / "objects.yaml").read_text()
    documents: list[dict[str, object]] = yaml.safe_load(text)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    now = datetime.now(UTC)
    authority = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    made = {
        "CSR": base64.b64encode(request.public_bytes(pem)).decode(),
        "DER": base64.b64encode(request.public_bytes(serialization.Encoding.DER)).decode(),
        "CA": authority.public_bytes(pem).decode(),
    }
    for document in documents:
        document["metadata"] = {"name": NAME, **document.get("metadata", {})}  # type: ignore[dict-item] # a dict of JSON is invariant
        spec = document.get("spec")
        if isinstance(spec, dict):
            for field, value in spec.items():
                spec[field] = made.get(value, value) if isinstance(value, str) else value
    return documents


def main(file: Path) -> None:
    served = []
    versions = json.loads(kubectl("get", "--raw", "/apis").stdout)
    paths = [
        "/api/v1",
        *(f"/apis/{each['groupVersion']}" for group in versions["groups"] for each in group["versions"]),
    ]
    for path in paths:
        found = json.loads(kubectl("get", "--raw", path).stdout)
        group = "" if path == "/api/v1" else path.split("/")[2]
        served += [[group, each["name"], each["kind"]] for each in found["resources"] if "create" in each["verbs"]]
    *built_in, custom = prepared()
    failed = created(built_in)
    deadline = time.monotonic() + PATIENCE
    while "no matches for kind" in (later := created([custom])) and time.monotonic() < deadline:
        time.sleep(0.2)
    file.write_text(json.dumps({"served": served, "failed": failed + later}))


def created(documents: list[dict[str, object]]) -> str:
    """What kubectl complains of."""
    given = "\n---\n".join(json.dumps(document) for document in documents)
    said = kubectl("create", "--validate=false", "-f", "-", given=given).stderr
    return "".join(line for line in said.splitlines(keepends=True) if not line.startswith("Warning: "))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

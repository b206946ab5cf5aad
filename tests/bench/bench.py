"""How fast: direct, `mitmdump -q`, `mitmdump -q -w` and `kproxy record`, side by side on this machine.

    python tests/bench/bench.py [--rounds 5] [--seconds 3] [--json FILE] [--short]

Generator and upstream are the Go programs of controlplane/bench. The contenders take turns, round by round, so that
what else the machine does hits all of them; the figures are medians. After each of its runs kproxy's recording must
hold exactly the requests that were sent, and 100 random ones, Secrets among them, decoded and redacted. --short is one
small round: it checks counts and contents, and that everything runs; its figures mean nothing.
"""

import argparse
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from kproxy.config.written import minimal_kubeconfig
from kproxy.model.exchange import End
from kproxy.proxy.certificates import make_serving_certificate
from kproxy.store.reader import open_recording

BIN = Path(sys.executable).parent
SECRETS = 200
SECRET = "kproxy-bench-secrets-"  # what the upstream's Secrets hold, before the number in their names
SAMPLE = 100
STARTUP = 30.0
CONTENDERS = ("direct", "mitmdump -q", "mitmdump -q -w", "kproxy record")
GOAL = 8.0


@dataclass(frozen=True)
class Scene:
    """One upstream, and what a run needs to know of it."""

    tls: bool
    connections: int
    url: str
    folder: Path
    programs: Path
    amount: tuple[str, str]  # of the generator's flags: how long, or how many

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"

    def load(self, url: str, ca: str | None, *more: str) -> list[str]:
        """The generator's command line."""
        trust = ("--ca", ca) if ca else ()
        return [str(self.programs / "load"), "--url", url, "--connections", str(self.connections), *trust, *more]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=3.0)
    arguments.add_argument("--json", type=Path, help="write the figures here too")
    arguments.add_argument("--short", action="store_true")
    options = arguments.parse_args()
    programs = Path(printed("sh", "controlplane/build.sh", "bench"))
    rounds = 1 if options.short else options.rounds
    amount = ("--requests", "300") if options.short else ("--duration", f"{options.seconds}s")
    figures: list[dict[str, object]] = []
    for tls in (False, True):
        for connections in (1, 16):
            with TemporaryDirectory(prefix="kproxy-bench-") as folder, upstream(programs, Path(folder), tls=tls) as url:
                scene = Scene(tls, connections, url, Path(folder), programs, amount)
                row = measured(scene, rounds)
            figures.append(row)
            say(table_row(row))
    report = {"machine": machine(), "short": options.short, "rounds": rounds, "rows": figures}
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    ratio = figures[1]["ratio"]
    if not options.short:
        say(f"kproxy record is {ratio:.1f} times `mitmdump -q -w` (plain, c=16); the goal is {GOAL:g}.")
        return int(isinstance(ratio, float) and ratio < GOAL)
    return 0


def measured(scene: Scene, rounds: int) -> dict[str, object]:
    """The contenders' medians in one scene."""
    runs: dict[str, Callable[[Scene], dict[str, float]]] = {
        "direct": run_direct,
        "mitmdump -q": lambda scene: run_mitmdump(scene, write=False),
        "mitmdump -q -w": lambda scene: run_mitmdump(scene, write=True),
        "kproxy record": run_kproxy,
    }
    results: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    for _ in range(rounds):
        for name, run in runs.items():
            result = run(scene)
            if result["errors"]:
                raise SystemExit(f"{name} made {result['errors']} errors of {result['requests']} requests")
            results[name].append(result)
    rates = {name: median(one["rps"] for one in found) for name, found in results.items()}
    waits = {name: median(one["p50_us"] for one in found) for name, found in results.items()}
    ratio = rates["kproxy record"] / rates["mitmdump -q -w"]
    return {"tls": scene.tls, "connections": scene.connections, "rps": rates, "p50_us": waits, "ratio": ratio}


def run_direct(scene: Scene) -> dict[str, float]:
    return result_of(scene.load(scene.url, ca_of(scene), *scene.amount))


def run_mitmdump(scene: Scene, *, write: bool) -> dict[str, float]:
    """As a user would start it; certificates are its own, made in a folder that is then gone."""
    port = free_port()
    flows = scene.folder / "flows"
    command = [str(BIN / "mitmdump"), "-q", "--set", f"confdir={scene.folder}"]
    command += ["--mode", f"reverse:{scene.url}@127.0.0.1:{port}"]
    command += ["--set", f"ssl_verify_upstream_trusted_ca={ca_of(scene)}"] if scene.tls else []
    command += ["-w", str(flows)] if write else []
    with running(command):
        wait_for(port)
        ca = str(scene.folder / "mitmproxy-ca-cert.pem") if scene.tls else None
        found = result_of(scene.load(f"{scene.scheme}://127.0.0.1:{port}", ca, *scene.amount))
    flows.unlink(missing_ok=True)
    return found


def run_kproxy(scene: Scene) -> dict[str, float]:
    """The timed load and then some Secrets, through one recording, which is then looked into."""
    recording = scene.folder / "bench.kproxy"
    load = " ".join(scene.load('"$KPROXY_URL"', '"$KPROXY_CA"' if scene.tls else None))
    load += ' --token "$KPROXY_TOKEN"' if scene.tls else ""
    secrets = f"--requests {SECRETS} --path-template '/api/v1/namespaces/bench/secrets/s-{{n}}'"
    script = f"set -e\n{load} {' '.join(scene.amount)}\n{load} {secrets}\n"
    command = [str(BIN / "python"), "-m", "kproxy", "record", "--force", "-o", str(recording)]
    command += ["--listen", f"{scene.scheme}://127.0.0.1:0"]
    if scene.tls:
        config = scene.folder / "kubeconfig"
        config.write_text(minimal_kubeconfig(server=scene.url, ca_pem=Path(ca_of(scene) or "").read_text(), token="t"))
        command += ["--kubeconfig", str(config)]
    else:
        command += ["--upstream", scene.url]
    lines = printed(*command, "--", "sh", "-c", script).splitlines()
    found: dict[str, float] = json.loads(lines[0])
    check(recording, int(found["requests"]))
    recording.unlink()
    return found


def check(file: Path, pods: int) -> None:
    """The recording holds what was sent, each once, and no secret."""
    expected = {f"/api/v1/namespaces/bench/pods/p-{n}" for n in range(pods)}
    expected |= {f"/api/v1/namespaces/bench/secrets/s-{n}" for n in range(SECRETS)}
    with open_recording(str(file)) as recording:
        exchanges = list(recording.exchanges())
        gaps = list(recording.gaps())
        targets = [exchange.request.target for exchange in exchanges]
        if gaps or len(targets) != len(expected) or set(targets) != expected:
            raise SystemExit(f"{pods} + {SECRETS} requests were sent, {len(targets)} are recorded, gaps: {gaps}")
        bad = [
            one.seq for one in exchanges if one.end is not End.COMPLETE or not one.answer or one.answer.status != 200
        ]
        if bad:
            raise SystemExit(f"exchanges {bad[:10]} are not recorded as complete answers")
        of_secrets = [one for one in exchanges if one.info.resource == "secrets"]
        for one in random.sample(exchanges, SAMPLE // 2) + random.sample(of_secrets, SAMPLE // 2):
            digest = one.answer.body.digest if one.answer else None
            body = recording.body(digest) if digest else b""
            kind = json.loads(body)["kind"]
            if kind != {"pods": "Pod", "secrets": "Secret"}[one.info.resource] or holds_secret(body):
                raise SystemExit(f"exchange {one.seq} is recorded as {body[:300]!r}")
    if holds_secret(file.read_bytes()):
        raise SystemExit("the recording's file holds a secret")


def holds_secret(data: bytes) -> bool:
    """The upstream's secret, plain or in base64 (whose first letters do not depend on what follows)."""
    return SECRET.encode() in data or b64encode(SECRET.encode())[: len(SECRET) // 3 * 4] in data


@contextmanager
def upstream(programs: Path, folder: Path, *, tls: bool) -> Iterator[str]:
    """The fixed server; its URL."""
    command = [str(programs / "upstream")]
    if tls:
        write_certificate(folder)
        command += ["--tls-cert", str(folder / "up.crt"), "--tls-key", str(folder / "up.key")]
    with running(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]


def write_certificate(folder: Path) -> None:
    """A certificate for localhost and its authority."""
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415 - only TLS needs it

    serving = make_serving_certificate("localhost")
    (folder / "ca.crt").write_text(serving.ca_pem or "")
    (folder / "up.crt").write_bytes(serving.certificate.public_bytes(form.Encoding.PEM))
    key = serving.key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    (folder / "up.key").write_bytes(key)


def ca_of(scene: Scene) -> str | None:
    return str(scene.folder / "ca.crt") if scene.tls else None


@contextmanager
def running(command: list[str], stdout: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[str]]:
    """A process that is ended with SIGTERM, or killed if it stays."""
    process = subprocess.Popen(command, stdout=stdout, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def result_of(command: list[str]) -> dict[str, float]:
    found: dict[str, float] = json.loads(printed(*command))
    return found


def printed(*command: str) -> str:
    """What a command prints. SystemExit with what it complained about if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed ({done.returncode}): {done.stderr or done.stdout}")
    return done.stdout.strip()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Until somebody listens there."""
    deadline = time.monotonic() + STARTUP
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"nobody listens on port {port} after {STARTUP:g} seconds")


def machine() -> dict[str, object]:
    return {"cpus": os.cpu_count(), "python": sys.version.split()[0], "openssl": ssl.OPENSSL_VERSION}


def table_row(row: dict[str, object]) -> str:
    """One scene: answers a second, and the median wait."""
    rates, waits = row["rps"], row["p50_us"]
    assert isinstance(rates, dict)
    assert isinstance(waits, dict)
    cells = [f"{name} {rates[name]:,.0f}/s ({waits[name] / 1000:.2f} ms)" for name in CONTENDERS]
    scheme = "TLS  " if row["tls"] else "plain"
    return f"{scheme} c={row['connections']:<2}  {'   '.join(cells)}   ratio {row['ratio']:.1f}"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

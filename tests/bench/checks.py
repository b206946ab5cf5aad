"""What a recording must hold after a run: what was sent, each once and as it was, and no secret."""

import json
import random
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from kproxy.model.exchange import BodyState, End, Exchange
from kproxy.model.recording import Recording
from kproxy.store.reader import open_recording
from tests.bench.processes import BenchError
from tests.bench.scenes import PODS, Scene, Workload

SECRETS = 200
"""Requests for Secrets before each measured run: they warm up, and show that what is stored is redacted."""

SECRET_TARGET = PODS.replace("pods", "secrets") + "/s-{n}"
SECRET = "kproxy-bench-secrets-"  # what the upstream's Secrets hold, before the number in their names
SAMPLE = 50
KINDS = {Workload.GET: "Pod", Workload.LIST: "PodList", Workload.POST: "Pod"}


@dataclass(frozen=True, slots=True)
class Sent:
    """What the generator counted in the measured run, after so many requests to warm up."""

    requests: int
    events: int
    warm_up: int


def check(file: Path, scene: Scene, sent: Sent) -> None:
    """BenchError, in a sentence, if the recording does not hold what was sent."""
    with open_recording(str(file)) as recording:
        exchanges = list(recording.exchanges())
        if gaps := list(recording.gaps()):
            raise BenchError(f"the recording has gaps: {gaps[:3]}")
        _check_targets(exchanges, scene, sent)
        for one in exchanges:
            if one.end is not End.COMPLETE or one.answer is None or one.answer.status not in {200, 201}:
                raise BenchError(f"exchange {one.seq} is not recorded as a complete answer: {one}")
        if scene.workload is Workload.WATCH:
            frames = sum(1 for one in exchanges for _ in recording.frames(one.seq))
            if frames != sent.events:
                raise BenchError(f"{sent.events} events were read, {frames} are recorded")
        _check_contents(recording, exchanges, scene)
    if holds_secret(file.read_bytes()):
        raise BenchError("the recording's file holds a secret")


def holds_secret(data: bytes) -> bool:
    """The upstream's secret, plain or in base64 (whose first letters do not depend on what follows)."""
    return SECRET.encode() in data or b64encode(SECRET.encode())[: len(SECRET) // 3 * 4] in data


def _check_targets(exchanges: list[Exchange], scene: Scene, sent: Sent) -> None:
    warm = scene.target if scene.kind != "fixed" else SECRET_TARGET
    first = sent.warm_up if scene.kind != "fixed" else 0  # there, the measured ones go on with the numbers
    expected = {warm.replace("{n}", str(n)) for n in range(sent.warm_up)}
    expected |= {scene.target.replace("{n}", str(first + n)) for n in range(sent.requests)}
    targets = [one.request.target for one in exchanges]
    if scene.workload is Workload.WATCH:
        targets = [target.partition("timeoutSeconds=")[0] + "timeoutSeconds=" if "watch=1" in target else target
                   for target in targets]  # fmt: skip
    if len(targets) != len(expected) or set(targets) != expected:
        wrong = sorted(set(targets) ^ expected)[:3]
        raise BenchError(f"{len(expected)} requests were sent, {len(targets)} are recorded; such as {wrong}")


def _check_contents(recording: Recording, exchanges: list[Exchange], scene: Scene) -> None:
    """Some of them, and as many Secrets, decoded: what they are, and that they hide what they should."""
    secrets = [one for one in exchanges if one.info.resource == "secrets"]
    others = [one for one in exchanges if one.info.resource != "secrets" and scene.workload is not Workload.WATCH]
    for one in random.sample(secrets, min(SAMPLE, len(secrets))) + random.sample(others, min(SAMPLE, len(others))):
        kind = "Secret" if one.info.resource == "secrets" else KINDS[scene.workload]
        body = _answer_body(recording, one)
        if json.loads(body)["kind"] != kind or holds_secret(body):
            raise BenchError(f"exchange {one.seq} is recorded as {body[:300]!r}")
        if scene.workload is Workload.POST and kind == "Pod":
            _check_posted(recording, one)


def _check_posted(recording: Recording, one: Exchange) -> None:
    digest = one.request.body.digest
    number = one.request.target.rpartition("-")[2]
    if digest is None or json.loads(recording.body(digest))["metadata"]["labels"]["number"] != f"n{number}":
        raise BenchError(f"exchange {one.seq} is recorded without what it sent")


def _answer_body(recording: Recording, one: Exchange) -> bytes:
    body = one.answer.body if one.answer is not None else None
    if body is None or body.state is not BodyState.KEPT or body.digest is None:
        raise BenchError(f"the answer of exchange {one.seq} is not kept: {body}")
    return recording.body(body.digest)

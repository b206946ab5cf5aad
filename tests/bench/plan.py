"""Which scenes and contenders a bench has, and how long each run takes."""

from dataclasses import dataclass, replace

from tests.bench.contenders import DIRECT, RECORD, RELAY, UNRECORDED, WRITING
from tests.bench.scenes import Amount, Scene, Workload

RELAY_REQUESTS = 2000
REPLAY_REQUESTS = 5000


@dataclass(frozen=True, slots=True)
class Turn:
    """A scene and how much of it a run is. `contenders`: only these; () all."""

    scene: Scene
    amount: Amount
    contenders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """`saturation`: seconds of it, 0 for none; `relay`, `replay`: requests of each run of those, 0 for none."""

    turns: tuple[Turn, ...]
    rounds: int
    saturation: float
    relay: int = 0
    replay: int = 0

    def only(self, scenes: list[str], contenders: list[str]) -> "Plan":
        """What was asked for of it; `saturation`, `etcd relay`, `replay` are scenes of their own."""
        turns = [turn for turn in self.turns if not scenes or any(_named(turn, part) for part in scenes)]
        if contenders:
            turns = [replace(turn, contenders=tuple(contenders)) for turn in turns]
        saturation = "saturation" in scenes or not (scenes or contenders)
        relay = "etcd relay" in scenes or not (scenes or contenders)
        replay = "replay" in scenes or not (scenes or contenders)
        return replace(
            self,
            turns=tuple(turns),
            saturation=self.saturation if saturation else 0.0,
            relay=self.relay if relay else 0,
            replay=self.replay if replay else 0,
        )


def _named(turn: Turn, asked: str) -> bool:
    """A whole name (with its number of connections) means that scene alone, less of it all that have it."""
    name = turn.scene.name
    return name == asked or ("c=" not in asked and asked in name)


def full(rounds: int, seconds: float, *, real: bool) -> Plan:
    """All of it; `real`: with a kube-apiserver."""
    turns = []
    for tls in (False, True):
        for workload, connections in (
            (Workload.GET, 1), (Workload.GET, 16), (Workload.LIST, 16), (Workload.POST, 16), (Workload.WATCH, 500),
        ):  # fmt: skip
            amount = Amount(2 * seconds if workload is Workload.WATCH else seconds)
            turns.append(Turn(Scene("fixed", workload, tls, connections), amount))
    if real:
        turns += [Turn(Scene("kube-apiserver", Workload.GET, True, c), Amount(seconds)) for c in (1, 16)]
    return Plan(tuple(turns), rounds, 60.0, RELAY_REQUESTS if real else 0, REPLAY_REQUESTS)


def short() -> Plan:
    """So little that it is a test: under two minutes on a slow machine."""
    few = (DIRECT, RELAY, UNRECORDED, RECORD)
    turns = (
        Turn(Scene("fixed", Workload.GET, False, 16), Amount(0, 300), (*few, WRITING)),
        Turn(Scene("fixed", Workload.GET, True, 16), Amount(0, 300), (DIRECT, RELAY, RECORD)),
        Turn(Scene("fixed", Workload.LIST, True, 4), Amount(0, 20), (DIRECT, RECORD)),
        Turn(Scene("fixed", Workload.POST, False, 4), Amount(0, 300), (DIRECT, RECORD)),
        Turn(Scene("fixed", Workload.WATCH, True, 20), Amount(2), (DIRECT, RECORD)),
    )
    return Plan(turns, 1, 3.0)

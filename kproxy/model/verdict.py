"""What a comparison says."""

import re
from dataclasses import dataclass
from enum import StrEnum

from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON


class Outcome(StrEnum):
    """The verdict, in DESIGN's words; exit codes as diff(1)."""

    IDENTICAL = "identical"
    EQUIVALENT = "equivalent"
    DIFFERENT = "different"
    INCONCLUSIVE = "inconclusive"

    @property
    def exit_code(self) -> int:
        """0, 0, 1, 2."""
        return {"identical": 0, "equivalent": 0, "different": 1, "inconclusive": 2}[self.value]


_PLACE = re.compile(r"\[(\d+)\](.*)", re.DOTALL)


def split_key(path: str) -> tuple[str, int, str]:
    """The path of a difference in etcd: key, place in the key's history, what follows."""
    found = _PLACE.search(path)
    return (path, 0, "") if found is None else (path[: found.start()], int(found[1][:9]), found[2])


def where_they_part(baseline: JSON, replayed: JSON, most: int) -> tuple[JSON, JSON]:
    """Two values for reading: of texts that begin alike for long, the part where they do not any more."""
    if not isinstance(baseline, str) or not isinstance(replayed, str) or max(len(baseline), len(replayed)) <= most:
        return baseline, replayed
    shorter = min(len(baseline), len(replayed))
    alike = next((at for at in range(shorter) if baseline[at] != replayed[at]), shorter)
    start = max(0, alike - most // 4)
    if start < most // 2:
        return baseline, replayed
    return f"…{baseline[start : start + most]}", f"…{replayed[start : start + most]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference, at its place.

    `where`: status | header | body | stream | end | etcd | missing | extra. `path` is a JSON path within it
    (`$.spec.containers[0].image`), a header's name, a key. `kind`: changed | added | removed | reordered | renamed
    (a value that would need two images). `baseline` and `replayed` are the two values, None where absent.
    """

    seq: Seq | None
    where: str
    path: str
    kind: str
    baseline: JSON
    replayed: JSON

    @property
    def key(self) -> str:
        """The key of a difference in etcd, "" for any other."""
        return split_key(self.path)[0] if self.where == "etcd" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The differences of one cause, the earliest first.

    `cause`: one sentence; `chain`: how the first divergence led to the others, a sentence each, the first cause first.
    """

    cause: str
    differences: tuple[Difference, ...]
    chain: tuple[str, ...] = ()

    @property
    def first(self) -> Difference:
        """Where it shows first."""
        return self.differences[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseCount:
    """How much one rule hid: `ground` says why the rule may.

    `source`: built-in | learned | user; `teachers`: the runs that taught a learned rule.
    """

    rule: str
    ground: str
    count: int
    source: str = "built-in"
    teachers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many were compared, and with which outcome."""

    compared: int = 0
    identical: int = 0
    equivalent: int = 0
    different: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer of diff and replay. `reasons`: why it is inconclusive; `scope`: "HTTP and etcd" or "HTTP only".

    `findings`: all of `differences`, those of one cause together, the first cause first. `notes`: what whoever reads it
    should know, though it decides nothing. `counterparts`: of the exchanges that differ, the replay's beside them.
    `unlisted`: of the differences that are only counted, one for each exchange and key, without its values.
    """

    outcome: Outcome
    scope: str
    exchanges: Tally
    etcd: Tally
    differences: tuple[Difference, ...] = ()
    findings: tuple[Finding, ...] = ()
    noise: tuple[NoiseCount, ...] = ()
    renamed: tuple[tuple[str, int], ...] = ()  # (kind of name, how many)
    reasons: tuple[str, ...] = ()
    same_server: bool = False
    notes: tuple[str, ...] = ()
    counterparts: tuple[tuple[Seq, Seq], ...] = ()
    unlisted: tuple[Difference, ...] = ()

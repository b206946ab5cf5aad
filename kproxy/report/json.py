"""The verdict as JSON: the keys that scripts rely on (docs/command-line.md)."""

import json
from collections.abc import Mapping

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Difference, Finding, Tally, Verdict


def json_report(verdict: Verdict) -> str:
    """One JSON object, indented; ASCII only, so that nothing from a recording can steer a terminal."""
    return json.dumps(_verdict_json(verdict), indent=2, ensure_ascii=True)


def _verdict_json(verdict: Verdict) -> JSONObject:
    """The object itself."""
    return {
        "verdict": verdict.outcome.value,
        "scope": verdict.scope,
        "same_server": verdict.same_server,
        "exchanges": _tally(verdict.exchanges),
        "etcd": _tally(verdict.etcd),
        "renamed": dict(verdict.renamed),
        "noise": [
            {
                "rule": each.rule,
                "ground": each.ground,
                "count": each.count,
                "source": each.source,
                "teachers": list(each.teachers),
            }
            for each in verdict.noise
        ],
        "differences": [_difference(each) for each in verdict.differences],
        "findings": _findings(verdict),
        "counterparts": {str(seq): image for seq, image in verdict.counterparts},
        "reasons": list(verdict.reasons),
        "notes": list(verdict.notes),
    }


def _findings(verdict: Verdict) -> list[JSON]:
    """Each with the places of its differences in `differences`."""
    places = {id(each): index for index, each in enumerate(verdict.differences)}
    return [_finding(each, places) for each in verdict.findings]


def _finding(finding: Finding, places: Mapping[int, int]) -> JSONObject:
    first = finding.first
    return {
        "cause": finding.cause,
        "seq": first.seq,
        "where": first.where,
        "path": first.path,
        "kind": first.kind,
        "count": len(finding.differences),
        "chain": list(finding.chain),
        "differences": [places[id(each)] for each in finding.differences if id(each) in places],
    }


def _tally(tally: Tally) -> JSONObject:
    return {
        "compared": tally.compared,
        "identical": tally.identical,
        "equivalent": tally.equivalent,
        "different": tally.different,
    }


def _difference(difference: Difference) -> JSONObject:
    return {
        "seq": difference.seq,
        "where": difference.where,
        "path": difference.path,
        "kind": difference.kind,
        "baseline": difference.baseline,
        "replayed": difference.replayed,
    }

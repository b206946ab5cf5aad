"""The verdict as JSON: the keys that scripts rely on (docs/architecture.md, «What the command line promises»)."""

import json

from kproxy.model.jsontypes import JSONObject
from kproxy.model.verdict import Difference, Tally, Verdict


def json_report(verdict: Verdict) -> str:
    """One JSON object, indented; ASCII only, so that nothing from a recording can steer a terminal."""
    return json.dumps(verdict_json(verdict), indent=2, ensure_ascii=True)


def verdict_json(verdict: Verdict) -> JSONObject:
    """The object itself."""
    return {
        "verdict": verdict.outcome.value,
        "scope": verdict.scope,
        "same_server": verdict.same_server,
        "exchanges": _tally(verdict.exchanges),
        "etcd": _tally(verdict.etcd),
        "renamed": dict(verdict.renamed),
        "noise": [{"rule": each.rule, "ground": each.ground, "count": each.count} for each in verdict.noise],
        "differences": [_difference(each) for each in verdict.differences],
        "reasons": list(verdict.reasons),
        "notes": list(verdict.notes),
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

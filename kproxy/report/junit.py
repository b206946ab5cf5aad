"""The verdict as JUnit's XML, as GitHub's and GitLab's reporters and Jenkins read it.

A case for each exchange and each key of etcd while there are at most `evidence.MAX_CASES` of them; of more, one for
each that differs and one for each kind of request, or resource, with their number. What differs is a failure that names
its findings; an exchange of which nothing can be told is skipped; the case `same behaviour` fails when the verdict is
different, and is an error when it is inconclusive, so that no reader takes that for a success.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kproxy.model.exchange import Seq
from kproxy.model.verdict import Finding, Outcome, Verdict
from kproxy.report.evidence import NO_EVIDENCE, Evidence
from kproxy.report.printing import count, cut, printable
from kproxy.report.rows import unified
from kproxy.report.shown import shown_rows

_MAX_FAILURE = 4_000
"""Characters of one failure's text."""

_MAX_NAME = 300
_ABOUT_ONE = re.compile(r"exchange (\d{1,18})\b")


def junit_report(verdict: Verdict, evidence: Evidence = NO_EVIDENCE) -> str:
    """An XML document; what comes from a recording is printable text in it."""
    root = Element("testsuites", name="kproxy")
    failures = _Failures(verdict, evidence)
    suites = [
        _Suite("verdict", tuple(_verdict_case(verdict))),
        _Suite("exchanges", tuple(_exchange_cases(evidence, failures))),
        _Suite("etcd", tuple(_key_cases(evidence, failures))),
    ]
    for suite in suites:
        if suite.cases:
            _write_suite(root, suite, _properties(verdict, evidence) if suite.name == "verdict" else {})
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(each.get(name, "0")) for each in root)))
    root.set("time", "0")
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


@dataclass(frozen=True, slots=True)
class _Case:
    """`result`: failure | error | skipped | "" (passed)."""

    group: str
    name: str
    result: str = ""
    message: str = ""
    type: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Suite:
    name: str
    cases: tuple[_Case, ...]


class _Failures:
    """Findings by the exchange, or the key, in which they show; reasons by exchange."""

    def __init__(self, verdict: Verdict, evidence: Evidence) -> None:
        self._evidence = evidence
        self._numbers = {id(finding): number for number, finding in enumerate(verdict.findings, 1)}
        self._texts: dict[int, str] = {}
        self.by_seq: dict[Seq, list[Finding]] = defaultdict(list)
        self.by_key: dict[str, list[Finding]] = defaultdict(list)
        for finding in verdict.findings:
            for seq in dict.fromkeys(each.seq for each in finding.differences if each.seq is not None):
                self.by_seq[seq].append(finding)
            for key in dict.fromkeys(each.key for each in finding.differences if each.key):
                self.by_key[key].append(finding)
        self.reasons = {
            Seq(int(found[1])): reason for reason in verdict.reasons if (found := _ABOUT_ONE.match(reason)) is not None
        }

    def case(self, group: str, name: str, findings: Iterable[Finding], reason: str = "") -> _Case:
        """The case of one exchange or key."""
        known = list(findings)
        if not known:
            return _Case(group, name, "skipped" if reason else "", reason)
        text = "\n\n".join(self._text(finding) for finding in known[:10])
        return _Case(group, name, "failure", known[0].cause, known[0].first.where, cut(text, _MAX_FAILURE))

    def _text(self, finding: Finding) -> str:
        number = self._numbers[id(finding)]
        if number not in self._texts:
            self._texts[number] = self._written(number, finding)
        return self._texts[number]

    def _written(self, number: int, finding: Finding) -> str:
        head = f"finding {number} ({count(len(finding.differences), 'difference')}): {finding.cause}"
        lines = unified(shown_rows(finding, self._evidence))
        return "\n".join([head, *lines, *finding.chain[1:]])


def _verdict_case(verdict: Verdict) -> Iterable[_Case]:
    results = {Outcome.DIFFERENT: "failure", Outcome.INCONCLUSIVE: "error"}
    result = results.get(verdict.outcome, "")
    causes = [finding.cause for finding in verdict.findings]
    said = causes if verdict.outcome is Outcome.DIFFERENT else list(verdict.reasons)
    message = f"{verdict.outcome.value}: {said[0]}" if said and result else verdict.outcome.value if result else ""
    yield _Case("verdict", "same behaviour", result, message, verdict.outcome.value, cut("\n".join(said), _MAX_FAILURE))


def _exchange_cases(evidence: Evidence, failures: _Failures) -> Iterable[_Case]:
    left = dict(evidence.kinds)
    for seq, named in evidence.names.items():
        left[named.kind] = left.get(named.kind, 1) - 1
        name = f"exchange {seq}: {named.name}"
        yield failures.case(named.kind, name, failures.by_seq.get(seq, ()), failures.reasons.get(seq, ""))
    for seq, findings in failures.by_seq.items():
        if seq not in evidence.names and not evidence.kinds:
            yield failures.case("exchange", f"exchange {seq}", findings)
    for kind, number in left.items():
        if number > 0:
            yield _Case(kind, f"{count(number, 'more exchange')} without a listed difference")


def _key_cases(evidence: Evidence, failures: _Failures) -> Iterable[_Case]:
    left = dict(evidence.folders)
    for key, folder in evidence.keys.items():
        left[folder] = left.get(folder, 1) - 1
        yield failures.case(f"etcd {folder}", key, failures.by_key.get(key, ()))
    for folder, number in left.items():
        if number > 0:
            yield _Case(f"etcd {folder}", f"{count(number, 'more key')} without a listed difference")


def _properties(verdict: Verdict, evidence: Evidence) -> Mapping[str, object]:
    found: dict[str, object] = {"verdict": verdict.outcome.value, "scope": verdict.scope}
    for whose, side in (("baseline", evidence.baseline), ("replayed", evidence.replayed)):
        found |= {f"{whose}.{name}": getattr(side, name) for name in ("name", "started_at", "server", "etcd")}
    for what, tally in (("exchanges", verdict.exchanges), ("etcd", verdict.etcd)):
        found |= {
            f"{what}.{name}": getattr(tally, name) for name in ("compared", "identical", "equivalent", "different")
        }
    found |= {"differences": len(verdict.differences), "findings": len(verdict.findings)}
    found |= {f"renamed.{name}": number for name, number in verdict.renamed}
    found |= {f"noise.{each.rule}": f"{each.count} ({each.source})" for each in verdict.noise}
    return {name: value for name, value in found.items() if value != ""}


def _write_suite(root: Element, suite: _Suite, properties: Mapping[str, object]) -> None:
    element = SubElement(root, "testsuite", name=suite.name, tests=str(len(suite.cases)), time="0")
    for name, result in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(sum(1 for each in suite.cases if each.result == result)))
    if properties:
        below = SubElement(element, "properties")
        for name, value in properties.items():
            SubElement(below, "property", name=_name(name), value=_name(str(value)))
    for case in suite.cases:
        _write_case(element, suite.name, case)


def _write_case(suite: Element, suite_name: str, case: _Case) -> None:
    group = _name(case.group).replace(".", "/")  # readers make packages of dots
    element = SubElement(suite, "testcase", classname=f"{suite_name}.{group}", name=_name(case.name), time="0")
    if not case.result:
        return
    result = SubElement(element, case.result, message=_name(case.message))
    if case.result != "skipped":
        result.set("type", _name(case.type))
        result.text = "\n".join(printable(line) for line in case.text.split("\n"))


def _name(text: str) -> str:
    return cut(printable(text), _MAX_NAME)

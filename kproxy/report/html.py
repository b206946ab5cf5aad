"""The verdict as one HTML file that asks for nothing: findings, their chains, both sides' documents beside each other.

Nothing from a recording becomes markup: Jinja2 escapes every value, none is a link or an attribute that is more than a
word, and what steers a reader's eye (control characters, marks of direction) is written out. The page's own style and
script are the only ones that its policy lets run, by their hashes; without the script all is there, but for the filter.
"""

import re
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from kproxy import __version__
from kproxy.model.exchange import Headers, Seq
from kproxy.model.verdict import Difference, Finding, Tally, Verdict
from kproxy.report.evidence import NO_EVIDENCE, Beside, Documents, Evidence, Heads
from kproxy.report.printing import count, cut, printable
from kproxy.report.rows import Fold, Mark, Row, rows
from kproxy.report.shown import shown_rows, value_text

MAX_FINDINGS = 300
"""Findings that are written out; the others are counted."""

_MAX_LISTED = 100
"""Differences of one finding that are listed with their values."""

MAX_ROWS = 60_000
"""Rows of documents in the whole page; exchanges beyond are named without them."""

_MAX_CONTEXT = 120
"""Rows that a finding shows."""

_MAX_TEXT = 2_000
_MAX_REASONS = 200
_FOLDED_FROM = 4
"""So many rows in which nothing differs are folded, but for two at each end."""

_EDGE = 2
_NUMBERS = re.compile(r"\bexchanges?:? (\d{1,18}(?:, \d{1,18})*)\b")
_NUMBER = re.compile(r"\d+")
_ALIKE: frozenset[Mark] = frozenset({"same", "chosen"})


def html_report(verdict: Verdict, evidence: Evidence = NO_EVIDENCE) -> str:
    """The whole page."""
    style, script = _own("report.css"), _own("report.js")
    exchanges = list(_exchanges(verdict, evidence))
    shown = {each.seq for each in exchanges}
    findings = [
        _finding(number, each, evidence, shown) for number, each in enumerate(verdict.findings[:MAX_FINDINGS], 1)
    ]
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'",
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            version=__version__,
            verdict=verdict,
            outcome=verdict.outcome.value,
            good=verdict.outcome.exit_code == 0,
            sides=_sides(evidence),
            tallies=_tallies(verdict),
            findings=findings,
            more_findings=len(verdict.findings) - len(findings),
            loose=[] if verdict.findings else [_listed(each, shown) for each in verdict.differences[:_MAX_LISTED]],
            summary=f"{count(len(verdict.differences), 'difference')} of {count(len(verdict.findings), 'cause')}",
            resources=sorted({each for finding in findings for each in finding.resources}),
            places=sorted({each for finding in findings for each in finding.places}),
            exchanges=exchanges,
            left_out=evidence.left_out,
            reasons=[linked(each, shown) for each in verdict.reasons[:_MAX_REASONS]],
            more_reasons=max(0, len(verdict.reasons) - _MAX_REASONS),
        )
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """A row as the page has it: what stands left and right, indented."""

    mark: str
    left: str | None
    right: str | None


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows together; `fold`: how many they are, where they are folded."""

    lines: tuple[_Line, ...]
    fold: int = 0


@dataclass(frozen=True, slots=True)
class _Listed:
    """A difference in a table."""

    seq: Seq | None
    link: bool
    where: str
    path: str
    kind: str
    baseline: str
    replayed: str


@dataclass(frozen=True, slots=True)
class _Finding:
    number: int
    cause: Markup
    places: tuple[str, ...]
    resources: tuple[str, ...]
    chain: tuple[Markup, ...]
    lines: tuple[_Block, ...]
    differences: tuple[_Listed, ...]
    total: int


@dataclass(frozen=True, slots=True)
class _Document:
    title: str
    note: str
    blocks: tuple[_Block, ...]


@dataclass(frozen=True, slots=True)
class _Exchange:
    seq: Seq
    counterpart: Seq | None
    request: str
    found_in: tuple[int, ...]
    documents: tuple[_Document, ...]


def linked(sentence: str, shown: Collection[Seq]) -> Markup:
    """A sentence in which the exchanges that the page has are links to them."""
    text = cut(printable(sentence), _MAX_TEXT)
    parts: list[Markup] = []
    at = 0
    for numbers in _NUMBERS.finditer(text):
        for found in _NUMBER.finditer(text, numbers.start(1), numbers.end(1)):
            if int(found[0]) in shown:
                link = Markup('<a href="#exchange-{0}">{0}</a>').format(int(found[0]))
                parts += [escape(text[at : found.start()]), link]
                at = found.end()
    return Markup("").join([*parts, escape(text[at:])])


def _finding(number: int, finding: Finding, evidence: Evidence, shown: Collection[Seq]) -> _Finding:
    return _Finding(
        number=number,
        cause=linked(finding.cause, shown),
        places=tuple(dict.fromkeys(each.where for each in finding.differences)),
        resources=tuple(sorted(_resources(finding, evidence))),
        chain=tuple(linked(each, shown) for each in finding.chain[1:]),
        lines=tuple(_in_context(shown_rows(finding, evidence, _MAX_CONTEXT))),
        differences=tuple(_listed(each, shown) for each in finding.differences[:_MAX_LISTED]),
        total=len(finding.differences),
    )


def _in_context(found: Iterable[Row | Fold]) -> Iterator[_Block]:
    """The rows of a finding; of those that are left out, as its exchange has them all, the number."""
    plain: list[_Line] = []
    for each in found:
        if isinstance(each, Row):
            plain.append(_line(each))
            continue
        if plain:
            yield _Block(tuple(plain))
        yield _Block((), fold=each.count)
        plain = []
    if plain:
        yield _Block(tuple(plain))


def _resources(finding: Finding, evidence: Evidence) -> set[str]:
    """What a finding is about, a word each: the resources of its requests and keys."""
    found: set[str] = set()
    for difference in finding.differences:
        named = evidence.names.get(difference.seq) if difference.seq is not None else None
        if named is not None:
            found.add(printable(named.kind.partition(" ")[2].strip("()") or named.kind).replace(" ", "-"))
        elif difference.key in evidence.keys:
            found.add(printable(evidence.keys[difference.key]).replace(" ", "-"))
    return found


def _listed(difference: Difference, shown: Collection[Seq]) -> _Listed:
    return _Listed(
        seq=difference.seq,
        link=difference.seq in shown,
        where=difference.where,
        path=cut(printable(difference.path), _MAX_TEXT),
        kind=difference.kind,
        baseline="" if difference.kind == "added" else value_text(difference.baseline),
        replayed="" if difference.kind == "removed" else value_text(difference.replayed),
    )


def _exchanges(verdict: Verdict, evidence: Evidence) -> Iterator[_Exchange]:
    """Those of the evidence, in the order of their numbers, until the page is full."""
    paths: dict[tuple[Seq, str], list[str]] = {}
    found_in: dict[Seq, dict[int, None]] = {}
    others: dict[Seq, list[Difference]] = {}
    for number, finding in enumerate(verdict.findings, 1):
        for each in finding.differences:
            if each.seq in evidence.exchanges and each.seq is not None:
                paths.setdefault((each.seq, each.where), []).append(each.path)
                found_in.setdefault(each.seq, {})[number] = None
                if each.where in {"status", "end", "header", "missing"} or not each.path.startswith(("$", "/")):
                    others.setdefault(each.seq, []).append(each)
    left = MAX_ROWS
    for seq, beside in sorted(evidence.exchanges.items()):
        documents = list(_documents(beside, paths, others.get(seq, [])))
        size = sum(len(block.lines) for each in documents for block in each.blocks)
        if size > left:
            documents = [_Document(title="", note="this page has no room for its documents", blocks=())]
        else:
            left -= size
        yield _Exchange(
            seq, beside.counterpart, printable(beside.request), tuple(found_in.get(seq, {})), tuple(documents)
        )


def _documents(
    beside: Beside, paths: Mapping[tuple[Seq, str], Sequence[str]], others: Iterable[Difference]
) -> Iterator[_Document]:
    heads = list(_heads(beside.baseline, beside.replayed, others))
    yield _Document(title="request and answer", note="", blocks=tuple(_blocks(heads)))
    for each in beside.documents:
        within = [path for path in paths.get((beside.seq, each.where), ()) if path.startswith(each.root)]
        yield _Document(
            title=printable(each.title), note=printable(each.note), blocks=tuple(_blocks(_rows(each, within)))
        )


def _rows(documents: Documents, paths: Collection[str]) -> list[Row]:
    return rows(documents.baseline, documents.replayed, documents.root, paths)


def _heads(first: Heads, second: Heads | None, differences: Iterable[Difference]) -> Iterator[Row]:
    """First lines and headers beside each other; of each header that differs its own row is marked."""
    different = {each.path.removeprefix("header ").lower(): each for each in differences}
    other = second or Heads(request="")
    marks: dict[str, Mark] = dict.fromkeys(different, "changed")
    yield _head_row(first.request, other.request, marks.get("target", marks.get("method", "same")))
    yield from _header_rows(first.request_headers, other.request_headers, {})
    yield _head_row(first.answer, other.answer, marks.get("status", marks.get("answer", marks.get("reason", "same"))))
    yield from _header_rows(first.answer_headers, other.answer_headers, different)
    yield _head_row(f"ended: {first.end}", f"ended: {other.end}", marks.get("end", "same"))


def _head_row(left: str, right: str, mark: Mark) -> Row:
    first, second = cut(printable(left), _MAX_TEXT), cut(printable(right), _MAX_TEXT)
    return Row(0, first, second, "chosen" if mark == "same" and first != second else mark)


def _header_rows(first: Headers, second: Headers, different: Mapping[str, Difference]) -> Iterator[Row]:
    """Headers by name: a name that only one side has stands alone."""
    left: dict[str, list[str]] = {}
    right: dict[str, list[str]] = {}
    for headers, into in ((first, left), (second, right)):
        for name, value in headers:
            into.setdefault(name.lower(), []).append(f"{name}: {value}")
    for name in dict.fromkeys([*left, *right]):
        texts = [
            "; ".join(cut(printable(each), _MAX_TEXT) for each in into[name]) if name in into else None
            for into in (left, right)
        ]
        alike: Mark = "same" if texts[0] == texts[1] else "chosen"
        changed: Mark = "removed" if texts[1] is None else "added" if texts[0] is None else "changed"
        yield Row(1, texts[0], texts[1], changed if name in different else alike)


def _blocks(found: Sequence[Row]) -> Iterator[_Block]:
    """Rows in which nothing differs are folded where there are many."""
    run: list[Row] = []
    plain: list[_Line] = []
    for row in [*found, None]:
        if row is not None and row.mark in _ALIKE:
            run.append(row)
            continue
        first, last = len(plain) > 0 or bool(found and run and run[0] is not found[0]), row is not None
        before, after = (_EDGE if first else 0), (_EDGE if last else 0)
        if len(run) >= _FOLDED_FROM + before + after:
            plain += [_line(each) for each in run[:before]]
            if plain:
                yield _Block(tuple(plain))
            middle = run[before : len(run) - after]
            yield _Block(tuple(_line(each) for each in middle), fold=len(middle))
            plain = [_line(each) for each in run[len(run) - after :]] if after else []
        else:
            plain += [_line(each) for each in run]
        run = []
        if row is not None:
            plain.append(_line(row))
    if plain:
        yield _Block(tuple(plain))


def _line(row: Row) -> _Line:
    indent = "  " * row.depth
    left, right = (None if side is None else indent + side for side in (row.left, row.right))
    mark = "moved" if row.mark == "changed" and left == right else row.mark
    return _Line(mark, left, right)


def _sides(evidence: Evidence) -> list[tuple[str, str, str]]:
    def of(name: str, label: str) -> tuple[str, str, str]:
        first, second = (printable(str(getattr(side, name))) for side in (evidence.baseline, evidence.replayed))
        return label, first, second

    if not evidence.baseline.name:
        return []
    rows = (of("name", "recording"), of("started_at", "began"), of("server", "server"), of("etcd", "etcd"))
    return [each for each in rows if any(each[1:])]


def _tallies(verdict: Verdict) -> list[tuple[str, Tally, list[tuple[str, int]]]]:
    found = [("exchanges", verdict.exchanges)]
    if verdict.scope != "HTTP only":
        found.append(("etcd keys", verdict.etcd))
    return [
        (name, tally, [(word, getattr(tally, word)) for word in ("identical", "equivalent", "different")])
        for name, tally in found
    ]


def _own(name: str) -> str:
    return files("kproxy.report").joinpath("page", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("kproxy.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["printable"] = printable
    return environment

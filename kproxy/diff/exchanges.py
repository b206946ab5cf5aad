"""One pair of exchanges, compared."""

import re

from kproxy.diff.ages import SLACK
from kproxy.diff.documents import Document
from kproxy.diff.headers import HeaderComparer
from kproxy.diff.hurried import was_late
from kproxy.diff.learning import Message, answers_of, is_inert, is_stream, owner_of_answer, trace_of
from kproxy.diff.noise import CLOSED, METRICS, OPENAPI
from kproxy.diff.overlap import judge_overlap
from kproxy.diff.pages import Chains, Pages
from kproxy.diff.published import judge_published
from kproxy.diff.repaired import judge_repaired
from kproxy.diff.sides import Comparison, Pair, is_itself
from kproxy.diff.stale import judge_moment, may_be_stale
from kproxy.diff.streams import compare_stream
from kproxy.diff.throttled import was_throttled
from kproxy.diff.trees import Comparer, Made, Spot, same_words
from kproxy.diff.upgraded import compare_upgraded
from kproxy.model.exchange import Altered, Answer, BodyState, End, Exchange, Request, header
from kproxy.renaming.pseudonyms import pseudonyms_in
from kproxy.renaming.target import SELECTORS, path_of, prolonged, query_of, requirements
from kproxy.renaming.times import http_seconds

_FROM_THE_CLIENT = frozenset({End.CLIENT_GONE, End.STOPPED, End.COMPLETE})
_NOBODY_KNOWS = frozenset({End.UNKNOWN, End.UNREACHABLE})
_LINKED = "/openapi/v3/"
_NODES_ANSWER = frozenset({"log", "exec", "attach", "portforward"})
_SERVER_ERROR = 500
_UNREACHED = frozenset({500, 502, 503, 504})
_CONDITIONS = frozenset({"if-modified-since", "if-none-match"})
_CHOSEN_PARAMETERS = frozenset({"resourceVersion", "continue"})
_METRICS_PATH = "/metrics"
_METRICS = re.compile(f"{_METRICS_PATH}(?:/.*)?")
_OF_THEIR_OWN = frozenset({"token", *_NODES_ANSWER})
"""Subresources whose answers stand in other relations than an object's."""
_WHOLE = frozenset({BodyState.KEPT, BodyState.EMPTY})
_OF_STREAMS = frozenset({BodyState.FRAMES, BodyState.EMPTY})
_DRAWN_PARAMETERS = frozenset({"timeoutSeconds", "timeout"})
"""What a client draws anew for each watch (client-go's reflector): equal in a replay, which sends the recorded one."""


def may_say_nothing(pair: Pair) -> bool:
    """Whether two exchanges differ in nothing but their heads' fields and contents, and no rule has a say there."""
    first, second = pair.baseline, pair.replayed
    info = first.info
    return (
        first.answer is not None
        and _look_the_same(first, second)
        and not first.fault
        and not second.fault
        and not first.upgrade
        and not second.upgrade
        and first.answer.body.state in (_OF_STREAMS if is_stream(first) else _WHOLE)
        and info.subresource not in _OF_THEIR_OWN
        and not info.path.startswith(_METRICS_PATH)
        and not may_be_stale(first)
    )


def _look_the_same(first: Exchange, second: Exchange) -> bool:
    """Whether all of two exchanges is equal that is no number of bytes, no field of a head, no name and no time."""
    here, there = first.answer, second.answer
    return (
        here is not None
        and there is not None
        and first.end is second.end
        and first.request.method == second.request.method
        and here.status == there.status
        and here.reason == there.reason
        and here.http_version == there.http_version
        and here.informational == there.informational
        and here.trailers == there.trailers
        and here.body.state is there.body.state
    )


def compare_pages(of: Comparison, pages: Pages) -> None:
    """Compare two lists that came in pages; an element that differs is said of the page that shows it."""
    before = of.findings.count
    answer = pages.pair.replayed.answer
    spot = Spot(pages.pair.baseline.seq, "body", now=_now(of, pages.pair, answer) if answer is not None else None)
    comparer = Comparer(of.renaming, of.findings, spot, of.traces)
    comparer.compare(pages.baseline, pages.replayed, owner_of_answer(pages.pair))
    of.findings.move(before, pages.placed)
    pages.pair.revisions += spot.revisions
    pages.pair.times += spot.times


def _made(pair: Pair) -> Made | None:
    """When both servers made what they answered, for what no server keeps: an account's token."""
    first, second = pair.baseline.answer, pair.replayed.answer
    if pair.baseline.info.subresource != "token" or first is None or second is None:
        return None
    dates = http_seconds(header(first.headers, "date")), http_seconds(header(second.headers, "date"))
    if dates[0] is None or dates[1] is None:
        return None
    took = sum((each.answered or each.started) - each.started for each in (pair.baseline, pair.replayed))
    return Made(dates[0], dates[1], SLACK + took // 1_000_000_000)


def _now(of: Comparison, pair: Pair, answer: Answer) -> int | None:
    """The replayed server's clock when it answered."""
    return http_seconds(header(answer.headers, "date")) or of.replayed.clock.at(pair.replayed.answered)


def compare_exchange(of: Comparison, pair: Pair, chains: Chains) -> None:
    """Compare request, status, headers, body or stream, and end."""
    if reason := _why_not(pair):
        of.findings.cannot_tell(f"exchange {pair.baseline.seq}: {reason}")
        return
    _compare_requests(of, pair)
    if was_throttled(of, pair) or was_late(of, pair):
        return
    _compare_ends(of, pair)
    first, second = pair.baseline.answer, pair.replayed.answer
    if first is None or second is None:
        _compare_absent(of, pair)
        return
    before = of.findings.count
    headers = HeaderComparer(of.renaming, of.findings, pair.baseline, pair.replayed)
    if _conditional(pair, first, second) and of.findings.hide(OPENAPI):
        headers.common(of.baseline.clock, of.replayed.clock)
        return
    _compare_status(of, pair, first, second)
    if _METRICS.fullmatch(pair.baseline.info.path) and of.findings.hide(METRICS):
        return
    headers.answers(of.baseline, of.replayed)
    _compare_what_was_said(of, pair, chains, first, second, before)


def _compare_what_was_said(  # noqa: PLR0913, PLR0917 - as below
    of: Comparison, pair: Pair, chains: Chains, first: Answer, second: Answer, before: int
) -> None:
    """Compare two streams, two upgraded connections, two contents; `before` as below."""
    streams = is_stream(pair.baseline), is_stream(pair.replayed)
    if all(streams):
        compare_stream(of, pair)
    elif _upgraded(pair):
        compare_upgraded(of, pair)
    elif not any(streams) or first.status == second.status:
        # beside a refusal a stream says no more than that it is one
        _compare_contents(of, pair, chains, first, second, before)


def _compare_contents(  # noqa: PLR0913, PLR0917 - two answers, and what they stand in
    of: Comparison, pair: Pair, chains: Chains, first: Answer, second: Answer, before: int
) -> None:
    """Compare two answers' bodies. `before`: the number of differences before their heads were compared."""
    paged, whole = chains.take(pair, compared=True)
    for pages in whole:
        compare_pages(of, pages)
    if paged:
        return
    if BodyState.PARTIAL in {first.body.state, second.body.state} and not is_itself(of, pair):
        of.findings.cannot_tell(f"exchange {pair.baseline.seq}: an answer's body is there only up to where it was cut")
        return
    if is_inert(of, first.headers, first.body, second.headers, second.body):
        return
    heads, before = before, before if first.status != second.status else of.findings.count  # they are of no moment
    spot = Spot(pair.baseline.seq, "body", now=_now(of, pair, second), made=_made(pair), chosen=pair.chosen)
    if not _compare_trace(of, pair, spot, first, second):
        _compare_documents(of, pair, spot, *answers_of(of, pair, first, second))
    _excuse_pseudonyms(of, pair, first.status, second.status, before)
    judge_repaired(of, pair, before)
    judge_moment(of, pair, before)
    judge_overlap(of, pair, before)
    judge_published(of, pair, heads)


def _why_not(pair: Pair) -> str:
    """Why nothing can be said of a pair, "" if something can."""
    if pair.replayed.end is End.UNREACHABLE and pair.baseline.end is not End.UNREACHABLE:
        return f"the replay's server could not be reached ({pair.replayed.end_detail})"
    if reached := _no_node(pair):
        return reached
    rule = _spoilt_by(pair)
    return f"what its client got was changed on purpose, by the fault {rule!r}" if rule else ""


def _no_node(pair: Pair) -> str:
    """What a node answers cannot be told where the replay's server could not reach one; "" if it did."""
    first, second = pair.baseline.answer, pair.replayed.answer
    if pair.baseline.info.subresource not in _NODES_ANSWER or first is None or second is None:
        return ""
    if first.status >= _SERVER_ERROR or second.status not in _UNREACHED:
        return ""
    return f"a node answers {pair.baseline.info.subresource}, and the replay's server reached none ({second.status})"


def _spoilt_by(pair: Pair) -> str:
    """The rule of --fault that changed one side's answer, and not the other's in the same way; "": none."""
    if pair.baseline.fault == pair.replayed.fault:
        return ""
    for exchange in (pair.baseline, pair.replayed):
        if exchange.fault and (Altered.FAULT in exchange.altered or exchange.end is End.SERVER_GONE):
            return exchange.fault
    return ""


def _upgraded(pair: Pair) -> bool:
    return bool(pair.baseline.upgrade and pair.replayed.upgrade)


def _excuse_pseudonyms(of: Comparison, pair: Pair, recorded: int, status: int, before: int) -> None:
    """A refusal's words may depend on the secret itself («illegal base64 data at input byte 4»); a pseudonym was sent.

    Then nobody can tell: the difference is neither hidden nor held against the server.
    """
    digest = pair.replayed.request.body.digest
    if status < 400 or status != recorded or of.findings.count == before or digest is None:
        return
    if pseudonyms_in(of.replayed.recording.body(digest).decode("latin-1")):
        where = "; ".join(f"{each.where} {each.path} differs" for each in of.findings.since(before)[:1])
        of.findings.withdraw(before)
        of.findings.cannot_tell(
            f"exchange {pair.baseline.seq}: the words of its refusal may depend on a secret that was hidden: {where}"
        )


def _requests(of: Comparison, pair: Pair) -> tuple[Document, Document]:
    def document(request: Request, side: int) -> Document:
        return (of.baseline, of.replayed)[side].documents.body(request.headers, request.body)

    return document(pair.baseline.request, 0), document(pair.replayed.request, 1)


def _compare_absent(of: Comparison, pair: Pair) -> None:
    if pair.baseline.answer is None and pair.replayed.answer is None:
        if {pair.baseline.end, pair.replayed.end} & _NOBODY_KNOWS and not is_itself(of, pair):
            of.findings.cannot_tell(f"exchange {pair.baseline.seq}: what was answered is in neither recording")
        return
    if pair.baseline.answer is None:
        of.findings.cannot_tell(f"exchange {pair.baseline.seq} was recorded without an answer")
        return
    of.findings.differ(pair.baseline.seq, "missing", "answer", "removed", pair.baseline.answer.status, None)


def _conditional(pair: Pair, first: Answer, second: Answer) -> bool:
    """Whether the two differ in whether a client's cached OpenAPI document still holds."""
    asked = any(name.lower() in _CONDITIONS for name, _ in pair.baseline.request.headers)
    openapi = pair.baseline.info.path.startswith("/openapi/")
    sent = {each.status: each.body.digest is not None for each in (first, second)}
    return asked and openapi and sent == {200: True, 304: False}


def _compare_status(of: Comparison, pair: Pair, first: Answer, second: Answer) -> None:
    seq = pair.baseline.seq
    if first.status != second.status:
        of.findings.differ(seq, "status", "status", "changed", first.status, second.status)
    for path, a, b in (
        ("reason", first.reason, second.reason),
        ("http version", first.http_version, second.http_version),
        ("informational", list(first.informational), list(second.informational)),
        ("trailers", [list(each) for each in first.trailers], [list(each) for each in second.trailers]),
    ):
        if a != b:
            of.findings.differ(seq, "status", path, "changed", str(a), str(b))


def _compare_ends(of: Comparison, pair: Pair) -> None:
    first, second = pair.baseline, pair.replayed
    if first.end is second.end:
        return
    if End.UNKNOWN in {first.end, second.end}:
        of.findings.cannot_tell(f"how exchange {first.seq} ended was not recorded")
        return
    if not (_are_the_clients(of, first, second) and of.findings.hide(CLOSED)):
        of.findings.differ(first.seq, "end", "end", "changed", first.end.value, second.end.value)


def _are_the_clients(of: Comparison, first: Exchange, second: Exchange) -> bool:
    """Whether it is their clients' doing that two exchanges ended otherwise."""
    ends = {first.end, second.end}
    if is_stream(first) and is_stream(second) and ends <= _FROM_THE_CLIENT:
        return not (second.end is End.COMPLETE and first.seq in of.early)
    return ends == {End.CLIENT_GONE, End.COMPLETE} and _is_whole(first) and _is_whole(second)


def _is_whole(exchange: Exchange) -> bool:
    """Whether an answer came as long as it said to be."""
    answer = exchange.answer
    if answer is None or answer.body.state not in {BodyState.KEPT, BodyState.EMPTY}:
        return False
    return header(answer.headers, "content-length") == str(answer.body.size)


def _compare_requests(of: Comparison, pair: Pair) -> None:
    first, second = pair.baseline.request, pair.replayed.request
    seq = pair.baseline.seq
    if first.method != second.method:
        of.findings.differ(seq, "request", "method", "changed", first.method, second.method)
    if not same_targets(of, pair.baseline.info.verb, first.target, second.target):
        of.findings.differ(seq, "request", "target", "changed", first.target, second.target)
    HeaderComparer(of.renaming, of.findings, pair.baseline, pair.replayed).requests()
    if not _upgraded(pair):
        spot = Spot(seq, "request", chosen=pair.chosen)
        if not _compare_trace(of, pair, spot, first, second):
            _compare_documents(of, pair, spot, *_requests(of, pair))


def _compare_trace(of: Comparison, pair: Pair, spot: Spot, first: Message, second: Message) -> bool:
    """Compare two messages' documents by what walking them came to, if it can be so."""
    trace = trace_of(of, pair, first, second)
    if trace is None or not Comparer(of.renaming, of.findings, spot).traced(None, trace):
        return False
    pair.revisions += spot.revisions
    pair.times += spot.times
    return True


def same_targets(of: Comparison, verb: str, baseline: str, replayed: str) -> bool:
    """Whether two requests ask for the same; a replay gives a watch more time than it had (kproxy.renaming.target)."""
    if _ask_for_the_same(of, baseline, replayed):
        return True
    return of.replay and verb == "watch" and _ask_for_the_same(of, prolonged(baseline), replayed)


def _ask_for_the_same(of: Comparison, baseline: str, replayed: str) -> bool:
    if not same_words(of.renaming, path_of(baseline), path_of(replayed)):
        return False
    first, second = query_of(baseline), query_of(replayed)
    if [name for name, _ in first] != [name for name, _ in second]:
        return False
    told = {"hash"} if of.replay and path_of(baseline).startswith(_LINKED) else set()  # by the replay's own server
    pairs = zip(first, second, strict=True)
    return all(name in told or _same_parameter(of, name, a, b) for (name, a), (_, b) in pairs)


def _same_parameter(of: Comparison, name: str, first: str, second: str) -> bool:
    if name in _CHOSEN_PARAMETERS:
        return bool(first) == bool(second) and (first == "0") == (second == "0")
    if name in _DRAWN_PARAMETERS and not of.replay:
        return True
    if name in SELECTORS:  # Go's maps have no order, and clients make selectors of them
        return requirements(of.renaming.common(first)) == requirements(of.renaming.merged.text(second))
    return same_words(of.renaming, first, second)


def _compare_documents(of: Comparison, pair: Pair, spot: Spot, first: Document, second: Document) -> None:
    for document, whose in ((first, "recorded"), (second, "replayed")):
        if document.reason:
            of.findings.cannot_tell(f"exchange {pair.baseline.seq}: {document.reason} in the {whose} {spot.where}")
            return
    if first.raw is not None or second.raw is not None:
        _compare_bytes(of, spot, first, second)
        return
    comparer = Comparer(of.renaming, of.findings, spot, of.traces)
    comparer.compare(first.value, second.value, owner_of_answer(pair))
    pair.revisions += spot.revisions
    pair.times += spot.times


def _compare_bytes(of: Comparison, spot: Spot, first: Document, second: Document) -> None:
    if first.raw is None or second.raw is None:
        of.findings.differ(spot.seq, spot.where, "$", "changed", _shown(first), _shown(second))
        return
    if not same_words(of.renaming, first.raw.decode("latin-1"), second.raw.decode("latin-1")):
        of.findings.differ(spot.seq, spot.where, "$", "changed", _shown(first), _shown(second))


def _shown(document: Document) -> str | None:
    if document.raw is None:
        return "a document"
    if not document.raw:
        return None
    return f"{len(document.raw)} bytes, sha256 {document.digest}"

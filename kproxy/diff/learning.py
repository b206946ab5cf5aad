"""What a pair of exchanges teaches of what the servers chose."""

from kproxy.diff.documents import Document
from kproxy.diff.order import Learned
from kproxy.diff.pages import Chains, Pages
from kproxy.diff.sides import Comparison, Pair, Side
from kproxy.model.exchange import Answer, Body, BodyState, Exchange, Headers, Request, header
from kproxy.renaming.kinds import Owner, resource_of
from kproxy.renaming.learn import Learner, learn_text
from kproxy.renaming.traces import AskedTheRenaming, Trace, Tracer
from kproxy.renaming.walk import Walker

type Message = Request | Answer


def is_stream(exchange: Exchange) -> bool:
    """Whether an exchange's answer is a watch, one without any event too."""
    if exchange.answer is None:
        return False
    state = exchange.answer.body.state
    silent = exchange.info.verb == "watch" and exchange.answer.status == 200 and state is BodyState.EMPTY
    return (state is BodyState.FRAMES and not exchange.info.is_log) or silent


def is_paged(exchange: Exchange) -> bool:
    """Whether it asks for a list, or the rest of one, in pages."""
    target = exchange.request.target
    return exchange.info.verb == "list" and ("limit" in target or "continue" in target)


def learn_contents(of: Comparison, pair: Pair, chains: Chains) -> list[Learned]:
    """What the answers' contents tell of what the servers chose, and the revisions that stood in them.

    A request's body tells only what was learned before.
    """
    first, second = pair.baseline.answer, pair.replayed.answer
    if first is None or second is None:
        return []
    paged, whole = chains.take(pair, compared=False)
    if paged:
        return [each for pages in whole for each in learn_pages(of, pages)]
    if not is_inert(of, first.headers, first.body, second.headers, second.body):
        learner = Learner(of.renaming)
        if (trace := trace_of(of, pair, first, second)) is not None and learner.traced(None, trace):
            return learner.revisions
        return _learn_documents(of, owner_of_answer(pair), *answers_of(of, pair, first, second))
    return []


def learn_pages(of: Comparison, pages: Pages) -> list[Learned]:
    """What the pages of two lists tell, put together."""
    learner = Learner(of.renaming, of.traces)
    learner.learn(pages.baseline, pages.replayed, owner_of_answer(pages.pair))
    return learner.revisions


def _learn_documents(of: Comparison, owner: Owner, first: Document, second: Document) -> list[Learned]:
    if first.raw is None and second.raw is None and not first.reason and not second.reason:
        learner = Learner(of.renaming, of.traces)
        learner.learn(first.value, second.value, owner)
        return learner.revisions
    if first.raw and second.raw and first.digest != second.digest:
        learn_text(of.renaming, first.raw.decode("latin-1"), second.raw.decode("latin-1"))
    return []


def trace_of(of: Comparison, pair: Pair, first: Message, second: Message) -> Trace | None:
    """What two messages' documents are, where that needs neither the documents again nor the renaming."""
    bodies = (first.body, second.body)
    if any(body.digest is None or body.state is not BodyState.KEPT for body in bodies):
        return None
    types = (header(first.headers, "content-type"), header(second.headers, "content-type"))
    owner = owner_of_answer(pair)

    def walk(tracer: Tracer) -> None:
        a = of.baseline.documents.body(first.headers, first.body)
        b = of.replayed.documents.body(second.headers, second.body)
        if a.raw is not None or b.raw is not None:
            raise AskedTheRenaming
        Walker(tracer, tracer.text, of.traces).walk(a.value, b.value, owner)

    key = (first.body.digest, second.body.digest, *types, owner.listing, owner.resource)
    return of.traces.find(key, sum(body.size for body in bodies), walk)


def is_inert(of: Comparison, headers: Headers, first: Body, others: Headers, second: Body) -> bool:
    """Whether two bodies have the same bytes and media type, and nothing in them is a server's choice."""
    return (
        first.digest is not None
        and first.digest == second.digest
        and first.state is second.state
        and header(headers, "content-type") == header(others, "content-type")
        and of.baseline.documents.inert(first.digest)
    )


def owner_of_answer(pair: Pair) -> Owner:
    """Whose an answer's own revision is: a list of one object may stand at that object's revision by chance."""
    return Owner(listing=pair.baseline.info.verb == "list", resource=resource_of(pair.baseline.info))


def answers_of(of: Comparison, pair: Pair, first: Answer, second: Answer) -> tuple[Document, Document]:
    """What two answers say."""
    return _answer(of.baseline, pair.baseline, first), _answer(of.replayed, pair.replayed, second)


def _answer(side: Side, exchange: Exchange, answer: Answer) -> Document:
    if exchange.info.is_log and answer.body.state is BodyState.FRAMES:
        return side.documents.log(answer.body, side.frames(exchange.seq))
    return side.documents.body(answer.headers, answer.body)

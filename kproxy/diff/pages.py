"""Lists that came in pages (limit, continue): cut by names that each server drew, so compared as the one list they are.

Page by page only that is compared which does not depend on where it was cut: how many elements it has, that the limit
was kept, that there is a next page, how many elements are said to remain.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from kproxy.diff.sides import Comparison, Pair, Side
from kproxy.model.api import metadata_of
from kproxy.model.exchange import Answer, Exchange, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Difference
from kproxy.renaming.target import parameter

_OPEN = 64
"""Lists of which further pages are awaited, at most: the oldest is then taken as ended."""

_ELEMENTS = ("items", "rows")
_OF_A_PAGE = frozenset({"continue", "remainingItemCount"})
"""Metadata of a page alone."""


@dataclass(slots=True)
class Pages:
    """The pages of one list on both sides, put together. `tokens`: with which each side's next page is asked for."""

    pair: Pair  # of the last page so far
    tokens: tuple[str, str]
    baseline: JSONObject
    replayed: JSONObject
    cuts: list[tuple[int, int, Seq]] = field(default_factory=list)
    """Of each page the elements before it on both sides, and its exchange."""

    def placed(self, found: Difference) -> Difference:
        """A difference of the whole list as one of the page that shows the element: by its place there."""
        name = _name(self.baseline)
        match = re.match(rf"\$\.{name}\[(\d+)\]", found.path)
        if match is None:
            return found
        side, index = int(found.kind == "added"), int(match[1])
        before, seq = max((cut[side], cut[2]) for cut in self.cuts if cut[side] <= index)
        return replace(found, seq=seq, path=f"$.{name}[{index - before}]{found.path[match.end() :]}")


@dataclass(slots=True)
class Chains:
    """Lists whose pages come one after the other, by the token that the recorded client goes on with."""

    of: Comparison
    _open: list[Pages] = field(default_factory=list)
    """The oldest first; of one token there may be several: a quiet server answers two first pages alike."""

    def take(self, pair: Pair, *, compared: bool) -> tuple[bool, list[Pages]]:
        """Whether a pair is of two pages, and the lists that are whole now. `compared`: compare each by itself, too."""
        documents = _page_of(self.of.baseline, pair.baseline), _page_of(self.of.replayed, pair.replayed)
        first, second = documents
        asked, asked_there = (
            parameter(each.request.target, "continue") or "" for each in (pair.baseline, pair.replayed)
        )
        if first is None or second is None or not (asked or _next(first)):
            return False, []
        if compared:
            self._compare(pair, first, second)
        pages, tokens = self._asked_on(asked, asked_there) if asked else None, (_next(first), _next(second))
        if pages is None:
            cuts = [(0, 0, pair.baseline.seq)]
            pages = Pages(pair, tokens, _without_page(first), _without_page(second), cuts)
        else:
            pages.cuts.append((len(_elements(pages.baseline)), len(_elements(pages.replayed)), pair.baseline.seq))
            pages.pair, pages.tokens = pair, tokens
            if compared:
                self._compare_revisions(pages, first, second)
            _append(pages.baseline, first)
            _append(pages.replayed, second)
        if not tokens[0]:
            return True, [pages]
        self._open.append(pages)
        return True, [self._open.pop(0)] if len(self._open) > _OPEN else []

    def _asked_on(self, asked: str, there: str) -> Pages | None:
        """The list that a page goes on with: the oldest that both sides' tokens are of, else the baseline's."""
        found = [each for each in self._open if each.tokens[0] == asked]
        pages = next((each for each in found if each.tokens[1] == there), next(iter(found), None))
        if pages is not None:
            self._open = [each for each in self._open if each is not pages]
        return pages

    def rest(self) -> Iterator[Pages]:
        """The lists that were not read to their end."""
        yield from self._open
        self._open.clear()

    def _compare(self, pair: Pair, first: JSONObject, second: JSONObject) -> None:
        sizes, seq = (len(_elements(first)), len(_elements(second))), pair.baseline.seq
        if sizes[0] != sizes[1]:
            self.of.findings.differ(
                seq, "body", f"$.{_name(first)}", "changed", *(f"{size} elements" for size in sizes)
            )
        if bool(_next(first)) != bool(_next(second)):
            kind = "added" if _next(second) else "removed"
            self.of.findings.differ(
                seq, "body", "$.metadata.continue", kind, _next(first) or None, _next(second) or None
            )
        left, right = (metadata_of(page).get("remainingItemCount") for page in (first, second))
        if left != right:
            self.of.findings.differ(seq, "body", "$.metadata.remainingItemCount", "changed", left, right)

    def _compare_revisions(self, pages: Pages, first: JSONObject, second: JSONObject) -> None:
        """A further page shows the moment of the first one: where the recorded server kept it, the other one has to."""
        (a, left), (b, right) = (
            (str(metadata_of(page).get("resourceVersion")), str(metadata_of(whole).get("resourceVersion")))
            for whole, page in ((pages.baseline, first), (pages.replayed, second))
        )
        if (a == left) != (b == right):
            said = (f"{a}, the first page's is {left}", f"{b}, the first page's is {right}")
            self.of.findings.differ(pages.pair.baseline.seq, "body", "$.metadata.resourceVersion", "renamed", *said)


def _page_of(side: Side, exchange: Exchange) -> JSONObject | None:
    """The list that an answer shows, if it may be a page."""
    answer: Answer | None = exchange.answer
    if exchange.info.verb != "list" or answer is None or answer.status != 200:
        return None
    if parameter(exchange.request.target, "limit") is None and parameter(exchange.request.target, "continue") is None:
        return None
    value = side.documents.body(answer.headers, answer.body).value
    return value if isinstance(value, dict) and isinstance(value.get("metadata"), dict) else None


def _next(page: JSONObject) -> str:
    token = metadata_of(page).get("continue")
    return token if isinstance(token, str) else ""


def _name(page: JSONObject) -> str:
    return next((name for name in _ELEMENTS if name in page), _ELEMENTS[0])


def _elements(page: JSONObject) -> list[JSON]:
    found = page.get(_name(page))
    return found if isinstance(found, list) else []


def _without_page(page: JSONObject) -> JSONObject:
    metadata: JSONObject = {name: value for name, value in metadata_of(page).items() if name not in _OF_A_PAGE}
    return {**page, "metadata": metadata, _name(page): list(_elements(page))}


def _append(pages: JSONObject, page: JSONObject) -> None:
    _elements(pages).extend(_elements(page))

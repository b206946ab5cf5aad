"""How the first divergence led to the others, in sentences."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kproxy.diff.sites import Site, Steps, in_type, shows_revision
from kproxy.model.exchange import Exchange, Seq
from kproxy.model.jsontypes import JSON
from kproxy.model.verdict import where_they_part

MAX_SENTENCES = 12
"""Exchanges of one finding that have a sentence each; the others are counted."""

_OF_THE_EXCHANGE = frozenset({"answer", "end", "exchange"})
"""Aspects whose sentences name the exchange themselves."""

_MAX_VALUE = 80
_MAX_NUMBERS = 10


class Relation(StrEnum):
    """How a difference belongs to its finding."""

    FIRST = "first"
    SAME = "same"  # the same behaviour elsewhere
    PART = "part"  # of the same answer, or of the same field
    STORED = "stored"  # in etcd, of the same behaviour or write
    LATER = "later"  # what an object's other state brought


@dataclass(frozen=True, slots=True)
class Link:
    """A difference in its finding."""

    site: Site
    relation: Relation


def cause_of(site: Site, message: str = "") -> str:
    """The first difference as a sentence; `message`: what a refusal says."""
    said = f": {_value(message)}" if message else ""
    return f"{_what(site)}{said}" if site.aspect in _OF_THE_EXCHANGE else f"{_what(site)}, in {_place_text(site)}{said}"


def chain_of(links: Sequence[Link], cause: str) -> Iterator[str]:
    """The first cause, then what followed, exchange by exchange; then where else it is the same."""
    first = links[0].site
    yield cause
    groups = list(_by_place(link for link in links[1:] if _is_told(link, first)))
    for group in groups[:MAX_SENTENCES]:
        yield _sentence(group)
    if len(groups) > MAX_SENTENCES:
        left = {each.site.difference.seq for group in groups[MAX_SENTENCES:] for each in group}
        yield f"and so on, in {_count(len(left), 'more exchange')}"
    yield from _elsewhere(first, [link.site for link in links if link.relation is Relation.SAME])


def _is_told(link: Link, first: Site) -> bool:
    """Whether a difference needs a sentence: not what a sentence on its exchange, or on many of them, says already."""
    if link.relation is Relation.PART:
        return link.site.difference.seq != first.difference.seq and link.site.aspect in _OF_THE_EXCHANGE
    return link.relation in {Relation.STORED, Relation.LATER}


def _by_place(links: Iterable[Link]) -> Iterator[list[Link]]:
    """Links of one exchange together, in the order of the first; what etcd holds apart, a field in it all together."""
    groups: dict[tuple[Seq | None, bool], list[Link]] = {}
    for link in links:
        stored = link.relation is Relation.STORED
        everywhere = stored and link.site.aspect == "field"
        groups.setdefault((None if everywhere else link.site.difference.seq, stored), []).append(link)
    return iter(groups.values())


def _sentence(group: Sequence[Link]) -> str:
    site, relation = group[0].site, group[0].relation
    if relation is Relation.STORED and site.aspect == "field":
        return f"etcd holds it so, too: {_numbers({link.site.difference.seq for link in group})}"
    if site.aspect in _OF_THE_EXCHANGE:
        return f"so {_what(site)}"
    return f"so {_what(site)}, in {_place_text(site)}"


def _elsewhere(first: Site, sites: Sequence[Site]) -> Iterator[str]:
    numbers = {site.difference.seq for site in sites if site.difference.seq is not None} - {first.difference.seq}
    if numbers:
        yield f"the same in {_count(len(numbers), 'more exchange')}: {_listed(numbers)}"


def _numbers(seqs: Iterable[Seq | None]) -> str:
    numbers = {each for each in seqs if each is not None}
    if not numbers:
        return "by no request of the session"
    return f"exchange{'' if len(numbers) == 1 else 's'} {_listed(numbers)}"


def _listed(numbers: Iterable[Seq]) -> str:
    found = sorted(numbers)
    return ", ".join(str(each) for each in found[:_MAX_NUMBERS]) + (", …" if len(found) > _MAX_NUMBERS else "")


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _place_text(site: Site) -> str:
    """`exchange 17 (create deployments.apps in default)`."""
    seq = site.difference.seq
    if seq is None:
        return "no request of the session"
    return f"exchange {seq} ({request_text(site.exchange)})" if site.exchange is not None else f"exchange {seq}"


def request_text(exchange: Exchange) -> str:
    """`create pods in default`, `get pods/default/a`, `GET /version`."""
    info = exchange.info
    if not info.is_resource or not info.resource:
        return f"{exchange.request.method} {_cut(info.path)}"
    resource = f"{info.resource}.{info.group}" if info.group else info.resource
    below = f" {info.subresource}" if info.subresource else ""
    if info.name:
        namespace = info.namespace if (info.resource, info.group) != ("namespaces", "") else ""
        return _cut(f"{info.verb}{below} {'/'.join(part for part in (resource, namespace, info.name) if part)}")
    return _cut(f"{info.verb}{below} {resource}" + (f" in {info.namespace}" if info.namespace else ""))


def _what(site: Site) -> str:  # noqa: PLR0911 - a sentence for each aspect
    difference = site.difference
    match site.aspect:
        case "answer":
            return _answer(site)
        case "exchange":
            return f"a request more was sent, {difference.path} of the replay: {_value(difference.replayed)}"
        case "request":
            return f"the request itself is another one: {difference.path} {_change(site)}"
        case "header":
            return f"the header {difference.path} {_change(site)}"
        case "member":
            return _member(site)
        case "key":
            return _key(site)
        case "end":
            return f"{_place_text(site)} ended {_plain(difference.replayed)} instead of {_plain(difference.baseline)}"
        case "field":
            return _other_state(site) or f"{_field(site)} {_change(site)}"


def _other_state(site: Site) -> str:
    """Of revisions: another state stands there than the recorded one; "" for any other field."""
    difference = site.difference
    whose = f"{site.subject or site.thing}"
    values = f"revision {_plain(difference.replayed)} beside {_plain(difference.baseline)}"
    if shows_revision(site):
        return f"another state of {whose} is shown, {values}"
    if site.steps == ("etcd version",):
        return f"etcd has another change of {whose}: version {_change(site).removeprefix('is ')}"
    return ""


def _answer(site: Site) -> str:
    difference, place = site.difference, _place_text(site)
    if difference.path == "exchange":
        return f"{place} was not sent"
    if difference.where == "missing":
        return f"{place} got no answer instead of {_plain(difference.baseline)}"
    if difference.path == "status":
        return f"{place} was answered with {_plain(difference.replayed)} instead of {_plain(difference.baseline)}"
    return f"the {difference.path} of the answer to {place} {_change(site)}"


def _member(site: Site) -> str:
    whose = f"{site.subject}" if site.subject is not None else site.label or "an object"
    kind = site.difference.kind
    if site.difference.where == "stream":
        event = f"the event {site.event} of {whose}" if site.event else f"an event of {whose}"
        words = {"removed": "did not come", "added": "came and was not recorded", "reordered": "came in another order"}
        return f"{event} {words.get(kind, _change(site))}"
    return f"{whose} is {'not in the list' if kind == 'removed' else 'in the list and was not'}"


def _key(site: Site) -> str:
    whose = f"{site.subject}" if site.subject is not None else site.difference.path
    words = {
        "removed": f"the change of {whose} in etcd is missing",
        "added": f"etcd has a change of {whose} that was not recorded",
    }
    return words.get(site.difference.kind, f"the change of {whose} in etcd {_change(site)}")


def _field(site: Site) -> str:
    own = _in_words(site)
    names = (*own[:-1], site.label) if site.label and own[-1:] and own[-1].isdigit() else own
    named = own != names
    steps = "".join(
        f"[{step}]" if step.isdigit() or not _is_plain(step) or (named and at == len(names) - 1) else f".{step}"
        for at, step in enumerate(names)
    )
    return _cut(f"{steps.removeprefix('.') or 'the content'} of {site.subject or site.thing or 'the answer'}")


def _in_words(site: Site) -> Steps:
    """The way to a field; in OpenAPI's types and in discovery without the words that all ways there have."""
    name, below = in_type(site.steps)
    if name and site.exchange is not None and not site.exchange.info.is_resource:
        return (name.rpartition(".")[2], *(each for each in below if each != "properties"))
    return site.steps


def _is_plain(step: str) -> bool:
    return step.replace("_", "a").replace("-", "a").replace(":", "a").replace(" ", "a").isalnum()


def _change(site: Site) -> str:
    difference = site.difference
    match difference.kind:
        case "removed":
            return "is missing" + ("" if site.label else f" (was {_value(difference.baseline)})")
        case "added":
            return "is there now" + ("" if site.label else f" ({_value(difference.replayed)})")
        case "reordered":
            return "is in another order"
        case "renamed":
            return f"stands for another one: {_value(difference.baseline)} beside {_value(difference.replayed)}"
        case _:
            first, second = where_they_part(difference.baseline, difference.replayed, _MAX_VALUE // 2)
            return f"is {_value(second)} instead of {_value(first)}"


def _plain(value: JSON) -> str:
    return "none" if value is None else _cut(str(value))


def _value(value: JSON) -> str:
    return _cut(json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_VALUE else f"{text[: _MAX_VALUE - 1]}…"

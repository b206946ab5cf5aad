"""The JSON form of a renaming, and reading it again; what its values mean is decided in renaming.py."""

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.bijection import Bijection
from kproxy.renaming.drawn import Merged
from kproxy.renaming.kinds import Kind, is_revision
from kproxy.renaming.lessons import DRAWN
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.revisions import Revisions
from kproxy.renaming.timeline import Timeline
from kproxy.renaming.unchanged import Field, Unchanged


def renaming_json(renaming: Renaming) -> JSONObject:
    """All that a renaming knows, in an order that depends on nothing else; kinds of which it knows nothing left out.

    Votes are not kept: read again, each pair has one.
    """
    names: JSONObject = {kind.value: _pairs(each) for kind, each in renaming.names() if len(each)}
    objects: JSONObject = {scope: _pairs(each) for scope, each in sorted(renaming.revisions.objects()) if len(each)}
    listed: list[JSON] = [list(each) for each in sorted(renaming.revisions.listed())]
    known: JSONObject = {
        resource: [[a, b] for a, b in each.items()] for resource, each in sorted(renaming.revisions.known())
    }
    times: list[JSON] = [
        {"field": [field.uid, field.revision, field.beside, there], "way": list(field.way), "times": _pairs(each)}
        for field, there, each in sorted(renaming.times.items(), key=lambda item: item[0])
    ]
    modified: list[JSON] = [[*key, live] for key, live in sorted(renaming.modified.items())]
    return {
        "names": names,
        "revisions": {"objects": objects, "lists": listed, "changes": known},
        "times": times,
        "modified": modified,
        "merged": dict(sorted(renaming.merged.pairs.items())),
    }


def renaming_of(value: JSONObject) -> Renaming:
    """A renaming read again. TypeError or ValueError for what `renaming_json` never writes."""
    match value:
        case {
            "names": dict() as names,
            "revisions": {"objects": dict() as objects, "lists": list() as lists, "changes": dict() as changes},
            "times": list() as times,
            "modified": list() as modified,
        }:
            renaming = Renaming.of(
                {Kind(kind): _bijection(pairs, injective=Kind(kind) not in DRAWN) for kind, pairs in names.items()},
                Revisions.of(
                    ((scope, _versions(pairs)) for scope, pairs in objects.items()),
                    (
                        ((resource, _revision(a)), _revision(b))
                        for resource, a, b in (_texts(each, 3) for each in lists)
                    ),
                    {resource: _timeline(pairs) for resource, pairs in changes.items()},
                ),
                Unchanged.of(_time(each) for each in times),
            )
            renaming.modified = {(path, a): b for path, a, b in (_texts(each, 3) for each in modified)}
            renaming.merged = Merged(dict(_bijection(value.get("merged", {}), injective=False).items()))
            return renaming
    raise ValueError("this is no renaming")


def _pairs(bijection: Bijection) -> JSONObject:
    return dict(sorted(bijection.items()))


def _bijection(pairs: JSON, *, injective: bool = True) -> Bijection:
    made = Bijection(injective=injective)
    if not isinstance(pairs, dict):
        raise TypeError("pairs are no object")
    for baseline, replayed in pairs.items():
        made.learn(baseline, _text(replayed))
    return made


def _versions(pairs: JSON) -> Bijection:
    made = _bijection(pairs)
    for pair in made.items():
        for each in pair:
            _revision(each)
    return made


def _revision(value: str) -> str:
    if not is_revision(value):
        raise ValueError(f"{value!r} is no revision")
    return value


def _timeline(pairs: JSON) -> Timeline:
    made = Timeline()
    for pair in pairs if isinstance(pairs, list) else ():
        match pair:
            case [int() as baseline, int() as replayed]:
                made.learn(baseline, replayed)
            case _:
                raise ValueError("a change is no pair of revisions")
    return made


def _time(value: JSON) -> tuple[Field, str, Bijection]:
    match value:
        case {"field": list() as texts, "way": list() as way, "times": times}:
            uid, revision, beside, there = _texts(texts, 4)
            field = Field(uid, tuple(_text(step) for step in way), revision, beside)
            return field, there, _bijection(times, injective=False)
    raise ValueError("a time's field is no field")


def _texts(value: JSON, count: int) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) != count:
        raise ValueError(f"these are not {count} texts")
    return tuple(_text(each) for each in value)


def _text(value: JSON) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value

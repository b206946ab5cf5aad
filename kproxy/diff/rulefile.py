"""A file of rules: YAML that people write, and that `kproxy learn` writes.

A learned rule carries a digest over itself and what taught it: one that was changed by hand says more than its runs
showed, and is refused.
"""

import hashlib
import json
from collections.abc import Iterable

import yaml

from kproxy.config.bounded_yaml import load_yaml
from kproxy.diff.rulepath import check_key, rule_path
from kproxy.diff.rules import HidingRule, Taught, Teacher
from kproxy.errors import RuleError
from kproxy.model.jsontypes import JSON, JSONObject

FORMAT = 1
MOST_RULES = 10_000
MAX_TEXT = 1000
"""Characters of a resource, a verb, a reason at most."""

KINDS = frozenset({"changed", "added", "removed", "reordered", "renamed"})
_FIELDS = frozenset({"resource", "verb", "key", "path", "reason", "taught", "digest"})


def read_rules(data: bytes, name: str) -> tuple[HidingRule, ...]:
    """The rules of a file called `name`.

    ConfigError for what is no YAML, RuleError with the line for a rule that cannot be meant.
    """
    match load_yaml(data, name):
        case {"kproxy-rules": int() as version, "rules": list() as entries, **rest} if not rest:
            pass
        case _:
            raise RuleError(f"{name} is no file of rules: it has `kproxy-rules: {FORMAT}` and a list `rules`")
    if version != FORMAT:
        raise RuleError(
            f"{name} is of format {version}, and this kproxy reads format {FORMAT}; "
            "learn it again, or use the kproxy that wrote it"
        )
    if len(entries) > MOST_RULES:
        raise RuleError(
            f"{name} has {len(entries)} rules, more than the {MOST_RULES} that kproxy reads; "
            "--rules takes several files"
        )
    found: dict[tuple[str, ...], HidingRule] = {}
    for entry, place in zip(entries, _places(data, len(entries)), strict=True):
        try:
            rule = _rule(entry)
        except RuleError as error:
            raise RuleError(f"{name} {place}: {error}") from error
        if found.setdefault((rule.resource, rule.verb, rule.key, rule.path.text), rule) is not rule:
            raise RuleError(f"{name} {place}: a second rule for {rule.name}")
    return tuple(found.values())


def write_rules(rules: Iterable[HidingRule]) -> str:
    """The file that has these rules."""
    entries: list[JSON] = [_entry(rule) for rule in rules]
    document: JSONObject = {"kproxy-rules": FORMAT, "rules": entries}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)


def _places(data: bytes, count: int) -> list[str]:
    """Where each rule stands, by its line; by its number where PyYAML's two parsers do not agree on the file."""
    try:
        root = yaml.compose(data, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        root = None
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    rules = next((value for key, value in reversed(pairs) if key.value == "rules"), None)
    nodes = rules.value if isinstance(rules, yaml.SequenceNode) else []
    if len(nodes) != count:
        return [f"rule {number}" for number in range(1, count + 1)]
    return [f"line {node.start_mark.line + 1}" for node in nodes]


def _is_json(value: object) -> bool:
    """Whether a value is none that only YAML knows: a date, a key that is a number. Its depth is bounded."""
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_json(each) for name, each in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    return value is None or isinstance(value, str | int | float)


def _rule(entry: JSON) -> HidingRule:
    if not isinstance(entry, dict):
        raise RuleError("a rule is a mapping with resource (or key), path and reason")
    if not _is_json(entry):
        raise RuleError("names are texts, and values are texts, numbers, lists and mappings")
    if unknown := sorted(entry.keys() - _FIELDS):
        raise RuleError(f"a rule has no field {unknown[0]!r}: it has {', '.join(sorted(_FIELDS))}")
    resource, verb, key, path, reason = (_text(entry, field) for field in ("resource", "verb", "key", "path", "reason"))
    if not path or not reason.strip():
        raise RuleError("a rule needs a path, and a reason that the reports will show")
    if bool(resource) == bool(key) or (verb and key):
        raise RuleError("a rule is for a resource (and a verb) or for a key of etcd: one of the two")
    if "*" in resource or "*" in verb:
        raise RuleError(f"{resource or verb}: a rule is for one resource and verb, without *")
    if key:
        check_key(key)
    where = rule_path(path, key=bool(key))
    if key and where.where != "etcd":
        raise RuleError("a key's values have no headers: the path begins with $")
    taught = _taught(entry) if entry.keys() & {"taught", "digest"} else None
    return HidingRule(path=where, reason=reason, resource=resource, verb=verb, key=key, taught=taught)


def _text(entry: JSONObject, name: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise RuleError(f"{name} is a text of at most {MAX_TEXT} characters")
    return value


def _taught(entry: JSONObject) -> Taught:
    rest = {name: value for name, value in entry.items() if name != "digest"}
    if entry.get("digest") != _digest(rest):
        raise RuleError(
            "a learned rule that is not as its runs taught it: learn it again, or write one of your own "
            "(without taught and digest, with your reason)"
        )
    match entry.get("taught"):
        case {"kinds": list() as kinds, "forms": list() as forms, "times": int() as times, "runs": list() as runs}:
            teachers = tuple(_teacher(run) for run in runs)
            if len({each.session for each in teachers}) < 2 or times < 1 or not {*map(str, kinds)} <= KINDS:
                raise RuleError("a learned rule has two runs or more that taught it, and what they showed")
            return Taught(
                kinds=frozenset(map(str, kinds)), forms=frozenset(map(str, forms)), times=times, runs=teachers
            )
    raise RuleError("taught has kinds, forms, times and runs")


def _teacher(run: JSON) -> Teacher:
    match run:
        case {"session": str() as session, "version": str() as version, "started": str() as started}:
            return Teacher(session=session, version=version, started=started)
    raise RuleError("a run has a session, a version and when it started")


def _entry(rule: HidingRule) -> JSONObject:
    named = {"resource": rule.resource, "verb": rule.verb, "key": rule.key}
    entry: JSONObject = {name: value for name, value in named.items() if value}
    entry |= {"path": rule.path.text, "reason": rule.reason}
    if rule.taught is None:
        return entry
    taught = rule.taught
    runs: list[JSON] = [{"session": run.session, "version": run.version, "started": run.started} for run in taught.runs]
    entry["taught"] = {
        "kinds": [*sorted(taught.kinds)],
        "forms": [*sorted(taught.forms)],
        "times": taught.times,
        "runs": runs,
    }
    return {**entry, "digest": _digest(entry)}


def _digest(entry: JSONObject) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()

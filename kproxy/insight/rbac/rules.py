"""From permissions to RBAC's rules: as few as say exactly these."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from kproxy.insight.rbac.permission import Permission
from kproxy.model.jsontypes import JSONObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of a Role or ClusterRole; either `paths` or all of the rest but `names`, which may be empty: any name."""

    verbs: tuple[str, ...]
    groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    def as_json(self) -> JSONObject:
        """As it stands in a manifest."""
        if self.paths:
            return {"nonResourceURLs": list(self.paths), "verbs": list(self.verbs)}
        rule: JSONObject = {"apiGroups": list(self.groups), "resources": list(self.resources)}
        if self.names:
            rule["resourceNames"] = list(self.names)
        return {**rule, "verbs": list(self.verbs)}


def bounded_names(permissions: Iterable[Permission], most: int) -> set[Permission]:
    """The same, with a verb's names let go where it has more than `most` of them in one resource and namespace."""
    by_verb: defaultdict[Permission, set[Permission]] = defaultdict(set)
    for permission in permissions:
        by_verb[permission.of_any_name()].add(permission)
    found: set[Permission] = set()
    for wide, named in by_verb.items():
        found |= {wide} if wide in named or len(named) > most else named
    return found


def without_covered(permissions: set[Permission]) -> set[Permission]:
    """Without those that another one of them grants, for any name or in the whole cluster."""

    def covered(permission: Permission) -> bool:
        wider = {permission.of_any_name(), permission.everywhere(), permission.everywhere().of_any_name()}
        return bool((wider - {permission}) & permissions)

    return {permission for permission in permissions if not covered(permission)}


def rules_of(permissions: Iterable[Permission]) -> tuple[Rule, ...]:
    """Rules that grant these and nothing else; all of one namespace, or of the cluster. In a fixed order."""
    names: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    paths: defaultdict[str, set[str]] = defaultdict(set)
    for each in permissions:
        if each.path:
            paths[each.path].add(each.verb)
        else:
            names[each.group, each.resource, each.verb].add(each.name)
    verbs: defaultdict[tuple[str, str, tuple[str, ...]], set[str]] = defaultdict(set)
    for (group, resource, verb), found in names.items():
        verbs[group, resource, () if "" in found else tuple(sorted(found))].add(verb)
    resources: defaultdict[tuple[str, tuple[str, ...], tuple[str, ...]], set[str]] = defaultdict(set)
    for (group, resource, named), said in verbs.items():
        resources[group, named, tuple(sorted(said))].add(resource)
    together: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for path, said in paths.items():
        together[tuple(sorted(said))].add(path)
    rules = [
        Rule(groups=(group,), resources=tuple(sorted(found)), names=named, verbs=said)
        for (group, named, said), found in resources.items()
    ]
    rules.sort(key=lambda rule: (rule.groups, rule.resources, rule.names, rule.verbs))
    return (*rules, *(Rule(paths=tuple(sorted(found)), verbs=said) for said, found in sorted(together.items())))

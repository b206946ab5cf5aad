"""`kproxy rbac FILE`: the least roles that a session needed."""

import json
from collections.abc import Iterator

import click

from kproxy.errors import UsageError
from kproxy.insight.rbac.manifest import as_yaml, documents_of, notes_of, role_name, subject_of
from kproxy.insight.rbac.permission import Permission
from kproxy.insight.rbac.session import MOST_NAMES, Rights, Use, Wish, rights
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.report.printing import printable
from kproxy.store.reader import open_recording


@click.command("rbac", short_help="The least roles that a session needed.")
@click.argument("file")
@click.option("--caller", multiple=True, help="Only these callers, as the output names them; may be repeated.")
@click.option("--user", help="The bindings' user, in place of the one caller's own name.")
@click.option(
    "--names",
    type=click.IntRange(min=0),
    default=MOST_NAMES,
    show_default=True,
    help="Names of one resource that a rule lists; beyond that it is for all. 0: no names.",
)
@click.option("--defaults", is_flag=True, help="With what every cluster grants to everybody (discovery).")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object, with the requests behind each right.")
def command(*, file: str, caller: tuple[str, ...], user: str | None, names: int, defaults: bool, as_json: bool) -> None:
    """Write the roles that the session's requests needed, and their bindings, for each caller: YAML for kubectl.

    \b
    Example: kproxy rbac session.kproxy > roles.yaml
    """
    with open_recording(file) as recording:
        found = rights(recording, Wish(most_names=names, defaults=defaults))
    chosen = [each for each in found if not caller or each.caller in caller]
    if caller and not chosen:
        known = ", ".join(printable(each.caller) for each in found) or "nobody"
        raise UsageError(f"the recording has no such caller; it has {known}")
    if user is not None and len(chosen) != 1:
        raise UsageError(f"--user is for one caller, and there are {len(chosen)}: choose one with --caller")
    roles = list(_roles(chosen, user))
    if as_json:
        callers: list[JSON] = [_as_json(each, name, documents) for each, name, documents in roles]
        click.echo(json.dumps({"callers": callers}, indent=2))
        return
    for each, name, documents in roles:
        for line in (f"{each.caller}: {each.requests} requests", *notes_of(each)):
            click.echo(f"# {printable(line)}")
        if documents:
            click.echo(as_yaml(documents))
        del name


def _roles(chosen: list[Rights], user: str | None) -> Iterator[tuple[Rights, str, list[JSONObject]]]:
    """Each caller's objects, under names of their own."""
    taken: list[str] = []
    for each in chosen:
        who = user or each.caller
        taken.append(role_name(who, taken))
        yield each, taken[-1], documents_of(each.permissions, taken[-1], subject_of(who))


def _as_json(found: Rights, name: str, documents: list[JSONObject]) -> JSONObject:
    return {
        "caller": found.caller,
        "named": found.named,
        "role": name,
        "requests": found.requests,
        "refused": found.refused,
        "unanswered": found.unanswered,
        "ungrantable": found.ungrantable,
        "notes": [*notes_of(found)],
        "permissions": [_permission(permission, use) for permission, use in sorted(found.used.items())],
        "objects": [*documents],
    }


def _permission(permission: Permission, use: Use) -> JSONObject:
    words: JSONObject = {word: getattr(permission, word) for word in permission.__slots__ if getattr(permission, word)}
    return {**words, "requests": use.requests, "first": use.first}

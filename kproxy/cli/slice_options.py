"""`--from`, `--to`, `--from-mark`, `--to-mark`, `--client`, `--namespace`, `--verb`: which slice of a session."""

from collections.abc import Callable
from typing import Any

import click

from kproxy.session.slices import SliceWish

_OPTIONS = (
    click.option("--from", "begins", metavar="TIME", help="Only requests from this time on: RFC 3339, or seconds."),
    click.option("--to", "ends", metavar="TIME", help="Only requests before this time: RFC 3339, or seconds."),
    click.option("--from-mark", metavar="TEXT", help="Only requests behind this mark (kproxy mark)."),
    click.option("--to-mark", metavar="TEXT", help="Only requests before this mark."),
    click.option(
        "--client",
        "clients",
        multiple=True,
        metavar="TEXT",
        help="Only requests of this user, or whose User-Agent contains this. Repeatable.",
    ),
    click.option("-n", "--namespace", "namespaces", multiple=True, help="Only requests in this namespace. Repeatable."),
    click.option("--verb", "verbs", multiple=True, help="Only requests with this verb. Repeatable."),
)


def slice_options[F: Callable[..., Any]](command: F) -> F:
    """All of them; `slice_wish` reads what click gives."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def slice_wish(
    begins: str | None,
    ends: str | None,
    from_mark: str | None,
    to_mark: str | None,
    clients: tuple[str, ...],
    namespaces: tuple[str, ...],
    verbs: tuple[str, ...],
) -> SliceWish:
    """What the options say."""
    return SliceWish(
        begins=begins,
        ends=ends,
        from_mark=from_mark,
        to_mark=to_mark,
        clients=clients,
        namespaces=namespaces,
        verbs=tuple(verb.lower() for verb in verbs),
    )

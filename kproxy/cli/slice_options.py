"""`--from`, `--to`, `--from-mark`, `--to-mark`, `--client`, `--namespace`, `--verb`, `--drive`: which slice."""

from collections.abc import Callable
from functools import wraps

import click

from kproxy.errors import UsageError
from kproxy.replay.people import People
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
    click.option(
        "--drive",
        "whose",
        type=click.Choice(["all", "people"]),
        default="all",
        show_default=True,
        help="Whose requests: everybody's, or only people's and their tools', while the target's own controllers act.",
    ),
    click.option(
        "--drive-client", "driven", multiple=True, metavar="TEXT", help="With people: this client's too. Repeatable."
    ),
    click.option(
        "--leave-client", "left", multiple=True, metavar="TEXT", help="With people: not this client's. Repeatable."
    ),
)


def slice_options[R](command: Callable[..., R]) -> Callable[..., R]:
    """All of them, which the command gets as one: `wished`, a SliceWish."""

    @wraps(command)
    def with_wish(
        *,
        begins: str | None,
        ends: str | None,
        from_mark: str | None,
        to_mark: str | None,
        clients: tuple[str, ...],
        namespaces: tuple[str, ...],
        verbs: tuple[str, ...],
        whose: str,
        driven: tuple[str, ...],
        left: tuple[str, ...],
        **others: object,
    ) -> R:
        wished = SliceWish(
            begins=begins,
            ends=ends,
            from_mark=from_mark,
            to_mark=to_mark,
            clients=clients,
            namespaces=namespaces,
            verbs=tuple(verb.lower() for verb in verbs),
            people=_people(whose, driven, left),
        )
        return command(wished=wished, **others)

    decorated: Callable[..., R] = with_wish
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def _people(whose: str, driven: tuple[str, ...], left: tuple[str, ...]) -> People | None:
    """What `--drive` says. UsageError for a client that is named though all are driven."""
    if whose == "people":
        return People(driven=driven, left=left)
    if driven or left:
        raise UsageError("--drive-client and --leave-client say more of --drive people: add that")
    return None

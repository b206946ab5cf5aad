"""--restore and --webhooks of a replay."""

from collections.abc import Callable

import click

from kproxy.replay.webhooks import Webhooks
from kproxy.session.restore import RestoreChoice


def restore_options[**P, R](command: Callable[P, R]) -> Callable[P, R]:
    """The options: what the target is given before the session."""
    options = (
        click.option(
            "--restore",
            type=click.Choice([each.value for each in RestoreChoice]),
            default=RestoreChoice.AUTO.value,
            show_default=True,
            help="How the recording's start state is restored first: exactly, into a fresh server's etcd, or as "
            "objects through the api. auto: etcd where that can be.",
        ),
        click.option(
            "--webhooks",
            type=click.Choice([each.value for each in Webhooks]),
            default=Webhooks.DROP.value,
            show_default=True,
            help="What becomes of webhooks and aggregated APIs whose servers are not there: drop (they are ignored), "
            "stub (kproxy's own server allows everything; fresh servers only), keep (as recorded).",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command

"""`kproxy addon-path`: where mitmproxy finds kproxy's addon."""

import click

from kproxy.addon import SCRIPT


@click.command("addon-path", short_help="Where mitmdump -s and mitmweb -s find kproxy's addon.")
def command() -> None:
    """Print the file that stock mitmproxy loads to record its flows: mitmdump -s "$(kproxy addon-path)".

    \b
    Example: kproxy addon-path
    """
    click.echo(SCRIPT)

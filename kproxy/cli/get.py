"""`kproxy get FILE OBJECT`: an object as it then was."""

import json

import click
import yaml

from kproxy.cli.object_options import at_option, namespace_option
from kproxy.report.printing import printable
from kproxy.session.objects import object_at


@click.command("get", short_help="An object as it then was.")
@click.argument("file")
@click.argument("object_", metavar="OBJECT")
@at_option
@namespace_option
@click.option(
    "-o",
    "--output",
    type=click.Choice(["yaml", "json"]),
    default="yaml",
    show_default=True,
    help="As what it is shown.",
)
def command(*, file: str, object_: str, at: str | None, namespace: str, output: str) -> int:
    """Show an object as it was at a moment of the session, as the api-server would have answered it then.

    OBJECT: RESOURCE[.GROUP]/NAMESPACE/NAME, as kubectl names it with -n (deploy/web), or a key in etcd.

    \b
    Example: kproxy get session.kproxy pods/default/hello-demo --at 11
    """
    state = object_at(file, object_, at, namespace)
    click.echo(printable(f"# from {state.source}"), err=True)
    if state.document is None:
        click.echo(printable(f"{state.name} was not there"), err=True)
        return 2
    if output == "json":
        click.echo(json.dumps(state.document, indent=2))
    else:
        click.echo(yaml.safe_dump(state.document, sort_keys=False), nl=False)
    return 0

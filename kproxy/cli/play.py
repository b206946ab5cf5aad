"""`kproxy play FILE`."""

import asyncio
import json
from pathlib import Path

import click

from kproxy.errors import UsageError
from kproxy.report.printing import printable
from kproxy.session.outputs import check_report
from kproxy.session.play import Played, PlaySettings, play

_NAMED = 10


@click.command("play", short_help="Answer a client out of a recording.")
@click.argument("file")
@click.option(
    "--then", "more", metavar="FILE", multiple=True, help="And then another recording's exchanges. Repeatable."
)
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:0", help="Where to listen (default: a free port).")
@click.option("--once", is_flag=True, help="Answer no request more often than it was recorded, reads neither.")
@click.option(
    "--patience",
    type=click.FloatRange(0, 3600),
    default=2.0,
    show_default=True,
    help="Seconds that a watch's event waits for the writes that came before it.",
)
@click.option(
    "--otherwise",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="KUBECONFIG",
    help="Pass on what the recordings do not have to this kubeconfig's server.",
)
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Write what was played and missing, as JSON."
)
@click.argument("command_line", metavar="[-- COMMAND …]", nargs=-1, type=click.UNPROCESSED)
def command(
    *,
    file: str,
    more: tuple[str, ...],
    listen: str,
    once: bool,
    patience: float,
    otherwise: Path | None,
    report: Path | None,
    command_line: tuple[str, ...],
) -> int:
    """Answer a client out of recordings, without a cluster: each request gets the answer that it got then.

    COMMAND runs with KUBECONFIG and KPROXY_URL set; its exit code is ours. Without COMMAND: until Ctrl-C. Requests
    that no recording has get a 501 and are named at the end.

    \b
    Example: kproxy play recordings/hello-kubectl -- kubectl get pod hello-demo
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"--listen {listen!r} is no HOST:PORT")
    settings = PlaySettings(
        files=(file, *more),
        host=host.strip("[]"),
        port=int(port),
        repeat=not once,
        patience=patience,
        otherwise=otherwise,
    )
    _check(report, (file, *more))
    played = asyncio.run(play(settings, command_line, _tell))
    _say(played)
    if report is not None:
        _write(report, played)
    return played.code


def _check(report: Path | None, files: tuple[str, ...]) -> None:
    """Before anything is played: UsageError for what cannot be written, or is there and no report of a play."""
    check_report(report, files, what="the report")
    if report is None or not report.is_file():
        return
    try:
        begins = report.read_bytes()[:1]
    except OSError as error:
        raise UsageError(
            f"the report cannot be written to {report}: {error.strerror}; choose another --report"
        ) from error
    if begins not in {b"", b"{"}:
        raise UsageError(f"{report} is there and no report of a play: it stays as it is; choose another --report")


def _write(report: Path, played: Played) -> None:
    document = {"recorded": played.recorded, "played": played.played, "missing": list(played.missing)}
    try:
        report.write_text(json.dumps(document, indent=2) + "\n")
    except OSError as error:
        raise UsageError(
            f"the report cannot be written to {report}: {error.strerror}; choose another --report"
        ) from error


def _say(played: Played) -> None:
    _tell(f"{played.played} of {played.recorded} recorded exchanges were played")
    for request in played.missing[:_NAMED]:
        _tell(f"not recorded: {printable(request)}")
    if len(played.missing) > _NAMED:
        _tell(f"… and {len(played.missing) - _NAMED} more")


def _tell(sentence: str) -> None:
    click.echo(f"kproxy: {sentence}", err=True)

"""`kproxy`: finds the command, and turns every failure into one sentence and an exit code.

Exit codes: 0 done (identical, equivalent), 1 only ever «different», 2 any error and «inconclusive», 3 what
`check --fail` found, 130 Ctrl-C, 143 SIGTERM; `record` and `lab run` end with their COMMAND's.
"""

import errno
import gc
import importlib
import os
import signal
import sys
from types import FrameType, ModuleType
from typing import NoReturn

import click

import kproxy
from kproxy.errors import KproxyError

COMMANDS = {
    "demo": "kproxy.cli.demo",
    "record": "kproxy.cli.record",
    "mark": "kproxy.cli.mark",
    "log": "kproxy.cli.log",
    "show": "kproxy.cli.show",
    "get": "kproxy.cli.get",
    "history": "kproxy.cli.history",
    "blame": "kproxy.cli.blame",
    "why": "kproxy.cli.why",
    "correlate": "kproxy.cli.correlate",
    "stats": "kproxy.cli.stats",
    "check": "kproxy.cli.check",
    "rbac": "kproxy.cli.rbac",
    "replay": "kproxy.cli.replay",
    "diff": "kproxy.cli.diff",
    "bisect": "kproxy.cli.bisect",
    "play": "kproxy.cli.play",
    "learn": "kproxy.cli.learn",
    "export": "kproxy.cli.export",
    "import": "kproxy.cli.import_",
    "upgrade": "kproxy.cli.upgrade",
    "lab": "kproxy.cli.lab",
    "etcd-relay": "kproxy.cli.etcd_relay",
    "addon-path": "kproxy.cli.addon_path",
}
"""Each command's module, which has it as `command`: imported when it is called for, so that `log` needs no proxy."""


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What a write to a full disk fails with: of our own output, as rooms make sentences of the files that they write."""


class _Terminated(BaseException):
    """SIGTERM came. Like KeyboardInterrupt: nothing that handles errors may swallow it."""


class _ReaderGone(BaseException):
    """Nobody reads our output any more (`kproxy log … | head`); of a BrokenPipeError click would make exit code 1."""


def _imported(module: str) -> ModuleType:
    """A command's module. What imports make stays: looking through it for garbage would be a fifth of their time."""
    gc.disable()
    try:
        return importlib.import_module(module)
    finally:
        gc.enable()
        gc.freeze()


class Commands(click.Group):
    """The commands, in the order in which people meet them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them; click would sort by name."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them, imported now."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = _imported(COMMANDS[cmd_name]).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name]}.command is no command")
        return command

    def invoke(self, ctx: click.Context) -> object:
        """The command, with all of its output handed over: what cannot be written is known while it can be said."""
        try:
            result: object = super().invoke(ctx)
            if sys.stdout is not None:  # as `>&-` leaves it
                sys.stdout.flush()
        except BrokenPipeError as error:
            raise _ReaderGone from error
        return result


def _version(context: click.Context, parameter: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's callback
    """What `--version` says; only then is it looked up."""
    del parameter
    if asked and not context.resilient_parsing:
        click.echo(f"kproxy, version {kproxy.__version__}")
        context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version and exit."
)
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
def cli(*, debug: bool) -> None:
    """A flight recorder for the Kubernetes API.

    Records what clients say to an api-server, ties it to the keys that change in etcd, replays it on a fresh server
    and says whether that behaves the same. Begin with: kproxy demo
    """
    del debug  # read from the context by run()


def run() -> NoReturn:
    """The entry point of `kproxy` and of `kubectl kproxy`."""
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(_exit_code(sys.argv[1:]))


def _exit_code(arguments: list[str]) -> int:
    debug = "--debug" in arguments[:1]
    try:
        result = cli.main(arguments, prog_name="kproxy", standalone_mode=False)
    except (click.exceptions.Exit, click.exceptions.NoArgsIsHelpError) as told:
        return _help_given(told)
    except (click.Abort, KeyboardInterrupt, _Terminated, _ReaderGone) as stop:
        return _stopped(stop)
    except Exception as error:  # noqa: BLE001 - the last stop: 1 must mean «different», so nothing may get past
        return _fail(error, debug=debug)
    return result if isinstance(result, int) else 0


def _help_given(told: click.exceptions.Exit | click.exceptions.NoArgsIsHelpError) -> int:
    """The help that was asked for is out; without a command it is said on standard error."""
    if isinstance(told, click.exceptions.Exit):
        return told.exit_code
    click.echo(told.format_message(), err=True)
    return 2


def _stopped(stop: BaseException) -> int:
    """As a shell says that a signal ended us."""
    if isinstance(stop, _ReaderGone):
        _forget_output()
        return 128 + signal.SIGPIPE
    return 128 + (signal.SIGTERM if isinstance(stop, _Terminated) else signal.SIGINT)


def _forget_output() -> None:
    """Python's exit must not try again to write what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _said_by_click(error: click.ClickException) -> str:
    """Its sentence, in our form, with the help that belongs to the command."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    asked = context.command_path if context is not None else "kproxy"
    return f"{error.format_message().rstrip('.')}; `{asked} --help` tells what there is"


def _fail(error: Exception, *, debug: bool) -> int:
    if debug:
        import traceback  # noqa: PLC0415 - only here, and it takes longer than a small command

        traceback.print_exception(error)
    click.echo(f"kproxy: {' '.join(_sentence_of(error).split())}", err=True)
    return error.exit_code if isinstance(error, KproxyError) else 2


def _sentence_of(error: Exception) -> str:
    if isinstance(error, KproxyError):
        return error.sentence
    if isinstance(error, click.ClickException):
        return _said_by_click(error)
    if isinstance(error, OSError) and error.errno in _NO_ROOM and error.filename is None:
        # the rooms make sentences of the failures that they know: what is left is our own output
        _forget_output()
        return f"the output cannot be written: {error.strerror}"
    return f"this should not happen: {type(error).__name__}: {error}; `kproxy --debug …` shows where"


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise _Terminated

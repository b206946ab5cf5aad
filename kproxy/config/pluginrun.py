"""Running a credential plugin: its answer is bounded and never repeated, its standard error is the user's to read."""

import asyncio
import os
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress

from kproxy.config.execplugin import ExecCredential, ExecPlugin, exec_info, parse_credential
from kproxy.errors import PluginError

SECONDS = 60.0
"""For a plugin that asks nobody; one that may ask a person gets ten times as long."""

_MAX_OUTPUT = 1024 * 1024


async def run_plugin(
    plugin: ExecPlugin, *, interactive: bool = False, environ: Mapping[str, str] = os.environ
) -> ExecCredential:
    """What the plugin gives. `interactive`: it may use our terminal. PluginError, which names the command."""
    if plugin.interactive == "Always" and not interactive:
        raise PluginError(
            f"The credential plugin {plugin.command!r} of {plugin.what} wants a terminal each time "
            "(interactiveMode: Always), and kproxy has none for it."
        )
    asks = interactive and plugin.interactive != "Never"
    told = {**environ, **dict(plugin.env), "KUBERNETES_EXEC_INFO": exec_info(plugin, interactive=asks)}
    try:
        process = await asyncio.create_subprocess_exec(
            plugin.command, *plugin.args, stdin=None if asks else DEVNULL, stdout=PIPE, env=told
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = f" {plugin.hint}" if plugin.hint else ""
        raise PluginError(
            f"The credential plugin {plugin.command!r} of {plugin.what} cannot be started: {reason}.{hint}"
        ) from error
    try:
        async with asyncio.timeout(SECONDS * (10 if asks else 1)):
            output = await _output(process, plugin)
            code = await process.wait()
    except TimeoutError as error:
        raise PluginError(f"The credential plugin {plugin.command!r} of {plugin.what} did not end in time.") from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if code != 0:
        raise PluginError(f"The credential plugin {plugin.command!r} of {plugin.what} ended with exit code {code}.")
    return parse_credential(output, plugin)


async def _output(process: Process, plugin: ExecPlugin) -> bytes:
    output = b""
    while process.stdout is not None and (piece := await process.stdout.read(65536)):
        output += piece
        if len(output) > _MAX_OUTPUT:
            raise PluginError(f"The credential plugin {plugin.command!r} of {plugin.what} answered with too much.")
    return output

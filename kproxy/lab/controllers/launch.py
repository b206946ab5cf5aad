"""Starting the three under a keeper."""

import time
from functools import partial

from kproxy.errors import LabError
from kproxy.lab.alive import PortTaken, refuse_ended
from kproxy.lab.client import LabClient
from kproxy.lab.controllers.programs import (
    ControllerPlace,
    controller_manager_command,
    kwok_command,
    scheduler_command,
)
from kproxy.lab.controllers.wait import await_controllers
from kproxy.lab.kept import Kept
from kproxy.lab.ports import free_ports
from kproxy.lab.servers import Command

ATTEMPTS = 4  # another process may take kwok's port between our choice and its bind


def launch(kept: Kept, place: ControllerPlace, client: LabClient, timeout: float) -> tuple[tuple[str, int], ...]:
    """Starts them and waits, `timeout` seconds at most, until they are ready; their pids by name.

    LabError if one ends or is not ready in time.
    """
    deadline = time.monotonic() + timeout
    commands = [controller_manager_command(place), scheduler_command(place)]
    pids = {command.name: _start(kept, command) for command in commands}
    for _ in range(ATTEMPTS):
        kwok = kwok_command(place, free_ports(1)[0])
        pids[kwok.name] = _start(kept, kwok)
        try:
            await_controllers(client, place.nodes, deadline, partial(_alive, kept, [*commands, kwok]))
        except PortTaken:
            continue
        return tuple(pids.items())
    raise LabError("the lab found no free port for kwok; end something that listens")


def _start(kept: Kept, command: Command) -> int:
    return kept.start(command.name, command.argv, command.env, command.log)


def _alive(kept: Kept, commands: list[Command]) -> None:
    for command in commands:
        refuse_ended(kept, command.name, command.log)

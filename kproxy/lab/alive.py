"""Whether a lab's servers still run, and why one of them does not."""

from pathlib import Path

from kproxy.errors import LabError
from kproxy.lab.kept import Kept
from kproxy.lab.ready import is_port_taken, last_reason


class PortTaken(Exception):  # noqa: N818 - a reason to try again, never seen outside
    """A server ended because another process took its port."""


def refuse_ended(kept: Kept, name: str, log: Path) -> None:
    """LabError, or PortTaken, if a server has ended."""
    code = kept.ended(name)
    if code is None:
        return
    reason = last_reason(log)
    if is_port_taken(log):
        raise PortTaken(reason)
    ended = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    raise LabError(f"the lab's {name} {ended}" + (f": {reason}" if reason else ""))

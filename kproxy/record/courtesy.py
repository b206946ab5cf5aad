"""A recorder that cannot keep up steps back: with `--when-stuck pass` the traffic goes first.

Where all cores are busy, a recorder that runs as hard as it can takes from the proxy, and from the client and server
beside it, what they need; and what it keeps is only a part anyway, once the proxy leaves exchanges out.
"""

import os

NICENESS = 10
"""Of setpriority(2): a tenth of the share of a process of the usual priority."""


class Courtesy:
    """Call it when the proxy has left exchanges out. It cannot be taken back: only root may raise a priority."""

    def __init__(self) -> None:
        self._given = False

    def __call__(self) -> None:
        """Step back, once."""
        if not self._given:
            self._given = True
            os.nice(NICENESS)

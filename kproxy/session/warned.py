"""What the proxy's rooms warn of while a recording goes on, said to whoever started it: each thing once."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST = 100
"""Different warnings: strangers can cause as many as they like."""


class _Teller(logging.Handler):
    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell
        self._told: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """One sentence, without tracebacks."""
        sentence = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            sentence = f"{sentence}: {record.exc_info[1]!r}"
        if sentence not in self._told and len(self._told) < MOST:
            self._told.add(sentence)
            self._tell(sentence.removeprefix("kproxy "))


@contextmanager
def warned(tell: Callable[[str], None]) -> Iterator[None]:
    """For as long as the block lasts."""
    teller = _Teller(tell)
    logger = logging.getLogger("kproxy")
    logger.addHandler(teller)
    try:
        yield
    finally:
        logger.removeHandler(teller)

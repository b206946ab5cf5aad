"""A folder for what only we and COMMAND may read; gone at the end, and after a kill -9 when the next one is made.

A folder's owner holds a lock on its file `alive` (flock(2), let go by the system however the owner ends).
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "kproxy-told-"
_ALIVE = "alive"


@contextmanager
def private_folder() -> Iterator[Path]:
    """A temporary folder of mode 0700."""
    _remove_left_over(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        folder = Path(name)
        with (folder / "new").open("w") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (folder / "new").rename(folder / _ALIVE)  # locked before anyone can find it unlocked
            yield folder


def private_file(path: Path, text: str) -> Path:
    """A new file of mode 0600; its path."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return path


def _remove_left_over(place: Path) -> None:
    """Folders whose owners are gone; those of other users stay theirs."""
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError), (folder / _ALIVE).open("r+") as alive:
            if folder.stat().st_uid == os.getuid() and not folder.is_symlink():
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)

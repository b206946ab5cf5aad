"""`--renaming FILE`: what stands for what, for whoever reads on."""

import json
from pathlib import Path

import click

from kproxy.errors import UsageError
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.value import renaming_json

renaming_option = click.option(
    "--renaming",
    "renaming_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what one server chose, and what the other chose in its place, to this file, as JSON.",
)


def write_renaming(renaming: Renaming, path: Path | None) -> None:
    """Write it, if that was asked for. UsageError if it cannot be."""
    if path is None:
        return
    try:
        path.write_text(json.dumps(renaming_json(renaming), indent=1) + "\n")
    except OSError as error:
        raise UsageError(
            f"the renaming cannot be written to {path}: {error.strerror}; choose another --renaming"
        ) from error

"""Where a fresh server's programs are."""

from collections.abc import Callable
from pathlib import Path

import click


def assets_options[F: Callable[..., object]](function: F) -> F:
    """`--assets` and `--allow-old-etcd`, in this order."""
    old = click.option("--allow-old-etcd", is_flag=True, help="Let a fresh kube-apiserver run on an etcd below 3.5.13.")
    assets = click.option(
        "--assets",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        help="A folder with kube-apiserver and etcd (default: KUBEBUILDER_ASSETS).",
    )
    return assets(old(function))

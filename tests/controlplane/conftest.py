"""What the tests with real binaries share. They never skip: without the binaries they fail and say what to run."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.soak.make import NoSoak, make_soak
from tests.support.streams_world import World, streams_world

SERVER = ("kube-apiserver", "etcd", "kubectl", "etcdctl")
PLANE = (*SERVER, "kube-controller-manager", "kube-scheduler", "kwok")


SECONDS = 300
"""That a test may take which says nothing else: servers start within it, and machines are slow at times."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder the time that servers need."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS))


def folder_of(variable: str, needed: tuple[str, ...]) -> Path:
    """The folder of real binaries that a variable of the environment names."""
    named = os.environ.get(variable, "")
    missing = [name for name in needed if not named or not (Path(named) / name).exists()]
    if missing:
        pytest.fail(f"{variable}={named!r} has no {', '.join(missing)}: make test-controlplane sets it")
    return Path(named)


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of the real binaries."""
    return folder_of("KUBEBUILDER_ASSETS", PLANE)


@pytest.fixture(scope="session")
def older_assets() -> Path:
    """The folder of an older kube-apiserver, beside the same etcd, kubectl and kwok."""
    return folder_of("KPROXY_OLDER_ASSETS", SERVER)


@pytest.fixture(scope="session")
def older_plane() -> Path:
    """The same with the controllers of that version: make controlplane-older builds all of it, CI's does not."""
    return folder_of("KPROXY_OLDER_ASSETS", PLANE)


@pytest.fixture
def real_env(assets: Path, tmp_path: Path) -> dict[str, str]:
    """An environment in which `kubectl` and `etcdctl` are the real ones, and keys of pseudonyms go to a folder."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("KPROXY_")},
        "PATH": f"{assets}:{os.environ['PATH']}",
        "KUBEBUILDER_ASSETS": str(assets),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }


@pytest.fixture(scope="session")
def soak(assets: Path) -> Path:
    """The folder of a soak (soak/make.py): made once, by whoever wants it first, for all that want a long recording."""
    seconds = int(os.environ.get("KPROXY_SOAK_SECONDS", "90"))
    try:
        return make_soak(seconds, os.environ.get("KPROXY_SOAK_IDENTITY", "pass"), assets)
    except NoSoak as error:
        pytest.fail(str(error))


@pytest.fixture(scope="session")
def world(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """What tests of exec, port-forward and their like talk to; one for all of a worker."""
    with streams_world(assets, tmp_path_factory.mktemp("streams")) as made:
        yield made

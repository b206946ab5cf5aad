"""What the tests with real binaries share. They never skip: without the binaries they fail and say what to run."""

import os
from pathlib import Path

import pytest

NEEDED = ("kube-apiserver", "etcd", "kubectl", "etcdctl")


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of the real binaries."""
    named = os.environ.get("KUBEBUILDER_ASSETS", "")
    folder = Path(named)
    missing = [name for name in NEEDED if not (folder / name).exists()]
    if not named or missing:
        pytest.fail(
            f"KUBEBUILDER_ASSETS={named!r} has no {', '.join(missing or NEEDED)}: make test-controlplane sets it"
        )
    return folder


@pytest.fixture
def real_env(assets: Path, tmp_path: Path) -> dict[str, str]:
    """An environment in which `kubectl` and `etcdctl` are the real ones, and keys of pseudonyms go to a folder."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("KPROXY_")},
        "PATH": f"{assets}:{os.environ['PATH']}",
        "KUBEBUILDER_ASSETS": str(assets),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }

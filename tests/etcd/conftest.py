"""The shared etcd, and certificates."""

from pathlib import Path

import pytest

from tests.support.etcd_server import Certificates, etcd_server, make_certificates

__all__ = ["etcd_server"]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A CA and what it signed."""
    folder: Path = tmp_path_factory.mktemp("certificates")
    return make_certificates(folder)

"""Cassettes for the Kubernetes API: tests that run against a recorded cluster. pytest and the program kproxy only."""

from pytest_kproxy.cassette import Cassette, CassetteError, Cluster, Mode
from pytest_kproxy.program import Kproxy, KproxyError

__all__ = ["Cassette", "CassetteError", "Cluster", "Kproxy", "KproxyError", "Mode"]

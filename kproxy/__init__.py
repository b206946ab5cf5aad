"""kproxy: a flight recorder for the Kubernetes API."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("kproxy")
except PackageNotFoundError:  # run from a checkout that was not installed
    __version__ = "0+checkout"

"""kproxy: a flight recorder for the Kubernetes API."""


def __getattr__(name: str) -> str:
    """`__version__`, looked up when it is asked for: reading installed packages takes longer than most commands do."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - see above

    try:
        return version("kproxy")
    except PackageNotFoundError:  # run from a checkout that was not installed
        return "0+checkout"

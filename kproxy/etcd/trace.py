"""The trace that calls to etcd belong to: what a server was asked to do goes on in what it asks of etcd."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

type Metadata = tuple[tuple[str, str], ...]

trace_metadata: ContextVar[Metadata] = ContextVar("trace_metadata", default=())
"""What every call of this context, and of the tasks that it makes, carries."""


@contextmanager
def traced(metadata: Metadata) -> Iterator[None]:
    """For as long as the block lasts."""
    token = trace_metadata.set(metadata)
    try:
        yield
    finally:
        trace_metadata.reset(token)

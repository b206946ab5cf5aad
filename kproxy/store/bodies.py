"""How a body's bytes lie in the recording: compressed where that helps, never larger than they say."""

from collections import OrderedDict
from hashlib import sha256

import zstandard

from kproxy.errors import RecordingError
from kproxy.model.exchange import Digest
from kproxy.model.recording import LATELY, SHARE

MAX_BODY = 1 << 30
"""Bytes. Larger ones are never written; a row that claims more is not ours."""

_WORTH_COMPRESSING = 128
LEVEL = 1

_compressor = zstandard.ZstdCompressor(level=LEVEL)
_decompressor = zstandard.ZstdDecompressor()


def digest_of(data: bytes) -> Digest:
    """The name of a body's bytes."""
    return Digest(sha256(data).hexdigest())


def pack(data: bytes) -> tuple[str, bytes]:
    """(coding, bytes as stored)."""
    if len(data) >= _WORTH_COMPRESSING:
        packed = _compressor.compress(data)
        if len(packed) < len(data):
            return "zstd", packed
    return "identity", data


def unpack(digest: Digest, size: int, coding: str, data: bytes) -> bytes:
    """What was packed. RecordingError if it is not what its name says."""
    if coding == "zstd" and 0 < size <= MAX_BODY:
        try:
            claimed = zstandard.get_frame_parameters(data).content_size
            data = _decompressor.decompress(data, max_output_size=size) if claimed == size else b""
        except zstandard.ZstdError as error:
            raise RecordingError(f"Body {digest} of the recording is damaged: {error}.") from error
    if digest_of(data) != digest:
        raise RecordingError(f"Body {digest} of the recording is damaged: its bytes are not what its name says.")
    return data


class Lately:
    """The bodies that were read lately: who reads a recording in its order asks for the same ones within moments.

    It holds `most` bytes, and none that would take much of them.
    """

    def __init__(self, most: int = LATELY) -> None:
        self._most = most
        self._held = 0
        self._bodies: OrderedDict[Digest, bytes] = OrderedDict()

    def get(self, digest: Digest) -> bytes | None:
        """One of them, None if it is not there, or no more."""
        return self._bodies.get(digest)

    def put(self, digest: Digest, data: bytes) -> None:
        """It was read."""
        if len(data) > self._most // SHARE or digest in self._bodies:
            return
        self._bodies[digest] = data
        self._held += len(data)
        while self._held > self._most:
            self._held -= len(self._bodies.popitem(last=False)[1])


class Known:
    """The digests that were written lately, so that equal bodies are compressed and written once."""

    def __init__(self, capacity: int = 65536) -> None:
        self._capacity = capacity
        self._digests: OrderedDict[Digest, None] = OrderedDict()

    def __contains__(self, digest: Digest) -> bool:
        return digest in self._digests

    def add(self, digests: list[Digest]) -> None:
        """They are committed."""
        for digest in digests:
            self._digests[digest] = None
        while len(self._digests) > self._capacity:
            self._digests.popitem(last=False)

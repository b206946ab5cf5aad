"""WebSocket messages as the frames that they may have been: mitmproxy's flows have them without (RFC 6455, 5.2).

One frame for each message; a client's are masked by zeros: as long as on the wire, and read as they are.
"""

import struct

CLOSE = 8
NO_STATUS = 1005
ABNORMAL = 1006
"""What readers say where no close frame came, or one without a code."""


def frame(opcode: int, content: bytes, *, from_client: bool) -> bytes:
    """A whole message in one frame."""
    mask = 0x80 if from_client else 0
    if len(content) < 126:
        size = bytes([mask | len(content)])
    elif len(content) < 1 << 16:
        size = struct.pack("!BH", mask | 126, len(content))
    else:
        size = struct.pack("!BQ", mask | 127, len(content))
    return bytes([0x80 | opcode]) + size + (b"\0\0\0\0" if from_client else b"") + content


def close_frame(code: int | None, reason: str | None, *, from_client: bool) -> bytes:
    """The end that a side has said; b"" where it just was gone."""
    if code == ABNORMAL:
        return b""
    content = b"" if code in {None, NO_STATUS} else struct.pack("!H", code) + (reason or "").encode()[:123]
    return frame(CLOSE, content, from_client=from_client)

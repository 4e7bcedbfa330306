"""Frames of WebSockets as a server sends them (RFC 6455, section 5.2)."""

WHOLE_TEXT = b"\x81"
"""The first byte of a frame that is a whole message of text."""


def whole_text(text: str) -> bytes:
    """The frame of this text, which is not masked."""
    data = text.encode()
    return head(len(data)) + data


def head(size: int) -> bytes:
    """What comes before so many bytes of a whole text."""
    if size < 126:
        return WHOLE_TEXT + size.to_bytes(1)
    if size < 1 << 16:
        return WHOLE_TEXT + b"\x7e" + size.to_bytes(2)
    return WHOLE_TEXT + b"\x7f" + size.to_bytes(8)

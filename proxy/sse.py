"""Server-sent events as they come off the wire, cut anywhere.

The grammar is WHATWG's: lines end in LF, CRLF or a lone CR, a byte order mark may stand at the very
start, `data:` lines of one event are joined by LF, a blank line ends an event. `id`, `retry` and
comments are dropped, since nobody behind this module wants them.
"""

from __future__ import annotations

from typing import NamedTuple

from proxy.errors import UpstreamFault

MAX_EVENT = 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_DATA = b"data: "


class Event(NamedTuple):
    """`name` is the event's type, empty where none was given. `data` holds no CR."""

    name: bytes
    data: bytes


class EventSplitter:
    """Bytes in, whole events out.

    Line ends are brought to LF as the bytes come in, so that an event's end is one search for a
    blank line. Holds at most `max_event` bytes and one chunk.
    """

    __slots__ = ("_after_cr", "_at_start", "_max_event", "_pending", "fault")

    def __init__(self, max_event: int = MAX_EVENT) -> None:
        self.fault: UpstreamFault | None = None
        """Set once an event is too large, together with the last events before it."""
        self._max_event = max_event
        self._pending = bytearray()
        """The unfinished event, with LF line ends; never holds a blank line."""
        self._after_cr = False
        self._at_start = True

    @property
    def between_events(self) -> bool:
        """Nothing is pending: the next byte begins an event."""
        return not (self._pending or self._after_cr or self._at_start or self.fault)

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes, in order.

        An event of more than `max_event` bytes, finished or not, raises UpstreamFault("broken");
        where the same chunk completes events before it, those are returned first, `fault` is set,
        and the next call raises it.
        """
        if self.fault is not None:
            raise self.fault
        text = self._unified(chunk)
        if self._pending:
            seam = len(self._pending) - 1
            self._pending += text
            if self._pending.find(b"\n\n", seam) < 0:
                return self._checked([], len(self._pending))
            text = bytes(self._pending)
            self._pending.clear()
        blocks = text.split(b"\n\n")
        rest = blocks.pop()
        if rest:
            self._pending += rest
        if len(text) > self._max_event:
            return self._within_limit(blocks)
        return _events(blocks)

    def end(self) -> list[Event]:
        """At the end of the bytes: the last event, if only its blank line is missing."""
        if self.fault is not None:
            raise self.fault
        rest = bytes(self._pending)
        self._pending.clear()
        return _events([rest])

    def _unified(self, chunk: bytes) -> bytes:
        """The chunk without a byte order mark, with LF line ends."""
        if self._at_start:
            chunk = bytes(self._pending) + chunk
            self._pending.clear()
            if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
                self._pending += chunk
                return b""
            self._at_start = False
            chunk = chunk.removeprefix(_BOM)
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk

    def _within_limit(self, blocks: list[bytes]) -> list[Event]:
        for number, block in enumerate(blocks):
            if len(block) > self._max_event:
                return self._checked(_events(blocks[:number]), len(block))
        return self._checked(_events(blocks), len(self._pending))

    def _checked(self, events: list[Event], size: int) -> list[Event]:
        """`events`, unless an event of `size` bytes after them is too large."""
        if size > self._max_event:
            self._pending.clear()
            self.fault = UpstreamFault("broken", f"an event of more than {self._max_event} bytes")
            if not events:
                raise self.fault
        return events


def _events(blocks: list[bytes]) -> list[Event]:
    events: list[Event] = []
    for block in blocks:
        if block.startswith(_DATA) and b"\n" not in block:
            events.append(Event(b"", block[6:]))
        elif block:
            event = _read(block)
            if event is not None:
                events.append(event)
    return events


def _read(block: bytes) -> Event | None:
    """An event's lines. None where no line is data: a comment, a bare `event:`."""
    name = b""
    data: list[bytes] = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
    return Event(name, b"\n".join(data)) if data else None

"""What requests and answers said, of the last few of them: for a person who looks for a mistake.

In memory alone, and only while the configuration says `log.bodies = "memory"`.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

MOST_KEPT = 200
"""Requests."""
LONGEST_BODY = 64 * 1024
"""Bytes of one that are kept: its beginning."""


@dataclass(slots=True)
class Body:
    """The beginning of a text that comes in pieces, and how long all of it was (bytes)."""

    beginning: bytearray = field(default_factory=bytearray)
    length: int = 0

    def add(self, piece: bytes) -> None:
        room = LONGEST_BODY - len(self.beginning)
        if room > 0:
            self.beginning += piece[:room]
        self.length += len(piece)

    @property
    def is_cut(self) -> bool:
        return self.length > len(self.beginning)


@dataclass(slots=True)
class Exchanged:
    """What the client sent and what it got. Not redacted: not for logs, not for disks."""

    request: Body
    answer: Body


class KeptBodies:
    """The newest requests' bodies by id; the oldest make room."""

    def __init__(self) -> None:
        self._by_id: OrderedDict[str, Exchanged] = OrderedDict()

    def begin(self, id: str, request: bytes) -> Exchanged:
        """Keep what a request said; its answer is added to what is returned."""
        exchanged = Exchanged(Body(), Body())
        exchanged.request.add(request)
        self._by_id[id] = exchanged
        while len(self._by_id) > MOST_KEPT:
            self._by_id.popitem(last=False)
        return exchanged

    def get(self, id: str) -> Exchanged | None:
        return self._by_id.get(id)

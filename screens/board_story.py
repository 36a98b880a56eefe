"""What the log knows of one entry: its day, its last minutes, its last refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.contract import Admin, AdminError
from app.request_snapshot import Request
from screens.names import split
from screens.picture import Picture
from screens.trail import mark_of

if TYPE_CHECKING:
    from screens.view import View

MINUTES = 22
"""Minutes whose requests are counted."""

_ROWS = 150
"""Rows that are read at a time: more of them would hold up the loop."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """When an entry last refused a request, and in which words."""

    time: datetime
    status: str
    detail: str


@dataclass(frozen=True, slots=True)
class Story:
    """`today` is `(served, tokens)`, None where two providers' models share the name; `sent` is
    when requests were sent there."""

    entry: str
    today: tuple[int, int] | None
    sent: tuple[datetime, ...]
    refusal: Refusal | None

    def per_minute(self, now: datetime) -> tuple[float, ...]:
        """How many requests were sent in each of the last minutes, the newest last."""
        counts = [0.0] * MINUTES
        for time in self.sent:
            ago = int((now - time) / timedelta(minutes=1))
            if 0 <= ago < MINUTES:
                counts[MINUTES - 1 - ago] += 1
        return tuple(counts)


async def story_of(
    admin: Admin,
    entry: str,
    entries: Iterable[str],
    now: datetime,
    known: Iterable[datetime] = (),
) -> Story:
    """Read an entry's story. `entries` are all there are, `known` is when requests were sent.

    Raises AdminError.
    """
    provider, model = split(entry)
    page = await admin.requests(provider=provider.rstrip("/"), limit=_ROWS)
    alone = sum(split(other)[1] == model for other in entries) <= 1
    today: tuple[int, int] | None = None
    if alone:
        day = f"{now.astimezone():%Y-%m-%d}"
        rows = await admin.stats("model", from_=day, to=day)
        row = next((row for row in rows if row.key == model), None)
        today = (row.requests, row.tokens_in + row.tokens_out) if row else (0, 0)
    refusal = await _refusal(admin, entry, page.items)
    read = {one.time for one in page.items if _word(entry, one) is not None}
    since = now - timedelta(minutes=MINUTES)
    sent = tuple(time for time in sorted(read.union(known)) if time > since)
    return Story(entry, today, sent, refusal)


def _word(entry: str, request: Request) -> str | None:
    """An entry's last word on a request that was sent to it."""
    for name, word in request.trail:
        if name == entry and mark_of(word) not in (None, "skipped"):
            return word
    return None


async def _refusal(admin: Admin, entry: str, requests: Sequence[Request]) -> Refusal | None:
    for request in requests:
        if mark_of(_word(entry, request) or "not-tried") != "refused":
            continue
        detail = await admin.request(request.id)
        for attempt in reversed(detail.attempts):
            if attempt.entry == entry and mark_of(attempt.outcome) == "refused":
                at = detail.time + timedelta(milliseconds=attempt.started_ms)
                return Refusal(at, attempt.outcome, attempt.detail)
    return None


class StoryReader:
    """Keeps the story of the entry that a view shows; reads it in a worker.

    Again after ten seconds in which a request has ended.
    """

    _EVERY = 10.0
    _REST = 0.15
    """Seconds that a cursor rests on an entry before its story is read."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._story: Story | None = None
        self._asked: tuple[str, str] = ("", "")
        """The entry, and the newest request that had ended."""
        self._asked_at = 0.0

    def of(self, entry: str | None, picture: Picture | None) -> Story | None:
        """What is known so far; asks for more where that is none or old."""
        if entry is None or picture is None:
            return self._story
        elapsed = self._view.shell.feed.elapsed()
        newest = next((one.id for one in picture.requests if one.outcome is not None), "")
        old = elapsed - self._asked_at >= self._EVERY and newest != self._asked[1]
        if entry != self._asked[0] or old:
            self._asked, self._asked_at = (entry, newest), elapsed
            self._view.run_worker(
                self._read(entry, picture), group="story", exclusive=True, name=f"story {entry}"
            )
        return self._story

    async def _read(self, entry: str, picture: Picture) -> None:
        await asyncio.sleep(self._REST)
        admin, before = self._view.shell.admin, self._story
        known = before.sent if before is not None and before.entry == entry else ()
        try:
            self._story = await story_of(admin, entry, picture.limits, picture.now, known)
        except AdminError:
            # The rest of the pane is from the picture; the log's part comes when it can be read.
            return
        self._view.show(self._view.shell.feed.latest)

"""What the providers said last: refusals and failures of the newest requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.contract import Admin, AdminError
from app.request_snapshot import Request, RequestDetail
from screens.names import split

_READ_AT_ONCE = 12
"""Requests that one look may read in full."""
_KEPT = 100


@dataclass(frozen=True, slots=True)
class Said:
    """A refusal or a failure."""

    at: datetime
    provider: str
    text: str
    refused: bool


def said_in(request: RequestDetail) -> list[Said]:
    """What a request's attempts were told."""
    found: list[Said] = []
    for attempt in request.attempts:
        if attempt.outcome in ("ok", "trying") or attempt.outcome.startswith("skipped"):
            continue
        at = request.time + timedelta(milliseconds=attempt.started_ms + attempt.duration_ms)
        told = f"{attempt.outcome} {attempt.detail}".strip()
        if attempt.detail.startswith(attempt.outcome):
            told = attempt.detail
        provider = split(attempt.entry)[0].rstrip("/")
        found.append(Said(at, provider, told, attempt.outcome == "429"))
    return found


class LastWords:
    """Reads each request once, the newest first, a few at each look."""

    def __init__(self) -> None:
        self._read: dict[str, Sequence[Said]] = {}

    async def look(self, admin: Admin, requests: Sequence[Request]) -> bool:
        """Read what is new of these; whether there was anything."""
        fresh = [one for one in requests if one.id not in self._read and _fell(one)]
        for request in fresh[:_READ_AT_ONCE]:
            try:
                self._read[request.id] = said_in(await admin.request(request.id))
            except AdminError:
                # The log has let go of it; there is nothing to ask for again.
                self._read[request.id] = ()
        for id in list(self._read)[:-_KEPT]:
            del self._read[id]
        return bool(fresh)

    @property
    def newest(self) -> list[Said]:
        """The newest of each provider, newest first."""
        latest: dict[str, Said] = {}
        for one in self.all:
            latest.setdefault(one.provider, one)
        return list(latest.values())

    @property
    def all(self) -> list[Said]:
        told = (one for said in self._read.values() for one in said)
        return sorted(told, key=lambda one: one.at, reverse=True)

    def refusal_of(self, provider: str) -> Said | None:
        return next((one for one in self.all if one.provider == provider and one.refused), None)

    @property
    def by_provider(self) -> Mapping[str, Said]:
        return {one.provider: one for one in self.newest}


def _fell(request: Request) -> bool:
    """Whether a finished request's trail holds anything but skips and the one that served."""
    return request.outcome is not None and any(
        word not in ("ok", "not-tried") and not word.startswith("skipped")
        for _, word in request.trail
    )

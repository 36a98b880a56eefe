"""The nine ways in which providers write a number, a wait or a moment; all else is garbage.

The grammar is strict and ASCII: `int()` and `float()` would also take underscores, digits of other
scripts, `nan`, `inf` and `1e3`. Every function returns None for garbage and raises nothing.
Wall time comes in as `now`, seconds since the epoch.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

LONGEST = 32 * 86400.0
"""Seconds. A reset further away than this is refused: the longest window is a month."""

NO_LIMIT = 10**9
"""A limit of this size or more means "no limit" (sample in Cerebras' documentation)."""

_LONGEST_TEXT = 64

_MOST_DIGITS = 18
_COUNT = re.compile(r"(-?)([0-9]{1,18})(?:\.[0-9]{1,18})?")
_NUMBER = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,20})?")
_PIECE = r"[0-9]{1,12}(?:\.[0-9]{1,20})?(?:ms|us|µs|ns|h|m|s|d)"
_DURATION = re.compile(rf"(?:{_PIECE}){{1,6}}")
_PIECES = re.compile(r"([0-9.]+)(ms|us|µs|ns|h|m|s|d)")
_UNITS = {
    "d": 86400.0,
    "h": 3600.0,
    "m": 60.0,
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "ns": 1e-9,
}

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})"
_CLOCK = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_HTTP_DATES = (
    re.compile(
        rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) "
        rf"{_CLOCK} (?:GMT|UTC|\+0000)"
    ),
    # RFC 9110 5.6.7: who reads a date has to take its two obsolete forms as well.
    re.compile(
        rf"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?P<day>[0-9]{{2}})-{_MONTH}-"
        rf"(?P<year>[0-9]{{2}}) {_CLOCK} GMT"
    ),
    re.compile(
        rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {_MONTH} (?P<day>[0-9]{{2}}| [0-9]) "
        rf"{_CLOCK} (?P<year>[0-9]{{4}})"
    ),
)
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?)?"
    r" ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})?"
)

_WORD_UNIT = r"(?:milliseconds?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?)"
_WORDS = rf"[0-9]{{1,12}}(?:\.[0-9]{{1,20}})? ?{_WORD_UNIT}\b"
_PROSE_WAIT = re.compile(
    r"\b(?:try(?:ing)? again|retry(?:ing)?|wait|resets?|available(?: again)?|come back)"
    r"(?: again)?(?: (?:in|after|for|within))?:? (?:about |approximately |at least )?"
    rf"(?P<wait>{_WORDS}(?:,? (?:and )?{_WORDS}){{0,3}}|(?:{_PIECE}){{1,6}}(?![a-z0-9]))",
    re.IGNORECASE | re.ASCII,
)
_PROSE_MOMENT = re.compile(
    r"\b(?:reset|resets|retry|try again|available(?: again)?)(?: (?:at|on|after|until))?:? "
    r"(?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)?"
    r" ?(?:Z\b|UTC\b|[+-][0-9]{2}:?[0-9]{2})?)",
    re.IGNORECASE | re.ASCII,
)
_WORD_PIECES = re.compile(
    r"([0-9]+(?:\.[0-9]+)?) ?(milli|sec|min|hour|hr|day)", re.IGNORECASE | re.ASCII
)
_WORD_UNITS = {
    "milli": 1e-3,
    "sec": 1.0,
    "min": 60.0,
    "hour": 3600.0,
    "hr": 3600.0,
    "day": 86400.0,
}


def parse_count(text: str) -> int | None:
    """A limit or a remaining count; a fraction is cut off, below zero stays below zero."""
    if text.isdigit() and text.isascii() and len(text) <= _MOST_DIGITS:
        return int(text)
    match = _COUNT.fullmatch(text.strip(" \t"))
    if match is None:
        return None
    return -int(match[2]) if match[1] else int(match[2])


def parse_duration(text: str) -> float | None:
    """Seconds of a Go or protobuf duration: `2m59.56s`, `370ms`, `4h17m`, `34s`."""
    if len(text) > _LONGEST_TEXT or _DURATION.fullmatch(text) is None:
        return None
    try:
        return sum(float(number) * _UNITS[unit] for number, unit in _PIECES.findall(text))
    except ValueError:
        return None


def parse_moment(text: str, zone: str = "UTC") -> float | None:
    """Seconds since the epoch of an RFC HTTP date, an ISO date or zoneless wall-clock text.

    `zone` is where the wall clock hangs if the text does not say.
    """
    try:
        for form in _HTTP_DATES:
            if (match := form.fullmatch(text)) is not None:
                return _http_moment(match)
        if (match := _ISO.fullmatch(text)) is None:
            return None
        year, month, day, hour, minute, second, offset = match.groups("")
        clock = int(hour or 0), int(minute or 0)
        plain = datetime(int(year), int(month), int(day), *clock, tzinfo=UTC)
        return plain.timestamp() + min(int(second or 0), 60) - _offset(plain, offset, zone)
    except (ValueError, OverflowError):
        # The 31st of February, an hour of 25, the year 0: shaped like a date, and none.
        return None


def _http_moment(date: re.Match[str]) -> float:
    year = int(date["year"])
    named = datetime(
        # Two digits: no provider's reset lies in the last century.
        year + 2000 if len(date["year"]) == 2 else year,
        _MONTHS.index(date["month"]) + 1,
        int(date["day"]),
        int(date["hour"]),
        int(date["minute"]),
        tzinfo=UTC,
    )
    return named.timestamp() + min(int(date["second"]), 60)


def _offset(plain: datetime, offset: str, zone: str) -> float:
    if not offset:
        gap = plain.replace(tzinfo=_zone(zone)).utcoffset()
        return 0.0 if gap is None else gap.total_seconds()
    if offset in ("Z", "z", "UTC", "utc"):
        return 0.0
    seconds = int(offset[1:3]) * 3600.0 + int(offset[-2:]) * 60.0
    return -seconds if offset[0] == "-" else seconds


def parse_reset(text: str, now: float, zone: str = "UTC") -> float | None:
    """Seconds from now until a header's reset, in any spelling; a moment in the past is now.

    A bare number from 10^12 on is epoch milliseconds, from 10^9 on epoch seconds, else seconds.
    None beyond 32 days, as for all that is garbage.
    """
    text = text.strip(" \t")
    if not text or len(text) > _LONGEST_TEXT:
        return None
    if _NUMBER.fullmatch(text) is not None:
        value = float(text)
        if value >= 1e12:
            seconds = max(0.0, value / 1000 - now)
        elif value >= 1e9:
            seconds = max(0.0, value - now)
        else:
            seconds = value
    elif (duration := parse_duration(text)) is not None:
        seconds = duration
    elif (moment := parse_moment(text, zone)) is not None:
        seconds = max(0.0, moment - now)
    else:
        return None
    return seconds if seconds <= LONGEST else None


def parse_wait(text: str, now: float, zone: str = "UTC") -> float | None:
    """`parse_reset` of a wait, which may have been over before it was told: then it is 0."""
    text = text.strip(" \t")
    behind = text.startswith("-") and parse_reset(text[1:], now, zone) is not None
    return 0.0 if behind else parse_reset(text, now, zone)


def read_prose(text: str, now: float, zone: str = "UTC") -> float | None:
    """Seconds to wait as a sentence puts it: "Please try again in 9m38.016s", "reset at 21:31"."""
    match = _PROSE_WAIT.search(text)
    if match is not None:
        said = match["wait"]
        seconds = parse_duration(said.lower())
        if seconds is None:
            pieces = _WORD_PIECES.findall(said)
            seconds = sum(float(number) * _WORD_UNITS[unit.lower()] for number, unit in pieces)
        return seconds if seconds <= LONGEST else None
    match = _PROSE_MOMENT.search(text)
    return None if match is None else parse_reset(match["at"].strip(), now, zone)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)

"""What an answer's headers say of limits: read on every answer, so cheap where they say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from proxy.limits.dialects import DIALECTS, Cell, Dialect, Part, Row, self_describing
from proxy.limits.readings import Heard, Reading
from proxy.limits.spellings import NO_LIMIT, parse_count, parse_wait
from proxy.model import Dimension, Preset, Scope, Window

_WAIT_HEADERS: tuple[tuple[str, bool], ...] = (
    # Azure's and OpenAI's milliseconds are finer than the seconds beside them.
    ("retry-after-ms", True),
    ("x-ms-retry-after-ms", True),
    ("retry-after", False),
    # Azure's inference service (GitHub Models): seconds.
    ("x-ratelimit-timeremaining", False),
)


class Scan(NamedTuple):
    """Like `Heard`, and whether some limit was told as 0: then there is no allowance at all."""

    readings: tuple[Reading, ...]
    garbage: int
    no_allowance: bool


_LONGEST_NAME = 80
"""Characters of a header's name: no limit's is longer."""
_SILENCE = Scan((), 0, False)
_NOTHING = Heard()


def read_headers(
    preset: Preset, headers: Mapping[str, str], *, status: int, model: str, now: float
) -> Heard:
    """Every limit that the headers of an answer tell of, by the preset's dialect.

    Names are taken in any case. Limits of 10^9 and more ("no limit") and of 0 ("no allowance",
    which is a refusal's to say) give no reading. Resets come in seconds from `now`, wall time.
    """
    del status  # The same words mean the same on every status.
    scan = scan_headers(preset, headers, model=model, now=now)
    if scan is _SILENCE:
        return _NOTHING
    return Heard(scan.readings, scan.garbage)


def scan_headers(preset: Preset, headers: Mapping[str, str], *, model: str, now: float) -> Scan:
    """`read_headers` with what a refusal needs besides."""
    rows: dict[Row, dict[Part, str]] | None = None
    for name, value in headers.items():
        cell = _meaning(preset.dialect, name) if len(name) <= _LONGEST_NAME else None
        if cell is None:
            continue
        if rows is None:
            rows = {}
        rows.setdefault(cell.row, {})[cell.part] = value
    if rows is None:
        return _SILENCE
    return _read_rows(preset, rows, model, now)


@lru_cache(maxsize=1024)
def _meaning(dialect_name: str, name: str) -> Cell | None:
    """What a header speaks of, if that is a limit. The same few come with every answer."""
    dialect = DIALECTS.get(dialect_name) or DIALECTS["generic"]
    key = name.lower()
    cell = dialect.cells.get(key)
    return _by_name(dialect, key) if cell is None and "rate" in key else cell


def _by_name(dialect: Dialect, key: str) -> Cell | None:
    """A header that is not in the dialect's table, where its name alone says enough."""
    if dialect.others == "none":
        return None
    cell = self_describing(key)
    if cell is None or (cell.row.window is None and dialect.others == "windowed"):
        return None
    return cell


def _read_rows(
    preset: Preset, rows: Mapping[Row, Mapping[Part, str]], model: str, now: float
) -> Scan:
    found: dict[tuple[Scope, Dimension, Window | None], Reading] = {}
    garbage = 0
    no_allowance = False
    for row, told in rows.items():
        limit, limit_garbage = _count(told.get("limit"))
        remaining, remaining_garbage = _count(told.get("remaining"))
        reset = None if "reset" not in told else parse_wait(told["reset"], now, preset.zone)
        garbage += limit_garbage + remaining_garbage + ("reset" in told and reset is None)
        if limit is not None and limit < 0:
            limit, garbage = None, garbage + 1
        if limit == 0:
            no_allowance = True
            continue
        if limit is not None and limit >= NO_LIMIT:
            continue
        if remaining is not None:
            remaining = max(0, remaining)
            if remaining > (NO_LIMIT if limit is None else limit):
                remaining, garbage = None, garbage + 1
        if limit is None and remaining is None:
            continue
        reading = _reading(preset, row, model, limit, remaining, reset)
        key = (reading.scope, reading.dimension, reading.window)
        found[key] = _tighter(found.get(key), reading)
    return Scan(tuple(found.values()), garbage, no_allowance)


def _count(text: str | None) -> tuple[int | None, int]:
    if text is None:
        return None, 0
    count = parse_count(text)
    return count, count is None


def _reading(
    preset: Preset,
    row: Row,
    model: str,
    limit: int | None,
    remaining: int | None,
    reset: float | None,
) -> Reading:
    window = row.window
    if row.day_above is not None:
        # Without a size there is no telling which of the two limiters it was.
        window = None if limit is None else "day" if limit > row.day_above else window
    scope, pool = row.scope, ""
    if scope == "pool":
        pool = preset.pool_of(model)
        scope = "pool" if pool else "model"
    return Reading(scope, row.dimension, window, limit, remaining, reset, pool)


def _tighter(known: Reading | None, reading: Reading) -> Reading:
    if known is None or known.remaining is None:
        return reading
    if reading.remaining is None or known.remaining < reading.remaining:
        return known
    # Told twice under two names (Mistral's older ones): the telling with a reset says more.
    return known if known == reading._replace(reset=known.reset) and known.reset else reading


def stated_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait as the headers say, at least 1; None where nothing usable is said.

    One in the past counts as 1. `retry-after` in seconds, with a fraction, or as an HTTP date;
    `retry-after-ms` and `x-ms-retry-after-ms` in milliseconds.
    """
    told: dict[str, str] = {}
    for name, value in headers.items():
        key = name.lower()
        if "retry-after" in key or key == "x-ratelimit-timeremaining":
            told.setdefault(key, value)
    for name, milliseconds in _WAIT_HEADERS if told else ():
        if name not in told:
            continue
        text = told[name]
        seconds = parse_wait(text, now)
        if milliseconds:
            count = parse_count(text)
            seconds = None if count is None else max(0, count) / 1000
        seconds = waitable(seconds)
        if seconds is not None:
            return seconds
    return None


def waitable(seconds: float | None) -> float | None:
    """A wait as the ledger takes it: at least a second; beyond 32 days nothing was said."""
    if seconds is None or not 0 <= seconds <= 32 * 86400:
        return None
    return max(1.0, seconds)

"""Numbers, times and reasons in a person's words, once for every face."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from app.snapshot import EntryLimits, Gauge, Status

_K, _M, _G = 1_000, 1_000_000, 1_000_000_000
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)

MISSING = "\u2013"
"""Never 0."""

REASONS = {
    "bad-key": "key refused",
    "concurrent": "all its parallel slots are taken",
    "disabled": "switched off",
    "no-allowance": "not in the free tier",
    "no-credit": "out of credit",
    "no-key": "no key",
    "no-model": "model gone",
    "no-tools": "takes no tools",
    "no-vision": "takes no images",
    "too-long": "prompt too long for it",
}
"""Of those that are no limit's own name (`rpm`, ...)."""

_LETTERS = {"minute": "m", "hour": "h", "day": "d", "month": "mo"}


def reason_in_words(reason: str) -> str:
    return REASONS.get(reason, reason)


def limit_word(gauge: Gauge) -> str:
    """`rpm`, `tpd`, ...; `conc` for parallel requests."""
    if gauge.window is None:
        return "conc"
    return f"{gauge.dimension[0]}p{_LETTERS[gauge.window]}"


def count(number: int) -> str:
    """Plain under 10,000, then `41K`, `1.94M`: rounded down, so that nothing looks fuller."""
    if number < 10 * _K:
        return str(max(0, number))
    if number < _M:
        return f"{number // _K}K"
    unit, letter = (_M, "M") if number < _G else (_G, "G")
    hundredths = number * 100 // unit
    return f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".") + letter


def thousands(number: int) -> str:
    """In prose and tables: `12,408`."""
    return f"{number:,}"


def dollars(amount: float | None) -> str:
    """`$4.72` from a dollar on, `$0.0312` below; a dash where nobody knows."""
    if amount is None:
        return MISSING
    return f"${amount:.4f}" if 0 < amount < 1 else f"${amount:,.2f}"


def share(part: float | None) -> str:
    """`38%`, `<1%`."""
    if part is None:
        return MISSING
    return "<1%" if 0 < part < 0.01 else f"{part * 100:.0f}%"


def duration(milliseconds: float | None) -> str:
    """`0.18s`, `14.2s`, `2m 14s`."""
    if milliseconds is None:
        return MISSING
    seconds = milliseconds / 1000
    if seconds < 9.995:
        return f"{seconds:.2f}s"
    if seconds < 99.95:
        return f"{seconds:.1f}s"
    return f"{round(seconds) // 60}m {round(seconds) % 60:02d}s"


def span(seconds: float) -> str:
    """In sentences: `42 s`, `26 min`, `9h 55m`, `3 days`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 2 * 86_400:
        return f"{whole // 3600}h {whole % 3600 // 60:02d}m"
    return f"{whole // 86_400} days"


def moment(at: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """When something happens: `42s`, then the clock's `14:31` (within a day), `Tue 08:00`, `1 Dec`.

    In `zone`, None: the system's.
    """
    left = at - now
    if left < timedelta(minutes=1):
        return f"{max(0, round(left.total_seconds()))}s"
    there, here = at.astimezone(zone), now.astimezone(zone)
    if there.date() == here.date() or left < _DAY:
        return f"{there:%H:%M}"
    if left < _WEEK:
        return f"{there:%a %H:%M}"
    return f"{there.day} {there:%b}"


def leading_gauge(entry: EntryLimits) -> Gauge | None:
    """The one that tells most: what is used up, the latest to come back first, else the fullest."""
    spent = [gauge for gauge in entry.gauges if gauge.remaining <= 0]
    if spent:
        return max(spent, key=lambda gauge: gauge.resets_at.timestamp() if gauge.resets_at else 0.0)
    return min(entry.gauges, key=lambda gauge: gauge.remaining / max(1, gauge.limit), default=None)


def gauge_in_words(gauge: Gauge) -> str:
    """`28/30 rpm`."""
    guess = "?" if gauge.guess else ""
    return f"{count(gauge.remaining)}/{count(gauge.limit)} {limit_word(gauge)}{guess}"


def parting_words(status: Status, log_file: str) -> str:
    """What stands on the normal screen after the interface: the day, and where the log is."""
    counts = status.counts
    requests = f"{counts.requests_today:,} request{'' if counts.requests_today == 1 else 's'}"
    return (
        f"429chain served {requests} today "
        f"({count(counts.tokens_today)} tokens, {dollars(counts.saved_today_usd)} saved).\n"
        f"Log: {log_file}\n"
    )

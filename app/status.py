"""`429chain status`: every chain entry of the running instance, and why it is skipped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import orjson
from pydantic import TypeAdapter

from app import words
from app.contract import AdminError
from app.instance_address import Target, connected
from app.options import UserError
from app.snapshot import Chains, EntryLimits, Status
from proxy.text import safe_text

_SIGNS = {
    "available": "o",
    "tracking": "^",
    "exhausted": "x",
    "cooling": "~",
    "down": "v",
    "off": "-",
}


def status(target: Target, *, as_json: bool) -> str:
    """What to print. Raises UserError."""
    try:
        return asyncio.run(_status(target, as_json))
    except AdminError as error:
        raise UserError(told(error)) from None


def told(error: AdminError) -> str:
    """An error in one line for the terminal."""
    hint = f" ({error.hint})" if error.hint else ""
    return error.message.removesuffix(".") + hint


async def _status(target: Target, as_json: bool) -> str:
    async with connected(target) as admin:
        whole, chains, limits = await admin.status(), await admin.chains(), await admin.limits()
    if as_json:
        facts = {
            "status": TypeAdapter(Status).dump_python(whole, mode="json"),
            "chains": TypeAdapter(Chains).dump_python(chains, mode="json")["items"],
            "limits": TypeAdapter(tuple[EntryLimits, ...]).dump_python(limits, mode="json"),
        }
        return orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode()
    return "\n".join(_lines(whole, chains, limits))


def _lines(whole: Status, chains: Chains, limits: Sequence[EntryLimits]) -> list[str]:
    counts = whole.counts
    lines = [
        f"429chain {whole.version} serves {whole.base_url}, up {words.span(whole.uptime_s)}",
        f"{counts.in_flight} in flight, {counts.waiting} waiting, "
        f"{counts.requests_per_minute} req/min; "
        f"today {counts.requests_today:,} requests, {words.count(counts.tokens_today)} tokens, "
        f"{words.dollars(counts.saved_today_usd)} saved, "
        f"{words.share(counts.waterfalled_share)} waterfalled",
    ]
    if whole.config_error:
        lines.append(f"config not in force: {safe_text(whole.config_error, 2000)}")
    if whole.restart_needed:
        lines.append(f"restart needed for: {', '.join(whole.restart_keys)}")
    by_name = {entry.entry: entry for entry in limits}
    width = max((len(name) for chain in chains.items for name in chain.entries), default=0)
    for chain in chains.items:
        title = f"{chain.name} (default)" if chain.default else chain.name
        waiting = f", {chain.waiting} waiting" if chain.waiting else ""
        lines += ["", f"{title}: {_outlook(chain.next, whole, chain.first_back)}{waiting}"]
        for name in chain.entries:
            entry = by_name.get(name)
            if entry is not None:
                lines.append(_entry_line(entry, whole, width, serves=name == chain.next))
    if not chains.items:
        lines += ["", "no chain yet: add one under [chains] in the config"]
    return lines


def _outlook(following: str | None, whole: Status, back: object) -> str:
    if following is not None:
        return f"{following} serves next"
    at = getattr(back, "at", None)
    if at is None:
        return "nobody can serve"
    return f"nobody can serve; {getattr(back, 'entry', '')} is back {words.moment(at, whole.time)}"


def _entry_line(entry: EntryLimits, whole: Status, width: int, *, serves: bool) -> str:
    gauge = words.leading_gauge(entry)
    level = words.gauge_in_words(gauge) if gauge is not None else "no limit"
    when = ""
    if entry.reason is not None:
        when = words.reason_in_words(entry.reason)
        if entry.until is not None:
            when += f", back {words.moment(entry.until, whole.time)}"
    elif gauge is not None and gauge.resets_at is not None:
        when = f"resets {words.moment(gauge.resets_at, whole.time)}"
    mark = ">" if serves else " "
    sign = _SIGNS[entry.state]
    line = f" {mark} {sign} {entry.entry:<{width}}  {entry.state:<9}  {level:>14}  {when}"
    return safe_text(line.rstrip(), 1000)

"""What changed between two pictures that a person should hear of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.snapshot import Chain, EntryLimits
from app.words import count, limit_word, moment
from screens.board_chains import from_now, reasons
from screens.gauge import ranked, usable
from screens.names import split
from screens.picture import Picture
from screens.toasts import Weight


@dataclass(frozen=True, slots=True)
class Happening:
    """A toast. Those of one `kind` are counted instead of shown again."""

    text: str
    weight: Weight
    kind: str


def happenings(before: Picture | None, after: Picture | None) -> list[Happening]:
    """The gravest first. Nothing where either picture is old, or the first one."""
    if before is None or after is None or before is after or before.silent_s or after.silent_s:
        return []
    chains = list(_chains(before, after))
    dried_up = {chain.name for chain, happening in chains if happening.weight == "out"}
    return [*(happening for _, happening in chains), *_entries(before, after, dried_up)]


def _chains(before: Picture, after: Picture) -> Iterable[tuple[Chain, Happening]]:
    for chain in after.chains:
        earlier = before.chain(chain.name)
        if earlier is None:
            continue
        kind = f"chain {chain.name}"
        if chain.next is not None and earlier.next is None:
            text = f"Chain {chain.name} serves again: {chain.next} is back."
            yield chain, Happening(text, "flow", kind)
        elif chain.next is None and chain.first_back is None:
            if earlier.next is not None or earlier.first_back is not None:
                why = reasons(after, chain)
                text = f"Chain {chain.name} cannot serve: {why}. Press 5 to fix a key."
                yield chain, Happening(text, "out", kind)
        elif chain.next is None and earlier.next is not None and chain.first_back is not None:
            back = chain.first_back
            first = f"{_provider(back.entry)} is first back, {from_now(back.at, after.now)}"
            if chain.waiting:
                wait = "request waits" if chain.waiting == 1 else "requests wait"
                first = f"{chain.waiting} {wait}; {first}"
            text = f"Chain {chain.name} has no usable entry. {first[0].upper()}{first[1:]}."
            yield chain, Happening(text, "out", kind)


def _entries(before: Picture, after: Picture, dried_up: set[str]) -> Iterable[Happening]:
    told: set[str] = set()
    for entry, limits in after.limits.items():
        earlier = before.limits.get(entry)
        if earlier is None or (earlier.state, earlier.reason) == (limits.state, limits.reason):
            continue
        happening = _entry(limits, earlier, after, dried_up)
        if happening is not None and happening.text not in told:
            told.add(happening.text)
            yield happening


def _entry(
    limits: EntryLimits, earlier: EntryLimits, after: Picture, dried_up: set[str]
) -> Happening | None:
    provider = _provider(limits.entry)
    match limits.state, limits.reason:
        case "exhausted", _ if usable(earlier):
            return _exhausted(limits, after, dried_up)
        case "off", "bad-key":
            text = (
                f"{provider} refused its key. Its entries are off until the key changes. "
                "Press 5, then enter."
            )
            return Happening(text, "out", f"key {provider}")
        case "off", "no-credit":
            return _no_credit(provider, after)
        case "down", _:
            who = provider if _all_down(provider, after) else limits.entry
            text = f"{who} does not answer."
            if limits.until is not None:
                text += f" Next try in {moment(limits.until, after.now)}, by itself."
            return Happening(text, "low", f"down {provider}")
        case _:
            return None


def _exhausted(limits: EntryLimits, after: Picture, dried_up: set[str]) -> Happening | None:
    holders = [chain for chain in after.chains if limits.entry in chain.entries]
    if holders and all(chain.name in dried_up for chain in holders):
        # The chain's own toast says more.
        return None
    text = f"{limits.entry} is out"
    gauges = [gauge for gauge in ranked(limits) if gauge.remaining <= 0]
    if gauges:
        size = count(gauges[0].limit)
        text += f": {limit_word(gauges[0])} {size} of {size} used"
    if limits.until is not None:
        left = limits.until - after.now
        word = "in " if left.total_seconds() < 60 else "at "
        text += f", back {word}{moment(limits.until, after.now)}"
    serves = next((chain.next for chain in holders if chain.next is not None), None)
    if serves is not None:
        same = _provider(serves) == _provider(limits.entry)
        text += f". Requests go on with {serves if same else _provider(serves)}"
    return Happening(f"{text}.", "out", f"limited {_provider(limits.entry)}")


def _no_credit(provider: str, after: Picture) -> Happening:
    free = any(
        usable(limits) and entry.endswith(":free")
        for entry, limits in after.limits.items()
        if _provider(entry) == provider
    )
    text = f"{provider} is out of credit"
    text += " for paid models; :free models go on" if free else ""
    return Happening(f"{text}. Retried in 24h, or press c.", "low", f"credit {provider}")


def _all_down(provider: str, after: Picture) -> bool:
    own = [limits for entry, limits in after.limits.items() if _provider(entry) == provider]
    return all(limits.state in ("down", "off") for limits in own)


def _provider(entry: str) -> str:
    return split(entry)[0].rstrip("/") or entry

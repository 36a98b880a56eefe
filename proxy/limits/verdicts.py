"""May an entry take a request now? One answer, for routing and for every face alike."""

from __future__ import annotations

from math import inf

from proxy.limits.demand import Demand, Need
from proxy.limits.reservations import View
from proxy.limits.status import Verdict


def judge_now(view: View, need: Need, demand: Demand, now: float) -> Verdict | None:
    """None if it may; else what stands in the way the longest, and until when."""
    incapable = _incapable(view, need, demand, now)
    if incapable:
        return Verdict(incapable, None)
    reason, until, guess, circuit, firm = "", now, False, False, False
    for subject in view.subjects:
        for block in subject.blocks.values():
            end = block.blocked_until(now)
            if end is None:
                continue
            if block.ladder.reason == "down":
                circuit = True
            else:
                firm = True
            if end > until:
                reason, until = block.ladder.reason, end
    for cell in view.cells:
        end = cell.free_at(demand.least if cell.dimension == "tokens" else 1, now)
        if end <= now:
            continue
        if cell.guess and cell.guess_probe is None:
            guess = True
        else:
            firm = True
        if end > until:
            too_long = end == inf and cell.dimension == "tokens"
            reason, until = "too-long" if too_long else cell.word, end
    if not reason:
        return None
    return Verdict(
        reason,
        None if until == inf else until,
        guess=guess and not circuit and not firm,
        circuit=circuit and not firm,
    )


def _incapable(view: View, need: Need, demand: Demand, now: float) -> str:
    """What rules the entry out whatever the time: a word of the trail, or ""."""
    entry, facts = view.entry, view.facts
    if not entry.enabled:
        return "disabled"
    if entry.provider.lacks_key:
        return "no-key"
    if need.tools and not facts.can("tools", entry.tools, now):
        return "no-tools"
    if need.vision and not facts.can("vision", entry.vision, now):
        return "no-vision"
    window = facts.context_window(entry.context_window)
    if window is not None and demand.prompt > window:
        return "too-long"
    ceiling = facts.ceiling
    if ceiling is not None and ceiling[1] > now and demand.least >= ceiling[0]:
        return "too-long"
    return ""

"""Chains that begin with entries known to be out: passed over as one, however many they are."""

from __future__ import annotations

from proxy.limits.demand import Need
from proxy.limits.ledger import Ledger
from proxy.limits.standing import Hold
from proxy.model import Chain, Entry
from proxy.trail import Head

_WORTH = 4
"""Entries from which on it is cheaper to know them as one."""


class _Known:
    """What a chain began with when it was last walked, and for how long and whom that holds."""

    __slots__ = ("entries", "head", "hold")

    def __init__(self, entries: tuple[Entry, ...], head: Head, hold: Hold) -> None:
        self.entries = entries
        self.head = head
        self.hold = hold


class Skipping:
    """Remembers by chain what it begins with. Chains with one entry (direct requests) have none."""

    __slots__ = ("_known", "_ledger")

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[str, _Known] = {}

    def head(self, chain: Chain, need: Need, now: float) -> Head | None:
        """The chain's first entries, if all of them are known to be out for this request."""
        known = self._known.get(chain.name)
        if known is None or known.entries is not chain.entries or not known.hold.holds(need, now):
            return None
        return known.head

    def passed(self, chain: Chain, count: int, before: Head | None) -> None:
        """So many entries at the chain's head stood in the way; `before`: those known as one."""
        if count < _WORTH + (0 if before is None else len(before)):
            return
        run = self._ledger.run_of(chain.entries[:count])
        if len(run.verdicts) >= _WORTH:
            head = Head(chain.entries, run.verdicts)
            self._known[chain.name] = _Known(chain.entries, head, run.hold)

"""A provider that enforces limits exactly, written apart from the ledger: plain lists, O(n)."""

from __future__ import annotations

from dataclasses import dataclass, field

from proxy.limits.windows import seconds_to_boundary
from proxy.model import WINDOW_SECONDS, Limit
from tests.proxy.limits.clock import FakeClock


@dataclass(eq=False)
class Send:
    """One request as a provider counts it."""

    at: float
    tokens: float
    pool: str
    model: str


@dataclass
class Enforced:
    """A limit, and everything that was ever counted against it."""

    limit: Limit
    clock: FakeClock
    sends: list[Send] = field(default_factory=list[Send])
    began: float = float("-inf")
    ends: float = float("-inf")

    @property
    def seconds(self) -> float:
        assert self.limit.window is not None
        return WINDOW_SECONDS[self.limit.window]

    def concerns(self, send: Send) -> bool:
        scope = self.limit.scope
        if scope == "pool":
            return send.pool == self.limit.pool
        return scope == "account" or send.model == "a:free"

    def amount(self, send: Send) -> float:
        return send.tokens if self.limit.dimension == "tokens" else 1

    def turn(self) -> None:
        """A day ends at the mark that the wall showed when it began."""
        now = self.clock.now()
        if self.limit.kind == "clock" and now >= self.ends:
            assert self.limit.window is not None
            self.began = self.ends
            self.ends = now + seconds_to_boundary(
                self.limit.window, self.limit.zone, self.clock.wall()
            )

    def _counting(self) -> list[Send]:
        now = self.clock.now()
        if self.limit.kind == "clock":
            return [send for send in self.sends if send.at >= self.began]
        return [send for send in self.sends if send.at + self.seconds > now]

    def used(self) -> float:
        self.turn()
        if self.limit.kind != "bucket":
            return sum(self.amount(send) for send in self._counting())
        missing, last, rate = 0.0, 0.0, self.limit.size / self.seconds
        for send in self.sends:
            missing = max(0.0, missing - (send.at - last) * rate) + self.amount(send)
            last = send.at
        return max(0.0, missing - (self.clock.now() - last) * rate)

    def free_at(self, amount: float) -> float:
        """When so much fits; that it ever does is the caller's to know."""
        now, excess = self.clock.now(), self.used() + amount - self.limit.size
        if excess <= 1e-6:
            return now
        if self.limit.kind == "bucket":
            return now + excess * self.seconds / self.limit.size
        if self.limit.kind == "clock":
            return self.ends
        for send in sorted(self._counting(), key=lambda send: send.at):
            excess -= self.amount(send)
            if excess <= 0:
                return send.at + self.seconds
        return now + self.seconds

    def whole_at(self) -> float:
        """The moment of its reset, as its headers tell it."""
        now = self.clock.now()
        if self.limit.kind == "clock":
            self.turn()
            return self.ends
        if self.limit.kind == "bucket":
            return now + self.used() * self.seconds / self.limit.size
        return max((send.at + self.seconds for send in self._counting()), default=now)

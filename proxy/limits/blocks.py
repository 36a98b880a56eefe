"""What keeps an account, a pool or a model out for a while that no count explains.

A block ends at `until`. If its length was our own guess, the first request after that is a probe:
it goes alone until it is judged, its failure is the ladder's next step, its success ends the block.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


@dataclass(frozen=True, slots=True)
class Ladder:
    """How long a block lasts when nobody says: `first` seconds, doubling up to `most`."""

    name: str
    reason: str
    """The word of `x-429chain-trail`."""
    first: float
    most: float
    jitter: float = 0.0
    probes: bool = True

    def wait(self, step: int, random: Random) -> float:
        """Seconds of the given step, counted from 0."""
        plain = min(self.first * 2.0**step, self.most) if step < 32 else self.most
        return plain * (1 + random.uniform(-self.jitter, self.jitter))


RATE = Ladder("rate", "cooldown", 15.0, 15 * _MINUTE, jitter=0.1)
STATED = Ladder("stated", "cooldown", 1.0, _MINUTE, probes=False)
QUOTA = Ladder("quota", "cooldown", 1.0, _MINUTE, probes=False)
"""As a quota endpoint said, of a limit that has no word."""
OVERLOAD = Ladder("overload", "cooldown", 5.0, 5 * _MINUTE)
CIRCUIT = Ladder("circuit", "down", 5.0, 5 * _MINUTE)
UNREACHABLE = Ladder("unreachable", "down", 5.0, 30.0)
BAD_KEY = Ladder("bad-key", "bad-key", _HOUR, _DAY)
NO_CREDIT = Ladder("no-credit", "no-credit", _DAY, _DAY)
NO_ALLOWANCE = Ladder("no-allowance", "no-allowance", _DAY, _DAY)
NO_MODEL = Ladder("no-model", "no-model", _DAY, _DAY)

LADDERS = {
    ladder.name: ladder
    for ladder in (
        RATE,
        STATED,
        QUOTA,
        OVERLOAD,
        CIRCUIT,
        UNREACHABLE,
        BAD_KEY,
        NO_CREDIT,
        NO_ALLOWANCE,
        NO_MODEL,
    )
}


class Block:
    """One block in force, or half-open behind its end. Times are `Clock.now()` seconds."""

    __slots__ = ("began", "born", "guessed", "ladder", "probe", "step", "until")

    def __init__(
        self,
        ladder: Ladder,
        began: float,
        until: float,
        step: int = 0,
        born: int = 0,
        *,
        guessed: bool = True,
    ) -> None:
        self.ladder = ladder
        self.born = born
        """Number of the last request that had been sent when this step began: what those under way
        met with says nothing new."""
        self.began = began
        self.until = until
        self.step = step
        self.guessed = guessed
        """Nobody said how long: a probe has to tell whether it is over."""
        self.probe: object | None = None
        """The reservation that does."""

    def blocked_until(self, now: float) -> float | None:
        """None if a request may pass; else when one may, as far as can be told."""
        if now < self.until:
            return self.until
        if self.probe is not None:
            return now + 1.0
        return None

    def wants_probe(self, now: float) -> bool:
        """Whether a request that is sent now is the one that tells."""
        return self.guessed and self.probe is None and now >= self.until

    def next_step(self, request: object, seq: int, now: float) -> bool:
        """Whether the failure of that request (`seq` its number) makes the block longer."""
        if self.guessed:
            return self.probe is request
        return seq > self.born and now >= self.until

    def lengthen(self, until: float) -> None:
        """To a later moment that the provider stated."""
        if until > self.until:
            self.until, self.guessed = until, False

    def climb(self, now: float, born: int, stated: float | None, random: Random) -> None:
        """The next step: it was tried, and it failed again."""
        last = self.until - self.began
        self.step += 1
        self.born = born
        self.began = now
        self.probe = None
        if self.ladder is STATED:
            # Twice refused at once: what was said is too short, or not meant for us.
            own = min(2 * last, self.ladder.most)
        else:
            own = self.ladder.wait(self.step, random)
        said = 0.0 if stated is None else stated
        self.guessed = self.ladder.probes and own > said
        self.until = now + max(own, said)


def begin(ladder: Ladder, now: float, born: int, stated: float | None, random: Random) -> Block:
    """A new block: as long as stated, else the ladder's first step."""
    wait = ladder.wait(0, random) if stated is None else stated
    guessed = ladder.probes and stated is None
    return Block(ladder, now, now + wait, born=born, guessed=guessed)

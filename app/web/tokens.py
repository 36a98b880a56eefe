"""Who may use the admin port: the token, the session it opens, and patience with wrong ones."""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from pydantic import SecretStr

from proxy.clock import Clock

SESSION_LIFE = 30 * 86_400
"""Seconds."""
_PURPOSE = b"429chain session"
_MOST_ENDED = 1_000

TRIES = 10
"""Wrong tokens that one address may send in a minute."""
_MINUTE = 60.0
_MOST_ADDRESSES = 10_000


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that is over before its time, `expires` (epoch seconds)."""

    session: str
    expires: int


class Tokens:
    """Judges tokens and sessions by the admin token in force. A new token ends all sessions.

    A session is signed, not stored, so it outlives a restart; so must the end of one: `ended`
    holds what `end_session` gave before the start.
    """

    def __init__(
        self, token: Callable[[], SecretStr | None], clock: Clock, ended: Iterable[str] = ()
    ) -> None:
        self._token = token
        self._clock = clock
        self._ended: OrderedDict[str, None] = OrderedDict.fromkeys(ended)

    @property
    def is_set(self) -> bool:
        return self._token() is not None

    def is_right(self, offered: bytes) -> bool:
        """In constant time. Without an admin token none is right."""
        token = self._token()
        if token is None:
            return False
        known = sha256(token.get_secret_value().encode()).digest()
        return hmac.compare_digest(known, sha256(offered).digest())

    def open_session(self) -> str:
        """A cookie's value, good for thirty days."""
        facts = f"{int(self._clock.wall()) + SESSION_LIFE}.{secrets.token_urlsafe(16)}"
        return f"{facts}.{self._signature(facts)}"

    def is_session(self, cookie: str) -> bool:
        facts, _, signature = cookie.rpartition(".")
        expires = facts.partition(".")[0]
        if not self.is_set or not expires.isascii() or not expires.isdigit():
            return False
        right = hmac.compare_digest(self._signature(facts).encode(), signature.encode())
        alive = len(expires) < 12 and int(expires) > self._clock.wall()
        return right and alive and facts not in self._ended

    def end_session(self, cookie: str) -> Ended | None:
        """None: it was none, or had ended already."""
        if not self.is_session(cookie):
            return None
        facts = cookie.rpartition(".")[0]
        self._ended[facts] = None
        while len(self._ended) > _MOST_ENDED:
            self._ended.popitem(last=False)
        return Ended(facts, int(facts.partition(".")[0]))

    def _signature(self, facts: str) -> str:
        token = self._token()
        secret = token.get_secret_value().encode() if token is not None else b""
        key = hmac.digest(sha256(secret).digest(), _PURPOSE, "sha256")
        return hmac.digest(key, facts.encode("utf-8", "replace"), "sha256").hex()


class WrongTokens:
    """Counts wrong tokens by address, over the last minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._addresses: OrderedDict[str, deque[float]] = OrderedDict()

    def note(self, address: str) -> int:
        """One more; how many are left this minute, -1 once there are too many."""
        now = self._clock.now()
        tries = self._addresses.setdefault(address, deque())
        self._addresses.move_to_end(address)
        if len(self._addresses) > _MOST_ADDRESSES:
            self._addresses.popitem(last=False)
        while tries and tries[0] <= now - _MINUTE:
            tries.popleft()
        if len(tries) >= TRIES:
            return -1
        tries.append(now)
        return TRIES - len(tries)

    def wait(self, address: str) -> float:
        """Seconds until a wrong one is answered as such again."""
        tries = self._addresses.get(address)
        return max(0.0, tries[0] + _MINUTE - self._clock.now()) if tries else 0.0

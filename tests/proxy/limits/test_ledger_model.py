"""The ledger against a model: plain lists of send times, recomputed from scratch (reliability d.3).

The short form runs in the suite. With LEDGER_STEPS=100000 in the environment of pytest so many
steps are run.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from math import inf
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from proxy.limits import judge
from proxy.limits.demand import SMALLEST, Need, demand_of
from proxy.limits.ledger import Ledger
from proxy.limits.readings import Meaning, Reading, Refusal
from proxy.limits.reservations import Reservation
from proxy.limits.status import Verdict
from proxy.limits.verdicts import judge_now
from proxy.model import Dimension, Entry, Kind, Limit, Scope, Source, Window
from tests.proxy.limits.accounts import entry_of, provider, refusal
from tests.proxy.limits.clock import FakeClock
from tests.proxy.limits.simulated import Enforced, Send

POOL = "*:free"
ZONE = "America/Los_Angeles"
MODELS = ("a:free", "b:free", "c")
TRAVEL = 0.25
"""Seconds that a rolling window allows a request to have been on its way."""
STEPS = int(os.environ.get("LEDGER_STEPS", "0"))
_STEPS_A_RUN = 60

_KINDS: tuple[tuple[Window, Kind], ...] = (
    ("minute", "rolling"),
    ("minute", "clock"),
    ("minute", "bucket"),
    ("hour", "rolling"),
    ("hour", "bucket"),
    ("day", "clock"),
    ("day", "rolling"),
)
_NEEDS = (
    SMALLEST,
    Need(prompt_bytes=4000, cap=300),
    Need(prompt_bytes=800, tools=True),
    Need(prompt_bytes=9000, images=1, vision=True),
)
# Exact in binary, so that sums of moments are too.
_MOMENTS = st.integers(1, 120 * 1024).map(lambda ticks: ticks / 1024)


@st.composite
def _limits(draw: st.DrawFn) -> Limit:
    scope: Scope = draw(st.sampled_from(("account", "pool", "model")))
    dimension: Dimension = draw(st.sampled_from(("requests", "requests", "tokens")))
    window, kind = draw(st.sampled_from(_KINDS))
    size = draw(st.integers(1, 6)) if dimension == "requests" else draw(st.integers(600, 4000))
    pool = POOL if scope == "pool" else ""
    return Limit(scope, dimension, window, size, kind, "manual", pool, ZONE)


def _key(limit: Limit) -> tuple[Scope, Dimension, Window | None]:
    return limit.scope, limit.dimension, limit.window


@dataclass(eq=False)
class Open:
    """A request under way, and what the provider thinks of it."""

    reservation: Reservation
    send: Send
    accepted: bool
    stream: bool
    snapshot: dict[int, tuple[float, float]] = field(default_factory=dict[int, tuple[float, float]])
    headed: bool = False


class Exact(RuleBasedStateMachine):
    """Nobody else uses the account, and every reading is true, though late and out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock("2026-11-01T06:30:00")
        self.open: list[Open] = []
        self.saved: dict[str, bytes] = {}
        self.pure = True
        self.skew = 0.0
        self.enforced: list[Enforced] = []
        self.entries: list[Entry] = []
        self.parallel: int | None = None
        self.known = True

    @initialize(
        limits=st.lists(_limits(), min_size=1, max_size=3, unique_by=_key),
        parallel=st.none() | st.integers(1, 4),
        known=st.booleans(),
    )
    def begin(self, limits: list[Limit], parallel: int | None, known: bool) -> None:
        acme = provider(
            pools=(POOL,),
            zone=ZONE,
            kinds={limit.window: limit.kind for limit in limits if limit.window},
        )
        # A preset has one kind for each window.
        kinds = acme.preset.kinds
        limits = [
            Limit(
                limit.scope,
                limit.dimension,
                limit.window,
                limit.size,
                kinds[limit.window or "day"],
                "manual",
                limit.pool,
                limit.zone,
            )
            for limit in limits
        ]
        self.known = known
        self.parallel = parallel
        self.enforced = [Enforced(limit, self.clock) for limit in limits]
        for model in MODELS:
            concerned = [limit for limit in limits if self._concerns(limit, model)]
            own = () if parallel is None else (Limit("model", "concurrent", None, parallel),)
            self.entries.append(entry_of(acme, model, *(concerned if known else ()), *own))
        self.ledger = self._new_ledger()

    @staticmethod
    def _concerns(limit: Limit, model: str) -> bool:
        if limit.scope == "pool":
            return model.endswith(":free")
        return limit.scope == "account" or model == MODELS[0]

    def _new_ledger(self) -> Ledger:
        ledger = Ledger(self.clock)
        ledger.configure(self.entries)
        return ledger

    def _about(self, model: str) -> list[Enforced]:
        return [one for one in self.enforced if self._concerns(one.limit, model)]

    # What happens.

    @rule(
        which=st.sampled_from(range(3)),
        cap=st.sampled_from((None, 1, 50, 700)),
        prompt=st.sampled_from((4, 400, 1600)),
        stream=st.booleans(),
        never_sent=st.sampled_from((False, False, False, True)),
    )
    def send(
        self, which: int, cap: int | None, prompt: int, stream: bool, never_sent: bool
    ) -> None:
        entry = self.entries[which]
        need = Need(prompt_bytes=prompt, cap=cap)
        got = self.ledger.reserve(entry, need)
        if isinstance(got, Verdict):
            self._check_verdict(got)
            return
        if never_sent:
            self.ledger.release(got)
            return
        send = Send(self.clock.now(), got.tokens, entry.pool, entry.model)
        about = self._about(entry.model)
        fits = all(one.used() + one.amount(send) <= one.limit.size + 1e-4 for one in about)
        if self.known:
            assert fits, "sent more than a limit"
        if self.parallel is not None:
            under_way = sum(one.send.model == entry.model for one in self.open)
            assert under_way < self.parallel, "more in parallel than the limit"
        if fits:
            for one in about:
                one.sends.append(send)
        begun = Open(got, send, fits, stream)
        begun.snapshot = self._snapshot(entry.model)
        self.open.append(begun)

    def _snapshot(self, model: str) -> dict[int, tuple[float, float]]:
        return {
            index: (one.limit.size - one.used(), one.whole_at())
            for index, one in enumerate(self.enforced)
            if self._concerns(one.limit, model)
        }

    def _readings(
        self, snapshot: dict[int, tuple[float, float]], told: str, limit: bool
    ) -> list[Reading]:
        readings: list[Reading] = []
        for index, (left, whole_at) in snapshot.items():
            one = self.enforced[index].limit
            reset = whole_at - self.clock.now() if told == "reset" else None
            size = one.size if limit else None
            left = max(0, int(left))
            readings.append(
                Reading(one.scope, one.dimension, one.window, size, left, reset, one.pool)
            )
        return readings

    @precondition(lambda self: any(not one.headed for one in self.open))
    @rule(
        data=st.data(),
        told=st.sampled_from(("nothing", "rest", "reset")),
        stale=st.booleans(),
        limit=st.booleans(),
    )
    def head(self, data: st.DataObject, told: str, stale: bool, limit: bool) -> None:
        """In any order, told as it was when the request came or as it is now."""
        one = data.draw(st.sampled_from([one for one in self.open if not one.headed]))
        one.headed = True
        if not one.accepted:
            self._refuse(one, told)
            return
        if not one.stream:
            # A plain answer's head comes at its end.
            one.send.tokens = self._real(one, data)
        late = stale and one.stream
        snapshot = one.snapshot if late else self._snapshot(one.send.model)
        if told == "nothing":
            self.ledger.head(one.reservation)
        else:
            self.pure = False
            self.ledger.head(one.reservation, self._readings(snapshot, told, limit))
        self.ledger.succeed(one.reservation)
        if not one.stream:
            self._end(one)

    def _real(self, one: Open, data: st.DataObject) -> float:
        prompt = one.reservation.demand.prompt
        return prompt + data.draw(st.integers(0, one.reservation.tokens - prompt))

    def _refuse(self, one: Open, told: str) -> None:
        self.pure = False
        spent = {
            index: (left, whole)
            for index, (left, whole) in one.snapshot.items()
            if left < self.enforced[index].amount(one.send)
        }
        readings = self._readings(spent, told, limit=True)
        wait = None
        if told == "nothing":
            wait = max(
                1.0,
                *(
                    self.enforced[i].free_at(self.enforced[i].amount(one.send)) - self.clock.now()
                    for i in spent
                ),
                *(whole - self.clock.now() for _, whole in spent.values()),
            )
        told_of = [reading for reading in readings if reading.limit is not None]
        judge.refuse(self.ledger, one.reservation, refusal(Meaning.LIMIT, *told_of, wait=wait))
        self.ledger.settle(one.reservation)
        self.open.remove(one)

    def _end(self, one: Open) -> None:
        prompt = one.reservation.demand.prompt
        buckets = any(
            enforced.limit.kind == "bucket" and enforced.limit.dimension == "tokens"
            for enforced in self._about(one.send.model)
        )
        if buckets and one.send.tokens != one.reservation.tokens:
            self.pure = False
        # Four bytes a token, always: a divisor that moves is another test's business.
        self.ledger.settle(
            one.reservation, prompt, int(one.send.tokens) - prompt, stream=one.stream
        )
        self.open.remove(one)

    @precondition(lambda self: any(one.headed for one in self.open))
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from([one for one in self.open if one.headed]))
        one.send.tokens = self._real(one, data)
        self._end(one)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """It was sent, so it counts, with its estimate."""
        one = data.draw(st.sampled_from(self.open))
        self.ledger.settle(one.reservation)
        self.ledger.settle(one.reservation)
        self.open.remove(one)

    @rule(seconds=_MOMENTS)
    def advance(self, seconds: float) -> None:
        self._pass(seconds)

    @rule(hours=st.integers(1, 30))
    def suspend(self, hours: int) -> None:
        self._pass(hours * 3600.0)

    @rule(which=st.sampled_from(range(3)))
    def wait(self, which: int) -> None:
        """To the very moment that the ledger named."""
        verdict = self.ledger.verdict(self.entries[which], SMALLEST)
        if verdict is not None and verdict.until is not None:
            until = verdict.until
            self._pass(until - self.clock.now())
            after = self.ledger.verdict(self.entries[which], SMALLEST)
            if self.pure and verdict.reason != "concurrent":
                assert after is None or after.reason == "concurrent", after

    @rule(seconds=st.sampled_from((-86400.0, -3600.0, -7.0, 7.0, 3600.0, 86400.0)))
    def jump(self, seconds: float) -> None:
        clocks = any(one.limit.kind == "clock" for one in self.enforced)
        if self.known or not clocks:
            # A window first heard of while the wall is wrong ends at the wrong moment.
            self.clock.jump(seconds)
            self.skew += seconds

    def _pass(self, seconds: float) -> None:
        if any(one.limit.kind == "clock" for one in self.enforced):
            # No window that has begun moves; the next one ends by whatever the wall shows then.
            self._set_right()
        self.clock.advance(seconds)

    def _set_right(self) -> None:
        self.clock.jump(-self.skew)
        self.skew = 0.0

    @rule(downtime=st.integers(0, 200), crash=st.booleans())
    def restart(self, downtime: int, crash: bool) -> None:
        if not crash:
            for one in self.open:
                self.ledger.settle(one.reservation)
        self.open.clear()
        # A wall clock that was set while nobody looked is `test_state.py`'s business.
        self._set_right()
        self._save()
        before = self._rooms()
        now = self.clock.now()
        self.ledger = self._new_ledger()
        self.ledger.restore(self.saved)
        for key, room in self._rooms().items():
            if key[1] != "concurrent":
                assert room <= before.get(key, inf), "a restart gave quota back"
        assert self.clock.now() == now
        self.ledger = self._new_ledger()
        self.clock.advance(float(downtime))
        self.ledger.restore(self.saved)

    def _save(self) -> None:
        for key, blob in self.ledger.changes().items():
            if blob is None:
                self.saved.pop(key, None)
            else:
                self.saved[key] = blob

    def _rooms(self) -> dict[tuple[str, str, str | None, str], float]:
        return {
            (gauge.scope, gauge.dimension, gauge.window, entry.model): gauge.remaining
            for entry in self.entries
            for gauge in self.ledger.status(entry).gauges
        }

    # What always holds.

    @invariant()
    def never_more_than_the_provider_has(self) -> None:
        for enforced in self.enforced:
            enforced.turn()
        for entry in self.entries:
            true = {_key(one.limit): one for one in self._about(entry.model)}
            for gauge in self.ledger.status(entry).gauges:
                assert 0 <= gauge.remaining <= gauge.limit
                one = true.get((gauge.scope, gauge.dimension, gauge.window))
                if one is not None:
                    left = max(0.0, one.limit.size - one.used())
                    assert gauge.remaining <= left + 1e-4, (gauge, left)

    @invariant()
    def says_when_it_is_free(self) -> None:
        for entry in self.entries:
            verdict = self.ledger.verdict(entry, SMALLEST)
            status = self.ledger.status(entry)
            assert status.reason == (verdict.reason if verdict else "")
            assert status.until == (verdict.until if verdict else None)
            if verdict is not None:
                self._check_verdict(verdict)
            if self.pure and self.known:
                free, told = self._free_at(entry), self._told_free(verdict)
                assert free == told or -1e-3 < told - free < TRAVEL + 1e-3

    def _told_free(self, verdict: Verdict | None) -> float:
        if verdict is None:
            return self.clock.now()
        return inf if verdict.until is None else verdict.until

    def _free_at(self, entry: Entry) -> float:
        """The model's word on the smallest request: of one token, and 500 for its answer."""
        now = self.clock.now()
        free = now
        for one in self._about(entry.model):
            amount = 501.0 if one.limit.dimension == "tokens" else 1.0
            free = max(free, inf if amount > one.limit.size else one.free_at(amount))
        under_way = sum(one.send.model == entry.model for one in self.open)
        if self.parallel is not None and under_way >= self.parallel:
            free = max(free, now + 1)
        return free

    def _check_verdict(self, verdict: Verdict) -> None:
        now = self.clock.now()
        if verdict.until is None:
            assert verdict.reason == "too-long"
            return
        longest = max(self._longest(one) for one in self.enforced)
        # Up to a second longer where a refusal asked for less than one.
        assert now < verdict.until <= now + max(1.0, longest + TRAVEL) + 1e-3, verdict

    def _longest(self, one: Enforced) -> float:
        if one.limit.kind != "clock":
            return one.seconds
        # Where nobody told of the limit, its window is first looked at when it is spent.
        return one.whole_at() - self.clock.now() if self.known else one.seconds + 3600

    @invariant()
    def forgets_what_is_over(self) -> None:
        if not self.open:
            for entry in self.entries:
                for subject in self.ledger.register.view(entry).subjects:
                    assert not subject.busy()
                    assert not subject.overtook


_ODD = st.none() | st.sampled_from((0, 1, 2, 19, 501, 10**6, 10**12)) | st.integers(0, 10**9)
_RESETS = st.none() | st.sampled_from((-5.0, 0.0, 0.001, 1.0, 59.0, 3600.0, 32 * 86400.0))
_WORST = 32 * 86400.0 + 1


@st.composite
def _reading(draw: st.DrawFn) -> Reading:
    """True, false, absurd: whatever the grammar of headers lets through."""
    scope: Scope = draw(st.sampled_from(("account", "pool", "model")))
    dimension: Dimension = draw(st.sampled_from(("requests", "tokens")))
    window: Window | None = draw(st.sampled_from((None, "minute", "hour", "day", "month")))
    limit = draw(st.none() | st.integers(1, 10**9))
    pool = POOL if scope == "pool" else ""
    return Reading(scope, dimension, window, limit, draw(_ODD), draw(_RESETS), pool)


@st.composite
def _refusals(draw: st.DrawFn) -> Refusal:
    meaning = draw(st.sampled_from(tuple(Meaning)))
    limited = meaning in (Meaning.LIMIT, Meaning.TOO_LONG)
    return Refusal(
        meaning=meaning,
        status=429,
        scope=draw(st.sampled_from(("account", "pool", "model"))),
        readings=tuple(draw(st.lists(_reading(), max_size=3))) if limited else (),
        wait=draw(st.none() | st.sampled_from((1.0, 30.0, 86400.0))),
        number=draw(st.none() | st.integers(1, 10**6)),
        parameters=("logprobs", "messages.reasoning"),
        capability=draw(st.sampled_from(("", "tools", "vision"))),
        request_only=draw(st.booleans()),
        paid_only=draw(st.booleans()),
    )


class Wild(RuleBasedStateMachine):
    """Anything in any order: nothing breaks, nothing leaks, nothing is blocked for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.open: list[Reservation] = []
        self.saved: dict[str, bytes] = {}
        self.entries: list[Entry] = []

    @initialize(
        limits=st.lists(_limits(), max_size=4, unique_by=_key),
        source=st.sampled_from(("manual", "preset")),
        counts_cap=st.booleans(),
    )
    def begin(self, limits: list[Limit], source: Source, counts_cap: bool) -> None:
        self.acme = provider(pools=(POOL,), counts_cap=counts_cap)
        self.limits = [replace(limit, source=source) for limit in limits]
        self.ledger = Ledger(self.clock, random=Random(1))
        self._configure()

    def _configure(self) -> None:
        self.entries = [entry_of(self.acme, model, *self.limits) for model in MODELS]
        self.ledger.configure(self.entries)

    @rule(which=st.sampled_from(range(3)), hopeful=st.booleans(), cap=st.none() | st.just(9000))
    def send(self, which: int, hopeful: bool, cap: int | None) -> None:
        got = self.ledger.reserve(self.entries[which], Need(cap=cap), hopeful=hopeful)
        if isinstance(got, Reservation):
            assert got.cap is None or got.cap >= 1
            assert got.tokens >= got.demand.least
            self.open.append(got)

    def _one(self, data: st.DataObject) -> Reservation:
        return data.draw(st.sampled_from(self.open))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), readings=st.lists(_reading(), max_size=3))
    def head(self, data: st.DataObject, readings: list[Reading]) -> None:
        self.ledger.head(self._one(data), readings)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def succeed(self, data: st.DataObject) -> None:
        self.ledger.succeed(self._one(data))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), refused=_refusals())
    def refuse(self, data: st.DataObject, refused: Refusal) -> None:
        one = self._one(data)
        newest = one.seq == self.ledger.seq
        judge.refuse(self.ledger, one, refused)
        if newest and refused.meaning in (Meaning.WAIT, Meaning.SILENT):
            verdict = self.ledger.verdict(one.entry, one.need)
            assert verdict is not None, "asked again at once"
            assert verdict.until is None or verdict.until >= self.clock.now() + 1

    @precondition(lambda self: self.open)
    @rule(data=st.data(), kind=st.sampled_from(("unreachable", "timeout", "broken", "status")))
    def fail(self, data: st.DataObject, kind: judge.FailureKind) -> None:
        judge.fail(self.ledger, self._one(data), kind)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), tokens=st.none() | st.integers(0, 10**6), stream=st.booleans())
    def settle(self, data: st.DataObject, tokens: int | None, stream: bool) -> None:
        one = self._one(data)
        self.ledger.settle(one, tokens, tokens, stream=stream)
        self.ledger.settle(one, tokens, tokens, stream=stream)
        self.open.remove(one)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        one = self._one(data)
        self.ledger.release(one)
        self.ledger.settle(one, 5, 5)
        self.open.remove(one)

    @rule(which=st.sampled_from(range(3)), readings=st.lists(_reading(), max_size=2))
    def learn(self, which: int, readings: list[Reading]) -> None:
        self.ledger.learn(self.entries[which], readings)

    @rule(which=st.sampled_from(range(3)))
    def clear(self, which: int) -> None:
        self.ledger.clear(self.entries[which])
        assert not self.ledger.register.view(self.entries[which]).model.blocks

    @rule(keep=st.integers(0, 4), kind=st.sampled_from(("rolling", "clock", "bucket")))
    def configure(self, keep: int, kind: Kind) -> None:
        self.limits = [replace(limit, kind=kind) for limit in self.limits[:keep]]
        self._configure()

    @rule(seconds=_MOMENTS | st.sampled_from((1.0, 61.0, 3601.0, 90000.0, 40 * 86400.0)))
    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(seconds=st.floats(-1e6, 1e6))
    def jump(self, seconds: float) -> None:
        self.clock.jump(seconds)

    @rule(downtime=st.floats(-1e6, 1e6), configure_first=st.booleans())
    def restart(self, downtime: float, configure_first: bool) -> None:
        self.open.clear()
        for key, blob in self.ledger.changes().items():
            if blob is None:
                self.saved.pop(key, None)
            else:
                self.saved[key] = blob
        self.clock.reboot(downtime)
        self.ledger = Ledger(self.clock, random=Random(1))
        if configure_first:
            self._configure()
        self.ledger.restore(self.saved)
        self._configure()

    @invariant()
    def shows_what_routing_uses(self) -> None:
        now = self.clock.now()
        for entry in self.entries:
            verdict, status = self.ledger.verdict(entry, SMALLEST), self.ledger.status(entry)
            assert status.reason == (verdict.reason if verdict else "")
            assert status.until == (verdict.until if verdict else None)
            if verdict is not None and verdict.until is not None:
                assert now < verdict.until <= now + _WORST, verdict
            if verdict is not None and verdict.until is None:
                assert verdict.reason in ("too-long", "rpm", "rph", "rpd", "no-tools"), verdict
            for gauge in status.gauges:
                assert 0 <= gauge.remaining <= gauge.limit
                assert gauge.resets_at is None or gauge.resets_at > now

    @invariant()
    def what_stands_is_what_would_be_judged(self) -> None:
        now = self.clock.now()
        for entry in self.entries:
            view = self.ledger.register.view(entry)
            for need in _NEEDS:
                judged = judge_now(view, need, demand_of(need, entry, view.facts, now), now)
                verdict = self.ledger.verdict(entry, need)
                assert (verdict is None) == (judged is None), (verdict, judged)
                if verdict is not None and judged is not None:
                    assert verdict._replace(until=judged.until) == judged
                    # A bucket's moment is computed anew from its level: the last bits differ.
                    assert abs((verdict.until or 0.0) - (judged.until or 0.0)) < 1e-3

    @invariant()
    def nothing_leaks(self) -> None:
        for entry in self.entries:
            for subject in self.ledger.register.view(entry).subjects:
                assert len(subject.unheard) + len(subject.overtook) <= len(self.open) + 100
                assert len(subject.blocks) <= 9
                for cell in subject.cells.values():
                    assert cell.window.used(self.clock.now()) >= 0
                    if cell.dimension == "concurrent":
                        assert cell.window.used(self.clock.now()) <= len(self.open)
                if not self.open:
                    assert not subject.busy()
                    assert not subject.overtook
                    assert all(block.probe is None for block in subject.blocks.values())


def _settings(machine: type[RuleBasedStateMachine]) -> None:
    examples = max(1, STEPS // _STEPS_A_RUN) if STEPS else 80
    machine.TestCase.settings = settings(
        max_examples=examples,
        stateful_step_count=_STEPS_A_RUN,
        deadline=None,
        derandomize=not STEPS,
        database=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=(HealthCheck.filter_too_much, HealthCheck.too_slow),
    )


_settings(Exact)
_settings(Wild)


@pytest.mark.timeout(0 if STEPS else 120)
class TestExact(Exact.TestCase):
    pass


@pytest.mark.timeout(0 if STEPS else 120)
class TestWild(Wild.TestCase):
    pass

"""Reserving: bursts, scopes, caps, guesses; and what it costs to keep the books."""

from __future__ import annotations

import gc
import os
import tracemalloc
from time import process_time

import pytest

from proxy.limits import judge
from proxy.limits.demand import Need
from proxy.limits.ledger import Ledger
from proxy.limits.readings import Meaning
from proxy.limits.register import MOST_SUBJECTS, MOST_VIEWS
from proxy.limits.reservations import Reservation
from proxy.limits.status import Verdict
from proxy.model import Kind, Scope
from tests.proxy.limits.accounts import (
    entry_of,
    limit,
    provider,
    refusal,
    refused,
    rpm,
    take,
    take_all,
    tpm,
)
from tests.proxy.limits.clock import FakeClock

POOL = "*:free"


def ledger_of(clock: FakeClock | None = None) -> Ledger:
    return Ledger(clock or FakeClock())


class TestBurst:
    """500 requests in a row on what has 20 left."""

    @pytest.mark.parametrize("scope", ["account", "pool", "model"])
    @pytest.mark.parametrize("kind", ["rolling", "clock", "bucket"])
    def test_exactly_20_go(self, scope: Scope, kind: Kind) -> None:
        ledger = ledger_of()
        twenty = limit("rpm", 20, scope=scope, kind=kind, pool=POOL if scope == "pool" else "")
        entry = entry_of(provider(pools=(POOL,)), "m:free", twenty)
        ledger.configure([entry])
        got = [ledger.reserve(entry, Need()) for _ in range(500)]
        assert sum(isinstance(one, Reservation) for one in got) == 20
        assert {one.reason for one in got if isinstance(one, Verdict)} == {"rpm"}

    @pytest.mark.parametrize("scope", ["account", "pool"])
    def test_two_models_share_what_is_their_account_s_or_pool_s(self, scope: Scope) -> None:
        ledger = ledger_of()
        twenty = limit("rpm", 20, scope=scope, pool=POOL if scope == "pool" else "")
        acme = provider(pools=(POOL,))
        one, two = (entry_of(acme, model, twenty) for model in ("a:free", "b:free"))
        ledger.configure([one, two])
        sent = sum(
            isinstance(ledger.reserve(entry, Need()), Reservation) for entry in (one, two) * 250
        )
        assert sent == 20

    def test_two_provider_ids_of_one_account_share_its_limits(self) -> None:
        ledger = ledger_of()
        first = entry_of(provider(account="same"), "m", limit("rpm", 20))
        second = entry_of(provider(account="same"), "m", limit("rpm", 20))
        ledger.configure([first, second])
        assert len(take_all(ledger, first)) + len(take_all(ledger, second)) == 20

    def test_parallel_requests_free_their_place_when_they_end(self) -> None:
        ledger = ledger_of()
        entry = entry_of(provider(), "m", limit("concurrent", 3))
        ledger.configure([entry])
        taken = take_all(ledger, entry)
        assert len(taken) == 3
        assert refused(ledger, entry).reason == "concurrent"
        ledger.settle(taken[0])
        ledger.release(taken[1])
        assert len(take_all(ledger, entry)) == 2

    def test_tokens_are_reserved_before_they_are_spent(self) -> None:
        ledger = ledger_of()
        entry = entry_of(provider(), "m", limit("tpm", 10_000))
        ledger.configure([entry])
        need = Need(prompt_bytes=1200, cap=700)
        got = [ledger.reserve(entry, need) for _ in range(50)]
        assert sum(isinstance(one, Reservation) for one in got) == 10
        assert refused(ledger, entry, need).reason == "tpm"

    @pytest.mark.parametrize("told,more", [(5, 0), (9, 0), (12, 3), (18, 9), (19, 10)])
    def test_headers_in_mid_burst_count_what_they_cannot_know_of(
        self, told: int, more: int
    ) -> None:
        """Ten under way, the first head says what is left: nine of the ten are not in it."""
        ledger = ledger_of()
        entry = entry_of(provider(), "m", limit("rpm", 40))
        ledger.configure([entry])
        taken = [take(ledger, entry) for _ in range(10)]
        ledger.head(taken[-1], [rpm(told, limit=20)])
        assert len(take_all(ledger, entry)) == more

    def test_a_first_reading_in_mid_burst_counts_what_was_sent_before_it(self) -> None:
        ledger = ledger_of()
        entry = entry_of(provider())
        taken = [take(ledger, entry) for _ in range(10)]
        ledger.head(taken[0], [rpm(29, 60.0, 30)])
        assert len(take_all(ledger, entry)) == 20

    def test_what_overtook_a_slow_answer_is_not_in_its_reading(self) -> None:
        ledger = ledger_of()
        entry = entry_of(provider(), "m", limit("rpm", 10))
        ledger.configure([entry])
        slow, fast = take(ledger, entry), take(ledger, entry)
        ledger.head(fast)
        ledger.settle(fast)
        ledger.head(slow, [rpm(9)])
        assert len(take_all(ledger, entry)) == 8

    def test_a_refusal_stops_the_burst_and_its_late_ones_lift_nothing(self) -> None:
        clock = FakeClock()
        ledger = ledger_of(clock)
        entry = entry_of(provider())
        taken = [take(ledger, entry) for _ in range(50)]
        judge.refuse(ledger, taken[20], refusal(Meaning.LIMIT, rpm(0, 40.0, 20)))
        for late in taken[:20]:
            ledger.head(late, [rpm(19 - late.seq, 40.0, 20)])
            ledger.succeed(late)
            ledger.settle(late)
        for late in taken[20:]:
            judge.refuse(ledger, late, refusal(Meaning.LIMIT, rpm(0, 40.0, 20)))
            ledger.settle(late)
        assert refused(ledger, entry).until == clock.now() + 40
        clock.advance(40)
        assert len(take_all(ledger, entry)) == 20


class TestCaps:
    """DESIGN A6: where it counts, the cap is lowered to what the token limit leaves."""

    @pytest.mark.parametrize(
        "size,asked,cap",
        [
            (20_000, 9_000, 9_000),
            (8_100, 9_000, 8_000),
            (4_196, 9_000, 4_096),
            (700, 600, 600),
        ],
    )
    def test_lowered_to_what_is_left_after_the_prompt(
        self, size: int, asked: int, cap: int
    ) -> None:
        ledger = ledger_of()
        entry = entry_of(provider(counts_cap=True), "m", limit("tpm", size))
        ledger.configure([entry])
        taken = take(ledger, entry, Need(prompt_bytes=400, cap=asked))
        assert (taken.cap, taken.tokens) == (cap, 100 + cap)

    @pytest.mark.parametrize("size,asked", [(4_195, 9_000), (699, 600)])
    def test_not_below_4096_or_the_clients_own_smaller_cap(self, size: int, asked: int) -> None:
        ledger = ledger_of()
        entry = entry_of(provider(counts_cap=True), "m", limit("tpm", size))
        ledger.configure([entry])
        verdict = refused(ledger, entry, Need(prompt_bytes=400, cap=asked))
        assert (verdict.reason, verdict.until) == ("too-long", None)

    def test_waits_for_4096_where_less_is_left_than_that(self) -> None:
        clock = FakeClock()
        ledger = ledger_of(clock)
        entry = entry_of(provider(counts_cap=True), "m", limit("tpm", 6000, kind="bucket"))
        ledger.configure([entry])
        take(ledger, entry, Need(prompt_bytes=400, cap=2900))
        verdict = refused(ledger, entry, Need(prompt_bytes=400, cap=9000))
        assert verdict.reason == "tpm"
        assert verdict.until == clock.now() + (3000 + 4196 - 6000) / 100

    def test_several_answers_share_what_is_left(self) -> None:
        ledger = ledger_of()
        entry = entry_of(provider(counts_cap=True), "m", limit("tpm", 10_100))
        ledger.configure([entry])
        taken = take(ledger, entry, Need(prompt_bytes=400, cap=9000, answers=2))
        assert (taken.cap, taken.tokens) == (5000, 10_100)

    def test_a_guess_lowers_no_cap(self) -> None:
        ledger = ledger_of()
        entry = entry_of(provider(counts_cap=True), "m", limit("tpm", 6000, source="preset"))
        ledger.configure([entry])
        got = ledger.reserve(entry, Need(prompt_bytes=400, cap=9000), hopeful=True)
        assert isinstance(got, Reservation)
        assert got.cap == 9000

    def test_stays_below_what_was_refused_just_now(self) -> None:
        clock = FakeClock()
        ledger = ledger_of(clock)
        entry = entry_of(provider(counts_cap=True), "m", limit("tpm", 12_000, kind="bucket"))
        ledger.configure([entry])
        first = take(ledger, entry, Need(prompt_bytes=400, cap=11_000))
        judge.refuse(ledger, first, refusal(Meaning.LIMIT, tpm(10_000, limit=12_000), wait=5.5))
        ledger.settle(first)
        again = take(ledger, entry, Need(prompt_bytes=400, cap=11_000))
        assert again.tokens <= 10_000


class TestGuesses:
    """DESIGN A6: a preset size that nothing has confirmed is a guess."""

    def stage(self) -> tuple[FakeClock, Ledger]:
        clock = FakeClock()
        ledger = ledger_of(clock)
        self.entry = entry_of(provider(), "m", limit("rpm", 2, source="preset"))
        ledger.configure([self.entry])
        return clock, ledger

    def test_it_is_skipped_while_another_can_serve(self) -> None:
        _, ledger = self.stage()
        assert len(take_all(ledger, self.entry)) == 2
        verdict = refused(ledger, self.entry)
        assert (verdict.reason, verdict.guess) == ("rpm", True)

    def test_it_is_asked_by_one_request_at_a_time(self) -> None:
        _, ledger = self.stage()
        take_all(ledger, self.entry)
        hoping = ledger.reserve(self.entry, Need(), hopeful=True)
        assert isinstance(hoping, Reservation)
        second = ledger.reserve(self.entry, Need(), hopeful=True)
        assert isinstance(second, Verdict)
        assert not second.guess
        ledger.settle(hoping)
        assert isinstance(ledger.reserve(self.entry, Need(), hopeful=True), Reservation)

    def test_a_success_beyond_it_drops_it_for_a_day(self) -> None:
        clock, ledger = self.stage()
        take_all(ledger, self.entry)
        hoping = ledger.reserve(self.entry, Need(), hopeful=True)
        assert isinstance(hoping, Reservation)
        ledger.succeed(hoping)
        assert len(take_all(ledger, self.entry, 50)) == 50
        clock.advance(86400)
        assert len(take_all(ledger, self.entry, 50)) == 2

    def test_a_success_within_it_drops_nothing(self) -> None:
        _, ledger = self.stage()
        for taken in take_all(ledger, self.entry):
            ledger.succeed(taken)
        assert refused(ledger, self.entry).guess

    def test_a_reading_confirms_it(self) -> None:
        _, ledger = self.stage()
        taken = take_all(ledger, self.entry)
        ledger.head(taken[1], [rpm(0)])
        verdict = refused(ledger, self.entry)
        assert (verdict.reason, verdict.guess) == ("rpm", False)
        assert isinstance(ledger.reserve(self.entry, Need(), hopeful=True), Verdict)

    def test_a_silent_refusal_makes_it_hold_this_once(self) -> None:
        clock, ledger = self.stage()
        take_all(ledger, self.entry)
        hoping = ledger.reserve(self.entry, Need(), hopeful=True)
        assert isinstance(hoping, Reservation)
        judge.refuse(ledger, hoping, refusal(Meaning.SILENT))
        ledger.settle(hoping)
        assert isinstance(ledger.reserve(self.entry, Need(), hopeful=True), Verdict)
        clock.advance(60)
        assert len(take_all(ledger, self.entry)) == 2
        assert refused(ledger, self.entry).guess

    def test_a_refusal_takes_back_that_it_was_dropped(self) -> None:
        _, ledger = self.stage()
        take_all(ledger, self.entry)
        hoping = ledger.reserve(self.entry, Need(), hopeful=True)
        assert isinstance(hoping, Reservation)
        ledger.succeed(hoping)
        beyond = take(ledger, self.entry)
        judge.refuse(ledger, beyond, refusal(Meaning.LIMIT, rpm(0, 30.0)))
        assert isinstance(ledger.reserve(self.entry, Need(), hopeful=True), Verdict)

    def test_a_guess_does_not_hide_what_is_known(self) -> None:
        ledger = ledger_of()
        entry = entry_of(
            provider(), "m", limit("rpm", 1, source="preset"), limit("rpd", 1, kind="clock")
        )
        ledger.configure([entry])
        take(ledger, entry)
        assert isinstance(ledger.reserve(entry, Need(), hopeful=True), Verdict)


class TestBounds:
    def test_memory_stays_flat_over_many_requests(self) -> None:
        """20,000 in the suite; 100,000 and more with LEDGER_STEPS, as in `test_ledger_model.py`."""
        many = max(20_000, int(os.environ.get("LEDGER_STEPS", "0")))
        clock = FakeClock()
        ledger = ledger_of(clock)
        entry = entry_of(
            provider(),
            "m",
            limit("rph", 10**8),
            limit("rpd", 10**8, kind="clock"),
            limit("tpm", 10**9, kind="bucket"),
        )
        ledger.configure([entry])
        names = iter(range(10**9))

        def serve(requests: int) -> None:
            for number in range(requests):
                clock.advance(0.05)
                taken = take(ledger, entry)
                ledger.head(taken)
                ledger.succeed(taken)
                ledger.settle(taken, 5, 5)
                if number % 4 == 0:
                    direct = entry_of(provider(account="direct"), f"m{next(names)}")
                    other = take(ledger, direct)
                    judge.refuse(ledger, other, refusal(Meaning.NO_MODEL))
                    ledger.settle(other)
                if number % 1000 == 0:
                    ledger.changes()

        serve(many - 5_000)
        gc.collect()
        tracemalloc.start()
        serve(5_000)
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(ledger.register) <= MOST_SUBJECTS + 4
        assert grown < 12 * 2**20

    def test_entries_of_direct_requests_are_let_go(self) -> None:
        ledger = ledger_of()
        kept = entry_of(provider(), "kept", limit("rpm", 5))
        ledger.configure([kept])
        take(ledger, kept)
        for number in range(2 * max(MOST_VIEWS, MOST_SUBJECTS)):
            ledger.settle(take(ledger, entry_of(provider(account="acme"), f"m{number}")))
        assert len(ledger.register) <= MOST_SUBJECTS + 4
        assert len(take_all(ledger, kept)) == 4
        gone = [key for key, blob in ledger.changes().items() if blob is None]
        assert "acme|model|m0" in gone

    def test_a_request_under_way_keeps_its_count_whatever_is_let_go(self) -> None:
        ledger = ledger_of()
        busy = entry_of(provider(), "busy", limit("concurrent", 1))
        held = take(ledger, busy)
        for number in range(MOST_SUBJECTS + 10):
            ledger.settle(take(ledger, entry_of(provider(), f"m{number}")))
        assert refused(ledger, busy).reason == "concurrent"
        ledger.settle(held)
        take(ledger, busy)

    def test_a_limit_that_nobody_knows_costs_no_bookings(self) -> None:
        ledger = ledger_of()
        entry = entry_of(provider())
        taken = take(ledger, entry)
        assert {cell.dimension for cell in taken.bookings} == {"concurrent"}

    def test_a_request_with_four_limits_is_cheap(self) -> None:
        """30 us on an idle machine; a runner that shares its processor may take far longer."""
        ledger = ledger_of()
        words = ("rpm", "rpd", "tpm", "tpd")
        entry = entry_of(provider(), "m", *(limit(word, 10**9) for word in words))
        ledger.configure([entry])
        began = process_time()
        for _ in range(2000):
            taken = take(ledger, entry)
            ledger.head(taken)
            ledger.succeed(taken)
            ledger.settle(taken, 5, 5)
        assert (process_time() - began) / 2000 < 300e-6

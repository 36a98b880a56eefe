"""DESIGN A5's table, its right-hand column: what each meaning does to the entry."""

from __future__ import annotations

from random import Random

import pytest

from proxy.limits import judge
from proxy.limits.demand import Need
from proxy.limits.ledger import Ledger
from proxy.limits.readings import Meaning, Reading, Refusal
from proxy.limits.reservations import Reservation
from proxy.limits.status import Verdict
from proxy.model import Entry, Kind
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

DAY = 86400.0
POOL = "*:free"
WEEK = 7 * DAY


class Account:
    """Two free models of a pool, a paid one, and a stranger on the same host."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.ledger = Ledger(self.clock, random=Random(1))
        acme = provider(pools=(POOL,))
        self.free, self.other, self.paid = (entry_of(acme, m) for m in ("a:free", "b:free", "c"))
        self.stranger = entry_of(provider(account="stranger"), "a:free")
        self.all = {
            "free": self.free,
            "other": self.other,
            "paid": self.paid,
            "stranger": self.stranger,
        }
        self.ledger.configure(self.all.values())

    def refuse(self, entry: Entry, refused: Refusal, need: Need | None = None) -> None:
        one = take(self.ledger, entry, need)
        judge.refuse(self.ledger, one, refused)
        self.ledger.settle(one)

    def fail(self, entry: Entry, kind: judge.FailureKind) -> None:
        one = take(self.ledger, entry)
        judge.fail(self.ledger, one, kind)
        self.ledger.settle(one)

    def out(self) -> set[str]:
        return {name for name, e in self.all.items() if self.ledger.verdict(e, Need())}

    def wait(self, entry: Entry, need: Need | None = None) -> float:
        verdict = self.ledger.verdict(entry, need or Need())
        assert verdict is not None
        assert verdict.until is not None
        return round(verdict.until - self.clock.now(), 6)


@pytest.mark.parametrize(
    "refused,out",
    [
        (refusal(Meaning.WAIT, wait=9.0), {"free"}),
        (refusal(Meaning.WAIT, wait=9.0, scope="account"), {"free", "other", "paid"}),
        (refusal(Meaning.WAIT, wait=9.0, scope="pool"), {"free", "other"}),
        (refusal(Meaning.OVERLOADED), {"free"}),
        (refusal(Meaning.OVERLOADED, scope="pool"), {"free", "other"}),
        (refusal(Meaning.NO_MODEL), {"free"}),
        (refusal(Meaning.NO_ALLOWANCE), {"free"}),
        (refusal(Meaning.BAD_KEY, scope="account"), {"free", "other", "paid"}),
        (refusal(Meaning.CREDIT, scope="account"), {"free", "other", "paid"}),
        (Refusal(meaning=Meaning.CREDIT, status=402, request_only=True), set[str]()),
        (refusal(Meaning.LIMIT, rpm(0, 9.0, 20, scope="pool")), {"free", "other"}),
        (refusal(Meaning.LIMIT, rpm(0, 9.0, 20, scope="account")), {"free", "other", "paid"}),
        (refusal(Meaning.BAD_REQUEST), set[str]()),
    ],
)
def test_a_refusal_puts_out_what_it_speaks_of(refused: Refusal, out: set[str]) -> None:
    account = Account()
    account.refuse(account.free, refused)
    assert account.out() == out


def test_credit_at_openrouter_puts_out_the_paid_models_only() -> None:
    account = Account()
    account.refuse(account.paid, Refusal(meaning=Meaning.CREDIT, status=402, paid_only=True))
    assert account.out() == {"paid"}
    assert account.wait(account.paid) == DAY


@pytest.mark.parametrize("stated,wait", [(None, DAY), (600.0, 600.0)])
def test_out_of_credit_until_the_stated_renewal_else_24_h(
    stated: float | None, wait: float
) -> None:
    account = Account()
    account.refuse(account.free, refusal(Meaning.CREDIT, wait=stated))
    assert account.wait(account.free) == wait


def test_a_known_limit_is_exhausted_until_the_reset() -> None:
    account = Account()
    account.refuse(account.free, refusal(Meaning.LIMIT, rpm(0, 42.0, 20)))
    verdict = refused(account.ledger, account.free)
    assert (verdict.reason, account.wait(account.free)) == ("rpm", 42)
    account.clock.advance(42)
    assert len(take_all(account.ledger, account.free)) == 20


@pytest.mark.parametrize(
    "kind,waits", [("rolling", [60, 60]), ("clock", [60, 60]), ("bucket", [6, 12, 24, 48, 60, 60])]
)
def test_a_known_limit_without_a_reset_is_as_long_as_its_window_explains(
    kind: Kind, waits: list[float]
) -> None:
    """Refused again although our count has room: somebody else draws from it."""
    clock = FakeClock()
    ledger = Ledger(clock)
    entry = entry_of(provider(), "m", limit("rpm", 10, kind=kind))
    ledger.configure([entry])
    got = list[float]()
    for _ in waits:
        one = take(ledger, entry)
        judge.refuse(ledger, one, refusal(Meaning.LIMIT, rpm(0)))
        ledger.settle(one)
        until = refused(ledger, entry).until
        assert until is not None
        got.append(round(until - clock.now(), 3))
        clock.advance_to(until)
    assert got == waits


def test_an_unknown_size_without_a_reset_is_out_for_the_window() -> None:
    account = Account()
    account.refuse(account.free, refusal(Meaning.LIMIT, rpm(0)))
    assert account.wait(account.free) == 60


class TestSilent:
    def test_where_exactly_one_rpm_is_known_that_minute_is_spent(self) -> None:
        clock = FakeClock()
        ledger = Ledger(clock)
        entry = entry_of(provider(), "m", limit("rpm", 20))
        ledger.configure([entry])
        one = take(ledger, entry)
        judge.refuse(ledger, one, refusal(Meaning.SILENT))
        verdict = refused(ledger, entry)
        assert (verdict.reason, verdict.until) == ("rpm", clock.now() + 60)

    def test_learned_from_a_header_it_is_known_too(self) -> None:
        account = Account()
        account.ledger.head(take(account.ledger, account.free), [rpm(9, 30.0, 20)])
        account.refuse(account.free, refusal(Meaning.SILENT))
        assert refused(account.ledger, account.free).reason == "rpm"

    @pytest.mark.parametrize("words", [(), ("rpd",)])
    def test_else_the_ladder(self, words: tuple[str, ...]) -> None:
        ledger = Ledger(FakeClock(), random=Random(1))
        entry = entry_of(provider(), "m", *(limit(word, 20) for word in words))
        ledger.configure([entry])
        judge.refuse(ledger, take(ledger, entry), refusal(Meaning.SILENT))
        assert refused(ledger, entry).reason == "cooldown"

    def test_two_of_them_known_tell_nothing(self) -> None:
        ledger = Ledger(FakeClock(), random=Random(1))
        entry = entry_of(provider(), "m", limit("rpm", 20), limit("rpm", 20, scope="account"))
        ledger.configure([entry])
        judge.refuse(ledger, take(ledger, entry), refusal(Meaning.SILENT))
        assert refused(ledger, entry).reason == "cooldown"


class TestConcurrent:
    def test_one_less_than_were_in_flight_for_10_min(self) -> None:
        account = Account()
        burst = [take(account.ledger, account.free) for _ in range(4)]
        judge.refuse(account.ledger, burst[3], refusal(Meaning.CONCURRENT))
        account.ledger.settle(burst[3])
        assert refused(account.ledger, account.free).reason == "concurrent"
        account.ledger.settle(burst[0])
        assert len(take_all(account.ledger, account.free)) == 1
        account.clock.advance(600)
        assert len(take_all(account.ledger, account.free)) == 1000

    def test_at_least_1(self) -> None:
        account = Account()
        account.refuse(account.free, refusal(Meaning.CONCURRENT))
        assert len(take_all(account.ledger, account.free)) == 1

    def test_a_burst_of_refusals_ends_at_what_was_let_in(self) -> None:
        account = Account()
        burst = [take(account.ledger, account.free) for _ in range(10)]
        for one in burst[4:]:
            judge.refuse(account.ledger, one, refusal(Meaning.CONCURRENT))
            account.ledger.settle(one)
        for one in burst[:4]:
            account.ledger.settle(one)
        assert len(take_all(account.ledger, account.free)) == 4

    def test_of_the_whole_account_where_it_says_so(self) -> None:
        account = Account()
        one, two = take(account.ledger, account.free), take(account.ledger, account.paid)
        judge.refuse(account.ledger, two, refusal(Meaning.CONCURRENT, scope="account"))
        account.ledger.settle(two)
        assert account.out() == {"free", "other", "paid"}
        account.ledger.settle(one)
        assert account.out() == set()


class TestRemembered:
    @pytest.mark.parametrize(
        "capability,need", [("tools", Need(tools=True)), ("vision", Need(vision=True))]
    )
    def test_no_tools_and_no_vision_for_a_week_no_penalty(
        self, capability: str, need: Need
    ) -> None:
        account = Account()
        lacks = Refusal(meaning=Meaning.INCAPABLE, status=404, capability=capability)  # pyright: ignore[reportArgumentType]
        account.refuse(account.free, lacks, need)
        assert refused(account.ledger, account.free, need).reason == f"no-{capability}"
        assert account.out() == set()
        account.clock.advance(WEEK)
        take(account.ledger, account.free, need)

    def test_the_largest_answer_it_takes(self) -> None:
        account = Account()
        large = Need(cap=9000)
        account.refuse(
            account.free, Refusal(meaning=Meaning.CAP_TOO_LARGE, status=400, number=4096), large
        )
        assert take(account.ledger, account.free, large).cap == 4096
        account.clock.advance(WEEK)
        assert take(account.ledger, account.free, large).cap == 9000

    def test_refused_parameters_bounded(self) -> None:
        account = Account()
        names = tuple(f"field{number}" for number in range(500))
        account.refuse(
            account.free, Refusal(meaning=Meaning.PARAMETERS, status=400, parameters=names)
        )
        known = account.ledger.register.view(account.free).facts.refused
        assert len(known) == 64
        assert known["field499"] == account.clock.now() + WEEK

    @pytest.mark.parametrize("number,fits,too_long", [(None, 3996, 4000), (1200, 1600, 4000)])
    def test_a_ceiling_for_requests_as_large(
        self, number: int | None, fits: int, too_long: int
    ) -> None:
        account = Account()
        refused_one = Refusal(meaning=Meaning.TOO_LONG, status=413, number=number)
        account.refuse(account.free, refused_one, Need(prompt_bytes=4000, cap=500))
        verdict = refused(account.ledger, account.free, Need(prompt_bytes=too_long, cap=500))
        assert (verdict.reason, verdict.until) == ("too-long", None)
        take(account.ledger, account.free, Need(prompt_bytes=fits, cap=500))
        account.clock.advance(WEEK)
        take(account.ledger, account.free, Need(prompt_bytes=4000, cap=500))

    def test_too_large_for_the_tokens_of_a_minute_is_no_exhaustion(self) -> None:
        account = Account()
        too_large = Refusal(
            meaning=Meaning.TOO_LONG, status=413, number=6000, readings=(tpm(limit=6000),)
        )
        account.refuse(account.free, too_large, Need(prompt_bytes=40_000))
        assert refused(account.ledger, account.free, Need(prompt_bytes=40_000)).until is None
        (gauge,) = account.ledger.status(account.free).gauges
        assert (gauge.limit, gauge.remaining, gauge.source) == (6000, 6000, "refusal")


class TestAForeignCount:
    """What a refusal says of tokens, where the answer's cap counts (Groq: "Requested 1050")."""

    def refuse(
        self, requested: int | None, need: Need, *readings: Reading, counts_cap: bool = True
    ) -> float:
        """The bytes of a token as they are believed after the refusal."""
        entry = entry_of(provider(counts_cap=counts_cap))
        ledger = Ledger(FakeClock())
        ledger.configure([entry])
        one = take(ledger, entry, need)
        told = Refusal(
            meaning=Meaning.LIMIT, status=429, readings=readings, wait=2.0, requested=requested
        )
        judge.refuse(ledger, one, told)
        ledger.settle(one)
        return ledger.register.view(entry).facts.divisor

    def test_teaches_at_once_that_the_estimate_was_short(self) -> None:
        need = Need(prompt_bytes=1600, cap=100)
        assert self.refuse(100 + 402, need, tpm(10, limit=500)) == 1600 / 402

    def test_teaches_slowly_that_it_was_too_large(self) -> None:
        need = Need(prompt_bytes=1600, cap=100)
        assert self.refuse(100 + 320, need, tpm(10, limit=400)) == 4 + 0.2 * (5 - 4)

    @pytest.mark.parametrize(
        "requested,need,reading,counts_cap",
        [
            (None, Need(prompt_bytes=1600, cap=100), tpm(10, limit=500), True),
            (502, Need(prompt_bytes=1600, cap=100), tpm(10, limit=500), False),
            (502, Need(prompt_bytes=1600), tpm(10, limit=500), True),
            (2002, Need(prompt_bytes=1600, cap=100, images=1), tpm(10, limit=500), True),
            (502, Need(prompt_bytes=1600, cap=100), rpm(0, limit=5), True),
            (90, Need(prompt_bytes=1600, cap=100), tpm(10, limit=500), True),
        ],
    )
    def test_says_nothing_where_it_is_not_known_what_was_counted(
        self, requested: int | None, need: Need, reading: Reading, counts_cap: bool
    ) -> None:
        assert self.refuse(requested, need, reading, counts_cap=counts_cap) == 4.0


class TestASizeThatOnlyARefusalNamed:
    def stage(self, *words: tuple[str, int]) -> tuple[FakeClock, Ledger, Entry]:
        clock = FakeClock()
        ledger = Ledger(clock)
        entry = entry_of(provider(), "m", *(limit(word, size) for word, size in words))
        ledger.configure([entry])
        one = take(ledger, entry)
        judge.refuse(ledger, one, refusal(Meaning.LIMIT, rpm(0, 5.0, 20)))
        ledger.settle(one)
        return clock, ledger, entry

    def test_is_believed_for_a_day_nothing_would_show_that_it_has_grown(self) -> None:
        clock, ledger, entry = self.stage(("rpm", 30))
        clock.advance(DAY - 1)
        assert len(take_all(ledger, entry)) == 20
        clock.advance(60)
        assert len(take_all(ledger, entry)) == 30

    def test_until_a_header_says_otherwise_and_that_is_believed_for_ever(self) -> None:
        clock, ledger, entry = self.stage(("rpm", 30))
        clock.advance(6)
        one = take(ledger, entry)
        ledger.head(one, [rpm(24, None, 25)])
        clock.advance(90 * DAY)
        assert len(take_all(ledger, entry)) == 25

    def test_of_a_month_for_the_month(self) -> None:
        clock = FakeClock("2026-11-04T12:00:00")
        ledger = Ledger(clock)
        entry = entry_of(provider())
        ledger.configure([entry])
        one = take(ledger, entry)
        month = Reading("model", "requests", "month", limit=1000, remaining=0)
        judge.refuse(ledger, one, refusal(Meaning.LIMIT, month))
        ledger.settle(one)
        clock.advance(20 * DAY)
        assert refused(ledger, entry).reason == "rpmo"


class TestCircuit:
    @pytest.mark.parametrize("kind", ["timeout", "broken"])
    def test_opens_at_once_for_timeouts_and_broken_streams_for_the_entry(
        self, kind: judge.FailureKind
    ) -> None:
        account = Account()
        account.fail(account.free, kind)
        assert account.out() == {"free"}
        assert (refused(account.ledger, account.free).reason, account.wait(account.free)) == (
            "down",
            5,
        )

    def test_opens_at_once_for_connect_errors_for_the_whole_host(self) -> None:
        account = Account()
        account.fail(account.free, "unreachable")
        assert account.out() == {"free", "other", "paid", "stranger"}

    def test_at_the_second_failure_in_a_row_for_the_rest(self) -> None:
        account = Account()
        account.fail(account.free, "status")
        assert account.out() == set()
        account.ledger.succeed(take(account.ledger, account.free))
        account.fail(account.free, "status")
        assert account.out() == set()
        account.fail(account.free, "status")
        assert account.out() == {"free"}

    def test_failures_of_what_was_under_way_neither_double_nor_lengthen_it(self) -> None:
        account = Account()
        burst = [take(account.ledger, account.free) for _ in range(20)]
        for one in burst:
            judge.fail(account.ledger, one, "timeout")
            account.clock.advance(0.1)
        assert account.wait(account.free) == 3

    def test_doubled_only_by_a_failed_probe_to_5_min_at_most_30_s_for_a_host(self) -> None:
        kinds: tuple[tuple[judge.FailureKind, float], ...] = (("timeout", 300), ("unreachable", 30))
        for kind, most in kinds:
            account, waits = Account(), list[float]()
            for _ in range(9):
                account.fail(account.free, kind)
                waits.append(account.wait(account.free))
                account.clock.advance(waits[-1])
            assert waits == [min(5 * 2**step, most) for step in range(9)]

    def test_tried_anyway_it_neither_doubles_nor_is_it_one_at_a_time(self) -> None:
        """Out only because its circuit is open: a request that has no other hope may try it."""
        account = Account()
        account.fail(account.free, "timeout")
        tried = [account.ledger.reserve(account.free, Need(), hopeful=True) for _ in range(3)]
        for one in tried:
            assert isinstance(one, Reservation)
            judge.fail(account.ledger, one, "timeout")
            account.ledger.settle(one)
        assert account.wait(account.free) == 5

    def test_a_success_of_a_request_sent_after_it_opened_closes_it(self) -> None:
        account = Account()
        early = take(account.ledger, account.free)
        account.fail(account.free, "timeout")
        account.ledger.succeed(early)
        assert account.out() == {"free"}
        hoping = account.ledger.reserve(account.free, Need(), hopeful=True)
        assert isinstance(hoping, Reservation)
        account.ledger.succeed(hoping)
        assert account.out() == set()

    def test_whatever_a_host_answers_it_can_be_reached(self) -> None:
        account = Account()
        account.fail(account.free, "unreachable")
        account.clock.advance(5)
        probe = take(account.ledger, account.free)
        assert account.out() == {"free", "other", "paid", "stranger"}
        account.ledger.head(probe)
        assert account.out() == set()

    def test_no_hope_where_more_than_the_circuit_stands_in_the_way(self) -> None:
        account = Account()
        one, two = take(account.ledger, account.free), take(account.ledger, account.free)
        judge.fail(account.ledger, one, "timeout")
        judge.refuse(account.ledger, two, refusal(Meaning.WAIT, wait=99.0))
        got = account.ledger.reserve(account.free, Need(), hopeful=True)
        assert isinstance(got, Verdict)
        assert (got.reason, got.circuit) == ("cooldown", False)

    def test_overload_is_5_s_doubling_and_leaves_gauges_alone(self) -> None:
        account, waits = Account(), list[float]()
        for _ in range(8):
            account.refuse(account.free, refusal(Meaning.OVERLOADED))
            waits.append(account.wait(account.free))
            account.clock.advance(waits[-1])
        assert waits == [5, 10, 20, 40, 80, 160, 300, 300]
        assert account.ledger.status(account.free).gauges == ()

"""The accounts of made-up runs: nothing runs, only its records are there."""

from __future__ import annotations

from collections.abc import Mapping
from math import isclose

import pytest

from app.demo.asked import Asked
from app.demo.provider import SimulatedProvider
from app.demo.quota import Refused
from tests.harvest.accounts import Accounts, Outage, settle_accounts
from tests.harvest.farm import CHAIN, SITES
from tests.harvest.load import Outcome
from tests.harvest.perfect import SetClock
from tests.harvest.traffic import Planned

TO_WALL = 1_795_348_800.0
ORDER = [site for site, _ in CHAIN]


class Records:
    """Writes what providers would have noted, by asking quotas of their own."""

    def __init__(self) -> None:
        self.clock = SetClock(TO_WALL)
        self.farm: Mapping[str, SimulatedProvider] = {
            site.id: site.provider(self.clock, 0) for site in SITES.values()
        }
        self.outcomes: list[Outcome] = []

    def ask(self, at: float, site: str, number: int, *, busy: bool = False) -> int:
        """Send a small plain request; its status."""
        self.clock.at = at
        provider, planned = self.farm[site], _planned(number)
        model = next(model for id, model in CHAIN if id == site)
        asked = Asked(at, model, {}, planned.body, told=at, ended=at + 0.5)
        provider.asked.append(asked)
        if busy:
            asked.status = 429
            return 429
        admitted = provider.quota.admit(
            model, planned.cost(counts_cap=site in ("cerebras", "groq"))
        )
        if isinstance(admitted, Refused):
            asked.refused, asked.status = admitted, 429
        else:
            admitted.settle(planned.prompt + planned.answer)
            asked.status = 200
        return asked.status

    def client(
        self, number: int, ended: float, status: int, retry_after: float | None = None
    ) -> None:
        self.outcomes.append(
            Outcome(
                planned=_planned(number),
                status=status,
                complete=status == 200,
                sent=0.0,
                ended=ended,
                retry_after=retry_after,
            )
        )

    def settle(self, outage: Outage | None = None) -> Accounts:
        return settle_accounts(self.farm, self.outcomes, TO_WALL, outage)


def _planned(number: int) -> Planned:
    return Planned(number, 0.0, 200, 20, None, stream=False)


def test_answers_and_calls_are_counted():
    records = Records()
    assert [records.ask(float(n), "mistral", n) for n in range(3)] == [200] * 3
    accounts = records.settle()

    assert (accounts.calls, accounts.paid) == (3, 3)
    assert accounts.by_entry == {"mistral/mistral-medium-latest": 3}
    assert (accounts.refusals, accounts.replay_differs) == ([], 0)


def test_a_stated_minute_makes_the_second_refusal_waste():
    records = Records()
    for n in range(5):
        records.ask(1.0 + n / 100, "gemini", n)
    assert records.ask(2.0, "gemini", 5) == records.ask(30.0, "gemini", 6) == 429
    accounts = records.settle()

    assert [one.foreseen for one in accounts.refusals] == ["first", "waste"]
    assert accounts.refusals[0].limits == ("rpm",)
    assert accounts.replay_differs == 0


def test_the_configured_rpm_is_known_without_a_word():
    records = Records()
    for n in range(40):
        records.ask(1.0 + n / 100, "nvidia", n)
    records.ask(5.0, "nvidia", 40)

    assert [one.foreseen for one in records.settle().refusals] == ["waste"]


def test_a_busy_provider_asked_again_within_five_seconds_is_a_repeat():
    records = Records()
    for at in (1.0, 3.0, 9.0):
        records.ask(at, "cerebras", int(at), busy=True)
    accounts = records.settle()

    assert [one.foreseen for one in accounts.refusals] == ["first", "repeat", "first"]
    assert accounts.paid == 0


def test_a_failure_beside_unused_quota_is_avoidable():
    records = Records()
    records.ask(1.0, "gemini", 0)
    records.client(7, ended=2.0, status=429, retry_after=1.0)
    ((outcome, unused),) = records.settle().avoidable

    assert outcome.planned.number == 7
    assert set(unused) == {f"{site}/{model}" for site, model in CHAIN}


def test_an_entry_that_is_being_used_does_not_lie_unused():
    records = Records()
    for number, (site, _) in enumerate(CHAIN):
        records.ask(1.8, site, number)
    records.client(77, ended=2.0, status=429, retry_after=1.0)
    ((_, unused),) = records.settle().avoidable

    # `ask` takes a site's first model.
    assert set(unused) == {"groq/llama-3.1-8b-instant", "openrouter/qwen/qwen3-coder:free"}


def exhausted() -> Records:
    """Nothing is left anywhere at 2.0; the next to come back is groq's 70b at 6.0."""
    records = Records()
    number = 0
    for site, model in CHAIN:
        provider = records.farm[site]
        while True:
            records.clock.at = 1.0
            planned = _planned(number)
            ticket = provider.quota.admit(
                model, planned.cost(counts_cap=site in ("cerebras", "groq"))
            )
            if isinstance(ticket, Refused):
                break
            ticket.settle(planned.prompt + planned.answer)
            asked = Asked(1.0, model, {}, planned.body, status=200, told=1.0, ended=0.0)
            provider.asked.append(asked)
            number += 1
    return records


@pytest.mark.parametrize(
    "retry_after, true", [(1.0, True), (2.0, True), (4.0, False), (None, False)]
)
def test_a_retry_after_is_compared_with_the_farm(retry_after: float | None, true: bool):
    records = exhausted()
    # The place at the machine of one's own may be free at any moment: a second is what is said.
    records.client(9999, ended=2.0, status=429, retry_after=retry_after)
    accounts = records.settle()

    assert accounts.avoidable == []
    assert (accounts.untrue == []) is true


def test_a_failover_is_timed_from_one_arrival_to_the_next_further_down():
    records = Records()
    records.ask(1.0, "cerebras", 1, busy=True)
    records.ask(1.004, "mistral", 1)
    records.client(1, ended=1.5, status=200)
    # Back up the chain is a new pass, not a failover.
    records.ask(5.0, "mistral", 2, busy=True)
    records.ask(9.0, "cerebras", 2)
    records.client(2, ended=9.5, status=200)

    (lost,) = records.settle().failovers
    assert isclose(lost, 0.004)


def test_a_wait_for_who_had_no_room_is_not_a_failover():
    records = Records()
    for n in range(5):
        records.ask(1.0 + n / 100, "gemini", n)
    records.ask(2.0, "cerebras", 5, busy=True)
    records.ask(61.0, "gemini", 5)
    records.client(5, ended=61.5, status=200)

    accounts = records.settle()
    assert (accounts.failovers, accounts.replay_differs) == ([], 0)


def test_what_was_under_way_when_it_was_killed_is_cut_off():
    records = Records()
    records.ask(1.0, "mistral", 1)
    records.ask(5.0, "mistral", 2)
    records.ask(9.0, "mistral", 3)
    accounts = records.settle(Outage(killed=5.2, back=7.0))

    assert (accounts.paid, accounts.cut) == (3, 1)


@pytest.mark.parametrize("ended, avoidable", [(7.3, 0), (7.6, 1)])
def test_just_after_a_restart_nothing_lies_unused(ended: float, avoidable: int):
    records = Records()
    records.ask(1.0, "mistral", 1)
    records.client(7, ended=ended, status=429, retry_after=1.0)

    assert len(records.settle(Outage(killed=5.2, back=7.0)).avoidable) == avoidable

"""What the ledger saves and what it makes of it after a restart."""

from __future__ import annotations

import json
from random import Random
from time import process_time
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.limits import judge
from proxy.limits.demand import Need
from proxy.limits.ledger import Ledger
from proxy.limits.readings import Meaning, Refusal
from proxy.limits.subjects import Subject
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
)
from tests.proxy.limits.clock import FakeClock


class Life:
    """A ledger that is stopped, killed and started again; its saved rows outlive it."""

    def __init__(self, *entries: Entry, start: str = "2026-11-04T12:00:00") -> None:
        self.clock = FakeClock(start)
        self.entries = entries
        self.rows: dict[str, bytes] = {}
        self.ledger = self._begin()

    def _begin(self) -> Ledger:
        ledger = Ledger(self.clock, random=Random(1))
        ledger.configure(self.entries)
        return ledger

    def save(self) -> None:
        for key, blob in self.ledger.changes().items():
            if blob is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = blob

    def restart(self, downtime: float = 0.0, *, restored_first: bool = False) -> None:
        self.save()
        self.clock.reboot(downtime)
        if restored_first:
            self.ledger = Ledger(self.clock, random=Random(1))
            self.ledger.restore(self.rows)
            self.ledger.configure(self.entries)
        else:
            self.ledger = self._begin()
            self.ledger.restore(self.rows)


@pytest.mark.parametrize("kind", ["rolling", "clock", "bucket"])
@pytest.mark.parametrize("restored_first", [False, True])
def test_19_of_20_used_leaves_1_after_a_restart(kind: Kind, restored_first: bool) -> None:
    entry = entry_of(provider(), "m", limit("rph", 20, kind=kind))
    life = Life(entry)
    for _ in range(19):
        life.ledger.settle(take(life.ledger, entry))
    life.restart(restored_first=restored_first)
    assert len(take_all(life.ledger, entry)) == 1


@pytest.mark.parametrize("kind", ["rolling", "clock", "bucket"])
def test_open_reservations_count_as_used_after_a_crash(kind: Kind) -> None:
    entry = entry_of(provider(), "m", limit("rph", 20, kind=kind), limit("concurrent", 19))
    life = Life(entry)
    take_all(life.ledger, entry)
    life.restart()
    assert len(take_all(life.ledger, entry)) == 1, "and none of them is in flight any more"


def test_time_that_passed_while_we_were_off_counts() -> None:
    entry = entry_of(provider(), "m", limit("rpm", 2))
    life = Life(entry)
    take_all(life.ledger, entry)
    life.restart(59)
    assert refused(life.ledger, entry).until == life.clock.now() + 1
    life.clock.advance(1)
    assert len(take_all(life.ledger, entry)) == 2


def test_an_exhaustion_survives_a_restart_to_the_second() -> None:
    entry = entry_of(provider())
    life = Life(entry)
    one = take(life.ledger, entry)
    judge.refuse(life.ledger, one, refusal(Meaning.LIMIT, rpm(0, 7200.0, 50, window="day")))
    life.ledger.settle(one)
    life.restart(1200)
    verdict = refused(life.ledger, entry)
    assert (verdict.reason, verdict.until) == ("rpd", life.clock.now() + 6000)


@pytest.mark.parametrize(
    "meaning,reason",
    [
        (Meaning.BAD_KEY, "bad-key"),
        (Meaning.CREDIT, "no-credit"),
        (Meaning.NO_MODEL, "no-model"),
        (Meaning.NO_ALLOWANCE, "no-allowance"),
        (Meaning.SILENT, "cooldown"),
        (Meaning.WAIT, "cooldown"),
    ],
)
def test_blocks_survive_with_their_step_and_their_probe(meaning: Meaning, reason: str) -> None:
    entry = entry_of(provider())
    life = Life(entry)
    judge.refuse(life.ledger, one := take(life.ledger, entry), refusal(meaning, wait=None))
    life.ledger.settle(one)
    before = refused(life.ledger, entry).until
    assert before is not None
    left = before - life.clock.now()
    life.restart(left / 2)
    after = refused(life.ledger, entry)
    assert after.until is not None
    assert after.reason == reason
    assert abs(after.until - life.clock.now() - left / 2) < 1e-3
    life.clock.advance_to(after.until)
    take(life.ledger, entry)
    assert (life.ledger.verdict(entry, Need()) is None) is (meaning is Meaning.WAIT)


def test_what_it_could_not_take_survives() -> None:
    entry = entry_of(provider())
    life = Life(entry)
    one = take(life.ledger, entry, Need(prompt_bytes=40_000))
    for learned in (
        Refusal(meaning=Meaning.PARAMETERS, status=400, parameters=("logprobs",)),
        Refusal(meaning=Meaning.CAP_TOO_LARGE, status=400, number=4096),
        Refusal(meaning=Meaning.INCAPABLE, status=404, capability="tools"),
        Refusal(meaning=Meaning.TOO_LONG, status=413, number=8000),
    ):
        judge.refuse(life.ledger, one, learned)
    life.ledger.settle(one, 100, 10)
    life.restart(86400)
    assert refused(life.ledger, entry, Need(tools=True)).reason == "no-tools"
    assert refused(life.ledger, entry, Need(prompt_bytes=40_000)).reason == "too-long"
    survivor = take(life.ledger, entry, Need(cap=5000))
    assert survivor.cap == 4096
    assert "logprobs" in survivor.view.facts.refused
    life.ledger.settle(survivor)
    life.restart(7 * 86400)
    assert take(life.ledger, entry, Need(tools=True, prompt_bytes=40_000, cap=5000)).cap == 5000


def test_the_learned_divisor_survives() -> None:
    entry = entry_of(provider())
    life = Life(entry)
    life.ledger.settle(take(life.ledger, entry, Need(prompt_bytes=6000)), 1000, 1)
    before = take(life.ledger, entry, Need(prompt_bytes=6000)).tokens
    life.restart()
    assert take(life.ledger, entry, Need(prompt_bytes=6000)).tokens == before < 2000


def test_what_has_expired_is_dropped_and_its_row_deleted() -> None:
    entry = entry_of(provider(), "m", limit("rpm", 5))
    life = Life(entry)
    judge.refuse(life.ledger, one := take(life.ledger, entry), refusal(Meaning.SILENT))
    life.ledger.settle(one)
    life.save()
    assert life.rows
    life.restart(3600)
    assert life.ledger.verdict(entry, Need()) is None
    life.save()
    assert not life.rows


def test_a_subject_with_nothing_to_tell_has_no_row() -> None:
    entry = entry_of(provider())
    life = Life(entry)
    life.ledger.settle(take(life.ledger, entry))
    life.save()
    assert not life.rows


def test_only_what_changed_is_saved() -> None:
    entries = [entry_of(provider(account=f"a{n}"), "m", limit("rpm", 9)) for n in range(5)]
    life = Life(*entries)
    take(life.ledger, entries[2])
    assert {key for key, blob in life.ledger.changes().items() if blob} == {"a2|model|m"}
    assert life.ledger.changes() == {}


def test_a_refusal_is_to_be_saved_at_once() -> None:
    told: list[tuple[str, bool]] = []

    def note(subject: Subject, urgent: bool) -> None:
        told.append((subject.scope, urgent))

    ledger = Ledger(FakeClock(), on_change=note)
    entry = entry_of(provider())
    judge.refuse(ledger, take(ledger, entry), refusal(Meaning.LIMIT, rpm(0, 9.0)))
    assert ("model", True) in told


@pytest.mark.parametrize("set_back", [3600.0, 400 * 86400.0])
def test_a_wall_clock_set_back_meanwhile_blocks_no_longer_than_it_was_to(set_back: float) -> None:
    entry = entry_of(provider(), "m", limit("rpm", 2))
    life = Life(entry)
    take_all(life.ledger, entry)
    life.restart(-set_back)
    assert refused(life.ledger, entry).until == life.clock.now() + 60


def test_secrets_and_origins_are_not_saved() -> None:
    entry = entry_of(provider(key="sk-very-secret"))
    life = Life(entry)
    judge.fail(life.ledger, one := take(life.ledger, entry), "unreachable")
    life.ledger.settle(one)
    life.save()
    assert not any("origin" in key for key in life.rows)
    assert b"sk-very-secret" not in b"".join(life.rows.values())


def _rows() -> dict[str, bytes]:
    entry = entry_of(provider(), "m", limit("rpm", 5), limit("tpm", 9000, kind="bucket"))
    life = Life(entry)
    one, two = take(life.ledger, entry), take(life.ledger, entry)
    life.ledger.head(one, [rpm(2, 30.0, 6), rpm(7, 300.0, window="day")])
    judge.refuse(life.ledger, two, refusal(Meaning.SILENT, scope="account"))
    judge.refuse(life.ledger, two, refusal(Meaning.TOO_LONG))
    life.save()
    return life.rows


ROWS = _rows()


_SPOILT: tuple[Any, ...] = (None, "", "x", -1, 10**30, 0.5, True, (), {})
_JUNK = st.sampled_from(_SPOILT)


def _spoil(state: Any, data: st.DataObject) -> Any:
    """The same state with one value somewhere in it replaced."""
    keys: list[Any] = []
    if isinstance(state, dict):
        keys = sorted(cast("dict[str, Any]", state))
    elif isinstance(state, list):
        keys = list(range(len(cast("list[Any]", state))))
    if not keys or data.draw(st.integers(0, 4)) == 0:
        return data.draw(_JUNK)
    key = data.draw(st.sampled_from(keys))
    container = cast("dict[Any, Any]", state)
    container[key] = _spoil(container[key], data)
    return container


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_damaged_row_is_dropped_never_an_error(data: st.DataObject) -> None:
    rows: dict[str, bytes] = {}
    for key, blob in ROWS.items():
        if data.draw(st.booleans()):
            rows[key] = json.dumps(_spoil(json.loads(blob), data)).encode()
        else:
            cut = data.draw(st.integers(0, len(blob)))
            rows[key] = blob[:cut] + data.draw(st.binary(max_size=4))
    entry = entry_of(provider(), "m", limit("rpm", 5), limit("tpm", 9000, kind="bucket"))
    ledger = Ledger(FakeClock())
    ledger.restore(rows)
    ledger.configure([entry])
    ledger.status(entry)
    ledger.reserve(entry, Need())
    ledger.changes()


def test_saving_fifty_subjects_is_cheap() -> None:
    """Under 1 ms on an idle machine, four times a second; only a slip into seconds fails here."""
    entries = [
        entry_of(provider(account=f"a{n}"), "m", limit("rpm", 30), limit("rpd", 1000))
        for n in range(50)
    ]
    life = Life(*entries)
    for entry in entries:
        take_all(life.ledger, entry)
    began = process_time()
    assert len(life.ledger.changes()) >= 50
    assert process_time() - began < 0.1


def test_a_learned_limit_of_parallel_requests_survives_and_nothing_is_in_flight() -> None:
    entry = entry_of(provider())
    life = Life(entry)
    flying = take_all(life.ledger, entry, most=4)
    judge.refuse(life.ledger, flying[-1], refusal(Meaning.CONCURRENT))
    life.restart(60.0)
    assert len(take_all(life.ledger, entry)) == 3
    life.restart(600.0)
    assert len(take_all(life.ledger, entry, most=10)) == 10


def test_a_size_named_by_a_refusal_is_believed_for_its_day_over_a_restart() -> None:
    entry = entry_of(provider(), "m", limit("rpm", 30))
    life = Life(entry)
    one = take(life.ledger, entry)
    judge.refuse(life.ledger, one, refusal(Meaning.LIMIT, rpm(0, 5.0, 20)))
    life.ledger.settle(one)
    life.restart(3600.0)
    assert len(take_all(life.ledger, entry)) == 20
    life.restart(86400.0)
    assert len(take_all(life.ledger, entry)) == 30

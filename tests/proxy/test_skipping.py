"""Passing a chain's first entries over as one tells what judging each of them anew would tell."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.limits import judge
from proxy.limits.demand import Need, demand_of
from proxy.limits.ledger import Ledger
from proxy.limits.readings import Meaning
from proxy.limits.reservations import Reservation
from proxy.limits.status import Verdict
from proxy.limits.verdicts import judge_now
from proxy.model import Chain, Entry
from proxy.skipping import Skipping
from proxy.text import trail_header
from proxy.trail import Head, Step, Trail
from tests.proxy.limits.accounts import entry_of, limit, provider, refusal, take_all
from tests.proxy.limits.clock import FakeClock

OWN, SHARED = provider(account="own"), provider(account="shared")
ENTRIES = (
    entry_of(OWN, "a", limit("rpm", 1)),
    entry_of(OWN, "b", limit("tpm", 3000)),
    entry_of(OWN, "c", limit("tpm", 3000, kind="bucket"), limit("rpd", 5)),
    entry_of(OWN, "d", limit("rpm", 1, kind="bucket")),
    entry_of(SHARED, "e", limit("tpm", 3000, scope="account", kind="clock")),
    entry_of(SHARED, "f", limit("tpm", 3000, scope="account", kind="clock"), limit("rpm", 2)),
    entry_of(SHARED, "g", enabled=False),
)
CHAIN = Chain(name="free", entries=ENTRIES)

needs = st.builds(
    Need,
    prompt_bytes=st.sampled_from([10, 800, 4000, 20_000]),
    cap=st.sampled_from([None, 200, 2000]),
    answers=st.sampled_from([1, 2]),
    tools=st.booleans(),
)
acts = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from(ENTRIES[3:]), needs),
    st.tuples(st.just("ask"), st.sampled_from(ENTRIES[5:]), needs),
    st.tuples(st.just("refuse"), st.sampled_from(ENTRIES[2:]), needs),
    st.tuples(st.just("clear"), st.sampled_from(ENTRIES), needs),
    st.tuples(st.just("settle"), st.sampled_from(ENTRIES), needs),
    st.tuples(st.sampled_from(["1", "7", "40", "3600"]), st.sampled_from(ENTRIES), needs),
)


def walk(ledger: Ledger, skipping: Skipping, need: Need, now: float) -> Head | None:
    """As a pass does it; the head that it passed over as one."""
    head = skipping.head(CHAIN, need, now)
    passed = 0 if head is None else len(head)
    for entry in ENTRIES[passed:]:
        got = ledger.standing(entry, need, now)
        if got is None or got.guess or got.circuit:
            break
        passed += 1
    skipping.passed(CHAIN, passed, head)
    return head


def anew(ledger: Ledger, entry: Entry, need: Need, now: float) -> Verdict | None:
    view = ledger.register.view(entry)
    return judge_now(view, need, demand_of(need, entry, view.facts, now), now)


@settings(max_examples=150)
@given(st.lists(acts, max_size=40))
def test_what_is_passed_over_as_one_is_out_for_this_request(script: list[tuple[str, Entry, Need]]):
    clock = FakeClock()
    ledger = Ledger(clock)
    ledger.configure(ENTRIES)
    skipping, under_way = Skipping(ledger), list[Reservation]()
    for what, entry, need in script:
        for one in ENTRIES[: ENTRIES.index(entry) + 1] if what in ("ask", "refuse") else ():
            got = ledger.reserve(one, need)
            if isinstance(got, Reservation):
                under_way.append(got)
                if what == "refuse":
                    judge.refuse(ledger, got, refusal(Meaning.WAIT, wait=30.0))
        if what == "clear":
            ledger.clear(entry)
        elif what == "settle" and under_way:
            ledger.settle(under_way.pop(0), 100, 50)
        elif what.isdigit():
            clock.advance(float(what))
        for one in ENTRIES:
            ledger.verdict(one, need)  # a pass that judges each
        for asked in (need, need, Need(prompt_bytes=need.prompt_bytes // 2, cap=need.cap)):
            head = walk(ledger, skipping, asked, clock.now())
            for skipped in head.entries if head else ():
                verdict = anew(ledger, skipped, asked, clock.now())
                assert verdict is not None
                assert not verdict.guess
                assert not verdict.circuit


def test_the_whole_head_is_known_until_something_of_it_changes():
    clock = FakeClock()
    ledger, skipping = Ledger(clock), None
    entries = tuple(entry_of(OWN, f"m{n}", limit("rpm", 1)) for n in range(100))
    last = entry_of(SHARED, "z")
    chain = Chain(name="long", entries=(*entries, last))
    ledger.configure(chain.entries)
    skipping = Skipping(ledger)
    for entry in entries:
        take_all(ledger, entry)
        ledger.verdict(entry, Need())
    assert skipping.head(chain, Need(), clock.now()) is None
    skipping.passed(chain, len(entries), None)
    head = skipping.head(chain, Need(), clock.now())
    assert head is not None
    assert head.entries == entries
    take_all(ledger, last, 3)
    assert skipping.head(chain, Need(), clock.now()) is head
    clock.advance(61)
    assert skipping.head(chain, Need(), clock.now()) is None


def test_a_trail_with_a_head_tells_what_one_without_it_tells():
    verdicts = [Verdict("rpm", 1.0), Verdict("disabled", None), Verdict("tpd", 9.0)]
    for count in (0, 1, 60):
        rest = [entry_of(SHARED, f"model-{n}") for n in range(count)]
        entries = (*ENTRIES[:3], *rest)
        plain, headed = Trail(), Trail()
        plain.follow(entries)
        for entry, verdict in zip(entries, verdicts, strict=False):
            plain.skipped(entry, verdict)
        headed.begin(Head(entries, verdicts))
        for trail in (plain, headed):
            if rest:
                trail.ended(Step(rest[0].name, "ok", "ok"))
        assert headed.pairs() == plain.pairs()
        assert headed.header() == plain.header() == trail_header(plain.pairs())
        assert headed.steps == plain.steps
        for trail in (plain, headed):
            trail.comes_back(entries[0], 5.0)
        assert headed.steps == plain.steps
        assert headed.pairs() == plain.pairs()

"""What a pattern cannot match without is in whatever it matches."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.limits import refusal_words
from proxy.limits.needles import needles
from proxy.limits.refusal_words import Phrase, first_rule

TABLES = [
    refusal_words.OVERLOAD,
    refusal_words.NO_ALLOWANCE,
    refusal_words.MONEY,
    refusal_words.CONCURRENCY,
    refusal_words.WORDLESS_WINDOWS,
    refusal_words.BAD_KEY,
    refusal_words.FORBIDDEN,
    refusal_words.MISSING,
    refusal_words.INCAPABLE,
    refusal_words.TOO_LONG,
    refusal_words.CONTENT_BLAME,
]
PHRASES = [phrase for table in TABLES for phrase in table]


@pytest.mark.parametrize(
    "pattern, expected",
    [
        ("overloaded", ("overloaded",)),
        ("Queue is full|busy", ("queue is full", "busy")),
        ("no instances? (?:is |are )?available", ("no instance",)),
        (r"rate[- ]limited upstream", ("limited upstream",)),
        (r"\bRPS\b|[0-9]+", ("rps", "")),
        ("ab+c|ab{2,3}c|a*", ("ab", "a", "")),
        ("(?:a|b) (?!c)", (" ",)),
    ],
)
def test_of_each_alternative_the_longest_text(pattern: str, expected: tuple[str, ...]):
    assert needles(pattern) == expected


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase.words.pattern[:40])
@given(data=st.data())
def test_whatever_the_words_match_holds_a_needle(phrase: Phrase, data: st.DataObject):
    text = data.draw(st.from_regex(phrase.words, alphabet=st.characters(codec="ascii")))
    assert any(needle in text.lower() for needle in phrase.needles)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table[0].words.pattern[:40])
@given(data=st.data())
def test_the_first_row_that_fits_wins(table: refusal_words.Phrases, data: st.DataObject):
    drawn = [data.draw(st.from_regex(data.draw(st.sampled_from(PHRASES)).words)) for _ in range(2)]
    text = " ".join(drawn)
    by_hand = next((row.rule for row in table if re.search(row.words, text)), None)
    assert first_rule(table, text) is by_hand

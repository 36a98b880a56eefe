"""docs/limits.md: its words and its sums are the program's."""

from __future__ import annotations

from typing import get_args

import pytest
from pydantic import SecretStr

from proxy.limits import demand
from proxy.limits.demand import Need, demand_of
from proxy.limits.status import State
from proxy.limits.subjects import LEAST_DIVISOR, TOKENS_OF_IMAGE, Facts
from proxy.model import (
    LIMIT_WORDS,
    Dimension,
    Entry,
    Kind,
    Provider,
    Scope,
    Source,
    Window,
    make_entry,
)
from proxy.providers.presets import load_presets
from tests.docs.tables import page, rows, section, words

_PAGE = page("limits.md")


def _entry(preset: str) -> Entry:
    return make_entry(
        Provider(
            id=preset,
            preset=load_presets()[preset],
            base_url="https://api.example.com/v1",
            origin="https://api.example.com:443",
            account="a",
            key=SecretStr("k"),
        ),
        "a-model-without-limits",
    )


def test_the_parts_of_a_limit_are_named() -> None:
    told = {row[0]: words(row[1]) for row in rows(section(_PAGE, "A limit"))}

    assert [word for word in told["scope"] if word in get_args(Scope)] == [
        "account",
        "pool",
        "model",
    ]
    assert set(get_args(Scope)) <= set(told["scope"])
    assert told["dimension"] == list(get_args(Dimension))
    assert told["window"] == [*get_args(Window), "concurrent"]
    assert set(told["source"]) == set(get_args(Source))


def test_every_word_of_a_limit_is_there() -> None:
    table = rows(section(_PAGE, "A limit"))
    told = {word for row in table if len(row) == 5 for cell in row for word in words(cell)}

    assert told == set(LIMIT_WORDS) - {"concurrent"}


def test_every_state_is_explained() -> None:
    assert [row[0].strip("`") for row in rows(section(_PAGE, "Look"))] == list(get_args(State))


def test_every_kind_of_window_is_explained() -> None:
    kinds = [row[0].strip("`") for row in rows(section(_PAGE, "Windows")) if row[0][0] == "`"]

    assert sorted(kinds) == sorted(get_args(Kind))


def test_the_parts_of_a_reservation_are_right() -> None:
    text = section(_PAGE, "What a request reserves")

    for number in (TOKENS_OF_IMAGE, demand.CAP_COUNTED, demand.CAP_UNKNOWN, demand.CAP_FLOOR):
        assert f"{number:,}" in text
    assert f"{Facts().divisor:g}; the 4 is learned" in text.replace("bytes / ", "")
    assert f"{LEAST_DIVISOR:g} to 6" in section(_PAGE, "Whose word counts")
    counting = [preset.title for preset in load_presets().values() if preset.counts_cap]
    assert f"counts it: {', '.join(counting)} |" in text


@pytest.mark.parametrize("cap", [None, 800, 8000])
def test_the_example_of_a_reservation_is_right(cap: int | None) -> None:
    told = {row[0]: row[1:] for row in rows(section(_PAGE, "What a request reserves"))}
    at_groq, elsewhere = told["none" if cap is None else f"{cap:,}"]

    need = Need(prompt_bytes=8000, cap=cap)
    groq = demand_of(need, _entry("groq"), Facts(), 0.0)
    other = demand_of(need, _entry("openrouter"), Facts(), 0.0)

    assert at_groq == " to ".join(f"{n:,}" for n in sorted({groq.least, groq.most}))
    assert elsewhere == f"{other.least:,}" == f"{other.most:,}"

"""Dollars saved: list prices of the paid models, never guessed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.savings import Savings
from proxy.events import RequestFinished
from proxy.providers.presets import load_presets
from store.settings_load import load_table
from tests.store.made import request


def savings(reference: str = "") -> Savings:
    table: dict[str, Any] = {
        "server": {"api_keys": ["sk-x-0123456789"]},
        "providers": {
            "openrouter": {"api_key": "k"},
            "groq": {"api_key": "k"},
            "mine": {"preset": "groq", "api_key": "k2"},
            "nvidia": {"api_key": "k"},
            "lab": {"preset": "openai-compatible", "base_url": "http://127.0.0.1:1/v1"},
        },
    }
    loaded = load_table(table, name="test", presets=load_presets(), environ={})
    made = Savings()
    made.configure(loaded.configuration, reference)
    asyncio.run(made.run())
    return made


def served(entry: str) -> RequestFinished:
    return request(entry=entry, tokens_in=1_000_000, tokens_out=1_000_000)


@pytest.fixture(scope="module")
def plain() -> Savings:
    return savings()


@pytest.mark.parametrize(
    "entry, same_as",
    [
        ("groq/llama-3.3-70b-versatile", "mine/llama-3.3-70b-versatile"),
        ("openrouter/meta-llama/llama-3.3-70b-instruct:free", None),
        ("groq/openai/gpt-oss-120b", None),
    ],
)
def test_a_known_model_has_its_list_price(plain: Savings, entry: str, same_as: str | None) -> None:
    price = plain.price(served(entry))

    assert price is not None
    assert 0.01 < price < 50
    if same_as:
        assert plain.price(served(same_as)) == price
    half = served(entry)._replace(tokens_in=500_000, tokens_out=500_000)
    assert round(plain.price(half) or 0.0, 9) == round(price / 2, 9)


@pytest.mark.parametrize(
    "entry",
    [
        "nvidia/meta/llama-3.3-70b-instruct",
        "lab/gpt-4o-mini",
        "groq/nothing-of-the-kind",
        "openrouter/nobody/nothing:free",
        "gone/llama-3.3-70b-versatile",
        "groq/",
    ],
)
def test_an_unknown_price_stays_unknown(plain: Savings, entry: str) -> None:
    assert plain.price(served(entry)) is None
    assert plain.price(served(entry)) is None


def test_what_was_paid_for_saved_nothing(plain: Savings) -> None:
    assert plain.price(served("openrouter/openai/gpt-4o-mini")) == 0.0


def test_nobody_served_nothing_saved(plain: Savings) -> None:
    assert plain.price(request(entry=None, outcome="failed")) is None


def test_a_reference_prices_everything_else_alike() -> None:
    referred = savings("openai/gpt-4o-mini")
    price = referred.price(served("lab/whatever"))

    assert price == 0.75
    assert referred.price(served("groq/llama-3.3-70b-versatile")) == price
    assert savings("gemini/gemini-2.5-flash").price(served("lab/x")) is not None
    assert savings("nonsense").price(served("lab/x")) is None


def test_before_the_list_is_loaded_a_price_is_unknown() -> None:
    assert Savings().price(served("groq/llama-3.3-70b-versatile")) is None

"""Model lists in the shapes in which providers give them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.providers.listing import ListedModel, NoModelList, read_listing

SHAPES: dict[str, tuple[Any, ListedModel]] = {
    "openai": ({"data": [{"id": "gpt-4o", "object": "model"}]}, ListedModel("gpt-4o")),
    "groq": (
        {
            "data": [
                {
                    "id": "llama-3.3-70b-versatile",
                    "active": True,
                    "context_window": 131072,
                    "max_completion_tokens": 32768,
                }
            ]
        },
        ListedModel("llama-3.3-70b-versatile", context_window=131072, max_output=32768),
    ),
    "openrouter, free, no tools, sees images, a top provider with less": (
        {
            "data": [
                {
                    "id": "meta/llama:free",
                    "context_length": 131072,
                    "top_provider": {"context_length": 65536, "max_completion_tokens": 8192},
                    "supported_parameters": ["temperature", "max_tokens"],
                    "architecture": {"input_modalities": ["text", "image"]},
                    "pricing": {"prompt": "0", "completion": "0"},
                }
            ]
        },
        ListedModel("meta/llama:free", 65536, 8192, tools=False, vision=True, free=True),
    ),
    "openrouter, paid": (
        {
            "data": [
                {
                    "id": "openai/gpt-4o",
                    "supported_parameters": ["tools"],
                    "pricing": {"prompt": "0.0000025", "completion": "0.00001"},
                }
            ]
        },
        ListedModel("openai/gpt-4o", tools=True, free=False),
    ),
    "mistral": (
        {
            "data": [
                {
                    "id": "mistral-small-latest",
                    "max_context_length": 131072,
                    "capabilities": {"function_calling": True, "vision": False},
                }
            ]
        },
        ListedModel("mistral-small-latest", 131072, tools=True, vision=False),
    ),
    "gemini, its prefix": (
        {"object": "list", "data": [{"id": "models/gemini-3-flash", "object": "model"}]},
        ListedModel("gemini-3-flash"),
    ),
    "together, a bare array": (
        [{"id": "meta/x", "context_length": 8192, "pricing": {"input": 0.1, "output": 0.1}}],
        ListedModel("meta/x", 8192, free=False),
    ),
    "cloudflare, the name counts": (
        {"success": True, "result": [{"id": "0b1c", "name": "@cf/meta/llama-3"}]},
        ListedModel("@cf/meta/llama-3"),
    ),
    "cohere": (
        {"models": [{"name": "command-a", "context_length": 256000, "endpoints": ["chat"]}]},
        ListedModel("command-a", 256000),
    ),
    "hugging face, what its hosts can": (
        {
            "data": [
                {
                    "id": "org/model",
                    "providers": [
                        {
                            "provider": "a",
                            "status": "live",
                            "context_length": 32768,
                            "supports_tools": False,
                            "is_free": False,
                        },
                        {
                            "provider": "b",
                            "status": "live",
                            "context_length": 131072,
                            "supports_tools": True,
                            "is_free": True,
                        },
                        {"provider": "c", "status": "error", "context_length": 999999},
                    ],
                }
            ]
        },
        ListedModel("org/model", 131072, tools=True, free=True),
    ),
    "vllm": (
        {"data": [{"id": "qwen", "max_model_len": 40960}]},
        ListedModel("qwen", 40960),
    ),
    "vercel": (
        {
            "data": [
                {
                    "id": "x/y",
                    "context_window": 200000,
                    "max_tokens": 8192,
                    "tags": ["tool-use", "vision"],
                    "pricing": {"input": "0.000003", "output": "0.000015"},
                }
            ]
        },
        ListedModel("x/y", 200000, 8192, tools=True, vision=True, free=False),
    ),
    "ollama": ({"models": [{"name": "qwen3:8b", "size": 1}]}, ListedModel("qwen3:8b")),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_is_understood(shape: str) -> None:
    answer, expected = SHAPES[shape]
    assert read_listing(orjson.dumps(answer)) == (expected,)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"null", b"3", b'{"error": "no"}', b'{"data": {}}', b'"text"']
)
def test_what_is_no_list_is_told(body: bytes) -> None:
    with pytest.raises(NoModelList):
        read_listing(body)


def test_poisoned_rows_are_left_out() -> None:
    rows: list[Any] = [
        {"id": "a\x1b]0;title"},
        {"id": "two words"},
        {"id": "x" * 201},
        {"id": ""},
        {"id": 7},
        None,
        ["id"],
        {"id": "good"},
        {"id": "good", "context_window": 5},
    ]
    assert [model.id for model in read_listing(orjson.dumps({"data": rows}))] == ["good"]


def test_absurd_numbers_are_unknown() -> None:
    row = {"id": "m", "context_window": -5, "max_completion_tokens": 10**12}
    assert read_listing(orjson.dumps({"data": [row]})) == (ListedModel("m"),)


def test_a_list_is_cut_at_five_thousand() -> None:
    rows = [{"id": f"m{number}"} for number in range(6000)]
    assert len(read_listing(orjson.dumps({"data": rows}))) == 5000


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "name", "data", "models", "pricing", "providers", "top_provider", "tags"]
            ),
            inner,
            max_size=5,
        )
    ),
)


@given(_JSON)
def test_any_json_is_a_list_or_told(answer: Any) -> None:
    try:
        models = read_listing(orjson.dumps(answer))
    except NoModelList:
        return
    assert all(model.id.isprintable() and model.id for model in models)

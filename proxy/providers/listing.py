"""A provider's own list of models, whatever its shape: what can be known at no cost.

Shapes and fields are those of the vendors' pages as `presets.toml` names them; a field that a list
does not have is None, unknown, and the entry is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson

_SHAPES = ("data", "models", "result")
_MOST_MODELS = 5_000
_LONGEST_ID = 200
_MOST_TOKENS = 100_000_000


class NoModelList(Exception):
    """An answer that is no model list. The text says why, in our words, and holds no secret."""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One row. None: the list does not say."""

    id: str
    context_window: int | None = None
    max_output: int | None = None
    tools: bool | None = None
    vision: bool | None = None
    free: bool | None = None


def read_listing(body: bytes) -> tuple[ListedModel, ...]:
    """The models of a list in its own order, each once. Raises NoModelList."""
    try:
        answer: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NoModelList("its model list is no JSON") from None
    rows, id_fields = _rows(answer)
    listed: dict[str, ListedModel] = {}
    for row in rows:
        model = _model(row, id_fields)
        if model is not None and len(listed) < _MOST_MODELS:
            listed.setdefault(model.id, model)
    return tuple(listed.values())


def _rows(answer: object) -> tuple[Iterable[object], tuple[str, ...]]:
    """The rows and the fields that may hold an id; Together's list is a bare array."""
    if isinstance(answer, dict):
        table = cast("dict[str, object]", answer)
        shape = next((key for key in _SHAPES if isinstance(table.get(key), list)), "")
        if shape:
            # Cloudflare's `id` is a number of its own; what a request names is `name`.
            fields = ("name",) if shape == "result" else ("id", "name", "model")
            return cast("list[object]", table[shape]), fields
    if isinstance(answer, list):
        return cast("list[object]", answer), ("id", "name")
    raise NoModelList("its answer is no model list")


def _model(row: object, id_fields: tuple[str, ...]) -> ListedModel | None:
    if isinstance(row, str):
        return ListedModel(row) if _usable(row) else None
    if not isinstance(row, dict):
        return None
    fields = cast("dict[str, Any]", row)
    found = next((fields[name] for name in id_fields if isinstance(fields.get(name), str)), None)
    if found is None or not _usable(found):
        return None
    return ListedModel(
        # Gemini lists `models/gemini-...`; a request names it without.
        id=found.removeprefix("models/"),
        context_window=_context_window(fields),
        max_output=_max_output(fields),
        tools=_tools(fields),
        vision=_vision(fields),
        free=_free(found, fields),
    )


def _usable(id: str) -> bool:
    return 0 < len(id) <= _LONGEST_ID and id.isascii() and id.isprintable() and " " not in id


def _table(value: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = int(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 < number <= _MOST_TOKENS else None


def _first_count(fields: Mapping[str, Any], names: Iterable[str]) -> int | None:
    return next((n for name in names if (n := _count(fields.get(name))) is not None), None)


def _hosts(fields: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Hugging Face's router names, for each model, those who run it."""
    listed = fields.get("providers")
    if not isinstance(listed, list):
        return []
    rows = [_table(row) for row in cast("list[object]", listed)]
    return [row for row in rows if row.get("status", "live") == "live"]


def _context_window(fields: Mapping[str, Any]) -> int | None:
    """The smallest that is stated: OpenRouter's own may exceed its top provider's."""
    own = _first_count(
        fields,
        (
            "context_window",  # Groq, Vercel
            "context_length",  # OpenRouter, Together, SambaNova, Cohere
            "max_context_length",  # Mistral
            "max_model_len",  # vLLM
            "inputTokenLimit",  # Gemini's native list
        ),
    )
    top = _count(_table(fields.get("top_provider")).get("context_length"))
    hosts = [n for host in _hosts(fields) if (n := _count(host.get("context_length"))) is not None]
    if own is None and hosts:
        return max(hosts)
    stated = [number for number in (own, top) if number is not None]
    return min(stated) if stated else None


def _max_output(fields: Mapping[str, Any]) -> int | None:
    own = _first_count(
        fields,
        (
            "max_completion_tokens",  # Groq, SambaNova
            "max_tokens",  # Vercel
            "outputTokenLimit",  # Gemini's native list
        ),
    )
    return own or _count(_table(fields.get("top_provider")).get("max_completion_tokens"))


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _tools(fields: Mapping[str, Any]) -> bool | None:
    parameters = fields.get("supported_parameters")  # OpenRouter
    if isinstance(parameters, list) and parameters:
        return "tools" in parameters
    hosts = [flag for h in _hosts(fields) if (flag := _flag(h.get("supports_tools"))) is not None]
    if hosts:
        return any(hosts)
    tags = fields.get("tags")  # Vercel
    if isinstance(tags, list) and tags:
        return "tool-use" in tags
    return _flag(_table(fields.get("capabilities")).get("function_calling"))  # Mistral


def _vision(fields: Mapping[str, Any]) -> bool | None:
    modalities = _table(fields.get("architecture")).get("input_modalities")  # OpenRouter, HF
    if isinstance(modalities, list) and modalities:
        return "image" in modalities
    tags = fields.get("tags")  # Vercel
    if isinstance(tags, list) and tags:
        return "vision" in tags
    return _flag(_table(fields.get("capabilities")).get("vision"))  # Mistral


def _free(id: str, fields: Mapping[str, Any]) -> bool | None:
    """By its price, where the list has prices; else OpenRouter's suffix tells."""
    if id.endswith(":free"):
        return True
    hosts = [flag for h in _hosts(fields) if (flag := _flag(h.get("is_free"))) is not None]
    if hosts:
        return any(hosts)
    pricing = _table(fields.get("pricing"))
    prices = [pricing.get(name) for name in ("prompt", "completion", "input", "output")]
    stated = [price for price in prices if isinstance(price, int | float | str)]
    if not stated:
        return None
    try:
        return all(float(price) == 0 for price in stated)
    except ValueError:
        return None

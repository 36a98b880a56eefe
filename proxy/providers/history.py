"""A conversation whose earlier answers came from other providers, made fit for the next one.

What a vendor adds to its answers comes back in the history and is refused by others. No text and
no tool call is ever touched, and of the roles only `developer`, which elsewhere is `system`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from proxy import jsontext
from proxy.chat_messages import PLAIN_PATHS
from proxy.chat_request import ChatRequest
from proxy.jsontext import is_array, is_object
from proxy.model import Preset
from proxy.providers.paths import Path, holds, without, without_null
from proxy.providers.tool_ids import nine_character_ids, with_ids

UNSIGNED = "skip_thought_signature_validator"
"""Stands in for the signature of a tool call that Gemini did not make itself.

Source: ai.google.dev/gemini-api/docs/thought-signatures, FAQ on histories from other models. Gemini
3 refuses the first call of a step that has no signature.
"""

_REASONING: tuple[Path, ...] = (
    ("*", "reasoning"),
    ("*", "reasoning_content"),
    ("*", "reasoning_details"),
)
_EXTRA: tuple[Path, ...] = (
    ("*", "extra_content"),
    ("*", "content", "*", "extra_content"),
    ("*", "tool_calls", "*", "extra_content"),
)
_LEGACY_CALL: Path = ("*", "function_call")


@dataclass(slots=True)
class FittedHistory:
    """The `messages` of one entry's body."""

    encoded: bytes
    dropped: tuple[str, ...]
    """What was refused and is left out, without what vendors simply do not share."""
    map_back: Callable[[str], str] | None
    """From a tool-call id of the body to the client's; None where none was changed."""


class _Needs(NamedTuple):
    """What has to be done to this history for a provider; entries that share it share the bytes."""

    unknown: tuple[Path, ...]
    refused: tuple[Path, ...]
    signatures: bool
    nine_character_ids: bool
    no_thinking: bool
    no_developer: bool


_NO_NEEDS = _Needs(
    (), (), signatures=False, nine_character_ids=False, no_thinking=False, no_developer=False
)
"""Of a role and a text there is nothing that any provider refuses."""


def fit_history(request: ChatRequest, preset: Preset, refused: tuple[Path, ...]) -> FittedHistory:
    """Fit the messages to a provider; worked out once for entries of the same needs.

    `refused` are paths below `messages`, all of them droppable.
    """
    needs = _NO_NEEDS if request.paths is PLAIN_PATHS else _needs(request, preset, refused)
    fitted = request.memo.get(needs)
    if fitted is None:
        fitted = request.memo[needs] = _fit(request, needs)
    return fitted


def _needs(request: ChatRequest, preset: Preset, refused: tuple[Path, ...]) -> _Needs:
    return _Needs(
        unknown=_unknown(request, preset),
        refused=tuple(path for path in refused if _may_hold(request, path)),
        signatures=preset.signatures and "messages.*.tool_calls" in request.paths,
        nine_character_ids=preset.tool_call_ids == "mistral9" and _has_ids(request),
        no_thinking=(
            not preset.thinking_parts and "messages.*.content.*.thinking" in request.paths
        ),
        no_developer=(not preset.developer_role and "messages.*.role.developer" in request.paths),
    )


def _fit(request: ChatRequest, needs: _Needs) -> FittedHistory:
    messages: list[Any] = request.body["messages"]
    for path in needs.unknown:
        messages = without(messages, path)
    dropped: list[str] = []
    for path in needs.refused:
        if path == _LEGACY_CALL:
            messages = without_null(messages, "function_call")
            continue
        if holds(messages, path):
            dropped.append(".".join(("messages", *path)))
        messages = without(messages, path)
    if needs.no_thinking:
        messages = [_without_thinking(message) for message in messages]
    if needs.no_developer:
        messages = [_as_system(message) for message in messages]
    if needs.signatures:
        messages = [_signed(message) for message in messages]
    ids = nine_character_ids(messages) if needs.nine_character_ids else {}
    if ids:
        messages = with_ids(messages, ids)
    unchanged = messages is request.body["messages"]
    encoded = request.encoded("messages") if unchanged else jsontext.dumps(messages)
    return FittedHistory(encoded, tuple(sorted(dropped)), _back(ids) if ids else None)


def _unknown(request: ChatRequest, preset: Preset) -> tuple[Path, ...]:
    """Vendors' own fields in this history that the provider does not know."""
    foreign: list[Path] = []
    if not preset.reasoning_history:
        foreign.extend(_REASONING)
    if not preset.signatures:
        foreign.extend(_EXTRA)
    return tuple(path for path in foreign if _may_hold(request, path))


def _may_hold(request: ChatRequest, path: Path) -> bool:
    """By the request's survey, which knows one name in a message, a part and a tool call."""
    known = path[:4] if path[1:3] in (("content", "*"), ("tool_calls", "*")) else path[:2]
    return ".".join(("messages", *known)) in request.paths


def _has_ids(request: ChatRequest) -> bool:
    return (
        "messages.*.tool_call_id" in request.paths or "messages.*.tool_calls.*.id" in request.paths
    )


def _without_thinking(message: dict[str, Any]) -> dict[str, Any]:
    """A message without parts that hold a model's thoughts (Mistral's reasoning models)."""
    content = message.get("content")
    if not is_array(content):
        return message
    parts = [part for part in content if part["type"] != "thinking"]
    return message if len(parts) == len(content) else {**message, "content": parts or ""}


def _as_system(message: dict[str, Any]) -> dict[str, Any]:
    """A message by OpenAI's newer name of the role `system`, under the old one."""
    return {**message, "role": "system"} if message["role"] == "developer" else message


def _signed(message: dict[str, Any]) -> dict[str, Any]:
    """A message whose first tool call has a signature, as Gemini gives one to the first alone."""
    calls = message.get("tool_calls")
    if not calls:
        return message
    extra = calls[0].get("extra_content")
    extra = extra if is_object(extra) else {}
    google = extra.get("google")
    google = google if is_object(google) else {}
    if google.get("thought_signature"):
        return message
    google = {**google, "thought_signature": UNSIGNED}
    first = {**calls[0], "extra_content": {**extra, "google": google}}
    return {**message, "tool_calls": [first, *calls[1:]]}


def _back(ids: dict[str, str]) -> Callable[[str], str]:
    original = {short: known for known, short in ids.items()}

    def map_back(known: str) -> str:
        return original.get(known, known)

    return map_back

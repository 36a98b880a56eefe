"""A client's request as the body that one entry is sent: what its provider cannot take is fitted.

Large fields are encoded once per request and joined with the few small ones that differ, so that
the next entry costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from proxy import jsontext
from proxy.chat_fields import is_count
from proxy.chat_request import CAP_FIELDS, ChatRequest
from proxy.jsontext import is_object
from proxy.model import Entry, Preset
from proxy.providers.history import fit_history
from proxy.providers.paths import Path, droppable, generalise, holds, without

__all__ = ["Adapted", "adapt", "droppable", "generalise"]

CHAT, COMPLETIONS = "/chat/completions", "/completions"

_ELSEWHERE = frozenset({"model", "messages", "tools"})


@dataclass(slots=True)
class Adapted:
    """What is sent upstream, and what the client is told about it."""

    body: bytes
    dropped: tuple[str, ...]
    """Dotted names of what the client gave and the provider refuses: `x-429chain-dropped`."""
    capped: int | None
    """The answer's cap where the client's was lowered: `x-429chain-capped`."""
    map_back: Callable[[str], str] | None
    """From a tool-call id in the answer to the client's own; None where none was changed."""
    path: str = CHAT
    """Below the provider's base URL."""


def adapt(
    request: ChatRequest,
    entry: Entry,
    *,
    refused: frozenset[str] = frozenset(),
    cap: int | None = None,
) -> Adapted:
    """Make the body for `entry`. `request` stays as it is.

    `refused` are paths that the entry's answers refused, as they came or generalised; what may not
    be left out stays. `cap` is the largest answer that the entry takes now; the client's cap is
    lowered to it or to the entry's `max_output`, and none is set where the client named none.
    """
    preset = entry.provider.preset
    refusals = _refusals(preset.refused, refused)
    legacy = request.legacy if preset.completions else None
    fields, dropped = _fields(request, legacy.body if legacy else request.body, preset, refusals)
    if request.stream and preset.include_usage and refusals.allow_usage:
        options = fields.get("stream_options")
        wish = {"include_usage": True}
        fields["stream_options"] = {**options, **wish} if is_object(options) else wish
    ceilings = [limit for limit in (cap, entry.max_output) if limit is not None]
    capped = _lower_cap(fields, min(ceilings)) if ceilings else None
    if legacy is not None:
        body = jsontext.dumps({"model": entry.model, **fields})
        return Adapted(body, tuple(sorted(dropped)), capped, None, COMPLETIONS)

    history = fit_history(request, preset, refusals.messages)
    tools = _tools(request, preset, refusals, dropped)
    if tools is None and not preset.empty_tools and fields.get("tool_choice") in ("auto", "none"):
        del fields["tool_choice"]  # a choice among no tools
    pieces = [b'{"model":', jsontext.dumps(entry.model), b',"messages":', history.encoded]
    if tools is not None:
        pieces += (b',"tools":', tools)
    if fields:
        pieces += (b",", jsontext.dumps(fields)[1:])
    else:
        pieces.append(b"}")
    dropped.extend(history.dropped)
    dropped.extend(request.legacy.dropped if request.legacy else ())
    return Adapted(b"".join(pieces), tuple(sorted(dropped)), capped, history.map_back)


@dataclass(frozen=True, slots=True)
class _Refusals:
    """Paths that are left out, sorted by where they stand."""

    fields: frozenset[str]
    inner: tuple[Path, ...]
    """Of other fields than messages and tools, at least two segments."""
    messages: tuple[Path, ...]
    """Below `messages`."""
    tools: tuple[Path, ...]
    """Below `tools`."""

    @property
    def allow_usage(self) -> bool:
        return (
            "stream_options" not in self.fields
            and ("stream_options", "include_usage") not in self.inner
        )


@lru_cache(maxsize=1024)
def _refusals(preset: tuple[str, ...], learned: frozenset[str]) -> _Refusals:
    """Of a preset and an entry's answers; the same few pairs come back with every request."""
    names = {generalise(name) for name in (*preset, *learned) if droppable(name)}
    paths = sorted(tuple(name.split(".")) for name in names)
    return _Refusals(
        fields=frozenset(path[0] for path in paths if len(path) == 1),
        inner=tuple(
            path for path in paths if len(path) > 1 and path[0] not in ("messages", "tools")
        ),
        messages=tuple(path[1:] for path in paths if path[0] == "messages"),
        tools=tuple(path[1:] for path in paths if path[0] == "tools"),
    )


def _fields(
    request: ChatRequest, body: dict[str, Any], preset: Preset, refusals: _Refusals
) -> tuple[dict[str, Any], list[str]]:
    """The small fields of `body` by the provider's names, and which of the client's it refuses."""
    fields: dict[str, Any] = {}
    renamed: dict[str, Any] = {}
    dropped: list[str] = []
    for name, value in body.items():
        if name in _ELSEWHERE:
            continue
        sent_as = _name_for(name, request, preset, refusals)
        if sent_as == name:
            fields[name] = value
        elif value is None:
            continue  # as good as absent
        elif sent_as is None:
            dropped.append(name)
        else:
            renamed[sent_as] = value
    # After the rest, so that a max_completion_tokens outweighs a max_tokens beside it.
    fields.update(renamed)
    for path in refusals.inner:
        name, rest = path[0], path[1:]
        if holds(fields, path):
            dropped.append(".".join(path))
            kept = without(fields[name], rest)
            if kept == {}:
                del fields[name]
            else:
                fields[name] = kept
    return fields, dropped


def _name_for(name: str, request: ChatRequest, preset: Preset, refusals: _Refusals) -> str | None:
    """What a field is called at this provider; None where it is refused.

    A cap whose name is refused goes out under the other one: without it the answer would have no
    end that the client asked for.
    """
    sent_as = preset.renamed.get(name, name)
    if sent_as not in refusals.fields:
        return sent_as
    if name not in CAP_FIELDS or name != request.cap_field:
        return None
    other = next(cap for cap in CAP_FIELDS if cap != sent_as)
    return None if other in refusals.fields or other in preset.renamed else other


def _tools(
    request: ChatRequest, preset: Preset, refusals: _Refusals, dropped: list[str]
) -> bytes | None:
    """The tools as JSON, None where there are none; adds to `dropped` what is left out."""
    if "tools" not in request.body:
        return None
    tools: Any = request.body["tools"]
    if not tools and not preset.empty_tools:
        return None  # as good as absent
    removed = [path for path in refusals.tools if holds(tools, path)]
    if not removed:
        return request.encoded("tools")
    for path in removed:
        tools = without(tools, path)
        dropped.append(".".join(("tools", *path)))
    return jsontext.dumps(tools)


def _lower_cap(fields: dict[str, Any], ceiling: int) -> int | None:
    """Lower the cap in `fields` where it is above `ceiling`, and say so."""
    above = [name for name in CAP_FIELDS if is_count(fields.get(name)) and fields[name] > ceiling]
    for name in above:
        fields[name] = ceiling
    return ceiling if above else None

"""A stream in answer to a plain request, and a completion in answer to a stream request."""

from __future__ import annotations

from typing import Any, cast

import orjson

from proxy.answer import MapToolId, Usage, as_list, as_object, serialise
from proxy.completion import Completion, read_completion
from proxy.stream import DONE, ChatStream
from proxy.tool_calls import ToolCalls

_JOINED = ("content", "reasoning", "reasoning_content", "refusal", "arguments")
"""Texts that come in pieces; everything else that is text comes whole."""


class StreamCollector:
    """Collects an event stream into one chat.completion.

    Nothing is shown before it is complete, so every fault, at any point, is raised at once and
    another entry can answer. Whoever feeds it limits the bytes of the whole.
    """

    def __init__(
        self, *, model: str, now: int, id: str, map_tool_id: MapToolId | None = None
    ) -> None:
        """As `ChatStream`."""
        self._stream = ChatStream(
            model=model, wants_usage=True, now=now, id=id, map_tool_id=map_tool_id
        )
        self._head: dict[str, Any] = {"id": id, "created": now, "model": model}
        self._choices: dict[int, _Pieces] = {}

    @property
    def begun(self) -> bool:
        return self._stream.begun

    @property
    def done(self) -> bool:
        """Nothing more is needed from the upstream."""
        return self._stream.done

    @property
    def usage(self) -> Usage | None:
        return self._stream.usage

    @property
    def text_bytes(self) -> int:
        return self._stream.text_bytes

    def feed(self, chunk: bytes) -> None:
        """Raises UpstreamFault as `ChatStream.feed`, but at once."""
        self._collect(self._stream.feed(chunk))

    def end(self) -> Completion:
        """The completion, when the upstream is `done` or its bytes have ended.

        UpstreamFault("broken") where the answer is not whole.
        """
        self._collect(self._stream.end())
        choices = [self._choices[index].whole(index) for index in sorted(self._choices)]
        head = {**self._head, "object": "chat.completion"}
        return read_completion(
            serialise({**head, "choices": choices}),
            model=head["model"],
            id=head["id"],
            created=cast("int", head["created"]),
        )

    def _collect(self, frames: list[bytes]) -> None:
        if self._stream.fault is not None:
            raise self._stream.fault
        for frame in frames:
            if frame is not DONE:
                self._add(cast("dict[str, Any]", orjson.loads(frame[6:])))

    def _add(self, chunk: dict[str, Any]) -> None:
        choices = cast("list[dict[str, Any]]", chunk.pop("choices"))
        self._head |= {name: value for name, value in chunk.items() if value is not None}
        for choice in choices:
            self._choices.setdefault(choice["index"], _Pieces()).add(choice)


class _Pieces:
    """One choice of a stream, in the making."""

    def __init__(self) -> None:
        self._choice: dict[str, Any] = {}
        self._message = _Joined({"role": "assistant", "content": None})
        self._calls: dict[int, tuple[_Joined, _Joined]] = {}

    def add(self, choice: dict[str, Any]) -> None:
        delta = cast("dict[str, Any]", choice.pop("delta"))
        for call in map(as_object, as_list(delta.pop("tool_calls", None)) or ()):
            if call is not None:
                self._add_call(call)
        self._message.add(delta)
        for name, value in choice.items():
            known, more = as_object(self._choice.get(name)), as_object(value)
            if known is not None and more is not None:
                for part in more:
                    _append(known, part, more[part])
            elif value is not None:
                self._choice[name] = value

    def _add_call(self, fragment: dict[str, Any]) -> None:
        index = fragment.pop("index")
        if index not in self._calls:
            self._calls[index] = (_Joined({"id": ""}), _Joined({"name": "", "arguments": ""}))
        call, function = self._calls[index]
        function.add(as_object(fragment.pop("function", None)) or {})
        call.add(fragment)

    def whole(self, index: int) -> dict[str, Any]:
        message = self._message.whole()
        if self._calls:
            message["tool_calls"] = [
                {"type": "function", **call.whole(), "function": function.whole()}
                for _, (call, function) in sorted(self._calls.items())
            ]
        return {"finish_reason": None, **self._choice, "index": index, "message": message}


class _Joined:
    """An object whose texts come in pieces."""

    def __init__(self, known: dict[str, Any]) -> None:
        self._known = known
        self._texts: dict[str, list[str]] = {}

    def add(self, piece: dict[str, Any]) -> None:
        for name, value in piece.items():
            if isinstance(value, str) and name in _JOINED:
                self._texts.setdefault(name, []).append(value)
            elif value is not None and value != "":
                _append(self._known, name, value)

    def whole(self) -> dict[str, Any]:
        return {**self._known, **{name: "".join(texts) for name, texts in self._texts.items()}}


def _append(known: dict[str, Any], name: str, value: object) -> None:
    """A list (log probabilities, Mistral's parts of a content) goes on where the last one ended."""
    before, more = as_list(known.get(name)), as_list(value)
    if before is not None and more is not None:
        before.extend(more)
    elif value is not None:
        known[name] = value


def stream_from_completion(body: dict[str, Any], *, wants_usage: bool) -> list[bytes]:
    """The frames of a stream that says what `body` says; `body` passed `read_completion`.

    Each choice comes as its role, one chunk for each part of its message (reasoning first), and its
    end. Usage comes in a chunk of its own, where the client asked for it.
    """
    head = {name: value for name, value in body.items() if name not in ("choices", "usage")}
    head["object"] = "chat.completion.chunk"
    chunks = [
        {**head, "choices": [choice]}
        for whole in cast("list[dict[str, Any]]", body["choices"])
        for choice in _chunked(whole)
    ]
    if wants_usage and body.get("usage"):
        chunks.append({**head, "choices": [], "usage": body["usage"]})
    return [*(b"data: " + serialise(chunk) + b"\n\n" for chunk in chunks), DONE]


def _chunked(whole: dict[str, Any]) -> list[dict[str, Any]]:
    message = dict(cast("dict[str, Any]", whole["message"]))
    role = message.pop("role", None) or "assistant"
    if "tool_calls" in message:
        message["tool_calls"] = _numbered(message["tool_calls"])
    parts = sorted(message, key=lambda name: not name.startswith("reasoning"))
    said = [{name: message[name]} for name in parts if message[name]]
    deltas: list[dict[str, Any]] = [{"role": role, "content": ""}, *said]
    index = whole["index"]
    rest = {name: value for name, value in whole.items() if name not in ("index", "message")}
    chunks = [{"index": index, "delta": delta, "finish_reason": None} for delta in deltas]
    return [*chunks, {"index": index, "delta": {}, **rest}]


def _numbered(calls: object) -> list[dict[str, Any]]:
    tools = ToolCalls()
    numbered = [dict(call) for call in map(as_object, as_list(calls) or ()) if call]
    for call in numbered:
        tools.place(call)
    return numbered

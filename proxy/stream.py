"""An upstream's chat-completion stream on its way to the client."""

from __future__ import annotations

from typing import Any, cast

from proxy.answer import (
    MapToolId,
    Usage,
    as_list,
    as_object,
    fill,
    finish_reason,
    is_meaningful,
    parse,
    raise_carried_error,
    read_usage,
    serialise,
    stated_usage,
    text_bytes,
    without_null_usage,
)
from proxy.errors import UpstreamFault
from proxy.sse import Event, EventSplitter
from proxy.template import Template, learn, literal_bytes
from proxy.tool_calls import ToolCalls

MOST_HELD_EVENTS = 64
MOST_HELD_BYTES = 256 * 1024

DONE = b"data: [DONE]\n\n"

_PATIENCE = 8
"""Templates that fitted no event, after which only one event in `_RETRY` is learned from."""
_RETRY = 32


class ChatStream:
    """Bytes of an upstream's event stream in, frames for the client out.

    A frame is ``data: JSON`` and a blank line, byte-exact in its JSON where nothing had to be
    repaired. Frames are held back until the first meaningful event, so that before `begun` another
    entry can still answer.

    `feed` and `end` raise UpstreamFault: kind `error` for an error inside the stream, `broken` for
    what is no stream of chat chunks. Where frames of the same call come before the fault, they are
    returned, `fault` is set, and the next call raises it: look at `fault` after each call.
    """

    def __init__(
        self,
        *,
        model: str,
        wants_usage: bool,
        now: int,
        id: str,
        map_tool_id: MapToolId | None = None,
    ) -> None:
        """`model`, `now` (seconds since the epoch) and `id` fill in what the upstream leaves out.

        `wants_usage`: the client asked for `stream_options.include_usage`.
        """
        self.begun = False
        """A meaningful event has come: what was held is out."""
        self.finished = False
        """A finish_reason has come: an end of the bytes is the end of the answer."""
        self.done = False
        """Its last frame is out; whatever comes after it is ignored."""
        self.fault: UpstreamFault | None = None
        self.usage: Usage | None = None
        self.text_bytes = 0
        """UTF-8 bytes of the answer so far, for an estimate where no usage comes."""
        self._wants_usage = wants_usage
        self._map_tool_id = map_tool_id
        self._head: dict[str, Any] = {
            "id": id,
            "object": "chat.completion.chunk",
            "created": now,
            "model": model,
        }
        self._splitter = EventSplitter()
        self._template: Template | None = None
        self._pattern: tuple[bytes, bytes, dict[str, Any]] | None = None
        """The last event, its frame and what it says: for a template, if another one comes."""
        self._unfitting = 0
        self._held: list[bytes] = []
        self._held_events = self._held_bytes = 0
        self._tools: dict[int, ToolCalls] = {}
        self._stated: dict[str, Any] | None = None
        self._usage_payload: bytes | None = None

    @property
    def tool_call_ids(self) -> list[str]:
        """As the client sees them."""
        return [call_id for tools in self._tools.values() for call_id in tools.ids]

    def feed(self, chunk: bytes) -> list[bytes]:
        """The frames that `chunk` completes: none before the first meaningful event."""
        if self.fault is not None:
            raise self.fault
        if self.done:
            return []
        frames: list[bytes] = []
        if self._is_one_event(chunk) and self._is_ordinary(chunk[6:-2], frames):
            return frames
        try:
            self._take_all(self._splitter.feed(chunk), frames)
            if self._splitter.fault is not None and not self.done:
                raise self._splitter.fault
        except UpstreamFault as fault:
            self._fail(fault, frames)
        return frames

    def end(self) -> list[bytes]:
        """The last frames, when the upstream's bytes have ended, in whatever way.

        `[DONE]` is repaired after a finish_reason; without one the stream is broken.
        """
        if self.fault is not None:
            raise self.fault
        if self.done:
            return []
        frames: list[bytes] = []
        try:
            self._take_rest(frames)
            if not self.done:
                if not self.finished:
                    raise UpstreamFault("broken", "the stream ended in the middle of the answer")
                self._close(frames)
        except UpstreamFault as fault:
            self._fail(fault, frames)
        return frames

    def _fail(self, fault: UpstreamFault, frames: list[bytes]) -> None:
        self.fault = fault
        if not frames:
            raise fault

    def _take_all(self, events: list[Event], frames: list[bytes]) -> None:
        for event in events:
            if event.name or not self._is_ordinary(event.data, frames):
                self._take(event, frames)
                if self.done:
                    return

    def _is_one_event(self, chunk: bytes) -> bool:
        """What fits a template, which has no lines, then is one."""
        return chunk[:6] == b"data: " and chunk[-2:] == b"\n\n" and self._splitter.between_events

    def _is_ordinary(self, data: bytes, frames: list[bytes]) -> bool:
        """Whether an event's data fits the template; its frame is then made by that."""
        template = self._template or self._learned()
        if template is None or (literal := template.text_of(data)) is None:
            return False
        frames.append(template.head + literal + template.tail)
        self.text_bytes += literal_bytes(literal)
        self._unfitting = 0
        return True

    def _take_rest(self, frames: list[bytes]) -> None:
        """An event that was cut off by the end of the bytes does no harm after a finish_reason."""
        try:
            self._take_all(self._splitter.end(), frames)
        except UpstreamFault as fault:
            if fault.kind == "error" or not self.finished:
                raise

    def _take(self, event: Event, frames: list[bytes]) -> None:
        """One event, looked into."""
        self._template = self._pattern = None
        data = event.data.strip()
        if data == b"[DONE]":
            self._close(frames)
            return
        if not data:
            return
        payload, chunk = _read(event)
        raise_carried_error(chunk, payload, named_error=event.name == b"error")
        frame = self._frame(payload, chunk)
        if self.begun:
            if frame:
                frames.append(frame)
                self._pattern = event.data, frame, chunk
        else:
            self._hold(frame, chunk)
            if self.begun:
                frames += self._held
                self._held.clear()
                self._pattern = event.data, frame, chunk

    def _hold(self, frame: bytes, chunk: dict[str, Any]) -> None:
        if frame:
            self._held.append(frame)
        self._held_events += 1
        self._held_bytes += len(frame)
        choices = _choices(chunk)
        self.begun = self.finished or any(is_meaningful(choice["delta"]) for choice in choices)
        if self.begun:
            return
        if self._held_events > MOST_HELD_EVENTS or self._held_bytes > MOST_HELD_BYTES:
            raise UpstreamFault("broken", "a stream that goes on without saying anything")

    def _learned(self) -> Template | None:
        """The template of the event before, made now: the first one does not wait for it."""
        pattern, self._pattern = self._pattern, None
        if pattern is None:
            return None
        self._unfitting += 1
        if self._unfitting <= _PATIENCE or self._unfitting % _RETRY == 0:
            self._template = learn(*pattern)
        return self._template

    def _frame(self, payload: bytes, chunk: dict[str, Any]) -> bytes:
        """The chunk as the client gets it, b"" where it gets none."""
        stated = stated_usage(chunk)
        if stated is not None:
            self._stated, self.usage, self._usage_payload = stated, read_usage(stated), None
        if "choices" not in chunk and "usage" not in chunk:
            return b""  # a ping or the like: a client that reads its choices would fall over it
        repaired = self._repair(chunk)
        choices = _choices(chunk)
        if not choices and chunk.get("usage") is not None:
            if stated is not None:
                self._usage_payload = serialise(chunk) if repaired else payload
            return b""
        if chunk.get("usage") is not None and self._wants_usage:
            chunk["usage"] = None  # told once, in a chunk of its own
            repaired = True
        elif "usage" in chunk and not self._wants_usage:
            del chunk["usage"]
            payload = payload if repaired else without_null_usage(payload, chunk)
            repaired = repaired or not payload
        for choice in choices:
            self.finished = self.finished or finish_reason(choice) is not None
            self.text_bytes += text_bytes(choice["delta"])
        return _framed(serialise(chunk) if repaired else payload)

    def _repair(self, chunk: dict[str, Any]) -> bool:
        """Fill in the required fields that are missing; whether there were any."""
        repaired = fill(chunk, "choices", [])
        for name, known in self._head.items():
            if not fill(chunk, name, known):
                self._head[name] = chunk[name] or known
            else:
                repaired = True
        for position, choice in enumerate(_choices(chunk)):
            if not isinstance(choice.get("index"), int):
                choice["index"], repaired = position, True
            if "delta" not in choice and isinstance(choice.get("text"), str):
                choice["delta"], repaired = {"content": choice["text"]}, True  # a text completion
            repaired |= fill(choice, "delta", cast("dict[str, Any]", {}))
            delta = as_object(choice["delta"])
            if delta is None:
                raise UpstreamFault("broken", "a chunk whose delta is no object")
            for call in map(as_object, as_list(delta.get("tool_calls")) or ()):
                if call is not None:
                    repaired |= self._tools_of(choice).place(call)
        return repaired

    def _tools_of(self, choice: dict[str, Any]) -> ToolCalls:
        index = cast("int", choice["index"])
        if index not in self._tools:
            self._tools[index] = ToolCalls(self._map_tool_id)
        return self._tools[index]

    def _close(self, frames: list[bytes]) -> None:
        if not self.begun:
            raise UpstreamFault("broken", "a stream that ended before it said anything")
        if self._wants_usage and self._stated is not None:
            chunk: dict[str, Any] = {**self._head, "choices": [], "usage": self._stated}
            frames.append(_framed(self._usage_payload or serialise(chunk)))
        frames.append(DONE)
        self.done = True


def _read(event: Event) -> tuple[bytes, dict[str, Any]]:
    """An event's JSON object, and the bytes that say it."""
    try:
        payload, value = parse(event.data)
    except UpstreamFault:
        if event.name == b"error":
            fault = UpstreamFault("error", "an error event", body=event.data)
            raise fault from None
        raise
    chunk = as_object(value)
    if chunk is None:
        raise UpstreamFault("broken", "an event that is no JSON object")
    return payload, chunk


def _choices(chunk: dict[str, Any]) -> list[dict[str, Any]]:
    choices = as_list(chunk.get("choices") or [])
    if choices is None or not all(isinstance(choice, dict) for choice in choices):
        raise UpstreamFault("broken", "a chunk whose choices are no list of objects")
    return choices


def _framed(payload: bytes) -> bytes:
    # A line feed in JSON is white space between two tokens, and would end the line here.
    return b"data: " + payload.replace(b"\n", b" ") + b"\n\n"

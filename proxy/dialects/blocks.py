"""A chat answer as blocks: reasoning, text, refusals and tool calls, one after the other.

Chat has no blocks, and fragments of parallel tool calls may come mixed; Responses and Messages
have blocks that never overlap. So a block that begins while another is still open waits, with all
it says, until that one is over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import orjson

from proxy.answer import as_list, as_object
from proxy.jsontext import is_array, is_object

BlockKind = Literal["reasoning", "text", "refusal", "call"]


class Block:
    """One block. `text` is all it said so far; of a call, its arguments."""

    __slots__ = ("_pieces", "_told", "call_id", "index", "kind", "name", "place")

    def __init__(self, kind: BlockKind, index: int, place: int | None) -> None:
        self.kind: BlockKind = kind
        self.index = index
        """Among the answer's blocks."""
        self.place = place
        """Of a call: its index among the calls."""
        self.call_id = ""
        self.name = ""
        self._pieces: list[str] = []
        self._told = 0

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def add(self, piece: str) -> None:
        if piece:
            self._pieces.append(piece)

    def untold(self) -> str:
        """What was said since this was last asked."""
        new = "".join(self._pieces[self._told :])
        self._told = len(self._pieces)
        return new

    def is_over(self) -> bool:
        """Whether another block may begin: of a call, once its arguments are whole."""
        return self.kind != "call" or _is_whole(self.text)


class Step(NamedTuple):
    """What happened to a block; `text` is what it said, of a step `said`."""

    what: Literal["opened", "said", "closed"]
    block: Block
    text: str = ""


class Blocks:
    """Takes deltas, or one whole message, and gives the steps in the order they are told."""

    def __init__(self) -> None:
        self.has_calls = False
        self.has_refusal = False
        self._count = 0
        self._waiting: deque[Block] = deque()
        """Blocks that are not closed; the first one is told as it comes."""
        self._calls: dict[int, Block | None] = {}
        """By their index among the calls; None once closed."""
        self._open = False
        """The first of `_waiting` has been opened."""

    def feed(self, said: dict[str, Any]) -> Iterator[Step]:
        """The steps that a delta brings."""
        for kind, piece in _pieces(said):
            self._take(kind, piece)
            yield from self._advance()
        for number, call in enumerate(as_list(said.get("tool_calls")) or ()):
            if is_object(call):
                self._take_call(call, call.get("index", number))
                yield from self._advance()

    def end(self) -> Iterator[Step]:
        """The steps that are left when the answer is over."""
        while self._waiting:
            yield from self._tell(at_end=True)
            yield self._close()

    def _take(self, kind: BlockKind, piece: str) -> None:
        last = self._waiting[-1] if self._waiting else None
        if last is None or last.kind != kind:
            last = self._begin(kind)
        self.has_refusal |= kind == "refusal"
        last.add(piece)

    def _take_call(self, call: dict[str, Any], place: Any) -> None:
        place = place if type(place) is int else 0
        if place not in self._calls:
            self._calls[place] = self._begin("call", place)
            self.has_calls = True
        block = self._calls[place]
        if block is None:
            return  # it was whole: whatever still comes is none of its arguments
        function = as_object(call.get("function")) or {}
        block.call_id = block.call_id or _string(call.get("id"))
        block.name = block.name or _string(function.get("name"))
        block.add(_arguments(function.get("arguments")))

    def _begin(self, kind: BlockKind, place: int | None = None) -> Block:
        block = Block(kind, self._count, place)
        self._count += 1
        self._waiting.append(block)
        return block

    def _advance(self) -> Iterator[Step]:
        yield from self._tell()
        while self._open and len(self._waiting) > 1 and self._waiting[0].is_over():
            yield self._close()
            yield from self._tell()

    def _tell(self, *, at_end: bool = False) -> Iterator[Step]:
        block = self._waiting[0]
        if not self._open:
            if block.kind == "call" and not block.name and not at_end:
                return
            self._open = True
            yield Step("opened", block)
        new = block.untold()
        if new:
            yield Step("said", block, new)

    def _close(self) -> Step:
        block = self._waiting.popleft()
        self._open = False
        if block.place is not None:
            self._calls[block.place] = None
        return Step("closed", block)


def whole_blocks(message: dict[str, Any]) -> tuple[list[Block], Blocks]:
    """The blocks of a whole message, and what they are all in all."""
    blocks = Blocks()
    steps = [*blocks.feed(message), *blocks.end()]
    return [step.block for step in steps if step.what == "closed"], blocks


def _pieces(said: dict[str, Any]) -> Iterator[tuple[BlockKind, str]]:
    """The texts of a delta, reasoning first, as the model made them."""
    reasoning = said.get("reasoning_content") or said.get("reasoning")
    if type(reasoning) is str and reasoning:
        yield "reasoning", reasoning
    content = said.get("content")
    if is_array(content):
        yield from _parts(content)
    elif type(content) is str and content:
        yield "text", content
    refusal = said.get("refusal")
    if type(refusal) is str and refusal:
        yield "refusal", refusal


def _parts(content: list[Any]) -> Iterator[tuple[BlockKind, str]]:
    """A content of parts, as Mistral's reasoning models write it: `thinking` and `text`."""
    for part in content:
        if not is_object(part):
            continue
        thoughts = part.get("thinking")
        if is_array(thoughts):
            for thought in thoughts:
                if is_object(thought) and _string(thought.get("text")):
                    yield "reasoning", thought["text"]
        elif _string(part.get("text")):
            yield "text", part["text"]


def _arguments(value: Any) -> str:
    """Arguments are a string; some servers let Ollama's own form through, an object."""
    if value is None or type(value) is str:
        return value or ""
    return orjson.dumps(value).decode()


def _string(value: Any) -> str:
    return value if type(value) is str else ""


def _is_whole(arguments: str) -> bool:
    if not arguments.rstrip().endswith("}"):
        return False
    try:
        orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return False
    return True

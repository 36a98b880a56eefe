"""What a request asked and what it got, as rows to read: JSON laid out, a stream put together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from app.request_snapshot import Bodies, RequestDetail
from screens.line import Line, heading
from screens.symbols import Symbols
from screens.themes import Role
from screens.wrapped import wrap

OFF = 'Bodies are off; set log.bodies = "memory" to keep the last 200.'
GONE = "Its bodies are gone: only those of the last 200 requests since the start are kept."

_HANGING = 4
"""Cells by which the rest of a long value stands further in."""
_KEY = re.compile(r'"(?:[^"\\]|\\.)*": ')
_FIELD = re.compile(r"(data|event|id|retry)?:")
"""How a line of an event stream begins."""

Json = Mapping[str, Any]


def missing(detail: RequestDetail) -> str:
    """Why there are no bodies to show, and the next step; empty where there are."""
    if detail.bodies is not None:
        return ""
    return GONE if detail.bodies_kept else OFF


def size(text: str) -> str:
    """`640 bytes`, `1.2 KB`."""
    length = len(text.encode())
    return f"{length} bytes" if length < 1000 else f"{length / 1000:.1f} KB"


def rows(bodies: Bodies, width: int, symbols: Symbols) -> list[Line]:
    """Both bodies, from the first row to the last. Takes milliseconds where they are long."""
    return [
        *_part("asked", bodies.request, bodies.request_cut, width, symbols),
        Line(),
        *_part("answered", bodies.answer, bodies.answer_cut, width, symbols),
    ]


def _part(title: str, text: str, cut: bool, width: int, symbols: Symbols) -> Iterator[Line]:
    note = f"the first {size(text)}" if cut else size(text)
    yield heading(Line(), width - 1, title, note, rule=symbols.rule)
    if not text.strip():
        yield _row("nothing", "muted")
    elif (value := _json(text)) is not None:
        yield from _laid_out(value, width)
    elif _FIELD.match(text):
        yield from _stream(text, width)
    else:
        yield from _plain(text, width, "text")
    if cut:
        yield _row("cut here: of a longer body only its beginning is kept", "low")


def _json(text: str) -> object | None:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _laid_out(value: object, width: int) -> Iterator[Line]:
    for written in json.dumps(value, indent=2, ensure_ascii=False).splitlines():
        text = written.lstrip()
        indent = len(written) - len(text)
        # A string that holds several lines is read as several lines.
        broken = text.replace(r"\n", "\\n\n").split("\n")
        room = width - 2 - indent - _HANGING
        pieces = [row for line in broken for row in wrap(line, room)]
        key = _KEY.match(text)
        name = key.group() if key is not None and pieces[0].startswith(key.group()) else ""
        line = Line()
        at = line.put(1 + indent, name, "muted") if name else 1 + indent
        line.put(at, pieces[0][len(name) :])
        yield line
        for piece in pieces[1:]:
            line = Line()
            line.put(1 + indent + _HANGING, piece)
            yield line


def _stream(text: str, width: int) -> Iterator[Line]:
    """The text that the events bring, then the events as they came."""
    said = "".join(_pieces(text))
    if said:
        yield from _plain(said, width, "text")
        yield Line()
        yield _row("as it came", "muted", "b")
    yield from _plain("\n".join(line for line in text.splitlines() if line), width, "muted")


def _pieces(text: str) -> Iterator[str]:
    for line in text.splitlines():
        event = _json(line.removeprefix("data:")) if line.startswith("data:") else None
        if isinstance(event, dict):
            yield _piece(cast(Json, event))


def _piece(event: Json) -> str:
    """What one event adds to the answer, in any of the dialects that programs speak."""
    for choice in _each(event.get("choices")):
        delta = choice.get("delta")
        found = cast(Json, delta).get("content") if isinstance(delta, dict) else choice.get("text")
        return found if isinstance(found, str) else ""
    delta = event.get("delta")
    if isinstance(delta, dict):
        delta = cast(Json, delta).get("text")
    elif event.get("type") != "response.output_text.delta":
        return ""
    return delta if isinstance(delta, str) else ""


def _each(value: object) -> Iterable[Json]:
    items = cast("Sequence[object]", value) if isinstance(value, list) else ()
    return (cast(Json, one) for one in items if isinstance(one, dict))


def _plain(text: str, width: int, ink: Role) -> Iterator[Line]:
    for written in text.splitlines():
        for row in wrap(written, width - 2):
            yield _row(row, ink)


def _row(text: str, ink: Role, attributes: str = "") -> Line:
    line = Line()
    line.put(1, text, ink, attributes)
    return line


@dataclass(frozen=True, slots=True)
class Asked:
    """The last thing that a person said in a request, of so many messages."""

    prompt: str
    messages: int


def asked_in(bodies: Bodies) -> Asked | None:
    """What a request asked, in any of the dialects; None where no text can be found."""
    value = _json(bodies.request)
    if not isinstance(value, dict):
        return None
    request = cast(Json, value)
    told = request.get("messages") or request.get("input") or request.get("prompt")
    if isinstance(told, str):
        return Asked(told, 1)
    messages = list(_each(told))
    texts = (_text(one.get("content")) for one in reversed(messages) if one.get("role") == "user")
    prompt = next((text for text in texts if text), "")
    return Asked(prompt, len(messages)) if prompt else None


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = (part.get("text") for part in _each(content))
    return "\n".join(part for part in parts if isinstance(part, str))

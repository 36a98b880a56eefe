"""JSON from outside, read strictly and written back without a change of its meaning.

orjson does the work. Where it would change or cannot hold a value, the standard library reads the
text once more: integers of more than 64 bits (orjson turns them into floats) and lone surrogates
(``\\ud800``, which it refuses though clients send them cut out of emoji).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn, TypeGuard

import orjson

MAX_DEPTH = 100
"""Of arrays and objects in each other."""
MAX_DIGITS = 308
"""Of one integer; what is longer would be infinite to every reader that has only doubles."""

_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_CONTAINERS = frozenset({dict, list})
_FIRST_INEXACT = float(2**63)


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return type(value) is dict


def is_array(value: Any) -> TypeGuard[list[Any]]:
    return type(value) is list


def loads(raw: bytes, *, once: Sequence[str] = ()) -> Any:
    """Parse one JSON text in UTF-8, a byte order mark allowed.

    A name in `once` may stand only once in the outermost object: readers differ in which of two
    they believe. Raises ValueError with a message that tells what is wrong and where, and never
    repeats the text itself: no NaN or infinity, at most `MAX_DEPTH` levels and `MAX_DIGITS` digits.
    """
    text = raw.removeprefix(_BOM)
    value, fault = _read(text)
    if fault:
        # Outside of any `except`: the parser's own error holds the whole text.
        raise ValueError(fault)
    if _survey(value):
        value, fault = _read_exactly(text)
        if fault:
            raise ValueError(fault)
    repeated = _repeated(text, value, once)
    if repeated:
        raise ValueError(f"the name '{repeated}' is given twice")
    return value


def dumps(value: Any) -> bytes:
    """Compact UTF-8; pure ASCII with escapes where `value` holds what only escapes can say."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def _read(text: bytes) -> tuple[Any, str]:
    """The value, or what is wrong with the text."""
    if not text.strip():
        return None, "it is empty"
    try:
        return orjson.loads(text), ""
    except orjson.JSONDecodeError as error:
        fault = _told(error)
    if _SURROGATE.search(text):
        return _read_exactly(text)
    return None, _not_utf8(text) or fault


def _read_exactly(text: bytes) -> tuple[Any, str]:
    """As `_read`, slower: integers of any size, lone surrogates."""
    try:
        value = json.loads(
            text.decode(),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except json.JSONDecodeError as error:
        return None, _told(error)
    except UnicodeDecodeError:
        return None, _not_utf8(text)
    except RecursionError:
        return None, _TOO_DEEP
    except ValueError as error:
        return None, str(error)
    return value, ""


_TOO_DEEP = f"arrays and objects lie in each other more than {MAX_DEPTH} levels deep"


def _told(error: json.JSONDecodeError) -> str:
    message = error.msg[:1].lower() + error.msg[1:]
    return f"{message} (line {error.lineno}, column {error.colno})"


def _not_utf8(text: bytes) -> str:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        column = error.start - text.rfind(b"\n", 0, error.start)
        return f"it is not UTF-8 (line {line}, byte {column})"
    return ""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _bounded(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise ValueError(f"an integer has more than {MAX_DIGITS} digits")
    return int(digits)


def _survey(value: Any) -> bool:
    """Whether a number may have lost digits. Raises ValueError when the value is too deep.

    Level by level and not by recursion, so that depth costs nothing and breaks nothing.
    """
    inexact = False
    level: list[Any] = [[value]]
    depth = 0
    while level:
        if depth > MAX_DEPTH:
            raise ValueError(_TOO_DEEP)
        below: list[Any] = []
        for container in level:
            for item in _items(container):
                if type(item) in _CONTAINERS:
                    below.append(item)
                elif type(item) is float and (item >= _FIRST_INEXACT or item <= -_FIRST_INEXACT):
                    inexact = True
        level = below
        depth += 1
    return inexact


def _items(container: Any) -> Iterable[Any]:
    return container.values() if is_object(container) else container


def _repeated(text: bytes, value: Any, once: Sequence[str]) -> str:
    """The first name of `once` that the outermost object gives twice, or ""."""
    if not is_object(value):
        return ""
    # A quoted name inside a string is escaped and ends with \" and not with a bare quote, so one
    # place is proof enough; only a second one is worth another reading. rfind is the faster one.
    suspects: list[str] = []
    for name in once:
        quoted = b'"%b"' % name.encode()
        if name in value and text.rfind(quoted) != text.find(quoted):
            suspects.append(name)
    if not suspects:
        return ""
    outermost: list[list[tuple[str, Any]]] = [[]]

    def remember(pairs: list[tuple[str, Any]]) -> None:
        outermost[0] = pairs  # objects end from the inside out: the last one is the outermost

    json.loads(text.decode(), object_pairs_hook=remember, parse_int=_bounded)
    names = [name for name, _ in outermost[0]]
    return next((name for name in suspects if names.count(name) > 1), "")

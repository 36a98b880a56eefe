"""JSON that is nearly right: a model with parts exchanged, or its text with bytes exchanged."""

from __future__ import annotations

import copy
import json
from typing import Any, cast

from hypothesis import strategies as st

_TEXT = st.text(st.characters(codec=None), max_size=8)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT
    | st.sampled_from(["", "[DONE]", "error", "stop", "0", "1e999", "\ud800", "429", "free"])
)


def json_values() -> st.SearchStrategy[Any]:
    """Anything that JSON can say."""
    return st.recursive(
        _SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
        max_leaves=8,
    )


@st.composite
def exchanged(draw: st.DrawFn, model: Any, more: st.SearchStrategy[Any] | None = None) -> Any:
    """`model` with up to four of its parts replaced, removed or added to."""
    value = copy.deepcopy(model)
    other = json_values() if more is None else more | json_values()
    for _ in range(draw(st.integers(0, 4))):
        places = list(_places(value))
        holder, key = places[draw(st.integers(0, len(places) - 1))] if places else (None, None)
        match draw(st.integers(0, 5)):
            case 0 if holder is not None:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[draw(_TEXT)] = draw(other)
            case 2 if isinstance(holder, list):
                cast("list[Any]", holder).append(draw(other))
            case _ if holder is not None:
                holder[key] = draw(other)
            case _:
                return draw(other)
    return value


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every part as its container and key."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        rows = list(cast("dict[str, Any]", value).items())
    elif isinstance(value, list):
        rows = list(enumerate(cast("list[Any]", value)))
    else:
        return found
    for key, inner in rows:
        found.append((cast("Any", value), key))
        found += _places(inner)
    return found


def encoded(value: Any) -> bytes:
    """As text: with non-ASCII characters as they are, lone surrogates among them."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


@st.composite
def damaged_json(draw: st.DrawFn, model: Any = None) -> bytes:
    """The bytes of nearly `model`, now and then cut, doubled or with a byte exchanged."""
    value = draw(json_values() if model is None else exchanged(model))
    escaped = draw(st.booleans())
    data = json.dumps(value).encode() if escaped else encoded(value)
    match draw(st.integers(0, 9)):
        case 0:
            return data[: draw(st.integers(0, len(data)))]
        case 1 if data:
            at = draw(st.integers(0, len(data) - 1))
            spoilt = draw(st.sampled_from([b"", b'"', b"}", b"NaN", b"\xff", b"\x00", b"1" * 400]))
            return data[:at] + spoilt + data[at + 1 :]
        case 2:
            return b"\xef\xbb\xbf" + data + b" "
        case 3:
            return draw(st.binary(max_size=30))
        case _:
            return data

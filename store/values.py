"""Values from outside as SQLite can take them: capped or made visible, never refused.

SQLite's integers end at 2^63, a lone surrogate cannot be encoded, text after a NUL is invisible to
many of its functions, and a NaN becomes NULL. One such value must not cost a batch of log rows.
"""

from __future__ import annotations

# Far above anything real, and so small that nine million of them still add up below 2^63.
MOST = 10**12
LONGEST_TEXT = 4096


def as_count(value: int) -> int:
    """A number of tokens, rows and the like: 0 to 10^12."""
    return value if type(value) is int and 0 <= value <= MOST else max(0, min(int(value), MOST))


def as_number(value: float) -> float:
    """A duration or an instant; what is not finite becomes the nearest bound, NaN becomes 0."""
    if -MOST <= value <= MOST:
        return float(value)
    return 0.0 if value != value else float(max(-MOST, min(value, MOST)))


def as_optional_number(value: float | None) -> float | None:
    """Like `as_number`; NaN and None are unknown."""
    return None if value is None or value != value else as_number(value)


def as_text(value: str) -> str:
    """Lone surrogates and NUL as visible escapes (`\\ud800`, `\\x00`), at most 4,096 characters."""
    if value.isascii() and len(value) <= LONGEST_TEXT and "\0" not in value:
        return value
    if len(value) > LONGEST_TEXT:
        value = value[: LONGEST_TEXT - 3] + "..."
    value = value.replace("\0", "\\x00")
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def provider_of(entry: str) -> str:
    """`groq` of `groq/openai/gpt-oss-120b`."""
    return entry.partition("/")[0]


def model_of(entry: str) -> str:
    """`openai/gpt-oss-120b` of `groq/openai/gpt-oss-120b`."""
    return entry.partition("/")[2]

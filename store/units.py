"""Durations and sizes as people write them in the config file."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST = 366 * 86400.0

_SIZE = re.compile(r"(\d+)\s*(B|KiB|MiB|GiB|kB|KB|MB|GB)", re.ASCII)
_BYTES = {
    "B": 1,
    "kB": 1000,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
}


def seconds(written: object) -> float:
    """`"500ms" "5s" "10m" "1h" "7d"` in seconds.

    Raises ValueError, in the words of the config's error messages.
    """
    if isinstance(written, str) and (match := _DURATION.fullmatch(written.strip())):
        # Hundreds of digits would become `inf`.
        length = float(match[1]) * _SECONDS[match[2]] if len(match[1]) <= 20 else _LONGEST + 1
        if length > _LONGEST:
            raise ValueError("must be at most 366d")
        return length
    if isinstance(written, str) and written.strip().startswith("-"):
        raise ValueError("must not be negative")
    raise ValueError('must be a duration such as "500ms", "5s", "10m", "1h" or "7d"')


def positive_seconds(written: object) -> float:
    """A duration that is longer than nothing. Raises ValueError."""
    length = seconds(written)
    if length <= 0:
        raise ValueError("must be longer than 0s")
    return length


def byte_size(written: object) -> int:
    """`"16MiB"` in bytes. Raises ValueError."""
    if isinstance(written, str) and (match := _SIZE.fullmatch(written.strip())):
        size = int(match[1]) * _BYTES[match[2]] if len(match[1]) <= 12 else 0
        if not 1024 <= size <= 4 * 1024**3:
            raise ValueError("must be between 1KiB and 4GiB")
        return size
    raise ValueError('must be a size such as "16MiB"')


Duration = Annotated[float, BeforeValidator(seconds)]
"""Seconds; in the file a text such as "5s"; nothing (`0s`) is allowed."""

Timeout = Annotated[float, BeforeValidator(positive_seconds)]
"""Seconds; in the file a text such as "5s"; more than nothing."""

Size = Annotated[int, BeforeValidator(byte_size)]
"""Bytes; in the file a text such as "16MiB"."""

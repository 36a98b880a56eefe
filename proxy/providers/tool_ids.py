"""Tool-call ids for providers that restrict them.

Mistral takes nothing but nine ASCII letters and digits: "Tool call id was call_abc but must be
a-z, A-Z, 0-9, with a length of 9". Other providers take any id, so only ids sent there change.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

_ALPHABET = string.digits + string.ascii_letters
_LENGTH = 9
_MISTRAL = re.compile(r"[A-Za-z0-9]{9}", re.ASCII)


def nine_character_ids(messages: Sequence[Any]) -> dict[str, str]:
    """Id to the nine characters that stand for it, for those ids in `messages` that need it.

    Made from the id itself, so that a conversation's next request maps it the same way, and never
    equal to another id of the same request.
    """
    given = list(dict.fromkeys(_ids(messages)))
    taken = {known for known in given if _MISTRAL.fullmatch(known)}
    mapped: dict[str, str] = {}
    for known in given:
        if known in taken:
            continue
        attempt = 0
        while (short := _short(f"{attempt}:{known}")) in taken:
            attempt += 1
        taken.add(short)
        mapped[known] = short
    return mapped


def with_ids(messages: list[Any], mapped: Mapping[str, str]) -> list[Any]:
    """The messages with every id replaced, in calls and in the results that refer to them."""
    return [_with_ids(message, mapped) for message in messages]


def _with_ids(message: dict[str, Any], mapped: Mapping[str, str]) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if message.get("tool_call_id") in mapped:
        changed["tool_call_id"] = mapped[message["tool_call_id"]]
    calls = message.get("tool_calls")
    if calls and any(call.get("id") in mapped for call in calls):
        changed["tool_calls"] = [
            {**call, "id": mapped[call["id"]]} if call.get("id") in mapped else call
            for call in calls
        ]
    return {**message, **changed} if changed else message


def _ids(messages: Sequence[Any]) -> Iterator[str]:
    for message in messages:
        for call in message.get("tool_calls") or ():
            if call.get("id") is not None:
                yield call["id"]
        if message.get("tool_call_id") is not None:
            yield message["tool_call_id"]


def _short(text: str) -> str:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    number = int.from_bytes(digest)
    characters: list[str] = []
    for _ in range(_LENGTH):
        number, place = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[place])
    return "".join(characters)

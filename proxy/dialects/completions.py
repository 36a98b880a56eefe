"""The legacy text completions: a prompt becomes a user message, the answer's text comes back.

Where a provider has them (`Preset.completions`) the body goes there as it came, and so does the
answer: its choices have a `text`, beside which the chat's own reading of it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from proxy.answer import as_list, as_object
from proxy.chat_fields import STRING, wrong
from proxy.chat_request import ChatRequest, Legacy, read_chat
from proxy.dialects.chat import openai_error, openai_interruption
from proxy.dialects.dialect import Exchange, Failure, Reply, Telling, Ticket, read_object
from proxy.dialects.frames import payloads
from proxy.errors import RequestFault
from proxy.jsontext import is_array

_HERE = frozenset({"prompt", "echo", "logprobs", "suffix", "best_of", "messages"})
"""Fields that mean something else in chat, or nothing."""
_OF_CHAT = frozenset({"delta", "message"})
"""What a provider's own text completion was given so that it reads as chat."""


class CompletionsDialect:
    """`POST /v1/completions`. Errors are OpenAI's, as in chat."""

    def read(self, raw: bytes, ticket: Ticket) -> Exchange:
        body = read_object(raw, once=("model", "prompt", "stream"))
        prompt = _prompt(body.get("prompt"))
        _refuse_suffix(body.get("suffix"))
        chat = {name: value for name, value in body.items() if name not in _HERE}
        chat["messages"] = [{"role": "user", "content": prompt}]
        chat |= _log_probabilities(body.get("logprobs"))
        dropped = ("best_of",) if _is_more(body.get("best_of"), body.get("n")) else ()
        request = replace(read_chat(chat), legacy=Legacy(body, dropped))
        return CompletionsExchange(request, prompt if _echoes(body) else "")

    def refusal(self, failure: Failure, id: str) -> Reply:
        return openai_error(failure)


class CompletionsExchange:
    """`echo` stands before the text of every choice."""

    def __init__(self, chat: ChatRequest, echo: str) -> None:
        self.chat = chat
        self.headers: Mapping[str, str] = {}
        self._echo = echo

    def plain(self, completion: bytes) -> bytes:
        return orjson.dumps(_Teller(self._echo).told(orjson.loads(completion)))

    def stream(self) -> Telling:
        return _Teller(self._echo)

    def failed(self, failure: Failure) -> Reply:
        return openai_error(failure)


class _Teller:
    """Turns chunks, or the one completion, into text completions."""

    def __init__(self, echo: str) -> None:
        self._echo = echo
        self._places: dict[int, int] = {}
        """How many characters each choice has said, by its index."""

    def feed(self, frames: bytes) -> bytes:
        told: list[bytes] = []
        for payload in payloads(frames):
            line = b"[DONE]" if payload is None else orjson.dumps(self.told(payload))
            told.append(b"data: " + line + b"\n\n")
        return b"".join(told)

    def interrupted(self, message: str) -> bytes:
        return openai_interruption(message)

    def told(self, payload: dict[str, Any]) -> dict[str, Any]:
        """A chunk or a completion under its legacy names; what else stands in it stays."""
        choices = [self._choice(choice) for choice in as_list(payload.get("choices")) or ()]
        return {**payload, "object": "text_completion", "choices": choices}

    def _choice(self, choice: dict[str, Any]) -> dict[str, Any]:
        if type(choice.get("text")) is str:
            return {name: choice[name] for name in choice if name not in _OF_CHAT}
        index: int = choice.get("index", 0)
        said = as_object(choice.get("delta")) or as_object(choice.get("message")) or {}
        text = _text(said)
        if index not in self._places:
            self._places[index] = 0
            text = self._echo + text
        place = self._places[index]
        self._places[index] += len(text)
        return {
            "text": text,
            "index": index,
            "logprobs": _legacy_logprobs(choice.get("logprobs"), place),
            "finish_reason": choice.get("finish_reason"),
        }


def _prompt(value: Any) -> str:
    if is_array(value) and len(value) == 1 and type(value[0]) is str:
        return value[0]
    if is_array(value) and value:
        what = "several prompts" if type(value[0]) is str else "token ids"
        raise RequestFault(
            f"'prompt' holds {what}; models behind 429chain take one text at a time. Send one "
            "request for each prompt, as a string.",
            param="prompt",
        )
    if type(value) is not str or not value:
        raise wrong("prompt", "a string that is not empty", value)
    return value


def _refuse_suffix(value: Any) -> None:
    if value:
        raise RequestFault(
            "'suffix' (filling in between two texts) cannot be carried to chat models. Leave it "
            "out, or ask a provider that has it directly.",
            param="suffix",
        )


def _echoes(body: dict[str, Any]) -> bool:
    echo = body.get("echo")
    if echo is not None and type(echo) is not bool:
        raise wrong("echo", "a boolean", echo)
    return echo is True


def _log_probabilities(value: Any) -> dict[str, Any]:
    """A number of alternatives here, a switch and a number in chat."""
    if value is None or value is False:
        return {}
    if value is True:  # not OpenAI's type, but what clients of chat send
        return {"logprobs": True}
    if type(value) is not int or value < 0:
        raise wrong("logprobs", "a whole number", value)
    return {"logprobs": True, "top_logprobs": value}


def _is_more(best_of: Any, n: Any) -> bool:
    return type(best_of) is int and best_of > (n if type(n) is int else 1)


def _text(said: dict[str, Any]) -> str:
    """Content, or the refusal that stands in its place. Parts (Mistral) without the thoughts."""
    content = said.get("content")
    if is_array(content):
        parts = [part for part in map(as_object, content) if part and part.get("type") == "text"]
        return "".join(part["text"] for part in parts if STRING.fits(part.get("text")))
    text = content or said.get("refusal")
    return text if type(text) is str else ""


def _legacy_logprobs(value: Any, place: int) -> dict[str, Any] | None:
    """`tokens`, `token_logprobs`, `top_logprobs` and `text_offset` of chat's list of tokens."""
    listed = as_list((as_object(value) or {}).get("content"))
    if listed is None:
        return None
    tokens = [token for token in map(as_object, listed) if token is not None]
    offsets: list[int] = []
    for token in tokens:
        offsets.append(place)
        place += len(str(token.get("token", "")))
    return {
        "tokens": [token.get("token") for token in tokens],
        "token_logprobs": [token.get("logprob") for token in tokens],
        "top_logprobs": [_alternatives(token) for token in tokens],
        "text_offset": offsets,
    }


def _alternatives(token: dict[str, Any]) -> dict[str, Any]:
    found = map(as_object, as_list(token.get("top_logprobs")) or ())
    return {str(other.get("token")): other.get("logprob") for other in found if other}

"""A client's chat request: parsed once, checked, measured, and never changed afterwards."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from proxy import jsontext
from proxy.chat_fields import NAME, check_fields, wrong
from proxy.chat_messages import survey
from proxy.errors import RequestFault
from proxy.jsontext import is_object

IMAGE_TOKENS = 1500
"""An image is estimated at this, whatever its size."""

CAP_FIELDS = ("max_completion_tokens", "max_tokens")
"""Names of the answer's cap, the one that counts first."""


@dataclass(frozen=True, slots=True)
class Legacy:
    """The text completion that a chat request stands for, for providers that have those."""

    body: dict[str, Any]
    """As the client sent it."""
    dropped: tuple[str, ...]
    """What of it the chat request cannot carry."""


@dataclass(slots=True)
class ChatRequest:
    """What the waterfall and the ledger have to know of a request, worked out once. Read only."""

    body: dict[str, Any]
    """As the client sent it. Read only: every entry's body is made from it. Empty in the end."""
    model: str
    stream: bool
    wants_usage: bool
    """The client asked for `stream_options.include_usage`."""
    cap: int | None
    """The largest answer that the client wants, in tokens."""
    cap_field: str | None
    """Which of `CAP_FIELDS` said so."""
    prompt_bytes: int
    """UTF-8 bytes of messages, tool calls, tool definitions and schemas, image data left out."""
    images: int
    needs_tools: bool
    needs_vision: bool
    n: int
    paths: frozenset[str]
    """General names of what the messages hold, such as `messages.*.reasoning_content`."""
    dropped: tuple[str, ...] = ()
    """What the client gave in another format and chat cannot carry: `x-429chain-dropped`."""
    legacy: Legacy | None = None
    memo: dict[Hashable, Any] = field(
        default_factory=dict[Hashable, Any], repr=False, compare=False
    )
    """What was encoded for one purpose and serves the next as well."""

    def forget(self) -> None:
        """Let go of what was asked: its answer has begun, and no entry is asked any more."""
        self.body, self.legacy = {}, None
        self.memo.clear()

    def encoded(self, name: str) -> bytes:
        """A field of the body as JSON, encoded once."""
        return _encoded(self.body, name, self.memo)


def parse_chat(raw: bytes) -> ChatRequest:
    """Read the body of `POST /v1/chat/completions`.

    Raises RequestFault (400) that names the place in the text or the field that is wrong.
    """
    try:
        body = jsontext.loads(raw, once=("model", "messages", "stream"))
    except ValueError as error:
        message = f"The request body is not usable as JSON: {error}."
    else:
        return read_chat(body)
    raise RequestFault(message)


def read_chat(body: Any) -> ChatRequest:
    """Check and measure a body that is parsed already. Raises RequestFault as `parse_chat`."""
    if not is_object(body):
        raise RequestFault("The request body must be a JSON object.")
    model: Any = body.get("model")
    if not NAME.fits(model):
        raise wrong("model", NAME.words, model)
    messages = survey(body.get("messages"))
    check_fields(body)
    options: Any = body.get("stream_options") or {}
    cap_field = next((name for name in CAP_FIELDS if body.get(name) is not None), None)
    images = messages.images
    memo: dict[Hashable, Any] = {}
    return ChatRequest(
        body=body,
        model=model,
        stream=body.get("stream") is True,
        wants_usage=options.get("include_usage") is True,
        cap=int(body[cap_field]) if cap_field else None,
        cap_field=cap_field,
        prompt_bytes=messages.size + _definitions_size(body, memo),
        images=images,
        needs_tools=_needs_tools(body),
        needs_vision=images > 0,
        n=int(body.get("n") or 1),
        paths=messages.paths,
        memo=memo,
    )


def estimate(request: ChatRequest, divisor: float = 4.0) -> int:
    """Tokens of the prompt. `divisor` is UTF-8 bytes per token, learned per entry (1.5 to 6)."""
    return ceil(request.prompt_bytes / divisor) + IMAGE_TOKENS * request.images


def _encoded(body: dict[str, Any], name: str, memo: dict[Hashable, Any]) -> bytes:
    encoded = memo.get(name)
    if encoded is None:
        encoded = memo[name] = jsontext.dumps(body[name])
    return encoded


def _definitions_size(body: dict[str, Any], memo: dict[Hashable, Any]) -> int:
    """Bytes of the tools and of the answer's schema, as JSON."""
    size = sum(len(_encoded(body, name, memo)) for name in ("tools", "functions") if body.get(name))
    answer = body.get("response_format")
    schema = answer.get("json_schema") if is_object(answer) else None
    return size + (len(jsontext.dumps(schema)) if schema else 0)


def _needs_tools(body: dict[str, Any]) -> bool:
    """Whether the answer may call a tool. A history with calls needs no tool to go on."""
    if body.get("tools") and body.get("tool_choice") != "none":
        return True
    return bool(body.get("functions")) and body.get("function_call") != "none"

"""What every client format has in common: a request becomes a chat request, a chat answer becomes
the client's.

`Dialect` reads a body, `Exchange` is one request of a client and tells its answer, `Telling` is
that answer as a stream. All of it is pure: bytes in, bytes out; the waterfall sees only chat.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from proxy import jsontext
from proxy.chat_request import ChatRequest, read_chat
from proxy.errors import RequestFault
from proxy.jsontext import is_object

JSON = "application/json"
EVENT_STREAM = "text/event-stream; charset=utf-8"


class Ticket(NamedTuple):
    """What the answer to a request is called, and when it was asked for."""

    id: str
    """Of the request: `x-request-id`."""
    at: int
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no answer, in the terms of OpenAI's error object."""

    status: int
    message: str
    type: str
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    trail: list[dict[str, Any]] | None = None
    """As `error.trail`; None where the request did not reach routing."""


class Reply(NamedTuple):
    """A whole answer; `headers` are those that the dialect itself wants."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str]


class Telling(Protocol):
    """An answer while it streams."""

    def feed(self, frames: bytes) -> bytes:
        """Whole chat frames, as `ChatStream` makes them, told the client's way; b"" for nothing.

        `data: [DONE]` ends the answer. Raises UpstreamFault where the upstream's own chunk makes
        no sense.
        """
        ...

    def interrupted(self, message: str) -> bytes:
        """The last event of a stream that broke; `message` is fit to be shown."""
        ...


class Exchange(Protocol):
    """One request of a client, and how its answer is told."""

    @property
    def chat(self) -> ChatRequest: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """What clients of this format look for in the head of an answer."""
        ...

    def plain(self, completion: bytes) -> bytes:
        """The body that says what `completion`, JSON of a chat.completion, says."""
        ...

    def stream(self) -> Telling: ...

    def failed(self, failure: Failure) -> Reply:
        """Nobody served."""
        ...


class Dialect(Protocol):
    """A client format."""

    def read(self, raw: bytes, ticket: Ticket) -> Exchange:
        """Raises RequestFault (400) that names the place in the text or the field."""
        ...

    def refusal(self, failure: Failure, id: str) -> Reply:
        """An error before any exchange: a wrong key, a body that could not be read."""
        ...


def read_object(raw: bytes, *, once: Iterable[str]) -> dict[str, Any]:
    """A request body as a JSON object; `once` as `jsontext.loads`. Raises RequestFault (400)."""
    try:
        body = jsontext.loads(raw, once=tuple(once))
    except ValueError as error:
        fault = f"The request body is not usable as JSON: {error}."
    else:
        if is_object(body):
            return body
        fault = "The request body must be a JSON object."
    raise RequestFault(fault)


def made_chat(body: dict[str, Any], dropped: Iterable[str]) -> ChatRequest:
    """The chat request that a dialect made. Usage is asked for: these formats always tell it.

    `dropped` names, in the client's own terms, what chat cannot carry.
    """
    chat = read_chat(body)
    return replace(chat, wants_usage=True, dropped=tuple(sorted(set(dropped))))

"""Each method of `Admin` and its route, once: the HTTP face, its OpenAPI description and the remote
client are all made from this table. Types and defaults are read off the method's signature.

A parameter that the path names is a path parameter, `if_match` is the header, one whose type is an
edit or a prompt is the body, the rest is the query string.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_origin, get_type_hints

from pydantic import TypeAdapter

from app.changes import CHANGES, PROMPT_EVENTS
from app.contract import Admin, ChainEdit, NewChain, NewProvider, Prompt, ProviderEdit

_BODIES = (NewProvider, ProviderEdit, NewChain, ChainEdit, Prompt)

Reply = Literal["object", "items", "nothing", "events", "stream", "text"]
"""What comes back: a JSON object, a tuple as `{"items": [...]}`, 204, server-sent events, a
download in pieces, a text."""


@dataclass(frozen=True)
class Parameter:
    """One argument of an operation. `name` is the method's, `wire` the one in the request."""

    name: str
    wire: str
    place: Literal["path", "query", "header", "body"]
    required: bool
    type: Any

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.type)


@dataclass(frozen=True)
class Operation:
    """A route. `path` has its parameters in braces, `{model}` may hold slashes."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    call: Callable[..., Any]
    """The unbound method of `Admin`."""
    status: int = 200
    tells_version: bool = False
    """Its answer has a `version`, which is its ETag too."""
    leaves_out: str = ""
    """A parameter of the method that this route does not have."""
    events: Mapping[str, type] | None = None
    media: str = "application/json"

    @property
    def name(self) -> str:
        return self.call.__name__

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.call) or "").partition("\n\n")[0].replace("\n", " ")

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        hints = get_type_hints(self.call, include_extras=True)
        found: list[Parameter] = []
        for name, parameter in inspect.signature(self.call).parameters.items():
            wire = name.rstrip("_")
            in_path = f"{{{wire}}}" in self.path
            if name in ("self", self.leaves_out):
                continue
            place: Literal["path", "query", "header", "body"] = "query"
            if in_path:
                place = "path"
            elif name == "if_match":
                place, wire = "header", "if-match"
            elif hints[name] in _BODIES:
                place = "body"
            required = in_path or parameter.default is inspect.Parameter.empty
            found.append(Parameter(name, wire, place, required, hints[name]))
        return tuple(found)

    @property
    def body(self) -> Parameter | None:
        return next((one for one in self.parameters if one.place == "body"), None)

    @cached_property
    def result(self) -> Any:
        """The type that the method returns; of a stream, what it yields."""
        hint = get_type_hints(self.call, include_extras=True)["return"]
        return hint.__args__[0] if get_origin(hint) is AsyncGenerator else hint

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """Of the result."""
        return TypeAdapter(self.result)

    @property
    def is_stream(self) -> bool:
        """It comes in pieces, for as long as it takes."""
        return self.reply in ("events", "stream")

    @property
    def reply(self) -> Reply:
        if self.events is not None:
            return "events"
        if self.result is bytes:
            return "stream"
        if self.result is str:
            return "text"
        if self.result is type(None):
            return "nothing"
        return "items" if get_origin(self.result) is tuple else "object"


OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", "/api/status", Admin.status),
    Operation("GET", "/api/limits", Admin.limits),
    Operation("POST", "/api/limits/{provider}/clear", Admin.clear, leaves_out="model"),
    Operation("POST", "/api/limits/{provider}/{model}/clear", Admin.clear),
    Operation("GET", "/api/providers", Admin.providers, tells_version=True),
    Operation("POST", "/api/providers", Admin.add_provider, status=201, tells_version=True),
    Operation("GET", "/api/providers/{id}", Admin.provider, tells_version=True),
    Operation("PATCH", "/api/providers/{id}", Admin.change_provider, tells_version=True),
    Operation("DELETE", "/api/providers/{id}", Admin.remove_provider, status=204),
    Operation("GET", "/api/providers/{id}/models", Admin.models),
    Operation("POST", "/api/providers/{id}/check", Admin.check),
    Operation("GET", "/api/presets", Admin.presets),
    Operation("GET", "/api/chains", Admin.chains, tells_version=True),
    Operation("POST", "/api/chains", Admin.add_chain, status=201, tells_version=True),
    Operation("GET", "/api/chains/{name}", Admin.chain, tells_version=True),
    Operation("PUT", "/api/chains/{name}", Admin.change_chain, tells_version=True),
    Operation("DELETE", "/api/chains/{name}", Admin.remove_chain, status=204),
    Operation("POST", "/api/undo", Admin.undo, tells_version=True),
    Operation("GET", "/api/requests", Admin.requests),
    Operation("GET", "/api/requests/{id}", Admin.request),
    Operation("GET", "/api/requests.csv", Admin.requests_csv, media="text/csv"),
    Operation("GET", "/api/requests.jsonl", Admin.requests_jsonl, media="application/jsonl"),
    Operation("GET", "/api/stats", Admin.stats),
    Operation("POST", "/api/test", Admin.test),
    Operation(
        "POST", "/api/test", Admin.test_stream, events=PROMPT_EVENTS, media="text/event-stream"
    ),
    Operation("GET", "/api/events", Admin.events, events=CHANGES, media="text/event-stream"),
    Operation("GET", "/metrics", Admin.metrics, media="text/plain"),
)
"""In the order of DESIGN A7. `/api/test` answers with events where its body says `stream`."""

"""What goes wrong on the way of a request, and how a client is told.

ChainError
├── RequestFault        the client's own mistake; no upstream was asked
└── UpstreamFault       an upstream's answer is no completion (see `kind`)
"""

from __future__ import annotations

from typing import Any, Literal


class ChainError(Exception):
    """Root of everything the data plane raises on purpose."""


class RequestFault(ChainError):
    """The client's own mistake, told in OpenAI's four-key error object.

    `status` is the HTTP status, `param` the offending field (dotted) where there is one.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.type = type
        self.param = param
        self.code = code


class UpstreamFault(ChainError):
    """An upstream's answer that is no completion.

    `kind` is `error` when the answer carries an error of its own (`body` holds its JSON bytes, to
    be classified like a refusal), `broken` for anything that is cut off, empty, too large or not
    what was asked for.
    """

    def __init__(
        self, kind: Literal["error", "broken"], message: str, *, body: bytes = b""
    ) -> None:
        super().__init__(message)
        self.kind: Literal["error", "broken"] = kind
        self.message = message
        self.body = body


def error_body(
    message: str,
    *,
    type: str,
    param: str | None = None,
    code: str | None = None,
    trail: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """OpenAI's error object, with the trail where the request reached routing."""
    error: dict[str, Any] = {"message": message, "type": type, "param": param, "code": code}
    if trail is not None:
        error["trail"] = trail
    return {"error": error}

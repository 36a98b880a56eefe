"""Which format a request speaks: by its path, and where no path tells, by a header."""

from __future__ import annotations

from collections.abc import Mapping

from proxy.dialects.chat import ChatDialect
from proxy.dialects.completions import CompletionsDialect
from proxy.dialects.dialect import Dialect
from proxy.dialects.messages import MessagesDialect
from proxy.dialects.responses import ResponsesDialect

MESSAGES = MessagesDialect()
COUNT_TOKENS = "/messages/count_tokens"

DIALECTS: Mapping[str, Dialect] = {
    "/chat/completions": ChatDialect(),
    "/completions": CompletionsDialect(),
    "/responses": ResponsesDialect(),
    "/messages": MESSAGES,
}
"""By path, below `/v1` or without it."""


def spoken(path: str, headers: Mapping[str, str]) -> Dialect:
    """The format in which an error is told, for a path that may not even exist."""
    path = path.removeprefix("/v1")
    if path == COUNT_TOKENS or is_anthropic(headers):
        return MESSAGES
    return DIALECTS.get(path) or DIALECTS["/chat/completions"]


def is_anthropic(headers: Mapping[str, str]) -> bool:
    """Anthropic's clients send this with every request, `GET /v1/models` too."""
    return "anthropic-version" in headers

"""Of docs/api.md: the table of routes, from the same table that they are made from."""

from __future__ import annotations

from typing import Any

from app.operations import OPERATIONS, Operation, Parameter
from app.web.openapi import describe

OPEN = frozenset({("GET", "/health"), ("POST", "/api/session")})
"""Routes that want no token."""


def routes() -> str:
    """Every route: what it does, what it takes, how it answers."""
    rows = [_row(operation) for operation in OPERATIONS]
    rows += [_beside(method, path, told) for (method, path), told in beside().items()]
    head = ["| route | what it does | takes | answers |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def beside() -> dict[tuple[str, str], dict[str, Any]]:
    """Routes that are about HTTP itself, by method and path, as OpenAPI describes them."""
    paths: dict[str, dict[str, Any]] = describe("chain429")["paths"]
    table = {(one.method, one.path) for one in OPERATIONS}
    return {
        (verb.upper(), path): described
        for path, verbs in paths.items()
        for verb, described in verbs.items()
        if (verb.upper(), path) not in table
    }


def _row(operation: Operation) -> str:
    summary = operation.summary.replace("|", r"\|")
    answer = f"{operation.status} {_ANSWERS[operation.reply]}"
    if operation.reply in ("stream", "text"):
        answer = f"{operation.status} `{operation.media}`"
    if operation.tells_version:
        answer += ", `ETag`"
    return f"| `{operation.method} {operation.path}` | {summary} | {_takes(operation)} | {answer} |"


_ANSWERS = {
    "object": "JSON",
    "items": '`{"items": [...]}`',
    "nothing": "no body",
    "events": "server-sent events",
    "stream": "",
    "text": "",
}


def _takes(operation: Operation) -> str:
    told: list[str] = []
    if operation.body is not None:
        told.append("`{stream: true, ...}`" if operation.events else _fields(operation.body))
    query = [f"`{one.wire}`" for one in operation.parameters if one.place == "query"]
    if query:
        told.append("? " + " ".join(query))
    if any(one.place == "header" for one in operation.parameters):
        told.append("`If-Match`")
    return ", ".join(told) or "–"


def _fields(body: Parameter) -> str:
    schema = body.adapter.json_schema()
    required = schema.get("required", ())
    marked = [name if name in required else f"{name}?" for name in schema["properties"]]
    return "`{" + ", ".join(marked) + "}`"


def _beside(method: str, path: str, described: dict[str, Any]) -> str:
    content = described.get("requestBody", {}).get("content", {})
    fields = [", ".join(one["schema"]["properties"]) for one in content.values()]
    takes = "`{" + fields[0] + "}`" if fields else "–"
    status = next(iter(described["responses"]))
    open_to_all = ", open" if (method, path) in OPEN else ""
    answer = f"{status} {'no body' if status == '204' else 'JSON'}{open_to_all}"
    told = _TOLD.get(path, described["summary"])
    return f"| `{method} {path}` | {told} | {takes} | {answer} |"


_TOLD = {"/api/openapi.json": "The description of all this."}

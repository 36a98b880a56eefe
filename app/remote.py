"""The `Admin` of an instance that runs elsewhere, over its admin API: made from the same table."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from typing import Any, cast
from urllib.parse import quote

import aiohttp
import orjson
from pydantic import SecretStr, TypeAdapter, ValidationError
from yarl import URL

from app.contract import Admin, AdminError, Prompt
from app.operations import OPERATIONS, Operation
from proxy.errors import UpstreamFault
from proxy.sse import EventSplitter
from proxy.text import safe_text

_PATIENCE = 30.0
"""Seconds for an answer; a test prompt takes as long as its chain."""
_SILENCE = 60.0
"""Seconds between two pieces of a stream, heartbeats (15 s) counted."""
_LARGEST_EVENT = 16 * 1024 * 1024


def remote_admin(url: str, token: SecretStr, session: aiohttp.ClientSession) -> Admin:
    """The instance whose admin port is at `url` (`http://127.0.0.1:4291`), maybe under a path."""
    return cast("Admin", _Remote(url.rstrip("/"), token, session))


class _Remote:
    def __init__(self, url: str, token: SecretStr, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._token = token
        self._session = session

    def __getattr__(self, name: str) -> Any:
        operations = [one for one in OPERATIONS if one.name == name]
        if not operations:
            raise AttributeError(name)

        def call(*given: Any, **named: Any) -> Any:
            bound = inspect.signature(operations[0].call).bind(None, *given, **named)
            arguments = {
                name: value
                for name, value in bound.arguments.items()
                if name != "self" and value is not None
            }
            return self._call(_fitting(operations, arguments), arguments)

        return call

    def _call(self, operation: Operation, arguments: Mapping[str, Any]) -> Any:
        request = _Request(operation, arguments)
        if operation.events is not None:
            return self._events(request, operation.events)
        if operation.reply == "stream":
            return self._pieces(request)
        return self._answer(request)

    def _send(self, request: _Request) -> Any:
        operation = request.operation
        patience = None if operation.path == "/api/test" or operation.is_stream else _PATIENCE
        silence = _SILENCE if operation.is_stream else None
        return self._session.request(
            operation.method,
            URL(self._url + request.path, encoded=True).with_query(request.query),
            data=request.body,
            headers={
                "authorization": f"Bearer {self._token.get_secret_value()}",
                "content-type": "application/json",
                **request.headers,
            },
            timeout=aiohttp.ClientTimeout(total=patience, sock_connect=5.0, sock_read=silence),
            allow_redirects=False,
        )

    async def _answer(self, request: _Request) -> Any:
        operation = request.operation
        try:
            async with self._send(request) as response:
                raw = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._silent(error) from None
        if response.status >= 300:
            raise self._refused(response.status, raw)
        if operation.reply == "nothing":
            return None
        if operation.reply == "text":
            return raw.decode("utf-8", "replace")
        try:
            if operation.reply == "items":
                raw = orjson.dumps(orjson.loads(raw)["items"])
            return operation.adapter.validate_json(raw)
        except (ValidationError, ValueError, KeyError, TypeError):
            raise self._strange() from None

    async def _pieces(self, request: _Request) -> AsyncGenerator[bytes]:
        try:
            async with self._send(request) as response:
                if response.status >= 300:
                    raise self._refused(response.status, await response.read())
                async for piece in response.content.iter_any():
                    yield piece
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._silent(error) from None

    async def _events(self, request: _Request, names: Mapping[str, type]) -> AsyncGenerator[Any]:
        splitter = EventSplitter(_LARGEST_EVENT)
        adapters = {name.encode(): TypeAdapter[Any](kind) for name, kind in names.items()}
        async for piece in self._pieces(request):
            try:
                for event in splitter.feed(piece):
                    if event.name in adapters:
                        # An event that a newer version has and this one does not is passed over.
                        yield adapters[event.name].validate_json(event.data)
            except (ValidationError, UpstreamFault):
                raise self._strange() from None

    def _silent(self, error: Exception) -> AdminError:
        kind = type(error).__name__
        return AdminError(
            "No answer",
            f"Nothing answers at {self._url} ({kind}).",
            "is 429chain running there? --url names another address",
            status=503,
        )

    def _refused(self, status: int, raw: bytes) -> AdminError:
        try:
            facts: Any = orjson.loads(raw)["error"]
            title, message, hint = (str(facts[name]) for name in ("title", "message", "hint"))
            field: Any = facts["field"]
        except (ValueError, KeyError, TypeError):
            return self._strange(f" ({status})")
        return AdminError(
            safe_text(title, 200),
            safe_text(message, 2000),
            safe_text(hint, 2000),
            safe_text(field, 200) if isinstance(field, str) else None,
            status=status,
        )

    def _strange(self, more: str = "") -> AdminError:
        return AdminError(
            "No 429chain",
            f"What answers at {self._url} is no admin port of this version{more}.",
            "the admin port is 4291 unless server.admin_port says otherwise",
            status=502,
        )


class _Request:
    """An operation's arguments on the wire."""

    def __init__(self, operation: Operation, arguments: Mapping[str, Any]) -> None:
        self.operation = operation
        self.path = operation.path
        self.query: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.body: bytes | None = None
        for parameter in operation.parameters:
            if parameter.name not in arguments:
                continue
            value = arguments[parameter.name]
            if parameter.place == "path":
                safe = "/" if parameter.wire == "model" else ""
                self.path = self.path.replace(f"{{{parameter.wire}}}", quote(str(value), safe=safe))
            elif parameter.place == "query":
                self.query[parameter.wire] = str(value)
            elif parameter.place == "header":
                self.headers[parameter.wire] = f'"{value}"'
            else:
                if isinstance(value, Prompt):
                    value = replace(value, stream=operation.events is not None)
                self.body = parameter.adapter.dump_json(value)


def _fitting(operations: list[Operation], arguments: Mapping[str, Any]) -> Operation:
    """Of two routes of a method, the one that has a place for all that is given."""
    return next(
        one
        for one in operations
        if one.leaves_out not in arguments and all(name in arguments for name in _in_path(one))
    )


def _in_path(operation: Operation) -> list[str]:
    return [one.name for one in operation.parameters if one.place == "path"]

"""The admin port: every operation of the table at its route, behind the token."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, cast

import orjson
from aiohttp import hdrs, web
from pydantic import SecretStr

from app.configured import Configured
from app.contract import Admin, AdminError, Prompt
from app.operations import OPERATIONS, Operation
from app.web.answers import dress, error_answer, json_answer
from app.web.arguments import MOST_BODY, read_arguments
from app.web.events import send_events
from app.web.guard import check_content_type, check_host, check_origin
from app.web.openapi import describe
from app.web.tokens import SESSION_LIFE, Ended, Tokens, WrongTokens
from proxy.clock import Clock
from proxy.errors import RequestFault
from proxy.intake import read_body
from store import ended_sessions
from store.database import Database, StoreFault

log = logging.getLogger("429chain")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class TooManyTries(AdminError):
    """Ten wrong tokens came from one address; `wait` in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(
            "Too many wrong tokens",
            f"Ten wrong tokens came from this address. Wait {wait} s.",
            "the right one is taken at any time",
            status=429,
        )
        self.wait = wait


class AdminServer:
    """The HTTP face of an `Admin`. Whatever route is not opened on purpose wants the token."""

    def __init__(
        self, admin: Admin, configured: Configured, clock: Clock, database: Database
    ) -> None:
        self._admin = admin
        self._configured = configured
        self._clock = clock
        self._database = database
        self._tokens = Tokens(self._token, clock)
        self._wrong = WrongTokens(clock)
        self._open: set[web.AbstractRoute] = set()
        # Cookies know no ports: two instances on one machine must not end each other's sessions.
        self._cookie = f"chain429_{configured.loaded.settings.server.admin_port}"

    async def remember_ended(self) -> None:
        """Take over from before the start which sessions were ended."""
        try:
            ended = await ended_sessions.load(self._database, self._clock.wall())
        except (StoreFault, sqlite3.Error) as error:
            log.warning("which sessions were ended could not be read: %s", error)
            return
        self._tokens = Tokens(self._token, self._clock, ended)

    def _token(self) -> SecretStr | None:
        found = self._configured.loaded.secrets.get(("server", "admin_token"))
        return found.value if found is not None else None

    def application(self) -> web.Application:
        """An aiohttp application. Run it with `handler_cancellation=True`."""
        app = web.Application(client_max_size=0, middlewares=[self._guard])
        app.on_response_prepare.append(dress)
        self.open(app, "GET", "/health", self._health)
        self.open(app, "POST", "/api/session", self._open_session)
        app.router.add_route("DELETE", "/api/session", self._end_session)
        app.router.add_route("GET", "/api/openapi.json", self._openapi)
        routes: dict[tuple[str, str], list[Operation]] = {}
        for operation in OPERATIONS:
            routes.setdefault((operation.method, operation.path), []).append(operation)
        for (method, path), operations in routes.items():
            pattern = path.replace("{model}", "{model:.+}")
            app.router.add_route(method, pattern, self._handler(operations))
        return app

    def open(self, app: web.Application, method: str, path: str, handler: Handler) -> None:
        """Add a route that needs no token."""
        self._open.add(app.router.add_route(method, path, handler))

    # Around every handler.

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.path != "/health":
                self._admit(request)
            return await handler(request)
        except TooManyTries as error:
            return error_answer(error, {"retry-after": str(error.wait)})
        except AdminError as error:
            return error_answer(error)
        except web.HTTPException as error:
            return error_answer(_no_route(request, error.status), _allowed(error))
        except ConnectionError:
            raise
        except Exception:
            # The last boundary: the person reads the log, the client learns nothing.
            trace = os.urandom(6).hex()
            log.exception("admin request %s failed", trace)
            message = f"429chain itself failed; its log has the reason ({trace})."
            return error_answer(AdminError("Internal error", message, status=500))

    def _admit(self, request: web.Request) -> None:
        """Raises AdminError for what must not reach a handler."""
        allowed_hosts = self._configured.loaded.settings.server.allowed_hosts
        check_host(request, allowed_hosts)
        if request.path.startswith("/api") or request.method not in ("GET", "HEAD"):
            check_origin(request, allowed_hosts)
        if request.match_info.route not in self._open:
            self._authenticate(request)
        if request.match_info.http_exception is None:
            check_content_type(request)

    def _authenticate(self, request: web.Request) -> None:
        offered = request.headers.getall(hdrs.AUTHORIZATION, [])
        if not offered:
            cookie = request.cookies.get(self._cookie)
            if cookie is None or not self._tokens.is_session(cookie):
                raise self._unknown(
                    "The admin token is missing." if cookie is None else "The session has ended."
                )
            return
        scheme, _, token = offered[0].strip().partition(" ")
        if len(offered) > 1 or scheme.lower() != "bearer" or not token.strip():
            raise self._unknown("The admin token is missing.")
        self._judge(request, token.strip())

    def _judge(self, request: web.Request, token: str) -> None:
        """Raises AdminError for a wrong token: 401, after ten in a minute 429."""
        if self._tokens.is_right(token.encode("utf-8", "surrogateescape")):
            return
        address = request.remote or ""
        left = self._wrong.note(address)
        if left < 0:
            raise TooManyTries(int(self._wrong.wait(address)) + 1)
        raise self._unknown(f"That is not the admin token. {left} tries left this minute.")

    def _unknown(self, message: str) -> AdminError:
        hint = "send it as 'Authorization: Bearer TOKEN'; it is server.admin_token in the config"
        if not self._tokens.is_set:
            message = "No admin token is set, so none is right."
            hint = 'set one under [server]: admin_token = "env:CHAIN429_ADMIN_TOKEN"'
        return AdminError("Not signed in", message, hint, status=401)

    # Routes beside the table.

    async def _health(self, request: web.Request) -> web.Response:
        return json_answer({"status": "ok"})

    async def _openapi(self, request: web.Request) -> web.Response:
        return json_answer(describe(self._cookie))

    async def _open_session(self, request: web.Request) -> web.Response:
        self._judge(request, await _sent_token(request))
        answer = json_answer({"expires_in_s": SESSION_LIFE})
        self._set_cookie(request, answer, self._tokens.open_session(), SESSION_LIFE)
        return answer

    async def _end_session(self, request: web.Request) -> web.Response:
        ended = self._tokens.end_session(request.cookies.get(self._cookie, ""))
        if ended is not None:
            await self._remember(ended)
        answer = web.Response(status=204)
        self._set_cookie(request, answer, "", 0)
        return answer

    async def _remember(self, ended: Ended) -> None:
        try:
            await ended_sessions.add(
                self._database, ended.session, expires=ended.expires, now=self._clock.wall()
            )
        except (StoreFault, sqlite3.Error) as error:
            log.warning("a session was ended, but only until the next start: %s", error)

    def _set_cookie(
        self, request: web.Request, answer: web.Response, value: str, life: int
    ) -> None:
        origin = request.headers.get(hdrs.ORIGIN, "")
        forwarded = request.headers.get("X-Forwarded-Proto", "")
        secure = request.secure or origin.startswith("https:") or forwarded == "https"
        answer.set_cookie(
            self._cookie,
            value,
            max_age=life,
            path="/",
            secure=secure,
            httponly=True,
            samesite="Strict",
        )

    # The table's.

    def _handler(self, operations: list[Operation]) -> Handler:
        """Of one route; where it has two operations, the body's `stream` chooses."""
        plain, streamed = operations[0], operations[-1]

        async def handle(request: web.Request) -> web.StreamResponse:
            arguments = await read_arguments(request, plain)
            wants_stream = any(isinstance(one, Prompt) and one.stream for one in arguments.values())
            operation = streamed if wants_stream else plain
            result: Any = getattr(self._admin, operation.name)(**arguments)
            if operation.events is not None:
                return await send_events(request, result, operation.events)
            if operation.reply == "stream":
                return await _download(request, operation, result)
            return _answer(operation, await result)

        return handle


def _answer(operation: Operation, result: Any) -> web.Response:
    if operation.reply == "nothing":
        return web.Response(status=operation.status)
    if operation.reply == "text":
        from prometheus_client import CONTENT_TYPE_LATEST

        return web.Response(
            body=cast("str", result).encode(), headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_LATEST}
        )
    body = operation.adapter.dump_json(result)
    if operation.reply == "items":
        body = b'{"items":' + body + b"}"
    headers = {"etag": f'"{result.version}"'} if operation.tells_version else None
    return json_answer(body, status=operation.status, headers=headers)


async def _download(
    request: web.Request, operation: Operation, pieces: AsyncGenerator[bytes]
) -> web.StreamResponse:
    """The first piece is waited for, so that a log that cannot be read is an answer of its own."""
    name = operation.path.rpartition("/")[2]
    async with aclosing(pieces):
        first = await anext(pieces)
        response = web.StreamResponse(
            headers={
                hdrs.CONTENT_TYPE: f"{operation.media}; charset=utf-8",
                hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"',
            }
        )
        await response.prepare(request)
        await response.write(first)
        async for piece in pieces:
            await response.write(piece)
        await response.write_eof()
    return response


async def _sent_token(request: web.Request) -> str:
    try:
        body: Any = orjson.loads(await read_body(request, MOST_BODY))
    except RequestFault as fault:
        raise AdminError("Body refused", fault.message, status=fault.status) from None
    except orjson.JSONDecodeError:
        body = None
    token: Any = cast("dict[str, Any]", body).get("token") if isinstance(body, dict) else None
    if not isinstance(token, str) or not token or set(cast("dict[str, Any]", body)) != {"token"}:
        raise AdminError("Token wanted", 'The body must be {"token": "..."}.', "", "token")
    return token


def _no_route(request: web.Request, status: int) -> AdminError:
    if status == 405:
        message = f"{request.method} does not go with this path."
        return AdminError("No such method", message, "GET /api/openapi.json lists them", status=405)
    return AdminError(
        "No such path", "There is nothing here.", "GET /api/openapi.json lists what is", status=404
    )


def _allowed(error: web.HTTPException) -> dict[str, str] | None:
    allow = error.headers.get(hdrs.ALLOW)
    return {hdrs.ALLOW: allow} if allow else None

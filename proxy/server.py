"""The OpenAI-compatible port: a few lines a handler, everything else is the engine's."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import hdrs

from proxy.auth import Keys, presented_key
from proxy.client_connection import ClientConnection, Clients
from proxy.client_request import ClientRequest, HttpReply, http_date
from proxy.cors import allow_origin, preflight
from proxy.dialects.dialect import Dialect, Failure
from proxy.dialects.spoken import COUNT_TOKENS, DIALECTS, MESSAGES, is_anthropic, spoken
from proxy.engine import Engine, new_request_id
from proxy.errors import RequestFault
from proxy.intake import check_announced, read_body, shutting_down
from proxy.model import Client, Configuration
from proxy.model_list import model, model_list
from proxy.replies import fault_reply, json_reply, told_reply
from proxy.resolve import listed_models, resolve
from proxy.serving import serve
from proxy.text import safe_text

log = logging.getLogger(__name__)

Handler = Callable[[ClientRequest], Awaitable[HttpReply | None]]
_SERVED = (
    "/v1/chat/completions, /v1/completions, /v1/responses, /v1/messages, "
    "/v1/messages/count_tokens and /v1/models"
)
_GET, _POST = ("GET", "HEAD"), ("POST",)
_LAST_WORDS = 1.0
"""Seconds for handlers that still run when the port is wound up."""


class Server:
    """The routes of the proxy port, on an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._keys = Keys(())
        self._keys_of: Configuration | None = None
        self.routes: dict[str, tuple[tuple[str, ...], Handler]] = {
            "/health": (_GET, self._health),
            "/": (_GET, self._root),
        }
        """By path: the methods that go with it, and what answers."""
        for prefix in ("/v1", ""):
            for path, dialect in DIALECTS.items():
                self.routes[prefix + path] = _POST, self._speaking(dialect)
            self.routes[prefix + COUNT_TOKENS] = _POST, self._count_tokens
            self.routes[prefix + "/models"] = _GET, self._models
        self.stopping = False
        """`/health` says so, for load balancers and container engines."""

    @asynccontextmanager
    async def connections(self) -> AsyncGenerator[Callable[[], ClientConnection]]:
        """Makes the connections of a port, and closes them at the end of the block."""
        clients = Clients(self.handle)
        try:
            yield clients.connection
        finally:
            await clients.wind_up(_LAST_WORDS)

    async def handle(self, request: ClientRequest) -> HttpReply | None:
        """Answer a request. None where that is done, or nobody is there to hear it."""
        request.id = new_request_id()
        request.date = http_date(int(self._engine.clock.wall()))
        origins = self._engine.configuration.cors_origins
        try:
            _refuse_odd_framing(request)
            if request.method == "OPTIONS":
                reply = preflight(origins, request)
            else:
                reply = await self._routed(request)(request)
        except RequestFault as fault:
            reply = self._fault(request, fault)
        except ConnectionError:
            request.abort()
            return None
        except Exception:
            log.exception("request %s failed inside 429chain", request.id)
            if request.relaying:
                # Another status line would end up in the middle of its stream.
                request.abort()
                return None
            reply = _our_fault(request)
        if reply is not None:
            reply.headers.setdefault("x-request-id", request.id)
            allow_origin(origins, request, reply.headers)
        return reply

    def _routed(self, request: ClientRequest) -> Handler:
        """What answers it. Raises RequestFault 404, 405 or 417, or what `_go_on` raises."""
        url = request.url
        route = self.routes.get(url.raw_path) or self.routes.get(url.path)
        if route is None and _listed_model(url.path):
            route = _GET, self._model
        if route is None:
            raise RequestFault(
                f"There is no {request.method} {safe_text(url.path, 200)} here. 429chain serves "
                f"{_SERVED}.",
                status=404,
                code="not_found",
            )
        methods, handler = route
        if request.method not in methods:
            raise RequestFault(
                f"{request.method} does not go with {safe_text(url.path, 200)}; "
                f"it takes {', '.join(methods)}.",
                status=405,
                code="method_not_allowed",
            )
        if hdrs.EXPECT in request.headers:
            self._go_on(request)
        return handler

    def _fault(self, request: ClientRequest, fault: RequestFault) -> HttpReply:
        if not request.content.is_eof():
            # What is left of its body is not read: the connection can't be used again.
            request.keep_alive = False
        return fault_reply(fault, spoken(request.url.path, request.headers), request.id)

    def _go_on(self, request: ClientRequest) -> None:
        """Answer `Expect: 100-continue` for those who may send their body, and nobody else."""
        if request.headers[hdrs.EXPECT].lower() != "100-continue":
            raise RequestFault("Only 100-continue can be expected.", status=417)
        self._client(request)
        check_announced(request, self._engine.configuration.max_body)
        request.go_on()

    def _client(self, request: ClientRequest) -> Client:
        configuration = self._engine.configuration
        if self._keys_of is not configuration:
            self._keys, self._keys_of = Keys(configuration.clients), configuration
        client = self._keys.client(presented_key(request))
        if client is None:
            raise RequestFault(
                "Incorrect or missing API key. Send one of this 429chain's client keys "
                "(server.api_keys in its config) as 'Authorization: Bearer KEY'.",
                status=401,
                code="invalid_api_key",
            )
        return client

    # Handlers.

    async def _health(self, request: ClientRequest) -> HttpReply:
        if self.stopping:
            return json_reply({"status": "stopping"}, status=503)
        return json_reply({"status": "ok"})

    async def _root(self, request: ClientRequest) -> HttpReply:
        """Claude Code probes `HEAD /` at its start."""
        return json_reply({"name": "429chain", "base_url": "/v1"})

    async def _models(self, request: ClientRequest) -> HttpReply:
        listed = listed_models(self._engine.configuration, self._client(request))
        return json_reply(model_list(listed, anthropic=is_anthropic(request.headers)))

    async def _model(self, request: ClientRequest) -> HttpReply:
        wanted = _listed_model(request.url.path)
        for listed in listed_models(self._engine.configuration, self._client(request)):
            if listed[0] == wanted:
                return json_reply(model(listed, anthropic=is_anthropic(request.headers)))
        raise RequestFault(
            f"The model '{safe_text(wanted, 200)}' is not listed. GET /v1/models tells which are.",
            status=404,
            param="model",
            code="model_not_found",
        )

    def _speaking(self, dialect: Dialect) -> Handler:
        """The handler of a format's path."""

        async def handler(request: ClientRequest) -> HttpReply | None:
            return await serve(self._engine, request, dialect, self._welcome(request))

        return handler

    def _welcome(self, request: ClientRequest) -> Client:
        """The client, while new requests are taken."""
        client = self._client(request)
        if self.stopping:
            # On a connection that was open already: the port takes no new ones.
            raise shutting_down()
        return client

    async def _count_tokens(self, request: ClientRequest) -> HttpReply:
        """Estimated, as every reservation is: no upstream is asked."""
        client, configuration = self._client(request), self._engine.configuration
        chat = MESSAGES.read_to_count(await read_body(request, configuration.max_body))
        chain = resolve(configuration, client, chat.model)
        headers = {"request-id": request.id}
        tokens = self._engine.prompt_tokens(chat, chain)
        return json_reply({"input_tokens": tokens}, headers=headers)


def _listed_model(path: str) -> str:
    """The name in `/v1/models/NAME` or `/models/NAME`; "" for another path."""
    below, models, name = path.removeprefix("/v1").partition("/models/")
    return name if models and not below else ""


def _our_fault(request: ClientRequest) -> HttpReply:
    failure = Failure(
        status=500,
        message=f"429chain itself failed; its log has the reason (request {request.id}).",
        type="server_error",
        code="internal_error",
    )
    return told_reply(spoken(request.url.path, request.headers).refusal(failure, request.id))


def _refuse_odd_framing(request: ClientRequest) -> None:
    """What aiohttp lets through and an old proxy in front might understand otherwise."""
    if not request.target.startswith("/"):
        raise RequestFault("Send the path alone, not a whole URL, as the target.", status=400)
    if request.http_1_0 and hdrs.TRANSFER_ENCODING in request.headers:
        raise RequestFault("HTTP/1.0 has no Transfer-Encoding.", status=400)

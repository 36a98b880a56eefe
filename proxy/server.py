"""The OpenAI-compatible port: a few lines a handler, everything else is the engine's."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from proxy.auth import Keys, presented_key
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
from proxy.serving import ID, RELAYING, abort, serve
from proxy.text import safe_text

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_SERVED = (
    "/v1/chat/completions, /v1/completions, /v1/responses, /v1/messages, "
    "/v1/messages/count_tokens and /v1/models"
)


class Server:
    """The routes of the proxy port, on an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._keys = Keys(())
        self._keys_of: Configuration | None = None
        self.stopping = False
        """`/health` says so, for load balancers and container engines."""

    def application(self) -> web.Application:
        """An aiohttp application. Run it with `handler_cancellation=True`, or the upstream of a
        client that left runs to its end."""
        app = web.Application(client_max_size=0, middlewares=[self._elsewhere()])
        for prefix in ("/v1", ""):
            for path, dialect in DIALECTS.items():
                self._route(app, "POST", prefix + path, self._speaking(dialect))
            self._route(app, "POST", prefix + COUNT_TOKENS, self._count_tokens)
            self._route(app, "GET", prefix + "/models", self._models)
            self._route(app, "GET", prefix + "/models/{id:.+}", self._model)
        self._route(app, "GET", "/health", self._health)
        self._route(app, "GET", "/", self._root)
        app.router.add_route(
            "*", "/{path:.*}", self._guarded(self._no_route), expect_handler=self._expect
        )
        return app

    def _route(self, app: web.Application, method: str, path: str, handler: Handler) -> None:
        """The one method of a path, and what the others are told."""
        allowed = "GET, HEAD" if method == "GET" else method

        async def wrong_method(request: web.Request) -> web.StreamResponse:
            raise RequestFault(
                f"{request.method} does not go with {safe_text(request.path, 200)}; "
                f"it takes {allowed}.",
                status=405,
                code="method_not_allowed",
            )

        resource = app.router.add_resource(path)
        for name in allowed.split(", "):
            resource.add_route(name, self._guarded(handler), expect_handler=self._expect)
        resource.add_route("*", self._guarded(wrong_method), expect_handler=self._expect)

    # Around every handler.

    def _guarded(self, handler: Handler) -> Handler:
        """The last catch, and what every answer has in common."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            request[ID] = new_request_id()
            origins = self._engine.configuration.cors_origins
            try:
                _refuse_odd_framing(request)
                if request.method == "OPTIONS":
                    response: web.StreamResponse = preflight(origins, request)
                else:
                    response = await handler(request)
            except RequestFault as fault:
                response = self._fault(request, fault)
            except ConnectionError:
                return _nobody(request)
            except Exception:
                log.exception("request %s failed inside 429chain", request[ID])
                if RELAYING in request:
                    # Another status line would end up in the middle of its stream.
                    return _nobody(request)
                response = _our_fault(request)
            if not response.prepared:
                response.headers.setdefault("x-request-id", request[ID])
                allow_origin(origins, request, response)
            return response

        return guarded

    def _elsewhere(self) -> Middleware:
        """For what no route takes, not even the last one (`OPTIONS *`, a line break in the path):
        aiohttp's own answer would be no JSON and name its version."""
        no_route = self._guarded(self._no_route)

        @web.middleware
        async def elsewhere(request: web.Request, handler: Handler) -> web.StreamResponse:
            known = request.match_info.http_exception is None
            return await (handler if known else no_route)(request)

        return elsewhere

    def _fault(self, request: web.Request, fault: RequestFault) -> web.Response:
        response = fault_reply(fault, spoken(request.path, request.headers), request[ID])
        if not request.content.is_eof():
            # What is left of its body is not read: the connection can't be used again.
            response.force_close()
        return response

    async def _expect(self, request: web.Request) -> web.StreamResponse | None:
        """Answer `Expect: 100-continue` for those who may send their body, and nobody else."""
        request[ID] = new_request_id()
        try:
            if request.headers.get(hdrs.EXPECT, "").lower() != "100-continue":
                raise RequestFault("Only 100-continue can be expected.", status=417)
            self._client(request)
            check_announced(request, self._engine.configuration.max_body)
        except RequestFault as fault:
            return self._fault(request, fault)
        if request.version >= (1, 1) and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return None

    def _client(self, request: web.Request) -> Client:
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

    async def _health(self, request: web.Request) -> web.Response:
        if self.stopping:
            return json_reply({"status": "stopping"}, status=503)
        return json_reply({"status": "ok"})

    async def _root(self, request: web.Request) -> web.Response:
        """Claude Code probes `HEAD /` at its start."""
        return json_reply({"name": "429chain", "base_url": "/v1"})

    async def _no_route(self, request: web.Request) -> web.StreamResponse:
        raise RequestFault(
            f"There is no {request.method} {safe_text(request.path, 200)} here. 429chain serves "
            f"{_SERVED}.",
            status=404,
            code="not_found",
        )

    async def _models(self, request: web.Request) -> web.Response:
        listed = listed_models(self._engine.configuration, self._client(request))
        return json_reply(model_list(listed, anthropic=is_anthropic(request.headers)))

    async def _model(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
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

        async def handler(request: web.Request) -> web.StreamResponse:
            return await serve(self._engine, request, dialect, self._welcome(request))

        return handler

    def _welcome(self, request: web.Request) -> Client:
        """The client, while new requests are taken."""
        client = self._client(request)
        if self.stopping:
            # On a connection that was open already: the port takes no new ones.
            raise shutting_down()
        return client

    async def _count_tokens(self, request: web.Request) -> web.Response:
        """Estimated, as every reservation is: no upstream is asked."""
        client, configuration = self._client(request), self._engine.configuration
        chat = MESSAGES.read_to_count(await read_body(request, configuration.max_body))
        chain = resolve(configuration, client, chat.model)
        headers = {"request-id": request[ID]}
        tokens = self._engine.prompt_tokens(chat, chain)
        return json_reply({"input_tokens": tokens}, headers=headers)


def _nobody(request: web.Request) -> web.Response:
    """For a client that is gone, or has to be: aiohttp would log a traceback for an exception."""
    abort(request)
    return web.Response(status=499)


def _our_fault(request: web.Request) -> web.Response:
    failure = Failure(
        status=500,
        message=f"429chain itself failed; its log has the reason (request {request[ID]}).",
        type="server_error",
        code="internal_error",
    )
    return told_reply(spoken(request.path, request.headers).refusal(failure, request[ID]))


def _refuse_odd_framing(request: web.Request) -> None:
    """What aiohttp lets through and an old proxy in front might understand otherwise."""
    if not request.raw_path.startswith("/"):
        raise RequestFault("Send the path alone, not a whole URL, as the target.", status=400)
    if request.version < (1, 1) and hdrs.TRANSFER_ENCODING in request.headers:
        raise RequestFault("HTTP/1.0 has no Transfer-Encoding.", status=400)

"""The OpenAI-compatible port: a few lines a handler, everything else is the engine's."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import orjson
from aiohttp import hdrs, web

from proxy.auth import Keys, presented_key
from proxy.chat_request import parse_chat
from proxy.conclusion import Conclusion
from proxy.deadlines import DeadlinePassed
from proxy.engine import Engine, new_request_id
from proxy.errors import RequestFault, UpstreamFault, error_body
from proxy.intake import read_body
from proxy.job import Job
from proxy.model import Client, Configuration
from proxy.replies import (
    conclusion_reply,
    fault_reply,
    job_headers,
    json_reply,
    stream_headers,
)
from proxy.resolve import listed_models, resolve
from proxy.upstream import Served, Streaming
from proxy.waterfall import Answer

log = logging.getLogger(__name__)

WRITE_STALL = 60.0
"""Seconds for which a client may take nothing of its stream."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_CREATED = 1767225600
"""Of every listed model: clients want a number, nobody reads it."""


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
        app = web.Application(client_max_size=0)
        routes: list[tuple[str, str, Handler]] = [
            ("GET", "/health", self._health),
            ("GET", "/", self._root),
        ]
        for prefix in ("/v1", ""):
            routes += [
                ("POST", prefix + "/chat/completions", self._chat),
                ("GET", prefix + "/models", self._models),
                ("GET", prefix + "/models/{id:.+}", self._model),
            ]
        paths: dict[str, web.Resource] = {}
        for method, path, handler in routes:
            resource = paths.setdefault(path, app.router.add_resource(path))
            guarded = self._guarded(handler)
            resource.add_route(method, guarded, expect_handler=self._expect)
            if method == "GET":
                resource.add_route("HEAD", guarded, expect_handler=self._expect)
        for resource in paths.values():
            resource.add_route("*", self._guarded(self._wrong_method), expect_handler=self._expect)
        app.router.add_route(
            "*", "/{path:.*}", self._guarded(self._no_route), expect_handler=self._expect
        )
        return app

    # Around every handler.

    def _guarded(self, handler: Handler) -> Handler:
        """The last catch, and what every answer has in common."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                _refuse_odd_framing(request)
                if request.method == "OPTIONS":
                    response: web.StreamResponse = self._preflight(request)
                else:
                    response = await handler(request)
            except RequestFault as fault:
                response = fault_reply(fault, new_request_id())
            except Exception as error:
                if isinstance(error, ConnectionError):
                    raise
                request_id = new_request_id()
                log.exception("request %s failed inside 429chain", request_id)
                body = error_body(
                    f"429chain itself failed; its log has the reason (request {request_id}).",
                    type="server_error",
                    code="internal_error",
                )
                response = json_reply(body, status=500, headers={"x-request-id": request_id})
            if not response.prepared:
                self._allow_origin(request, response)
            return response

        return guarded

    async def _expect(self, request: web.Request) -> web.StreamResponse | None:
        """Answer `Expect: 100-continue` for those who may send their body, and nobody else."""
        if request.headers.get(hdrs.EXPECT, "").lower() != "100-continue":
            return fault_reply(
                RequestFault("Only 100-continue can be expected.", status=417), new_request_id()
            )
        try:
            self._client(request)
        except RequestFault as fault:
            return fault_reply(fault, new_request_id())
        assert request.transport is not None
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

    def _allow_origin(self, request: web.Request, response: web.StreamResponse) -> None:
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and origin in self._engine.configuration.cors_origins:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            response.headers[hdrs.VARY] = "origin"
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = (
                "x-request-id, x-429chain-chain, x-429chain-provider, x-429chain-model, "
                "x-429chain-attempts, x-429chain-trail, x-429chain-dropped, x-429chain-capped, "
                "retry-after, retry-after-ms"
            )

    def _preflight(self, request: web.Request) -> web.Response:
        if request.headers.get(hdrs.ORIGIN) not in self._engine.configuration.cors_origins:
            raise RequestFault(
                "This origin is not listed in server.cors_origins.",
                status=403,
                code="origin_not_allowed",
            )
        wanted = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, "")
        headers = {
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, POST, HEAD",
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: wanted or "authorization, content-type",
            hdrs.ACCESS_CONTROL_MAX_AGE: "600",
        }
        return web.Response(status=204, headers=headers)

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
            f"There is no {request.method} {request.path[:200]} here. 429chain serves "
            "/v1/chat/completions and /v1/models.",
            status=404,
            code="not_found",
        )

    async def _wrong_method(self, request: web.Request) -> web.StreamResponse:
        raise RequestFault(
            f"{request.method} does not go with {request.path[:200]}.",
            status=405,
            code="method_not_allowed",
        )

    async def _models(self, request: web.Request) -> web.Response:
        listed = listed_models(self._engine.configuration, self._client(request))
        data = [_model(id, owner) for id, owner in listed]
        return json_reply(
            {"object": "list", "data": data}, headers={"x-request-id": new_request_id()}
        )

    async def _model(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        for id, owner in listed_models(self._engine.configuration, self._client(request)):
            if id == wanted:
                return json_reply(_model(id, owner), headers={"x-request-id": new_request_id()})
        raise RequestFault(
            f"The model '{wanted[:200]}' is not listed. GET /v1/models tells which are.",
            status=404,
            param="model",
            code="model_not_found",
        )

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        client = self._client(request)
        if self.stopping:
            # On a connection that was open already: the port takes no new ones.
            raise RequestFault(
                "429chain is shutting down; try again in a few seconds.",
                status=503,
                type="server_error",
                code="shutting_down",
            )
        configuration = self._engine.configuration
        chat = parse_chat(await read_body(request, configuration.max_body))
        chain = resolve(configuration, client, chat.model)
        agent = request.headers.get(hdrs.USER_AGENT, "").partition(" ")[0][:100]
        with self._engine.job(chat, chain, client, agent, id=new_request_id()) as job:
            answer = await self._engine.serve(job)
            if isinstance(answer, Conclusion):
                job.outcome, job.status = "failed", answer.status
                return conclusion_reply(job, answer, self._engine.clock)
            if isinstance(answer.outcome, Served):
                return self._plain(job, answer, answer.outcome)
            return await self._stream(request, job, answer, answer.outcome)

    def _plain(self, job: Job, answer: Answer, served: Served) -> web.Response:
        self._engine.settle(job, answer, served.usage, served.text_bytes)
        job.outcome, job.status = "ok", 200
        job.first_token_ms = (self._engine.clock.now() - job.started) * 1000
        return json_reply(served.body, headers=job_headers(job))

    async def _stream(
        self, request: web.Request, job: Job, answer: Answer, streaming: Streaming
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=stream_headers(job))
        self._allow_origin(request, response)
        stream = streaming.stream
        try:
            await response.prepare(request)
            job.status = 200
            job.first_token_ms = (self._engine.clock.now() - job.started) * 1000
            fault = await streaming.relay(response.write, stalled=WRITE_STALL)
            if fault is None:
                job.outcome = "ok"
            else:
                job.outcome = "interrupted"
                self._engine.stream_broke(job, answer, fault)
                await response.write(_interruption(fault, self._engine))
            await response.write_eof()
        except (DeadlinePassed, ConnectionError):
            # It took nothing for a minute, or went away between two writes: `left` it is.
            job.outcome = None
            if request.transport is not None:
                request.transport.abort()
        finally:
            streaming.close()
            self._engine.settle(job, answer, stream.usage, stream.text_bytes)
        return response


def _model(id: str, owner: str) -> dict[str, object]:
    return {"id": id, "object": "model", "created": _CREATED, "owned_by": owner}


def _interruption(fault: UpstreamFault, engine: Engine) -> bytes:
    """The last event of a stream that broke: no `[DONE]` comes after it."""
    message = engine.attempts.redactor.detail(fault.message)
    error = error_body(
        f"The stream was interrupted: {message}.", type="upstream_error", code="stream_interrupted"
    )
    return b"data: " + orjson.dumps(error) + b"\n\n"


def _refuse_odd_framing(request: web.Request) -> None:
    """What aiohttp lets through and an old proxy in front might understand otherwise."""
    if not request.raw_path.startswith("/"):
        raise RequestFault("Send the path alone, not a whole URL, as the target.", status=400)
    if request.version < (1, 1) and hdrs.TRANSFER_ENCODING in request.headers:
        raise RequestFault("HTTP/1.0 has no Transfer-Encoding.", status=400)

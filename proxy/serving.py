"""One request on its way: read, resolved, served, and told in its client's own format."""

from __future__ import annotations

from aiohttp import hdrs, web

from proxy.attempts import Answer
from proxy.conclusion import Conclusion
from proxy.cors import allow_origin
from proxy.deadlines import DeadlinePassed
from proxy.dialects.dialect import Dialect, Exchange, Ticket
from proxy.engine import Engine
from proxy.intake import read_body
from proxy.job import Job
from proxy.kept_bodies import Body
from proxy.model import Client
from proxy.relay import Streaming
from proxy.replies import conclusion_reply, job_headers, json_reply, stream_headers
from proxy.resolve import resolve
from proxy.upstream import Served

WRITE_STALL = 60.0
"""Seconds for which a client may take nothing of its stream."""

ID = web.RequestKey("id", str)
RELAYING = web.RequestKey("relaying", bool)
"""The head of a stream has gone out, or is about to."""


async def serve(
    engine: Engine, request: web.Request, dialect: Dialect, client: Client
) -> web.StreamResponse:
    """Answer a request of `client`, down its chain. Raises RequestFault for what is wrong in it,
    ConnectionResetError where the client went away from its stream."""
    configuration = engine.configuration
    raw = await read_body(request, configuration.max_body)
    exchange = dialect.read(raw, Ticket(request[ID], int(engine.clock.wall())))
    chain = resolve(configuration, client, exchange.chat.model)
    agent = request.headers.get(hdrs.USER_AGENT, "").partition(" ")[0][:100]
    with engine.job(exchange.chat, chain, client, agent, id=request[ID]) as job:
        kept = None if engine.bodies is None else engine.bodies.begin(job.id, raw).answer
        answer = await engine.serve(job)
        # No await from here to the `try` of a stream: a reservation is open.
        if isinstance(answer, Conclusion):
            job.outcome, job.status = "failed", answer.status
            reply = conclusion_reply(job, answer, exchange, engine.clock)
        elif isinstance(answer.outcome, Served):
            reply = _plain(engine, job, answer, answer.outcome, exchange)
        else:
            return await _stream(engine, request, job, answer, answer.outcome, exchange, kept)
        if kept is not None and isinstance(reply.body, bytes):
            kept.add(reply.body)
        return reply


def _plain(
    engine: Engine, job: Job, answer: Answer, served: Served, exchange: Exchange
) -> web.Response:
    job.outcome, job.status = "ok", 200
    job.first_token_ms = (engine.clock.now() - job.started) * 1000
    engine.settle(job, answer, served.usage, served.text_bytes)
    return json_reply(exchange.plain(served.body), headers={**job_headers(job), **exchange.headers})


async def _stream(
    engine: Engine,
    request: web.Request,
    job: Job,
    answer: Answer,
    streaming: Streaming,
    exchange: Exchange,
    kept: Body | None,
) -> web.StreamResponse:
    stream = streaming.stream
    job.relaying = streaming
    try:
        response = web.StreamResponse(headers={**stream_headers(job), **exchange.headers})
        allow_origin(engine.configuration.cors_origins, request, response)
        telling = exchange.stream()

        async def tell(frames: bytes) -> None:
            if told := telling.feed(frames):
                if kept is not None:
                    kept.add(told)
                await response.write(told)

        request[RELAYING] = True
        await response.prepare(request)
        job.status = 200
        job.first_token_ms = (engine.clock.now() - job.started) * 1000
        fault = await streaming.relay(tell, stalled=WRITE_STALL)
        job.outcome = "ok" if fault is None else "interrupted"
        if fault is not None:
            why = engine.stream_broke(job, answer, fault)
            await response.write(telling.interrupted(f"The stream was interrupted: {why}."))
        await response.write_eof()
        return response
    except (DeadlinePassed, ConnectionError):
        # It took nothing for a minute, or went away between two writes.
        job.outcome = "left"
        abort(request)
        raise ConnectionResetError from None
    finally:
        streaming.close()
        engine.settle(job, answer, stream.usage, stream.text_bytes)


def abort(request: web.Request) -> None:
    """Cut the connection off."""
    if request.transport is not None:
        request.transport.abort()

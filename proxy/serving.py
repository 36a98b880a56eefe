"""One request on its way: read, resolved, served, and told in its client's own format."""

from __future__ import annotations

from aiohttp import hdrs

from proxy.attempts import Answer
from proxy.client_request import AnswerStream, ClientRequest, HttpReply
from proxy.conclusion import Conclusion
from proxy.cors import allow_origin
from proxy.deadlines import DeadlinePassed
from proxy.dialects.dialect import Dialect, Exchange, Telling, Ticket
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


async def serve(
    engine: Engine, request: ClientRequest, dialect: Dialect, client: Client
) -> HttpReply | None:
    """Answer a request of `client`, down its chain; None once a stream has been relayed.

    Raises RequestFault for what is wrong in it, ConnectionResetError where the client went away
    from its stream.
    """
    configuration = engine.configuration
    raw = await read_body(request, configuration.max_body)
    exchange = dialect.read(raw, Ticket(request.id, int(engine.clock.wall())))
    chain = resolve(configuration, client, exchange.chat.model)
    agent = request.headers.get(hdrs.USER_AGENT, "").partition(" ")[0][:100]
    with engine.job(exchange.chat, chain, client, agent, id=request.id) as job:
        kept = None if engine.bodies is None else engine.bodies.begin(job.id, raw).answer
        del raw  # a stream may be long
        answer = await engine.serve(job)
        # No await from here to the `try` of a stream: a reservation is open.
        if isinstance(answer, Conclusion):
            job.outcome, job.status = "failed", answer.status
            reply = conclusion_reply(job, answer, exchange, engine.clock)
        elif isinstance(answer.outcome, Served):
            reply = _plain(engine, job, answer, answer.outcome, exchange)
        else:
            await _stream(engine, request, job, answer, answer.outcome, exchange, kept)
            return None
        if kept is not None:
            kept.add(reply.body)
        return reply


def _plain(
    engine: Engine, job: Job, answer: Answer, served: Served, exchange: Exchange
) -> HttpReply:
    job.outcome, job.status = "ok", 200
    job.first_token_ms = (engine.clock.now() - job.started) * 1000
    engine.settle(job, answer, served.usage, served.text_bytes)
    return json_reply(exchange.plain(served.body), headers={**job_headers(job), **exchange.headers})


class _Listener:
    """The client of a stream, told in its own format."""

    __slots__ = ("_kept", "_out", "_telling")

    def __init__(self, out: AnswerStream, telling: Telling, kept: Body | None) -> None:
        self._out = out
        self._telling = telling
        self._kept = kept

    @property
    def is_behind(self) -> bool:
        return self._out.is_behind

    def write(self, frames: bytes) -> None:
        if told := self._telling.feed(frames):
            if self._kept is not None:
                self._kept.add(told)
            self._out.write(told)

    async def drained(self) -> None:
        await self._out.drained()

    def interrupted(self, message: str) -> None:
        self._out.write(self._telling.interrupted(message))

    def end(self) -> None:
        self._out.end()


async def _stream(
    engine: Engine,
    request: ClientRequest,
    job: Job,
    answer: Answer,
    streaming: Streaming,
    exchange: Exchange,
    kept: Body | None,
) -> None:
    stream = streaming.stream
    job.relaying = streaming
    job.request.forget()
    try:
        headers = {**stream_headers(job), **exchange.headers}
        allow_origin(engine.configuration.cors_origins, request, headers)
        client = _Listener(request.stream(headers), exchange.stream(), kept)
        job.status = 200
        job.first_token_ms = (engine.clock.now() - job.started) * 1000
        fault = await streaming.relay(client, stalled=WRITE_STALL)
        job.outcome = "ok" if fault is None else "interrupted"
        if fault is not None:
            why = engine.stream_broke(job, answer, fault)
            client.interrupted(f"The stream was interrupted: {why}.")
        client.end()
    except (DeadlinePassed, ConnectionError):
        # It took nothing for a minute, or went away between two writes.
        job.outcome = "left"
        request.abort()
        raise ConnectionResetError from None
    finally:
        streaming.close()
        engine.settle(job, answer, stream.usage, stream.text_bytes)

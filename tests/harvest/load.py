"""The clients: they send what is planned when it is due, and note what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import aiohttp
import orjson

from proxy.clock import Clock
from tests.harvest.traffic import Planned

PATIENCE = 300.0
"""Seconds after which a client gives up: longer than the product may take for anything."""
_FIRST_RETRY, _LAST_RETRY = 0.5, 8.0
_MOST_RETRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a client got in the end. Moments are `Clock.now()` seconds."""

    planned: Planned
    status: int
    """0: none, not even an error."""
    complete: bool
    """A whole answer: a stream to its `[DONE]`, without an error in it."""
    sent: float
    ended: float
    retry_after: float | None = None
    """Seconds, the finer of the two headers."""
    attempts: int = 0
    """Upstream requests that the product says it has sent."""
    trail: str = ""
    code: str = ""
    reconnected: int = 0
    """Times it was sent again because the connection broke, as an SDK does."""

    @property
    def seconds(self) -> float:
        return self.ended - self.sent


class Clients:
    """Sends a plan to one address."""

    def __init__(self, base_url: str, key: str, clock: Clock, *, reconnect: bool) -> None:
        self._url = f"{base_url}/chat/completions"
        self._headers = {
            "authorization": f"Bearer {key}",
            "content-type": "application/json",
            "user-agent": "harvest",
        }
        self._clock = clock
        self._reconnect = reconnect

    async def run(self, plan: Sequence[Planned]) -> list[Outcome]:
        """Send every request at its moment, counted from now; wait for every answer."""
        start = self._clock.now()
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        async with (
            aiohttp.ClientSession(
                headers=self._headers, connector=connector, timeout=timeout
            ) as session,
            asyncio.TaskGroup() as requests,
        ):
            tasks: list[asyncio.Task[Outcome]] = []
            for planned in plan:
                await asyncio.sleep(start + planned.at - self._clock.now())
                tasks.append(requests.create_task(self._ask(session, planned)))
        return [task.result() for task in tasks]

    async def _ask(self, session: aiohttp.ClientSession, planned: Planned) -> Outcome:
        sent, tries, pause = self._clock.now(), 0, _FIRST_RETRY
        body = orjson.dumps(planned.body)
        while True:
            try:
                async with session.post(self._url, data=body) as answer:
                    content = await answer.read()
                    return _outcome(
                        planned, answer.status, answer.headers, content, sent, self._clock, tries
                    )
            except TimeoutError:
                return self._nothing(planned, sent, "timeout", tries)
            except (aiohttp.ClientError, OSError) as error:
                if not self._reconnect or tries >= _MOST_RETRIES:
                    return self._nothing(planned, sent, type(error).__name__, tries)
            tries += 1
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LAST_RETRY)

    def _nothing(self, planned: Planned, sent: float, code: str, tries: int) -> Outcome:
        return Outcome(
            planned=planned,
            status=0,
            complete=False,
            sent=sent,
            ended=self._clock.now(),
            code=code,
            reconnected=tries,
        )


def _outcome(
    planned: Planned,
    status: int,
    headers: Mapping[str, str],
    content: bytes,
    sent: float,
    clock: Clock,
    tries: int,
) -> Outcome:
    return Outcome(
        planned=planned,
        status=status,
        complete=status == 200 and _is_whole(planned, content),
        sent=sent,
        ended=clock.now(),
        retry_after=_wait(headers),
        attempts=int(headers.get("x-429chain-attempts", 0)),
        trail=headers.get("x-429chain-trail", ""),
        code=_code(content) if status != 200 else "",
        reconnected=tries,
    )


def _is_whole(planned: Planned, content: bytes) -> bool:
    if planned.stream:
        return content.rstrip().endswith(b"data: [DONE]") and b'data: {"error"' not in content
    return b'"choices"' in content


def _wait(headers: Mapping[str, str]) -> float | None:
    if "retry-after-ms" in headers:
        return float(headers["retry-after-ms"]) / 1000
    if "retry-after" in headers:
        return float(headers["retry-after"])
    return None


def _code(content: bytes) -> str:
    try:
        return str(orjson.loads(content)["error"]["code"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return "unreadable"


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that `share` of them do not exceed; 0 of none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * int(share * 1000) // 1000) - 1))]

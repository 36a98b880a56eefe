"""What an instance in memory tells of requests: its log, its totals, a prompt that is tried."""

from __future__ import annotations

import asyncio
import csv
import io
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Sequence

from app.changes import Change, PromptEvent, Resync
from app.contract import AdminError, By, Prompt
from app.request_snapshot import Answered, Request, RequestDetail, RequestPage, StatsRow
from tests.screens.history import history, row, stats_rows


class FakeTraffic:
    """The part of `app.contract.Admin` that is about requests. Every field may be set by a test."""

    def __init__(self, *, empty: bool = False) -> None:
        self.log: list[RequestDetail] = [] if empty else history()
        self.under_way: list[RequestDetail] = []
        self.rows: dict[str, tuple[StatsRow, ...]] = {}
        """What `stats` answers by a group, where it is not the mock-ups'."""
        if empty:
            self.rows = dict.fromkeys(("day", "hour", "provider", "model", "chain", "client"), ())
        self.refuse: dict[str, AdminError] = {}
        """By method name: what is raised instead of an answer."""
        self.calls: list[tuple[str, object]] = []
        """The acts, in order: `("change_chain", ("free", {...}))`."""
        self.prompt_events: asyncio.Queue[PromptEvent | AdminError] = asyncio.Queue()
        """What a test prompt brings, one `put_nowait` at a time, up to an `Answered`."""
        self.asked: list[Prompt] = []
        self.abandoned = 0
        """Test prompts that were stopped before their end."""
        self.hold: dict[str, asyncio.Event] = {}
        """By method name: what an answer waits for."""
        self.asks: Counter[str] = Counter()
        """By method name: how often something was read."""
        self.changes: asyncio.Queue[Change] | None = None
        """What is told of changes, after the first `resync`; None: the stream ends at once."""

    async def let_pass(self, method: str) -> None:
        """Wait for or fail with what a test has set for a method."""
        self.asks[method] += 1
        if method in self.hold:
            await self.hold[method].wait()
        if method in self.refuse:
            raise self.refuse[method]

    # Requests.

    async def requests(
        self,
        *,
        before: int | None = None,
        limit: int = 100,
        chain: str | None = None,
        provider: str | None = None,
        status: str | None = None,
        q: str | None = None,
    ) -> RequestPage:
        await self.let_pass("requests")
        only = (chain, provider, status, q)
        total = len(self.log)
        newest = 0 if before is None else max(0, total - before + 1)
        running = [] if before is not None else self.under_way
        items = [row(one) for one in running if _meant(one, *only)]
        at = newest
        while at < total and len(items) < limit:
            if _meant(self.log[at], *only):
                items.append(row(self.log[at]))
            at += 1
        return RequestPage(tuple(items), total - at + 1 if at < total else None)

    async def request(self, id: str) -> RequestDetail:
        await self.let_pass("request")
        for one in (*self.under_way, *self.log):
            if one.id == id:
                return one
        raise AdminError("No such request", f"The log has no request '{id}'.", status=404)

    async def requests_csv(
        self,
        *,
        chain: str | None = None,
        provider: str | None = None,
        status: str | None = None,
        q: str | None = None,
    ) -> AsyncGenerator[bytes]:
        await self.let_pass("requests_csv")
        yield _csv([("id", "chain", "entry")])
        for one in self.log:
            if _meant(one, chain, provider, status, q):
                yield _csv([(one.id, one.chain, one.entry or "")])

    async def requests_jsonl(
        self,
        *,
        chain: str | None = None,
        provider: str | None = None,
        status: str | None = None,
        q: str | None = None,
    ) -> AsyncGenerator[bytes]:
        await self.let_pass("requests_jsonl")
        for one in self.log:
            if _meant(one, chain, provider, status, q):
                yield f'{{"id": "{one.id}"}}\n'.encode()

    async def stats(
        self, by: By = "day", *, from_: str | None = None, to: str | None = None
    ) -> tuple[StatsRow, ...]:
        self.calls.append(("stats", (by, from_, to)))
        await self.let_pass("stats")
        rows = self.rows[by] if by in self.rows else stats_rows(by)
        if by not in ("day", "hour"):
            return rows
        last = f"{to}T99" if to else "9999"
        return tuple(one for one in rows if (from_ or "") <= one.key <= last)

    # A prompt.

    async def test(self, prompt: Prompt) -> Answered:
        async for event in self.test_stream(prompt):
            if isinstance(event, Answered):
                return event
        raise AssertionError("the prompt was given no end")

    async def test_stream(self, prompt: Prompt) -> AsyncGenerator[PromptEvent]:
        self.asked.append(prompt)
        await self.let_pass("test_stream")
        ended = False
        try:
            while not ended:
                event = await self.prompt_events.get()
                if isinstance(event, AdminError):
                    ended = True
                    raise event
                ended = isinstance(event, Answered)
                yield event
        finally:
            self.abandoned += not ended

    async def events(self) -> AsyncGenerator[Change]:
        yield Resync("start")
        while self.changes is not None:
            yield await self.changes.get()

    async def metrics(self) -> str:
        return ""


def _meant(
    one: Request | RequestDetail,
    chain: str | None,
    provider: str | None,
    status: str | None,
    q: str | None,
) -> bool:
    if chain is not None and one.chain != chain:
        return False
    asked = [entry for entry, word in one.trail if word not in ("not-tried",) and ":" not in word]
    if provider is not None and not any(entry.startswith(f"{provider}/") for entry in asked):
        return False
    if status is not None and status not in (one.outcome, str(one.status)):
        is_class = status.endswith("xx") and str(one.status).startswith(status[0])
        if not is_class:
            return False
    searched = (one.client, one.agent, one.chain, one.entry or "")
    return not q or any(q.lower() in text.lower() for text in searched) or one.id.startswith(q)


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()

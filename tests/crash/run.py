"""Kill the product under load, again and again, and look at what it left behind."""

from __future__ import annotations

import asyncio
import random
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.instance import Instance
from tests.peers.stage import logged
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.raw_client import AnswerBroken
from tests.upstreams.replies import Reply, completion, refusal, stream

_CLIENTS = 8
_LONGEST_LIFE = 0.8
"""Seconds under load until the kill."""


@dataclass(slots=True)
class Report:
    """What the kills did. The lists should be empty."""

    kills: int = 0
    opened: int = 0
    """Times that the database was whole afterwards (`PRAGMA integrity_check`): after each kill, and
    after the orderly stop."""
    rows: int = 0
    slowest_start: float = 0.0
    lost: list[str] = field(default_factory=list[str])
    """Requests that were in the log before a kill and not after it, or that were answered before
    an orderly stop and never logged."""
    edits: int = 0
    """Edits of the config file that the admin API acknowledged."""
    undone: list[str] = field(default_factory=list[str])
    """Config files that were no config after a kill, or lacked the last acknowledged edit."""
    set_aside: list[str] = field(default_factory=list[str])
    """Databases that the product itself took for damaged."""
    complaints: list[str] = field(default_factory=list[str])
    state: int = 0
    """Rows of limit state at the end: must not be 0."""

    @property
    def good(self) -> bool:
        return (
            self.opened == self.kills + 1
            and self.state > 0
            and self.rows > 0
            and self.edits > 0
            and not (self.lost or self.undone or self.set_aside or self.complaints)
        )

    def __str__(self) -> str:
        odd = [*self.lost[:3], *self.undone[:3], *self.set_aside[:3], *self.complaints[:3]]
        return (
            f"{self.kills} kills and a stop: database whole {self.opened} times, "
            f"{self.rows} rows logged, "
            f"{len(self.lost)} lost, {self.edits} config edits acknowledged, {len(self.undone)} "
            f"undone, {self.state} rows of limit state, "
            f"slowest restart {self.slowest_start:.2f} s" + "".join(f"\n  {one}" for one in odd)
        )


async def kill_often(kills: int, *, seed: int = 87) -> Report:
    """SIGKILL at random moments under a load of plain, streaming and refused requests.

    The last life ends by SIGTERM, after which all that was answered must be in the log.
    """
    dice, report = random.Random(seed), Report()
    with tempfile.TemporaryDirectory(prefix="crash-") as name:
        async with fake_provider(lambda _: _answer(dice)) as up:
            instance = Instance(Path(name), up.base_url)
            for _ in range(kills):
                await _start(instance, report)
                logged = await _live(instance, _LONGEST_LIFE * dice.random(), report)
                report.kills += 1
                _judge(instance, logged, report)
            await _start(instance, report)
            answered = await _load(instance, 0.5)
            await instance.stop()
            _judge(instance, answered, report)
        report.set_aside = [one.name for one in instance.database.parent.glob("*.corrupt-*")]
        told = instance.output().splitlines()
        report.complaints += [line for line in told if "Traceback" in line]
        report.complaints += [f"it wrote {secret}" for secret in instance.leaks()]
    return report


def _answer(dice: random.Random) -> Reply:
    if dice.random() < 0.01:
        return refusal(429, headers={"retry-after": "1"})
    return completion("x") if dice.random() < 0.5 else stream("a", "b", "c")


async def _start(instance: Instance, report: Report) -> None:
    report.slowest_start = max(report.slowest_start, await instance.start())


async def _live(instance: Instance, seconds: float, report: Report) -> set[str]:
    """Load for so long, then the kill, in the middle of edits of the config; the ids that were in
    the log just before it."""
    kept = instance.last_entry()
    async with asyncio.TaskGroup() as group:
        editing = group.create_task(_edit(instance, report))
        await _load(instance, seconds)
        logged_before = {row["id"] for row in logged(instance.database)}
        await instance.kill()
    acknowledged, begun = editing.result()
    try:
        found = instance.last_entry()
    except ValueError as error:
        report.undone.append(f"no config: {error}")
    else:
        # What was begun and not acknowledged may be there or not.
        if found not in (acknowledged or kept, begun):
            report.undone.append(f"{found} in place of {acknowledged or kept} or {begun}")
    return logged_before


async def _edit(instance: Instance, report: Report) -> tuple[str, str]:
    """Edit the config until the product is gone: the last entry that was acknowledged ("" for
    none), and the last that was asked for."""
    acknowledged = begun = ""
    with suppress(OSError, AnswerBroken):
        while True:
            begun = f"up/m{report.edits + 1}"
            if not await instance.edit(begun):
                raise AssertionError("an edit was refused")
            acknowledged = begun
            report.edits += 1
    return acknowledged, begun


async def _load(instance: Instance, seconds: float) -> set[str]:
    """Clients that ask without a pause; the ids of what was answered."""
    answered: set[str] = set()
    until = asyncio.get_running_loop().time() + seconds

    async def client(number: int) -> None:
        with suppress(OSError, AnswerBroken):
            while asyncio.get_running_loop().time() < until:
                answer = await instance.ask(stream=number % 2 == 0)
                answered.add(answer.headers["x-request-id"])

    async with asyncio.TaskGroup() as group:
        for number in range(_CLIENTS):
            group.create_task(client(number))
    return answered


def _judge(instance: Instance, logged_before: set[str], report: Report) -> None:
    verdict, rows, state = instance.look()
    if verdict == "ok":
        report.opened += 1
    else:
        report.complaints.append(f"integrity_check: {verdict}")
    report.lost += sorted(logged_before - {row["id"] for row in rows})
    report.rows, report.state = len(rows), len(state)

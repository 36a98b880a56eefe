"""The figures of a run beside their goals, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from tests.harvest.accounts import Accounts
from tests.harvest.load import Outcome, percentile
from tests.harvest.perfect import Served
from tests.harvest.traffic import ShapeName


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a run was, and what it cost the machine."""

    shape: ShapeName
    killed: bool
    seconds: float
    seed: int
    capacity_per_minute: float
    lag_ms: float
    """The worst delay of the runner's own event loop: what the latencies may owe to it."""
    product_cpu_s: float
    runner_cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything measured of one run. Milliseconds and seconds as the names say."""

    circumstances: Circumstances
    requests: int
    served: int
    in_order: int
    """What a perfect scheduler that keeps the chain's order serves."""
    clairvoyant: int
    failed: int
    failed_otherwise: int
    """With anything but a 429."""
    untrue_retry_after: int
    timeouts: int
    avoidable: int
    calls: int
    cut: int
    """Answers that the SIGKILL cut off. They count as served: nobody could have saved them."""
    waste: int
    repeat: int
    first: int
    p50_s: float
    p99_s: float
    perfect_p99_s: float
    """Of the perfect scheduler that keeps the order: what the shape itself costs."""
    failover_ms: float
    """Median of what a failover costs."""
    paid_for_nobody: int
    reconnected: int
    replay_differs: int

    @property
    def harvest(self) -> float:
        return (self.served + self.cut) / self.in_order if self.in_order else 1.0

    @property
    def of_clairvoyant(self) -> float:
        return (self.served + self.cut) / self.clairvoyant if self.clairvoyant else 1.0

    @property
    def calls_per_answer(self) -> float:
        return self.calls / max(1, self.served + self.cut)


def figures_of(
    circumstances: Circumstances,
    accounts: Accounts,
    outcomes: Sequence[Outcome],
    in_order: Served,
    clairvoyant: Served,
) -> Figures:
    """Put together what the accounts, the clients and the schedulers say."""
    served = [one for one in outcomes if one.complete]
    failed = [one for one in outcomes if not one.complete]
    return Figures(
        circumstances=circumstances,
        requests=len(outcomes),
        served=len(served),
        in_order=in_order.count,
        clairvoyant=clairvoyant.count,
        failed=len(failed),
        failed_otherwise=sum(one.status != 429 for one in failed),
        untrue_retry_after=len(accounts.untrue),
        timeouts=sum(one.status == 504 or one.code == "timeout" for one in failed),
        avoidable=len(accounts.avoidable),
        calls=accounts.calls,
        cut=accounts.cut,
        waste=accounts.count("waste"),
        repeat=accounts.count("repeat"),
        first=accounts.count("first"),
        p50_s=percentile((one.seconds for one in served), 0.5),
        p99_s=percentile((one.seconds for one in served), 0.99),
        perfect_p99_s=percentile(in_order.latencies, 0.99),
        failover_ms=1000 * median(accounts.failovers) if accounts.failovers else 0.0,
        paid_for_nobody=accounts.paid - accounts.cut - len(served),
        reconnected=sum(one.reconnected > 0 for one in outcomes),
        replay_differs=accounts.replay_differs,
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, and what its figure has to be for each shape; None: no goal."""

    name: str
    value: Callable[[Figures], float]
    steady: tuple[str, float] | None = None
    bursts: tuple[str, float] | None = None
    overload: tuple[str, float] | None = None
    digits: int = 0

    def goal(self, shape: ShapeName) -> tuple[str, float] | None:
        return {"steady": self.steady, "bursts": self.bursts, "overload": self.overload}[shape]

    def met(self, figures: Figures) -> bool:
        """Rounded as it is shown: 0.9951 is 1.00 to nobody, 0.99 to everybody."""
        goal = self.goal(figures.circumstances.shape)
        if goal is None:
            return True
        value = round(self.value(figures), self.digits)
        return value >= goal[1] if goal[0] == ">=" else value <= goal[1]

    def told(self, figures: Figures) -> str:
        """`0.98 (>= 0.99) MISSED`"""
        goal = self.goal(figures.circumstances.shape)
        words = f"{self.value(figures):.{self.digits}f}"
        if goal is not None:
            words += f" ({goal[0]} {goal[1]:g})" + ("" if self.met(figures) else " MISSED")
        return words


_NONE = ("<=", 0.0)

ROWS = (
    Row("requests", lambda f: f.requests),
    Row("capacity a minute", lambda f: f.circumstances.capacity_per_minute),
    Row("served", lambda f: f.served),
    Row("cut off by the kill", lambda f: f.cut),
    Row("in-order scheduler", lambda f: f.in_order),
    Row("clairvoyant", lambda f: f.clairvoyant),
    Row("harvest", lambda f: f.harvest, (">=", 1.0), (">=", 1.0), (">=", 0.99), 3),
    Row("of the clairvoyant", lambda f: f.of_clairvoyant, overload=(">=", 0.95), digits=3),
    Row("avoidable failures", lambda f: f.avoidable, _NONE, _NONE, _NONE),
    Row("failures, not a 429", lambda f: f.failed_otherwise, _NONE, _NONE, _NONE),
    Row("untrue retry-after", lambda f: f.untrue_retry_after, _NONE, _NONE, _NONE),
    Row("timeouts", lambda f: f.timeouts, _NONE, _NONE, _NONE),
    Row("refused: waste", lambda f: f.waste, _NONE, _NONE, _NONE),
    Row("refused: repeat", lambda f: f.repeat, overload=("<=", 8.0)),
    Row("refused: first", lambda f: f.first),
    Row(
        "calls per answer",
        lambda f: f.calls_per_answer,
        ("<=", 1.03),
        ("<=", 1.10),
        ("<=", 1.05),
        3,
    ),
    Row("p50, s", lambda f: f.p50_s, digits=2),
    Row("p99, s", lambda f: f.p99_s, bursts=("<=", 5.0), digits=2),
    Row("in-order p99, s", lambda f: f.perfect_p99_s, digits=2),
    Row("failover median, ms", lambda f: f.failover_ms, overload=("<=", 5.0), digits=1),
    Row("paid for nobody", lambda f: f.paid_for_nobody),
    Row("reconnected", lambda f: f.reconnected),
    Row("replay differs", lambda f: f.replay_differs, _NONE, _NONE, _NONE),
    Row("runner's worst lag, ms", lambda f: f.circumstances.lag_ms),
    Row("CPU product, s", lambda f: f.circumstances.product_cpu_s, digits=1),
    Row("CPU runner and farm, s", lambda f: f.circumstances.runner_cpu_s, digits=1),
)


def table(runs: Sequence[Figures]) -> str:
    """Runs as columns, figures as rows, in Markdown."""
    heads = [
        f"{run.circumstances.shape}{', killed' if run.circumstances.killed else ''}" for run in runs
    ]
    lines = [["", *heads], ["---"] * (len(runs) + 1)]
    lines += [[row.name, *(row.told(run) for run in runs)] for row in ROWS]
    widths = [max(len(line[column]) for line in lines) for column in range(len(runs) + 1)]
    return "\n".join(
        "| "
        + " | ".join(word.ljust(width) for word, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    )


def misses(runs: Sequence[Figures]) -> list[str]:
    """`overload: refused: waste 3 (<= 0) MISSED`, one for each goal that was missed."""
    return [
        f"{run.circumstances.shape}: {row.name} {row.told(run)}"
        for run in runs
        for row in ROWS
        if not row.met(run)
    ]


def as_json(runs: Sequence[Figures]) -> list[dict[str, Any]]:
    return [
        asdict(run)
        | {
            "harvest": round(run.harvest, 4),
            "of_clairvoyant": round(run.of_clairvoyant, 4),
            "calls_per_answer": round(run.calls_per_answer, 4),
            "missed": [row.name for row in ROWS if not row.met(run)],
        }
        for run in runs
    ]

"""How long pages of a long request log take through the admin API, for every filter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import urlencode

from tests.app.running import Instance, config, running
from tests.paging.log import RARE, fill

BUDGET_MS = 50.0
_PAGE = 100

FILTERS: tuple[dict[str, str], ...] = (
    {},
    {"chain": "free"},
    {"chain": RARE},
    {"chain": "none"},
    {"provider": "groq"},
    {"provider": "none"},
    {"status": "200"},
    {"status": "5xx"},
    {"status": "left"},
    {"chain": "batch", "status": "503"},
    {"chain": RARE, "status": "503"},
    {"provider": "mistral", "chain": "code", "status": "failed"},
    {"provider": "mistral", "status": "4xx"},
    {"q": "gpt"},
    {"q": "a text that stands nowhere"},
    {"q": "0004"},
    {"q": "0000080000000000"},
    {"q": "curl", "chain": "code"},
    {"q": "journal", "provider": "gemini", "status": "ok"},
    {"q": RARE, "status": "4xx"},
)


@dataclass(frozen=True, slots=True)
class Pages:
    """What one filter took: `items` on its first page, milliseconds of every page asked for."""

    filter: str
    items: int
    times: tuple[float, ...]

    @property
    def p95_ms(self) -> float:
        return sorted(self.times)[int(len(self.times) * 0.95)]

    @property
    def median_ms(self) -> float:
        return median(self.times)

    def __str__(self) -> str:
        name = self.filter or "(all)"
        worst = max(self.times)
        return f"{name:50} {self.items:5} items  p95 {self.p95_ms:6.1f}  worst {worst:6.1f} ms"


async def measure(
    folder: Path, rows: int, *, repeats: int, tell: Callable[[str], None], crowded: bool = False
) -> None:
    """Fill a log, page through it with each filter; one line each. Raises AssertionError.

    Where the machine is `crowded` with other tests, the median is judged and not the 95th
    percentile: what only a few pages took says more of the neighbours.
    """
    started = perf_counter()
    kinds = await fill(folder / "429chain.db", rows)
    tell(f"{rows} rows of {kinds} kinds, made in {perf_counter() - started:.1f} s")
    async with running(folder, config("[chains]")) as instance:
        results = [await _pages(instance, urlencode(one), rows, repeats) for one in FILTERS]
    for result in results:
        tell(str(result))
    late = [
        str(result)
        for result in results
        if (result.median_ms if crowded else result.p95_ms) > BUDGET_MS
    ]
    assert not late, f"over {BUDGET_MS:g} ms at {rows} rows: {late}"


async def _pages(instance: Instance, query: str, rows: int, repeats: int) -> Pages:
    items = 0
    times: list[float] = []
    for before in _places(rows, repeats):
        asked = f"/api/requests?limit={_PAGE}&{query}" + (f"&before={before}" if before else "")
        started = perf_counter()
        answer = await instance.ask("GET", asked)
        times.append((perf_counter() - started) * 1000)
        assert answer.status == 200, answer.text
        if before is None:
            items = max(items, len(answer.body["items"]))
    return Pages(query, items, tuple(times))


def _places(rows: int, repeats: int) -> Iterator[int | None]:
    """The first page, the next ones, and pages from everywhere down to the oldest."""
    for turn in range(repeats):
        yield None
        for part in range(1, 5):
            yield max(2, rows * part // 5 - turn * _PAGE)
        yield 2 + turn

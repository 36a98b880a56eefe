"""The request log through the API: pages, running requests, filters, exports, totals."""

from __future__ import annotations

import asyncio
import csv
import io
import json

import pytest

from app.admin.export import safe_cell
from tests.app.running import Instance
from tests.upstreams.fake_provider import FakeProvider
from tests.upstreams.replies import completion, refusal


async def test_a_script_finds_its_own_request_at_once(instance: Instance) -> None:
    served = await instance.chat()
    page = (await instance.ask("GET", "/api/requests")).body
    detail = (await instance.ask("GET", f"/api/requests/{page['items'][0]['id']}")).body
    status = (await instance.ask("GET", "/api/status")).body

    assert page["items"][0]["id"] == served.headers["x-request-id"]
    assert page["next"] is None
    assert page["items"][0]["trail"] == [["lab/m", "ok"]]
    assert page["items"][0]["attempts"] == 1
    assert page["items"][0]["time"].endswith("Z")
    assert [attempt["outcome"] for attempt in detail["attempts"]] == ["ok"]
    assert detail["tokens_in"] == 3
    assert status["counts"]["requests_today"] == 1


async def test_pages_follow_each_other_without_a_gap(instance: Instance) -> None:
    for _ in range(7):
        await instance.chat()
    seen: list[str] = []
    path = "/api/requests?limit=3"
    sizes: list[int] = []
    while path:
        page = (await instance.ask("GET", path)).body
        sizes.append(len(page["items"]))
        seen += [row["id"] for row in page["items"]]
        path = f"/api/requests?limit=3&before={page['next']}" if page["next"] else ""

    assert sizes == [3, 3, 1]
    assert len(set(seen)) == 7


async def test_a_running_request_is_on_top(instance: Instance, lab: FakeProvider) -> None:
    await instance.chat()
    gate = asyncio.Event()
    lab.answer(completion("late", gate=gate))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(instance.chat())
        await lab.wait_for_requests(2)
        rows = (await instance.ask("GET", "/api/requests")).body["items"]
        detail = (await instance.ask("GET", f"/api/requests/{rows[0]['id']}")).body
        filtered = (await instance.ask("GET", "/api/requests?status=ok")).body["items"]
        one = (await instance.ask("GET", "/api/requests?limit=1")).body
        status = (await instance.ask("GET", "/api/status")).body
        gate.set()
    after = (await instance.ask("GET", "/api/requests")).body["items"]

    assert after[0]["trail"] == [["lab/m", "ok"]]
    assert [(row["outcome"], row["status"]) for row in rows] == [(None, None), ("ok", 200)]
    assert [row["trail"] for row in rows] == [[["lab/m", "trying"]], [["lab/m", "ok"]]]
    assert detail["outcome"] is None
    assert [row["outcome"] for row in filtered] == ["ok"]
    assert len(one["items"]) == 1
    assert status["counts"]["in_flight"] == 1
    assert running.result().status == 200
    assert [row["outcome"] for row in after] == ["ok", "ok"]


@pytest.mark.parametrize(
    "query, count",
    [
        ("", 2),
        ("?chain=free", 2),
        ("?chain=other", 0),
        ("?provider=lab", 2),
        ("?provider=groq", 0),
        ("?status=200", 1),
        ("?status=4xx", 1),
        ("?status=failed", 1),
        ("?q=LAB%2FM", 1),
        ("?q=%25", 0),
        ("?status=&q=", 2),
    ],
)
async def test_filters(query: str, count: int, instance: Instance, lab: FakeProvider) -> None:
    await instance.chat()
    lab.answer(refusal(400, "no such thing", code="bad", type="invalid_request_error"))
    assert (await instance.chat()).status == 400
    page = await instance.ask("GET", f"/api/requests{query}")

    assert len(page.body["items"]) == count


@pytest.mark.parametrize(
    "query, field",
    [
        ("?status=teapot", "status"),
        ("?limit=0", "limit"),
        ("?limit=x", "limit"),
        ("?before=99999999999999999999", "before"),
        ("?statsu=200", "statsu"),
        ("?q=a&q=b", "q"),
    ],
)
async def test_bad_queries_name_the_field(query: str, field: str, instance: Instance) -> None:
    for path in ("/api/requests", "/api/requests.csv"):
        answer = await instance.ask("GET", path + query)
        assert answer.status == 400
        if path == "/api/requests":
            assert answer.body["error"]["field"] == field


async def test_a_request_that_is_not_there(instance: Instance) -> None:
    assert (await instance.ask("GET", "/api/requests/nix")).status == 404


@pytest.mark.parametrize(
    "text, safe",
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\r=x", "'\r=x"),
        (" =x", "' =x"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(text: str, safe: str) -> None:
    assert safe_cell(text) == safe


async def test_exports_hold_every_request(instance: Instance) -> None:
    headers = {"authorization": "Bearer sk-client-0123456789", "user-agent": '=cmd|"/c calc"!A1'}
    for _ in range(3):
        async with instance.http.post(
            f"{instance.proxy_url}/v1/chat/completions",
            json={"model": "free", "messages": [{"role": "user", "content": "x"}]},
            headers=headers,
        ) as answer:
            assert answer.status == 200
    table = await instance.ask("GET", "/api/requests.csv")
    lines = await instance.ask("GET", "/api/requests.jsonl")

    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert len(rows) == 3
    assert {row["agent"] for row in rows} == {"'=cmd|\"/c"}
    assert rows[0]["trail"] == "lab/m=ok"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    assert "requests.csv" in table.headers["Content-Disposition"]
    parsed = [json.loads(line) for line in lines.text.splitlines()]
    assert [one["id"] for one in parsed] == [row["id"] for row in rows]
    page = (await instance.ask("GET", "/api/requests")).body["items"]
    assert parsed == page


async def test_an_empty_log_exports_its_head(instance: Instance) -> None:
    assert (await instance.ask("GET", "/api/requests.csv")).text.startswith('"id","time"')
    assert (await instance.ask("GET", "/api/requests.jsonl")).text == ""


@pytest.mark.parametrize("by", ["provider", "model", "chain", "client", "day", "hour"])
async def test_totals(by: str, instance: Instance, lab: FakeProvider) -> None:
    await instance.chat()
    lab.answer(refusal(429))
    await instance.ask("POST", "/api/test", json={"entry": "lab/n", "prompt": "x"})
    rows = (await instance.ask("GET", f"/api/stats?by={by}")).body["items"]

    assert sum(row["requests"] for row in rows) == 1
    assert sum(row["attempts"] for row in rows) == 1 + (by != "x") * (len(lab.requests) - 1)
    if by in ("day", "hour"):
        assert rows[0]["landed"]["first"] == 1
    else:
        assert rows[0]["landed"] is None


@pytest.mark.parametrize(
    "query, field",
    [
        ("?by=colour", "by"),
        ("?from=yesterday", "from"),
        ("?to=2026-13-01", "to"),
        ("?from=2026-11-02&to=2026-11-01", "from"),
    ],
)
async def test_bad_ranges(query: str, field: str, instance: Instance) -> None:
    answer = await instance.ask("GET", f"/api/stats{query}")

    assert (answer.status, answer.body["error"]["field"]) == (400, field)


async def test_a_range_without_requests_is_empty(instance: Instance) -> None:
    await instance.chat()
    answer = await instance.ask("GET", "/api/stats?by=day&from=2001-01-01&to=2001-02-01")

    assert answer.body == {"items": []}

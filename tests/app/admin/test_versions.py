"""Every write of the config may say which version it was made for, and every read tells one."""

from __future__ import annotations

import pytest

from app.operations import OPERATIONS, Operation
from tests.app.running import Instance

_NAMES = {"/api/providers/{id}": "/api/providers/lab", "/api/chains/{name}": "/api/chains/free"}
_BODIES = {
    "POST /api/providers": {"id": "groq"},
    "PATCH /api/providers/{id}": {"limits": {"rpm": 3}},
    "POST /api/chains": {"name": "other", "entries": ["lab/m"]},
    "PUT /api/chains/{name}": {"entries": ["lab/n"]},
}
_WRITES = [one for one in OPERATIONS if any(p.wire == "if-match" for p in one.parameters)]
_READS = [one for one in OPERATIONS if one.tells_version and not one.writes]


def _name(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def test_they_are_all_there() -> None:
    assert [_name(one) for one in _READS] == [
        "GET /api/providers",
        "GET /api/providers/{id}",
        "GET /api/chains",
        "GET /api/chains/{name}",
    ]
    assert len(_WRITES) == 7


@pytest.mark.parametrize("operation", _READS, ids=_name)
async def test_a_read_tells_its_version(operation: Operation, instance: Instance) -> None:
    path = _NAMES.get(operation.path, operation.path)
    first = await instance.ask("GET", path)
    await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/m", "lab/n"]})
    second = await instance.ask("GET", path)

    assert first.headers["ETag"] == f'"{first.body["version"]}"'
    assert first.headers["ETag"] != second.headers["ETag"]


@pytest.mark.parametrize("operation", _WRITES, ids=_name)
async def test_a_write_for_an_older_version_changes_nothing(
    operation: Operation, instance: Instance
) -> None:
    stale = (await instance.ask("GET", "/api/chains")).headers["ETag"]
    await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/m", "lab/n"]})
    before = instance.text()
    path = _NAMES.get(operation.path, operation.path)
    answer = await instance.ask(
        operation.method,
        path,
        json=_BODIES.get(_name(operation)),
        headers={"if-match": stale},
    )

    assert answer.status == 412, answer.text
    assert set(answer.body["error"]) == {"title", "message", "hint", "field"}
    assert instance.text() == before


async def test_a_write_on_a_file_that_moved_under_it(instance: Instance) -> None:
    etag = (await instance.ask("GET", "/api/chains")).headers["ETag"]
    by_hand = instance.text().replace("rpm = 100", "rpm = 50")
    instance.path.write_text(by_hand, "utf-8")
    answer = await instance.ask(
        "PUT", "/api/chains/free", json={"entries": ["lab/n"]}, headers={"if-match": etag}
    )

    assert answer.status == 412
    assert instance.text() == by_hand

"""docs/api.md: no route is missing, and the answers that it shows have the shape of real ones."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast, get_args

import pytest

from app.admin.broadcast import MOST_WATCHERS
from app.changes import CHANGES
from app.contract import Admin, By
from app.web.api import AdminServer
from app.web.arguments import MOST_BODY
from app.web.events import HEARTBEAT
from app.web.tokens import SESSION_LIFE
from tests.app.running import config, running
from tests.docs.blocks import Block, blocks_of
from tests.docs.pages import DOCS, ROOT
from tests.docs.sandbox import Sandbox, sandbox
from tests.docs.tables import page, rows, section, words

_PAGE = page("api.md")
_ROUTE = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/\S*)`")


async def test_the_table_of_routes_is_complete(tmp_path: Path) -> None:
    async with running(tmp_path, config("")) as instance:
        face = AdminServer(
            instance.admin, instance.configured, instance.engine.clock, instance.database
        )
        served = {
            (route.method, route.resource.canonical.replace(":.+", ""))
            for route in face.application().router.routes()
            if route.resource is not None
        }

    told = {match.groups() for row in rows(section(_PAGE, "Routes")) for match in [_route(row[0])]}

    assert told == served


def _route(cell: str) -> re.Match[str]:
    match = _ROUTE.fullmatch(cell)
    assert match is not None, cell
    return match


def test_every_status_of_an_error_is_explained() -> None:
    sources = [*(ROOT / "app").rglob("*.py"), ROOT / "proxy" / "intake.py"]
    answered = {
        int(status)
        for path in sources
        for status in re.findall(r"status=([45]\d\d)\b", path.read_text(encoding="utf-8"))
    }

    assert {int(row[0]) for row in rows(section(_PAGE, "Errors"))} == answered | {400}


def test_every_event_is_explained() -> None:
    assert {row[0].strip("`") for row in rows(section(_PAGE, "Events"))} == set(CHANGES)


def test_the_filters_and_groups_are_those_of_the_log() -> None:
    text = section(_PAGE, "Requests and totals")
    told = {word for row in rows(text) for word in words(row[0])}

    assert told == set(inspect.signature(Admin.requests).parameters) - {"self"}
    groups = re.search(r"`by` is ([^;]+);", text)
    assert groups is not None
    assert words(groups[1]) == list(get_args(By))


def test_the_numbers_are_the_programs() -> None:
    assert f"{MOST_WATCHERS} event streams" in _PAGE
    assert f"larger than {MOST_BODY // 2**20} MiB" in _PAGE
    assert f"session cookie (`POST /api/session`): {SESSION_LIFE // 86_400} days" in _PAGE
    assert f"A comment comes every {HEARTBEAT:g} s" in _PAGE


async def test_every_metric_is_listed(tmp_path: Path) -> None:
    async with running(tmp_path, config("")) as instance:
        exposed = (await instance.ask("GET", "/metrics")).text

    names = set(re.findall(r"^# TYPE (\w+) ", exposed, re.MULTILINE))
    told = {
        name
        for row in rows(section(_PAGE, "Metrics"))
        for name in re.findall(r"`(chain429_\w+)`", row[0])
    }

    assert told == {name for name in names if not name.endswith("_created")}


@pytest.mark.timeout(300)
async def test_the_answers_are_as_they_are_shown(
    tmp_path: Path, needs: Callable[[str], str]
) -> None:
    needs("curl")
    told = [block for block in blocks_of(DOCS / "api.md") if block.language in ("sh", "json")]
    compared = 0
    async with sandbox(tmp_path) as place:
        await _ask(place)
        for block, answer in zip(told, [*told[1:], None], strict=True):
            if block.language == "sh" and "/api/events" not in block.text:
                compared += await _compare(place, block, answer)
    assert compared == sum(block.language == "json" for block in told)


async def _ask(place: Sandbox) -> None:
    """So that the log has a request."""
    asked = await place.shell(
        "curl --silent --fail http://127.0.0.1:4290/v1/chat/completions "
        '-H "authorization: Bearer $CHAIN429_API_KEY" -H "content-type: application/json" '
        """-d '{"model": "free", "messages": [{"role": "user", "content": "Hello"}]}'"""
    )
    assert asked.code == 0, asked.output


async def _compare(place: Sandbox, block: Block, answer: Block | None) -> int:
    """Run the lines; how many shown answers were compared."""
    ran = await place.shell(block.text.replace("curl ", "curl --silent --fail-with-body "))
    shown = answer.text if answer is not None and answer.language == "json" else ""
    refused = '"error": {' in shown
    assert ran.code == (22 if refused else 0), f"{block}: {ran.output}"
    if not shown:
        return 0
    # Of a refusal curl tells, too.
    answered = "\n".join(line for line in ran.output.splitlines() if not line.startswith("curl:"))
    differing = _differences(json.loads(shown), json.loads(answered), "answer")
    assert differing == [], f"{answer}: {differing}"
    return 1


def _differences(shown: object, real: object, where: str) -> list[str]:
    """Where the shapes differ: keys of objects, and kinds of values where both have one."""
    kinds = {_KINDS.get(type(one), "text") for one in (shown, real) if one is not None}
    if len(kinds) == 2:
        return [f"{where}: {kinds}"]
    if kinds == {"object"} and shown is not None and real is not None:
        ours, theirs = cast("dict[str, object]", shown), cast("dict[str, object]", real)
        odd = set(ours) ^ set(theirs)
        pairs = {name: (ours[name], theirs[name]) for name in set(ours) & set(theirs)}
        told = [one for name in pairs for one in _differences(*pairs[name], f"{where}.{name}")]
        return [f"{where}: {sorted(odd)}", *told] if odd else told
    if kinds == {"list"} and shown and real:
        return _differences(cast("list[object]", shown)[0], cast("list[object]", real)[0], where)
    return []


_KINDS: Mapping[type, str] = {
    dict: "object",
    list: "list",
    bool: "truth",
    int: "number",
    float: "number",
}

"""Every block of the documentation that a reader can copy does what it is there for."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from proxy.providers.presets import load_presets
from store.settings_load import load
from tests.docs.blocks import Block, blocks, blocks_of
from tests.docs.exceptions import NOT_RUN, PLACES, REFUSED, STAND_INS, UNTIL_STOPPED
from tests.docs.pages import PAGES
from tests.docs.sandbox import Sandbox, sandbox
from tests.docs.snippets import completed, environ_of

_RUN = ("sh", "console", "python")
_READ = ("toml", "json", "yaml")
_SHOWN = ("", "text", "nginx", "caddy", "ini", "js", "http")
"""Output, figures, and files of other programs (test_proxies.py has those of servers read)."""


def _is_left_out(block: Block) -> bool:
    return any(exception.fits(block) for exception in NOT_RUN)


def _taken(*languages: str) -> list[Block]:
    return [block for block in blocks(*languages) if not _is_left_out(block)]


_PAGES_THAT_RUN = [
    page
    for page in PAGES
    if any(block.language in _RUN and not _is_left_out(block) for block in blocks_of(page))
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", _PAGES_THAT_RUN, ids=lambda page: page.name)
async def test_the_commands_of_a_page_work(
    page: Path, tmp_path: Path, needs: Callable[[str], str]
) -> None:
    told = [block for block in blocks_of(page) if block.language in _RUN]
    if any("curl " in block.text for block in told):
        needs("curl")
    failed: list[str] = []
    async with sandbox(tmp_path) as place:
        for block in told:
            if not _is_left_out(block):
                failed += await _run(place, block)
    assert failed == []


async def _run(place: Sandbox, block: Block) -> list[str]:
    """Why a block failed, if it did."""
    if block.language == "console":
        return await _run_session(place, block)
    if block.language == "python":
        ran = await place.python(block.text)
    else:
        refused = any(mark in block.text for mark in REFUSED)
        ran = await place.shell(block.text, strict=not refused)
    return [] if ran.code == 0 else [f"{block}: exit {ran.code}: {ran.output[-2000:]}"]


async def _run_session(place: Sandbox, block: Block) -> list[str]:
    """The lines of a session that are typed. What it shows may be a refusal: exit 1 is one."""
    failed: list[str] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            ran = await place.shell(line.removeprefix("$ "))
            if ran.code not in (0, 1):
                failed.append(f"{block}: {line}: exit {ran.code}: {ran.output[-2000:]}")
    return failed


@pytest.mark.parametrize("block", _taken("toml"), ids=str)
def test_what_is_shown_of_a_config_is_accepted(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(completed(block.text, tmp_path), encoding="utf-8")

    loaded = load(path, presets=load_presets(), environ=environ_of(block.text))

    assert set(tomllib.loads(block.text).get("chains", {})) <= set(loaded.configuration.chains)


@pytest.mark.parametrize("block", _taken("json"), ids=str)
def test_what_is_shown_as_json_is_json(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", _taken("yaml"), ids=str)
def test_what_is_shown_as_yaml_is_yaml(block: Block) -> None:
    yaml.safe_load(block.text)


def test_no_block_is_in_a_language_that_nobody_looks_at() -> None:
    known = {*_RUN, *_READ, *_SHOWN}
    found = [block for page in PAGES for block in blocks_of(page)]

    assert [f"{block}: {block.language}" for block in found if block.language not in known] == []
    assert found


def test_no_exception_outlives_its_reason() -> None:
    found = [block for page in PAGES for block in blocks_of(page)]

    assert [one for one in NOT_RUN if not any(one.fits(block) for block in found)] == []


def test_every_stand_in_and_place_is_needed() -> None:
    shown = "\n".join(block.text for block in blocks("sh", "console"))

    assert {name for name in STAND_INS if re.search(rf"\b{name}\b", shown) is None} == set()
    assert {mark for mark in {*PLACES, *REFUSED, *UNTIL_STOPPED} if mark not in shown} == set()

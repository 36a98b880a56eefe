"""`429chain status` and `429chain ask`, as a person runs them."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.instance_address import find_target
from app.options import Options, UserError
from tests.app.running import TOKEN, Instance, config
from tests.upstreams.fake_provider import FakeProvider
from tests.upstreams.replies import refusal

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


async def run(*arguments: str, **environ: str) -> Ran:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app",
        *arguments,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8", **environ},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


async def test_status_shows_every_entry_and_why(instance: Instance, lab: FakeProvider) -> None:
    await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/m", "lab/n"]})
    await instance.chat()
    lab.answer(refusal(402, "no money", code="insufficient_quota"))
    await instance.chat()
    shown = await run("status", "--url", instance.url, CHAIN429_ADMIN_TOKEN=TOKEN)
    as_json = await run("status", "--json", CHAIN429_URL=instance.url, CHAIN429_ADMIN_TOKEN=TOKEN)

    assert shown.code == 0, shown.err
    assert "lab/m" in shown.out
    assert "out of credit" in shown.out
    assert "free (default)" in shown.out
    told = json.loads(as_json.out)
    assert told["status"]["counts"]["entries"] == 2
    assert {entry["reason"] for entry in told["limits"]} == {"no-credit"}


async def test_ask_prints_the_answer_and_says_who_gave_it(instance: Instance) -> None:
    ran = await run("ask", "hello?", "--url", instance.url, CHAIN429_ADMIN_TOKEN=TOKEN)

    assert ran.code == 0, ran.err
    assert ran.out == "hi\n"
    assert "served by lab/m" in ran.err


async def test_ask_says_who_was_passed_over_and_why(instance: Instance, lab: FakeProvider) -> None:
    await instance.chat()
    lab.answer(refusal(500, "\x1b[31mbroken\x07"))
    ran = await run(
        "ask", "x", "--chain", "free", "--url", instance.url, CHAIN429_ADMIN_TOKEN=TOKEN
    )

    assert ran.code == 1
    assert "lab/m: 500" in ran.err
    assert "\x1b" not in ran.out + ran.err
    assert "\x07" not in ran.out + ran.err


@pytest.mark.parametrize(
    "arguments, told",
    [
        (("--url", "http://127.0.0.1:1"), "Nothing answers at http://127.0.0.1:1"),
        (("--url", "http://box.example:4291"), "--insecure"),
        (("--url", "ftp://x"), "http or https"),
    ],
)
async def test_one_line_says_what_to_do(arguments: tuple[str, ...], told: str) -> None:
    ran = await run("status", *arguments, CHAIN429_ADMIN_TOKEN="x")

    assert ran.code == 1
    assert told in ran.err
    assert len(ran.err.splitlines()) == 1
    assert ran.out == ""


async def test_without_a_token_or_a_terminal_it_says_where_one_goes(instance: Instance) -> None:
    ran = await run("status", "--url", instance.url)

    assert ran.code == 1
    assert "CHAIN429_ADMIN_TOKEN" in ran.err


def test_the_configs_token_goes_to_its_own_address_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    path = tmp_path / "config.toml"
    path.write_text(config("", server="admin_port = 4400"), "utf-8")
    options = Options(config=path)

    def target(url: str | None, **environ: str) -> tuple[str, str]:
        found = find_target(options, url=url, insecure=False, environ=environ)
        return found.url, found.token.get_secret_value()

    assert target(None) == ("http://127.0.0.1:4400", TOKEN)
    assert target("http://127.0.0.1:4400/") == ("http://127.0.0.1:4400", TOKEN)
    assert target(None, CHAIN429_ADMIN_TOKEN="other")[1] == "other"
    assert target("https://box.example", CHAIN429_ADMIN_TOKEN="t") == ("https://box.example", "t")
    for elsewhere in ("https://box.example", "http://127.0.0.1:4401", "https://127.0.0.1:4400"):
        with pytest.raises(UserError, match="no admin token"):
            target(elsewhere)
    with pytest.raises(UserError, match="plain http"):
        target("http://box.lan:4400", CHAIN429_ADMIN_TOKEN="t")

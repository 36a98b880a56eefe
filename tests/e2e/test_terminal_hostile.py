"""Text from outside in the real terminal (case 128): nothing but what Textual itself sends."""

from __future__ import annotations

import os
import re
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.process import CLIENT_KEY, config, free_port, write_config
from tests.e2e.tmux import Tmux, in_terminal
from tests.needs import require
from tests.upstreams.fake_provider import FakeProvider, Received, fake_provider
from tests.upstreams.replies import Reply, completion, refusal
from tests.upstreams.waiting import until

CORPUS = (
    "x" * 100_000,
    "\x1b]0;owned\x07",
    "\x1b]52;c;b3duZWQ=\x1b\\",
    "\x1b]8;;http://owned.example/\x1b\\link\x1b]8;;\x1b\\",
    "\x1bPq#0;2;0;0;0\x1b\\",
    "\x1b[2J\x1b[31mred\x1b[?1049l",
    "\x9b31m\x9d0;owned\x9c",
    "\x00\x07\x08\x0b\x7f",
    "\u202egnp.exe\u2066\u200b",
    "Z\u0335\u0308" * 40,
    "[/foo][@click=app.quit]x[bold]y",
)
WORDS = " ".join(CORPUS)
MODELS = ("[/foo][@click=app.quit]", "plain", "y" * 180)

# Of all control sequences these alone: CSI, and what a terminal is asked at the start.
_ALLOWED = re.compile(
    r"\x1b\[[0-9;:?<>=$ ]*[A-Za-z~]"
    r"|\x1b[=>78cM]|\x1b\([B0]|\x1bP\+q[0-9a-f;]*\x1b\\"
    # The mouse pointer's shape.
    r"|\x1b\]22;[a-z-]*\x07"
)


@pytest.fixture(autouse=True)
def _needs_tmux() -> None:
    require("tmux", ci=os.environ.get("CI") == "true")


def _answer(received: Received) -> Reply:
    """The first model refuses in hostile words, all others answer with them."""
    if received.body.get("model") == MODELS[0]:
        return refusal(429, WORDS)
    return completion(WORDS)


def _config(provider: FakeProvider) -> str:
    entries = ", ".join(f"'lab/{name}'" for name in MODELS)
    return (
        f'[server]\napi_keys = ["{CLIENT_KEY}"]\n'
        f'[providers.lab]\npreset = "openai-compatible"\nbase_url = "{provider.base_url}"\n'
        f'api_key = "lab-key"\n[chains.free]\nentries = [{entries}]\n'
    )


async def test_no_text_reaches_the_terminal_as_anything_else(tmp_path: Path) -> None:
    port, raw = free_port(), tmp_path / "raw"
    flags = (
        *("--config", tmp_path / "config.toml", "--data-dir", tmp_path / "data"),
        *("--port", str(port), "--admin-port", "0"),
    )
    async with fake_provider(_answer, models=MODELS) as provider:
        write_config(tmp_path, _config(provider))
        async with in_terminal(tmp_path, *flags, columns=120, rows=40) as terminal:
            terminal("pipe-pane", f"cat > {raw}")
            title = terminal("display", "-p", "#{pane_title}")
            await terminal.shows("lab/")
            await _be_asked(port)
            await terminal.shows("429")
            await _walk(terminal)
            assert terminal("display", "-p", "#{pane_title}") == title
            terminal.press("C-q")
            await terminal.shows("answers nobody")
            terminal.press("y")
            assert await terminal.ends() == 0
            assert terminal.is_sane
            await until(lambda: raw.stat().st_size > 10_000)
    output = raw.read_text(encoding="utf-8", errors="replace")
    rest = _ALLOWED.sub("", output)
    assert not re.findall(r"[\x00-\x06\x0b\x0c\x0e-\x1f\x7f-\x9f]", rest), _around(rest)
    assert "\u202e" not in rest


async def test_a_key_that_its_provider_echoes_is_on_no_screen(tmp_path: Path) -> None:
    """Case 16: `401-echoes-key`, seen by somebody who walks through all screens."""
    port, raw = free_port(), tmp_path / "raw"
    flags = (
        *("--config", tmp_path / "config.toml", "--data-dir", tmp_path / "data"),
        *("--port", str(port), "--admin-port", "0"),
    )
    echo = refusal(401, "Incorrect API key provided: a-provider-key.", code="invalid_api_key")
    async with fake_provider([echo]) as up, fake_provider([completion("hi")]) as other:
        write_config(tmp_path, config(a=up, b=other))
        async with in_terminal(tmp_path, *flags, columns=120, rows=40) as terminal:
            terminal("pipe-pane", f"cat > {raw}")
            await terminal.shows("a/m")
            await _be_asked(port)
            await terminal.shows("key refused")
            for key, shown in (("2", "key refused"), ("5", "key refused"), ("3", "served by")):
                terminal.press(key)
                await terminal.shows(shown)
            terminal.press("Enter")
            await terminal.shows("Incorrect API key")
            terminal.press("C-q")
            await terminal.shows("answers nobody")
            terminal.press("y")
            assert await terminal.ends() == 0
            assert "a-provider-key" not in terminal.screen
    assert "a-provider-key" not in raw.read_text(encoding="utf-8", errors="replace")


async def _be_asked(port: int) -> None:
    headers = {"authorization": f"Bearer {CLIENT_KEY}", "user-agent": "[@click=app.quit]/1"}
    body = {"model": "free", "messages": [{"role": "user", "content": WORDS}]}
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"http://127.0.0.1:{port}/v1/chat/completions", json=body, headers=headers
        ) as answer,
    ):
        assert answer.status == 200


async def _walk(terminal: Tmux) -> None:
    terminal.press("2")
    await terminal.shows("the next request")
    terminal.press("3")
    await terminal.shows("served by")
    terminal.press("Enter")
    await terminal.shows("served by   lab/plain")
    terminal.press("5")
    await terminal.shows("what the providers said last")
    terminal.press("6")
    await terminal.shows("by provider")
    terminal.press("4")
    await terminal.shows("Type a question")
    terminal.press("h", "i", "Enter")
    await terminal.shows("tok")
    await terminal.shows("]52;c;b3duZWQ=")


def _around(text: str) -> str:
    """What stands around the first control character that is not allowed."""
    found = re.search(r"[\x00-\x06\x0b\x0c\x0e-\x1f\x7f-\x9f]", text)
    at = found.start() if found else 0
    return repr(text[max(0, at - 80) : at + 80])

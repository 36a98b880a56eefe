"""What docs/security.md says of figures and files is so."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from app.web.tokens import SESSION_LIFE, TRIES
from proxy.kept_bodies import MOST_KEPT
from proxy.text import DETAIL_LENGTH
from store.settings import Settings
from tests.docs.pages import DOCS
from tests.e2e.process import config, running
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.replies import completion

_PAGE = (DOCS / "security.md").read_text(encoding="utf-8")
_PROMPT = "a prompt that nobody may keep"
_ANSWER = "an answer that nobody may keep"


def test_the_figures_are_the_programs() -> None:
    settings = Settings()

    assert f"{SESSION_LIFE // 86_400} days" in _PAGE
    assert TRIES == 10
    assert "ten wrong tokens a minute" in _PAGE
    assert f"at most {DETAIL_LENGTH} characters" in _PAGE
    assert f"`log.retain_days` ({settings.log.retain_days})" in _PAGE
    assert settings.log.bodies == "off"
    assert f"keeps the last {MOST_KEPT} in RAM" in _PAGE
    for port in (settings.server.port, settings.server.admin_port):
        assert f"| {port}, " in _PAGE


async def test_the_files_are_yours_alone_and_hold_no_prompt(tmp_path: Path) -> None:
    async with (
        fake_provider([completion(_ANSWER)]) as up,
        running(tmp_path, config(a=up)) as chain,
    ):
        body = {"model": "free", "messages": [{"role": "user", "content": _PROMPT}]}
        answered = await chain.request("POST", "/v1/chat/completions", body)
        assert _ANSWER in answered.body.decode()
        assert await chain.stop() == 0
    files = [chain.config, *chain.data.iterdir()]

    assert stat.S_IMODE(chain.data.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in files} == {
        "config.toml": 0o600,
        "429chain.db": 0o600,
        "429chain.lock": 0o600,
        "429chain.log": 0o600,
    }
    assert set(re.findall(r"^\| `([\w.]+)`", _PAGE, re.MULTILINE)) >= {path.name for path in files}
    written = b"".join(path.read_bytes() for path in files)
    assert _PROMPT.encode() not in written
    assert _ANSWER.encode() not in written

"""`429chain check`, with and without asking the providers."""

from __future__ import annotations

from pathlib import Path

from app.check import CheckResult, check
from proxy.providers.presets import load_presets
from tests.upstreams.fake_provider import fake_provider

TEXT = """\
[server]
api_keys = ["client-CANARY"]

[providers.lab]
preset = "openai-compatible"
base_url = "{url}"
api_key = "CANARY"

[chains.free]
entries = ["lab/model-a", "lab/model-bb"]
"""


async def checked(folder: Path, text: str, *, probe: bool = False) -> CheckResult:
    path = folder / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    result = await check(path, presets=load_presets(), environ={}, probe=probe)
    lines = tuple(line.replace(f"{folder}/", "") for line in result.lines)
    assert not any("CANARY" in line for line in lines)
    return CheckResult(lines, result.ok)


async def test_a_good_config(tmp_path: Path) -> None:
    result = await checked(tmp_path, TEXT.replace("{url}", "http://127.0.0.1:1/v1"))
    assert result == CheckResult(("config.toml: ok, 1 provider, 1 chain, 1 client",), True)


async def test_one_problem_a_line(tmp_path: Path) -> None:
    text = TEXT.replace("{url}", "http://x/v1").replace("api_key =", "apikey =")
    result = await checked(tmp_path, text + '[chains.two]\nentries = ["lob/x"]\n')
    assert result == CheckResult(
        (
            'config.toml:7: unknown key "apikey" in [providers.lab] (did you mean "api_key"?)',
            'config.toml:12: "lob/x": no provider "lob" (did you mean "lab"?)',
        ),
        False,
    )


async def test_a_syntax_error_shows_its_line(tmp_path: Path) -> None:
    result = await checked(tmp_path, "[chains.free]\nentries = [\n  'a/b'\n  'c/d'\n]\n")
    assert result == CheckResult(
        (
            "config.toml:3: column 7: a comma is missing after this",
            "      'a/b'",
            "          ^",
        ),
        False,
    )


async def test_warnings_leave_it_ok(tmp_path: Path) -> None:
    text = TEXT.replace("{url}", "http://127.0.0.1:1/v1") + "[providers.groq]\n"
    result = await checked(tmp_path, text)
    assert result.ok
    assert result.lines[0].startswith("warning: config.toml:11: groq has no key and is skipped")


async def test_no_file(tmp_path: Path) -> None:
    result = await check(tmp_path / "none.toml", presets={}, environ={})
    assert result == CheckResult(
        (f"{tmp_path}/none.toml: no such file (429chain init writes one)",), False
    )


async def test_probing_tells_what_each_provider_says(tmp_path: Path) -> None:
    async with fake_provider(models=["model-a", "model-b"]) as up:
        text = TEXT.replace("{url}", up.base_url) + (
            "[providers.groq]\n[providers.off]\nbase_url = 'http://127.0.0.1:1'\nenabled = false\n"
        )
        result = await checked(tmp_path, text, probe=True)
        assert up.listings[0].key == "CANARY"
        assert up.requests == []
    assert result.ok
    assert result.lines[2:] == (
        "lab: ok, 2 models; its list is public, the key was not tested",
        'warning: lab does not list "model-bb" (did you mean "model-b"?)',
        "groq: no key, not asked",
        "off: disabled, not asked",
    )


async def test_a_provider_that_does_not_answer_is_not_ok(tmp_path: Path) -> None:
    result = await checked(tmp_path, TEXT.replace("{url}", "http://127.0.0.1:1/v1"), probe=True)
    assert not result.ok
    assert result.lines[-1] == "lab: unreachable (ClientConnectorError)"

"""The subcommands, as a user types them."""

from __future__ import annotations

import re
import stat
import time
from pathlib import Path

import pytest

from app.version import VERSION
from tests.e2e.process import completed, config, launch, running, write_config
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.replies import completion, refusal


@pytest.mark.alone
async def test_help_and_version_are_quick_and_import_nothing_heavy(tmp_path: Path):
    chain = await launch(tmp_path, ["--help"], python=["-X", "importtime"])
    assert await chain.ends() == 0
    assert "429chain --demo" in chain.stdout
    imported = set(re.findall(r"\| +(\w+)", chain.stderr))
    assert "argparse" in imported
    assert imported.isdisjoint({"aiohttp", "textual", "pydantic", "aiosqlite", "tomlkit"})

    started = time.monotonic()
    told = await completed(tmp_path, "--version")
    # Measured: 0.10 s. Generous, for a machine that does more than this.
    assert time.monotonic() - started < 1.0
    assert told.stdout == f"429chain {VERSION}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--prot", "1"],
        ["--port", "0"],
        ["--port", "70000"],
        ["serve"],
        ["check", "--log-level", "loud"],
        ["--quiet"],
        ["--demo", "check"],
        ["--demo", "--config", "x.toml"],
    ],
    ids=" ".join,
)
async def test_wrong_usage_is_2(tmp_path: Path, arguments: list[str]):
    chain = await completed(tmp_path, *arguments)
    assert (chain.process.returncode, chain.stdout) == (2, "")
    assert chain.stderr.splitlines()[-1].startswith("429chain")
    assert "Traceback" not in chain.stderr
    assert not (tmp_path / "home").exists()


async def test_init_writes_a_config_that_check_accepts_and_that_serves(tmp_path: Path):
    async with fake_provider([completion("hi")], models=["m"]) as up:
        path = tmp_path / "config.toml"
        # Its address needs an account's id, so that nobody is asked.
        environ = {"CLOUDFLARE_API_TOKEN": "key-of-nobody"}
        chain = await completed(tmp_path, "init", "--config", path, environ=environ)
        assert chain.process.returncode == 0, chain.stderr
        assert f"wrote {path}" in chain.stdout
        assert "key-of-nobody" not in chain.stdout + path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert 'api_key = "env:CLOUDFLARE_API_TOKEN"' in path.read_text()

        again = await completed(tmp_path, "init", "--config", path)
        assert again.process.returncode == 1
        assert re.fullmatch(r"429chain: .*exists already.*--force.*\n", again.stderr)
        forced = await completed(tmp_path, "--config", path, "init", "--force")
        assert forced.process.returncode == 0, forced.stderr
        checked = await completed(tmp_path, "check", "--config", path)
        assert checked.process.returncode == 0, checked.stdout

        with path.open("a") as file:
            file.write(
                f'[providers.a]\npreset = "openai-compatible"\nbase_url = "{up.base_url}"\n'
                '[chains.free]\nentries = ["a/m"]\n'
            )
        async with running(tmp_path, None) as served:
            assert "chains: free (1)" in served.stderr


async def test_check_tells_each_problem_by_line_on_stdout(tmp_path: Path):
    path = write_config(tmp_path, '[server]\napi_keys = ["a-client-key"]\nprot = 1\nhots = "x"\n')
    chain = await completed(tmp_path, "check", "--config", path)
    assert (chain.process.returncode, chain.stderr) == (1, "")
    assert [line.startswith(f"{path}:") for line in chain.stdout.splitlines()] == [True, True]
    assert 'did you mean "port"?' in chain.stdout

    missing = await completed(tmp_path, "check", "--config", "none.toml")
    assert missing.process.returncode == 1
    assert missing.stdout == "none.toml: no such file (429chain init writes one)\n"


@pytest.mark.parametrize(
    "before, after", [(True, False), (False, True)], ids=["before", "after the subcommand"]
)
async def test_flags_stand_where_one_likes(tmp_path: Path, before: bool, after: bool):
    path = write_config(tmp_path, config())
    flags = ["--config", str(path), "--port", "4299", "--log-level", "error"]
    arguments = [*(flags if before else []), "check", *(flags if after else [])]
    chain = await completed(tmp_path, *arguments)
    assert (chain.process.returncode, chain.stderr) == (0, "")
    assert chain.stdout.startswith(f"{path}: ok")


async def test_check_probe_asks_for_the_models_and_costs_nothing(tmp_path: Path):
    async with fake_provider([refusal(429)], models=["m"]) as good:
        path = write_config(tmp_path, config(good=good))
        chain = await completed(tmp_path, "check", "--probe", "--config", path)
        assert chain.process.returncode == 0
        assert "good: ok, 1 models" in chain.stdout
        assert (len(good.listings), len(good.requests)) == (2, 0)
        assert good.listings[0].key == "good-provider-key"

        dead = config(good=good).replace(f":{good.port}/", ":9/")
        chain = await completed(
            tmp_path, "check", "--probe", "--config", write_config(tmp_path, dead)
        )
        assert chain.process.returncode == 1
        assert re.search(r"^good: \w+", chain.stdout, re.MULTILINE)
        assert "good-provider-key" not in chain.stdout

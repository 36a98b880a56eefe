"""Dockerfile, .dockerignore and docker-compose.yml: what they promise, read from their text."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml

from app.cli import main
from tests.house.layout import ROOMS, ROOT


def _dockerfile() -> list[tuple[str, str]]:
    """Instruction and argument, in order; comments gone, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines if line)]


def _last_stage() -> list[tuple[str, str]]:
    whole = _dockerfile()
    start = max(index for index, (name, _) in enumerate(whole) if name == "FROM")
    return whole[start:]


def _only(name: str) -> str:
    (found,) = (rest for one, rest in _last_stage() if one == name)
    return found


def _service() -> dict[str, Any]:
    whole = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert set(whole) == {"services", "volumes"}
    assert whole["volumes"] == {"data": None}
    return whole["services"]["429chain"]


def test_both_stages_are_the_same_python() -> None:
    bases = {rest.split()[0] for name, rest in _dockerfile() if name == "FROM"}
    assert bases == {"python:3.13-slim"}


def test_what_is_copied_is_let_in_and_nothing_else_is() -> None:
    copied = {
        source
        for name, rest in _dockerfile()
        if name == "COPY" and not rest.startswith("--from")
        for source in shlex.split(rest)[:-1]
    }
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert {line[1:] for line in ignored if line.startswith("!")} == copied
    assert copied == {*ROOMS, "pyproject.toml", "README.md", "LICENSE", "requirements/base.txt"}
    assert "*" in ignored
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_it_runs_headless_as_nobody_special_and_is_asked_to_stop() -> None:
    assert _only("ENTRYPOINT") == '["429chain", "--no-tui"]'
    assert _only("USER") == "1000:1000"
    assert _only("STOPSIGNAL") == "SIGTERM"
    assert _only("HEALTHCHECK").endswith('CMD ["python", "-m", "chain429.app.health"]')
    assert (ROOT / "app" / "health.py").is_file()


def test_the_environment_holds_places_and_no_secret() -> None:
    settings = dict(pair.split("=", 1) for pair in shlex.split(_only("ENV")))

    ours = {name: value for name, value in settings.items() if name.startswith("CHAIN429_")}
    assert ours == {
        "CHAIN429_CONFIG": "/data/config.toml",
        "CHAIN429_DATA_DIR": "/data",
        "CHAIN429_SERVER__HOST": "0.0.0.0",
    }
    assert [name for name in settings if re.search("KEY|TOKEN|SECRET", name)] == []


def test_compose_publishes_for_this_machine_alone() -> None:
    assert _service()["ports"] == ["127.0.0.1:4290:4290", "127.0.0.1:4291:4291"]


def test_compose_mounts_a_folder_and_lets_write_nothing_else() -> None:
    service = _service()

    assert service["volumes"] == ["data:/data"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_compose_hands_keys_in_and_holds_none() -> None:
    assert [name for name in _service()["environment"] if not name.endswith("_API_KEY")] == []


def test_compose_waits_longer_than_streams_may_run_on() -> None:
    example = (ROOT / "config.toml.example").read_text(encoding="utf-8")
    grace = re.search(r'^#? ?shutdown_grace = "(\d+)s"', example, re.MULTILINE)

    assert grace is not None
    assert int(_service()["stop_grace_period"].removesuffix("s")) > int(grace[1])


def test_a_command_after_the_entrypoint_is_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    # `docker run IMAGE check` is `429chain --no-tui check`.
    with pytest.raises(SystemExit) as ended:
        main(["--no-tui", "check", "--help"])
    assert ended.value.code == 0
    assert "429chain check" in capsys.readouterr().out

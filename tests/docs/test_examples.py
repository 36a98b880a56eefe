"""docs/examples, without the programs they are for: they agree with the product's own figures."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from store.settings import Settings
from tests.docs.blocks import Block, blocks
from tests.docs.proxies import EXAMPLES, FRONTS, NAME, nginx
from tests.e2e.process import ROOT, finish, free_port, launch
from tests.upstreams.waiting import until

_UNIT = EXAMPLES / "429chain.service"


def _example(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("program", FRONTS)
def test_both_ports_are_led_to(program: str) -> None:
    text, server = _example(FRONTS[program][0]), Settings().server

    assert f"127.0.0.1:{server.port}" in text
    assert f"127.0.0.1:{server.admin_port}" in text
    assert f'allowed_hosts = ["{NAME}"]' in text


@pytest.mark.parametrize(
    "name, pattern", [("nginx.conf", r"client_max_body_size (\d+)m"), ("Caddyfile", r"(\d+)MiB")]
)
def test_bodies_may_be_as_large_as_the_product_takes_them(name: str, pattern: str) -> None:
    found = re.search(pattern, _example(name))

    assert found is not None
    assert int(found[1]) * 2**20 == Settings().server.max_body


def test_nginx_waits_longer_than_a_request_may_take() -> None:
    waits = re.findall(r"proxy_(?:read|send)_timeout (\d+)m;", _example("nginx.conf"))

    assert len(waits) == 2
    assert min(map(int, waits)) * 60 > Settings().timeouts.request


@pytest.mark.parametrize("block", blocks("nginx"), ids=str)
def test_nginx_takes_what_a_page_shows(block: Block, tmp_path: Path) -> None:
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not on the PATH")
    text = block.text if "server {" in block.text else f"server {{ {block.text} }}"

    checked = subprocess.run(
        [*nginx(tmp_path, text), "-t"], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stderr


def _settings_of_the_unit() -> list[tuple[str, str]]:
    lines = _UNIT.read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    return [(name, value) for name, _, value in pairs]


def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on the PATH")
    unit = tmp_path / _UNIT.name
    # It looks whether the program is there.
    text = _UNIT.read_text(encoding="utf-8").replace("/usr/local/bin/429chain", "/bin/true")
    unit.write_text(text, encoding="utf-8")

    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )

    # Of the machine's own units it may say whatever it likes.
    assert [line for line in checked.stderr.splitlines() if unit.name in line] == []


def test_the_unit_waits_longer_than_streams_may_run_on() -> None:
    waits = dict(_settings_of_the_unit())["TimeoutStopSec"]

    assert float(waits) > Settings().server.shutdown_grace


async def test_the_units_command_serves_reloads_and_stops(tmp_path: Path) -> None:
    found = _settings_of_the_unit()
    command = dict(found)["ExecStart"].split()
    assert command[0].endswith("/429chain")
    environ = dict(value.split("=", 1) for name, value in found if name == "Environment")
    environ = {name: value.replace("/var/lib", str(tmp_path)) for name, value in environ.items()}
    ports = {"CHAIN429_SERVER__PORT": str(free_port()), "CHAIN429_SERVER__ADMIN_PORT": "0"}

    chain = await launch(tmp_path, command[1:], environ={**environ, **ports})
    try:
        await chain.serves()
        config = tmp_path / "429chain" / "config.toml"
        assert config.stat().st_mode & 0o077 == 0
        with config.open("a", encoding="utf-8") as file:
            file.write("nonsense\n")
        chain.send(signal.SIGHUP)
        await until(lambda: f"{config}:" in chain.stderr)
        assert await chain.stop() == 0
    finally:
        await finish(chain)


def test_what_the_pages_show_of_the_examples_is_theirs() -> None:
    shown = (ROOT / "docs" / "remote.md").read_text(encoding="utf-8")

    assert [path.name for path in EXAMPLES.iterdir() if f"examples/{path.name}" not in shown] == []

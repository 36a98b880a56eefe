"""Where a page's commands are run: a home of their own, and an instance that is running.

The instance serves a chain `free` on simulated providers; its config and its data are where a
reader has theirs, so that no command of a page needs another flag than it shows.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.demo.dialect import SimulatedModel
from app.demo.farm import CHAIN, CLIENT_KEY
from app.demo.provider import SimulatedProvider
from proxy.clock import SystemClock
from tests.docs.command import FRESH
from tests.docs.exceptions import PLACES, STAND_INS, UNTIL_STOPPED
from tests.docs.pages import ROOT
from tests.docs.product import PRESETS
from tests.e2e.process import free_port
from tests.upstreams.waiting import until

ADMIN_TOKEN = "admin-token-of-the-documentation"
_PROVIDER_KEY = "sk-provider-key-of-the-documentation"
_PATIENCE = 60.0
"""Seconds for a block, and for the instance to serve."""
_TOO_LONG = 124
"""The exit code of what did not end by itself, as timeout(1) gives it."""
_COPIED = ("docs/examples", "docker-compose.yml", "Dockerfile", "config.toml.example", "Makefile")
_MODELS = (*CHAIN, "gemini/gemini-2.5-flash", "mistral/mistral-small-latest")
_VALUES = {"CHAIN429_API_KEY": CLIENT_KEY, "CHAIN429_ADMIN_TOKEN": ADMIN_TOKEN}
_LEFT_OPEN = re.compile(r"\b([A-Z][A-Z0-9_]*)=(?:'\.\.\.'|\"\.\.\.\"|\.\.\.)")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a block went."""

    code: int
    output: str


@dataclass(slots=True)
class Sandbox:
    """A home folder, programs on the PATH, and the ports of the instance."""

    folder: Path
    presets: Mapping[str, str]
    port: int = field(default_factory=free_port)
    admin_port: int = field(default_factory=free_port)
    _blocks: int = 0

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    @property
    def _exports(self) -> Path:
        return self.folder / "exports"

    def furnish(self) -> None:
        """Make the folders, the config and the programs."""
        home = self.folder / "home" / ".config" / "429chain"
        for place in (home, self.folder / "data", self.folder / "bin", self.checkout):
            place.mkdir(parents=True)
        for place in ("etc/systemd/system", "etc/nginx/conf.d", "etc/caddy", "var/lib/429chain"):
            (self.folder / "root" / place).mkdir(parents=True)
        config = home / "config.toml"
        config.write_text(self._config(), encoding="utf-8")
        config.chmod(0o600)
        for place in ("data", "root/var/lib/429chain"):
            (self.folder / place / "config.toml").symlink_to(config)
        shutil.copy(config, self.checkout / "config.toml")
        for name in _COPIED:
            source, target = ROOT / name, self.checkout / name
            target.parent.mkdir(exist_ok=True)
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        self._write_programs()

    def _config(self) -> str:
        tables = [
            f"[server]\nport = {self.port}\nadmin_port = {self.admin_port}\n"
            f'api_keys = ["{CLIENT_KEY}"]\nadmin_token = "{ADMIN_TOKEN}"\n'
        ]
        tables += [f'[providers.{name}]\napi_key = "{_PROVIDER_KEY}"\n' for name in self.presets]
        return "\n".join([*tables, f"[chains.free]\nentries = {json.dumps(list(CHAIN))}\n"])

    def _write_programs(self) -> None:
        python = shlex.quote(sys.executable)
        scripts = dict.fromkeys(STAND_INS, "exit 0")
        scripts["429chain"] = f'exec {python} -m tests.docs.command "$@"'
        scripts["docker"] = f'exec {python} -m tests.docs.container "$@"'
        scripts["make"] = f'exec {python} -m tests.docs.make "$@"'
        scripts["sudo"] = 'case $1 in --preserve-env=*) shift;; esac; exec env "$@"'
        scripts["python"] = scripts["python3"] = f'exec {python} "$@"'
        for name, script in scripts.items():
            path = self.folder / "bin" / name
            path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            path.chmod(0o755)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder / "home"),
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "SANDBOX": str(self.folder),
            PRESETS: json.dumps(self.presets),
            **_VALUES,
        }

    def _curl_home(self, *, strict: bool) -> Path:
        """Where curl finds its settings."""
        home = self.folder / ("strict" if strict else "lenient")
        home.mkdir(exist_ok=True)
        # Its progress would pass for something that the server has said.
        quiet = "silent\nshow-error\n"
        (home / ".curlrc").write_text(quiet + "fail-with-body\n" * strict, encoding="utf-8")
        return home

    def _fresh(self) -> Path:
        self._blocks += 1
        folder = self.folder / f"fresh-{self._blocks}"
        folder.mkdir()
        return folder

    def placed(self, text: str) -> str:
        """A page's lines, with the sandbox's own places, ports and keys in them."""
        for place, here in PLACES.items():
            text = text.replace(place, here)
        text = _LEFT_OPEN.sub(
            lambda match: f"{match[1]}={_VALUES.get(match[1], _PROVIDER_KEY)}", text
        )
        ports = {"4290": str(self.port), "4291": str(self.admin_port)}
        return re.sub(r"\b429[01]\b", lambda match: ports[match[0]], text)

    async def shell(self, text: str, *, strict: bool = False) -> Ran:
        """Run a block. What it exports and where it goes is there for the next one.

        `strict`: a 4xx or 5xx that curl gets fails the block.
        """
        endless = any(mark in text for mark in UNTIL_STOPPED)
        lines = (
            "set -euo pipefail",
            f"[ ! -e {self._exports} ] || . {self._exports}",
            # What `init` wrote is for its own block.
            f"export {FRESH}={self._fresh()}",
            f"export CURL_HOME={self._curl_home(strict=strict)}",
            self.placed(text),
            f'{{ export -p; echo "cd $PWD"; }} > {self._exports}',
        )
        script = "\n".join(lines)
        return await self._run(["bash", "-c", script], endless=endless)

    async def python(self, text: str) -> Ran:
        """Run a program, with what the blocks before it exported."""
        self._blocks += 1
        program = self.folder / f"program-{self._blocks}.py"
        program.write_text(self.placed(text), encoding="utf-8")
        return await self.shell(f"python {program}")

    async def _run(self, command: list[str], *, endless: bool) -> Ran:
        """`endless`: it is well once an event has come, and is stopped then."""
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.checkout,
            env=self.environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None
        output, code = b"", _TOO_LONG
        try:
            async with asyncio.timeout(_PATIENCE):
                while piece := await process.stdout.read(65536):
                    output += piece
                    if endless and b"\ndata: " in output:
                        return Ran(0, output.decode(errors="replace"))
                code = await process.wait()
        except TimeoutError:
            pass
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return Ran(code, output.decode(errors="replace"))


@asynccontextmanager
async def sandbox(folder: Path) -> AsyncGenerator[Sandbox]:
    """A sandbox in this empty folder, with an instance that serves."""
    async with AsyncExitStack() as stack:
        presets: dict[str, str] = {}
        for name in dict.fromkeys(model.partition("/")[0] for model in _MODELS):
            provider = await stack.enter_async_context(_provider(name))
            presets[name] = provider.base_url
        made = Sandbox(folder, presets)
        made.furnish()
        told = folder / "stderr"
        with told.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.docs.product", "--no-tui"),
                cwd=folder,
                env=made.environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=stderr,
            )
        try:
            await until(
                lambda: b" serves http" in told.read_bytes() or process.returncode is not None,
                within=_PATIENCE,
            )
            assert process.returncode is None, told.read_text(encoding="utf-8")
            yield made
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def _provider(name: str) -> SimulatedProvider:
    models = [model.partition("/")[2] for model in _MODELS if model.startswith(f"{name}/")]
    return SimulatedProvider(
        name,
        clock=SystemClock(),
        models=[SimulatedModel(id=model) for model in models],
        key=_PROVIDER_KEY,
    )

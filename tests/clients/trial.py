"""One program, installed in a folder of its own and run against a real 429chain."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from app.connect import Address, fill
from app.recipe import Lines, Recipe
from app.recipes import RECIPES
from tests.clients.programs import SWITCHES, Program
from tests.clients.served import in_front_of
from tests.e2e.process import CLIENT_KEY
from tests.upstreams.fake_provider import FakeProvider, Received, fake_provider
from tests.upstreams.replies import Reply, completion, refusal, stream

GREETING = "Hello from the second entry"
KEY = "CHAIN429_API_KEY"
_INSTALL_TIME = 900.0
_RUN_TIME = 120.0


@dataclass(frozen=True, slots=True)
class Result:
    """How it went; `why` is empty where all was as it should be."""

    program: str
    requests: int
    streamed: int
    why: str


async def install(program: Program, folder: Path) -> str:
    """Install its packages below `folder`, unless they are there; why not, if that fails."""
    if (folder / "installed").exists():
        return ""
    folder.mkdir(parents=True, exist_ok=True)
    if program.pip:
        await _run([sys.executable, "-m", "venv", "venv"], folder, dict(os.environ), _INSTALL_TIME)
        command = ["venv/bin/python", "-m", "pip", "install", "-q", "--prefer-binary", *program.pip]
    else:
        (folder / "package.json").write_text("{}")
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", *program.npm]
    code, output = await _run(command, folder, dict(os.environ), _INSTALL_TIME)
    if code != 0:
        return f"not installed: {output.strip()[-200:]}"
    (folder / "installed").touch()
    return ""


async def attempt(program: Program, installed: Path, folder: Path) -> Result:
    """Run it by its recipe in `folder`, its home, on a chain whose first entry is exhausted."""
    (recipe,) = (each for each in RECIPES if each.name == program.recipe)
    spent_reply = refusal(429, headers={"retry-after": "3600"})
    async with (
        fake_provider([spent_reply]) as spent,
        fake_provider(_greet) as up,
        in_front_of(_new(folder / "chain"), spent, up) as chain,
    ):
        address = Address(chain.base_url.removesuffix("/v1"), "free", KEY)
        script = _prepare(program, recipe, address, folder)
        environ = {
            **SWITCHES,
            KEY: CLIENT_KEY,
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "NODE_PATH": str(installed / "node_modules"),
            "PATH": os.pathsep.join(
                (
                    str(installed / "venv" / "bin"),
                    str(installed / "node_modules" / ".bin"),
                    os.environ["PATH"],
                )
            ),
        }
        code, output = await _run(["bash", "-ec", script], folder, environ, _RUN_TIME)
        return _judge(program, code, output, spent, up)


def _greet(received: Received) -> Reply:
    """The greeting, as JSON where JSON was asked for."""
    body = received.body
    if "response_format" in body:
        return completion('{"text": "' + GREETING + '"}')
    return stream("Hello from the ", "second entry") if body.get("stream") else completion(GREETING)


def _prepare(program: Program, recipe: Recipe, address: Address, folder: Path) -> str:
    """Write the recipe's files; returns the shell lines of it all."""
    lines: list[str] = []
    for step in recipe.steps:
        text = fill(step.text, address)
        if step.place == "shell":
            lines += [_unattended(program, line) for line in text.splitlines()]
            continue
        path = folder / program.places.get(step.place, step.place).removeprefix("~/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + program.more.get(step.place, ""))
        lines += _start(step)
    return "\n".join(lines)


def _unattended(program: Program, line: str) -> str:
    added = (more for start, more in program.appended.items() if line.startswith(start))
    return line + next(added, "")


def _start(step: Lines) -> list[str]:
    """How a program's file is run; nothing for a settings file."""
    if step.place.endswith(".py"):
        return [f"python {step.place}"]
    if step.place.endswith(".mjs"):
        # Modules are looked up beside the file, whatever NODE_PATH says.
        return ['ln -sfn "$NODE_PATH" node_modules', f"node {step.place}"]
    return []


def _judge(
    program: Program, code: int, output: str, spent: FakeProvider, up: FakeProvider
) -> Result:
    streamed = sum(request.body.get("stream") is True for request in up.requests)
    why = ""
    if code != 0:
        why = f"exit {code}: {output.strip()[-400:]}"
    elif output.count(GREETING) < program.said:
        why = f"printed {output.count(GREETING)} of {program.said}: {output.strip()[-400:]}"
    elif program.streams and not streamed:
        why = "it did not stream"
    elif len(spent.requests) != 1:
        why = f"the exhausted entry was asked {len(spent.requests)} times"
    return Result(program.recipe, len(up.requests), streamed, why)


def _new(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


async def _run(
    command: list[str], folder: Path, environ: dict[str, str], within: float
) -> tuple[int, str]:
    """Exit code (124: it took too long) and everything printed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(within):
            output, _ = await process.communicate()
    except TimeoutError:
        return 124, f"still running after {within:g} s"
    finally:
        if process.returncode is None:
            os.killpg(process.pid, 9)
            await process.wait()
    return process.returncode or 0, output.decode(errors="replace")

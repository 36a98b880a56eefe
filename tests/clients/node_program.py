"""Running the checks of a Node SDK against a 429chain."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from tests.e2e.process import CLIENT_KEY, ChainProcess


async def run(
    folder: Path, program: str, chain: ChainProcess, *checks: str, retries: int = 0
) -> dict[str, Any]:
    """What the named checks of a program in `folder` print: a check's name to its result."""
    environ = {
        "PATH": os.environ["PATH"],
        "OPENAI_BASE_URL": chain.base_url,
        "OPENAI_API_KEY": CLIENT_KEY,
        "ANTHROPIC_BASE_URL": chain.base_url.removesuffix("/v1"),
        "ANTHROPIC_API_KEY": CLIENT_KEY,
        "RETRIES": str(retries),
    }
    node = await asyncio.create_subprocess_exec(
        *("node", program, *checks),
        cwd=folder,
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(30):
            out, errors = await node.communicate()
    finally:
        if node.returncode is None:
            node.kill()
            await node.wait()
    assert node.returncode == 0, errors.decode()
    return json.loads(out)

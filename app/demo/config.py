"""The demo's configuration: its simulated providers, told to the program like any others."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import tomlkit

from app.demo.farm import demo_farm
from proxy.clock import Clock
from store.config_file import write_config


async def demo_config(stack: AsyncExitStack, folder: Path, clock: Clock) -> Path:
    """Start the providers, until the stack is left; the config file that was written for them.

    A file like any other, so that whatever can be changed in earnest can be tried here.
    """
    farm = await stack.enter_async_context(demo_farm(clock))
    path = folder / "config.toml"
    write_config(path, tomlkit.dumps(farm.settings()))
    return path

"""An instance with one provider, for tests of its admin API."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.app.running import Instance, config, running
from tests.upstreams.fake_provider import FakeProvider, fake_provider
from tests.upstreams.replies import completion

KEY = "lab-key-0123456789abcdef"


@pytest.fixture
async def lab() -> AsyncGenerator[FakeProvider]:
    """A provider that answers "hi"."""
    async with fake_provider([completion("hi")], models=["m", "n"]) as provider:
        yield provider


@pytest.fixture
async def instance(tmp_path: Path, lab: FakeProvider) -> AsyncGenerator[Instance]:
    """On the chain `free` with the one entry `lab/m`."""
    text = config(
        f"""
[routing]
max_wait = "0s"

[providers.lab]
preset = "openai-compatible"
base_url = "{lab.base_url}"
api_key = "{KEY}"
limits = {{ rpm = 100 }}

[chains.free]
entries = ["lab/m"]  # best first
"""
    )
    async with running(tmp_path, text) as made:
        yield made

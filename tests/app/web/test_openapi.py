"""The description is true: generated requests to every operation, answers as described."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.app.running import TOKEN, Instance

_LEFT_OUT = (
    # A name that fits the pattern may still be unknown, a provider without an address is none:
    # no schema says so.
    "positive_data_acceptance",
    # Ten wrong tokens, then 429: `test_admission` has it.
    "ignored_auth",
)


@pytest.mark.timeout(300)
async def test_every_operation_answers_as_it_is_described(
    instance: Instance, tmp_path: Path
) -> None:
    """schemathesis, on the running server. The event stream never ends and is left out."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{instance.url}/api/openapi.json",
        *("--header", f"Authorization: Bearer {TOKEN}"),
        *("--phases", "coverage,fuzzing"),
        *("--max-examples", "5", "--seed", "429"),
        *("--exclude-checks", ",".join(_LEFT_OUT)),
        *("--exclude-path", "/api/events"),
        "--continue-on-failure",
        "--no-color",
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    told = output.decode(errors="replace")

    assert process.returncode == 0, told[-10_000:]
    assert "Tested: 28" in told

"""Of docs/configuration.md: mistakes in a config, and how they are told."""

from __future__ import annotations

import asyncio
import tempfile
import textwrap
from pathlib import Path

from app.check import check
from proxy.providers.presets import load_presets

_FAULTY = """\
[server]
port = "4290"
api_keys = ["sk-my-own-client-key"]

[routing]
max_wiat = "60s"
max_queue = 100000000

[providers.groq]
api_key = "env:GROQ_API_KEY"

[providers.grok]

[chains.free]
entries = [
  "groq/llama-3.3-70b-versatile",
  "cerebras/gpt-oss-120b",
  "groq/llama-3.3-70b-versatile",
]
"""
_BROKEN = """\
[server]
port = 4290
api_keys = ["sk-my-own-client-key]
"""


def problems() -> str:
    """A file with several mistakes, and what `429chain check` says of it."""
    return _checked(_FAULTY)


def syntax_error() -> str:
    """The same of a file that is no TOML."""
    return _checked(_BROKEN)


def _checked(text: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        result = asyncio.run(check(path, presets=load_presets(), environ={}))
    told = "\n".join(result.lines).replace(f"{path}", "config.toml")
    numbered = "\n".join(
        f"{number:>3}  {line}".rstrip() for number, line in enumerate(text.splitlines(), start=1)
    )
    return f"```text\n{numbered}\n```\n\n```console\n$ 429chain check\n{textwrap.dedent(told)}\n```"

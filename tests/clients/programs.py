"""The programs of `python -m tests.clients`: what to install, and how each is run.

Their lines are those of app/recipes.py, word for word. What is added here is only what a run
without a person needs: flags against questions, and switches that keep a program from calling home.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SWITCHES: Mapping[str, str] = {
    "ANONYMIZED_TELEMETRY": "false",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CONTINUE_ALLOW_ANONYMOUS_TELEMETRY": "0",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
    "PYDANTIC_DISABLE_PLUGINS": "1",
}
"""Telemetry, updates and price lists, by the programs' own settings."""


@dataclass(frozen=True, slots=True)
class Program:
    """One client. `recipe` is its name in app/recipes.py."""

    recipe: str
    pip: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    said: int = 1
    """How many answers it has to print."""
    streams: bool = True
    appended: Mapping[str, str] = field(default_factory=dict[str, str])
    """By the beginning of a shell line: what a run without a person adds at its end."""
    more: Mapping[str, str] = field(default_factory=dict[str, str])
    """Text added to a file, by its place."""
    places: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where a step's file goes below the home folder, if its place is described in words."""


_UNATTENDED_CODEX = """
[analytics]
enabled = false

[otel]
exporter = "none"
"""

PROGRAMS = (
    Program("openai", pip=("openai",), said=2),
    Program("anthropic", pip=("anthropic",)),
    Program(
        "codex",
        npm=("@openai/codex",),
        more={"~/.codex/config.toml": _UNATTENDED_CODEX},
    ),
    Program("claude-code", npm=("@anthropic-ai/claude-code",)),
    Program(
        "aider",
        pip=("aider-chat",),
        appended={
            "aider ": " --message 'Say hello' --yes-always --no-git --no-check-update "
            "--analytics-disable --no-show-model-warnings --no-pretty"
        },
    ),
    Program("cline", npm=("cline",)),
    Program("continue", npm=("@continuedev/cli",)),
    Program(
        "llm",
        pip=("llm",),
        places={
            "extra-openai-models.yaml in the folder of `llm logs path`": (
                ".config/io.datasette.llm/extra-openai-models.yaml"
            )
        },
    ),
    Program("langchain", pip=("langchain-openai",), said=2),
    Program("pydantic-ai", pip=("pydantic-ai-slim[openai]",), streams=False),
    Program("instructor", pip=("instructor",), streams=False),
    Program("litellm", pip=("litellm",)),
    Program("llama-index", pip=("llama-index-llms-openai-like",)),
    Program("openai-agents", pip=("openai-agents",), streams=False),
    Program(
        "ai-sdk",
        npm=("ai", "@ai-sdk/openai", "@ai-sdk/anthropic", "@ai-sdk/openai-compatible"),
        said=3,
    ),
)

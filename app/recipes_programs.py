"""What to paste into programs that a person works with: command lines and editors."""

from __future__ import annotations

from app.recipe import Lines, Recipe

PROGRAMS = (
    Recipe(
        "codex",
        "Codex CLI",
        (
            Lines(
                "~/.codex/config.toml",
                """\
model = "{chain}"
model_provider = "chain429"

[model_providers.chain429]
name = "429chain"
base_url = "{v1}"
env_key = "{key}"
wire_api = "responses"
""",
            ),
            Lines("shell", 'codex exec --skip-git-repo-check "Say hello"\n'),
        ),
        "Its first request is about 30 kB: the chain needs an entry that takes so much. While "
        "every entry is at a limit it is told when to try again, and waits.",
    ),
    Recipe(
        "claude-code",
        "Claude Code",
        (
            Lines(
                "shell",
                """\
export ANTHROPIC_BASE_URL={root}
export ANTHROPIC_AUTH_TOKEN="${key}"
export ANTHROPIC_MODEL={chain}
export ANTHROPIC_DEFAULT_HAIKU_MODEL={chain}
export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1
claude -p "Say hello"
""",
            ),
        ),
        "Its first request is about 75 kB, some 19,000 tokens: entries with small limits are "
        "passed over as too-long.",
    ),
    Recipe(
        "aider",
        "aider",
        (
            Lines(
                "shell",
                """\
export OPENAI_API_BASE={v1}
export OPENAI_API_KEY="${key}"
aider --model openai/{chain}
""",
            ),
        ),
    ),
    Recipe(
        "cline",
        "Cline, Roo Code and other editor plugins",
        (
            Lines(
                "settings",
                """\
API Provider:  OpenAI Compatible
Base URL:      {v1}
API Key:       the value of {key}
Model ID:      {chain}
""",
            ),
            Lines(
                "shell",
                """\
cline auth -p openai -b {v1} -k "${key}" -m {chain}
cline -P openai "Say hello"
""",
            ),
        ),
        "the settings are those of the plugin's window, the shell lines those of Cline's own "
        "command line. Its first request is some 5,500 tokens.",
    ),
    Recipe(
        "continue",
        "Continue",
        (
            Lines(
                "~/.continue/config.yaml",
                """\
name: 429chain
version: 0.0.1
schema: v1
models:
  - name: {chain}
    provider: openai
    model: {chain}
    apiBase: {v1}
    apiKey: ${{ secrets.{key} }}
    roles: [chat, edit, apply]
""",
            ),
            Lines("shell", 'cn --config ~/.continue/config.yaml -p "Say hello"\n'),
        ),
        "the editor plugin reads the same file, and the key from ~/.continue/.env.",
    ),
    Recipe(
        "open-webui",
        "Open WebUI (Admin Panel, Settings, Connections, OpenAI API)",
        (
            Lines(
                "settings",
                """\
URL:        {v1}
Key:        the value of {key}
Model IDs:  {chain}
""",
            ),
        ),
        "in a container, 127.0.0.1 is the container itself: see Docker's host.docker.internal",
    ),
    Recipe(
        "llm",
        "llm",
        (
            Lines(
                "extra-openai-models.yaml in the folder of `llm logs path`",
                """\
- model_id: {chain}
  model_name: {chain}
  api_base: {v1}
  api_key_name: chain429
""",
            ),
            Lines(
                "shell",
                """\
llm keys set chain429 --value "${key}"
llm -m {chain} "Say hello"
""",
            ),
        ),
    ),
)

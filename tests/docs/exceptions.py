"""What of the documentation is not run as it stands, and why. A line that fits nothing fails.

All else is: `sh`, `console` and `python` blocks are executed, `toml`, `json` and `yaml` ones read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.docs.blocks import Block


@dataclass(frozen=True, slots=True)
class NotRun:
    """The blocks of `page` that hold `text`."""

    page: str
    text: str
    reason: str

    def fits(self, block: Block) -> bool:
        return block.page == self.page and self.text in block.text


_CLIENTS = "docs/clients.md"
_MADE = "`make clients` installs this program and runs these lines"

NOT_RUN = (
    NotRun(_CLIENTS, "codex exec", _MADE),
    NotRun(_CLIENTS, "[model_providers.chain429]", "Codex's own file; " + _MADE),
    NotRun(_CLIENTS, "claude -p", _MADE),
    NotRun(_CLIENTS, "aider --model", _MADE),
    NotRun(_CLIENTS, "cline auth", _MADE),
    NotRun(_CLIENTS, "cn --config", _MADE),
    NotRun(_CLIENTS, "llm keys set", _MADE),
    NotRun(_CLIENTS, "from langchain_openai", _MADE),
    NotRun(_CLIENTS, "from pydantic_ai", _MADE),
    NotRun(_CLIENTS, "import instructor", _MADE),
    NotRun(_CLIENTS, "import litellm", _MADE),
    NotRun(_CLIENTS, "from llama_index", _MADE),
    NotRun(_CLIENTS, "from agents import", _MADE),
    NotRun(
        "docs/getting-started.md",
        "bin/pip install",
        "asks a package index; `make release-check` installs with it",
    ),
)

STAND_INS: Mapping[str, str] = {
    "docker": "what it would run in the container is run in the sandbox (container.py)",
    "journalctl": "there is no unit that could have said something",
    "make": "its targets are looked up in the Makefile; `make run` is started",
    "nginx": "test_proxies.py runs the real one",
    "pipx": "asks a package index; `make release-check` installs with it",
    "ssh": "there is no second machine: what it would lead to is on this one",
    "sudo": "runs the command as it is: /etc and /var are in the sandbox",
    "systemctl": "no service manager is touched; test_examples.py has systemd read the unit",
    "uv": "asks a package index; `make release-check` installs with it",
}
"""Programs that a page may name and the sandbox answers for, and why not the real one."""

UNTIL_STOPPED: Mapping[str, str] = {
    "/api/events": "the event stream never ends by itself",
}
"""A block that holds this runs until it is stopped, once an event has come."""

REFUSED: Mapping[str, str] = {
    "# 401": "the reader is to see that nobody gets in",
    "/api/chains/fre\n": "shows what an error looks like",
}
"""A block that holds this asks for what is refused; in all others curl may get no 4xx or 5xx."""

PLACES: Mapping[str, str] = {
    "https://chain.example.org/v1": "http://127.0.0.1:4290/v1",
    "https://chain.example.org": "http://127.0.0.1:4291",
    "http://box.lan:4291": "http://127.0.0.1:4291",
    "/etc/": "$SANDBOX/root/etc/",
    "/var/lib/": "$SANDBOX/root/var/lib/",
    "/data/": "$SANDBOX/data/",
    " -C /data": " -C $SANDBOX/data",
}
"""What stands in a page, and where the sandbox has it. The ports 4290 and 4291 are the instance's
own, and a value that is written `...` is a simulated provider's key or one of the instance's."""

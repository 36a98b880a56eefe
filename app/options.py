"""What the command line says, parsed and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Flags of `429chain` itself; None where a flag was not given."""

    config: Path | None = None
    data_dir: Path | None = None
    host: str | None = None
    port: int | None = None
    admin_port: int | None = None
    log_level: str = "info"
    demo: bool = False
    quiet: bool = False
    no_tui: bool = False

    def overrides(self) -> Mapping[str, object]:
        """The flags that stand above the config file, by dotted key."""
        flags = {
            "server.host": self.host,
            "server.port": self.port,
            "server.admin_port": self.admin_port,
        }
        return {key: value for key, value in flags.items() if value is not None}


class UserError(Exception):
    """The start failed for a reason that the person can mend; one line that says how."""

"""Where the config file and the data folder are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from platformdirs import PlatformDirs

_DIRS = PlatformDirs(appname="429chain", appauthor=False)

# Read as text, not as TOML: a file of ours with a syntax error must be chosen, and told about.
_OURS = re.compile(
    r"^[ \t]*(?:\[[ \t]*)?[\"']?(?:providers|chains)[\"']?[ \t]*[.\]=]", re.MULTILINE
)


def config_path(flag: Path | None, environ: Mapping[str, str], folder: Path | None = None) -> Path:
    """The config file in use; it need not exist.

    `--config`, else `$CHAIN429_CONFIG`, else `config.toml` in `folder` (the working directory)
    if it has a `[providers]` or `[chains]` table, else the one in the user's config folder.
    """
    if flag is not None:
        return flag
    if named := environ.get("CHAIN429_CONFIG"):
        return Path(named).expanduser()
    here = (folder or Path()) / "config.toml"
    if _is_ours(here):
        return here
    return Path(_DIRS.user_config_dir) / "config.toml"


def data_folder(flag: Path | None, environ: Mapping[str, str]) -> Path:
    """Where database and log are: `--data-dir`, else `$CHAIN429_DATA_DIR`, else the user's."""
    if flag is not None:
        return flag
    if named := environ.get("CHAIN429_DATA_DIR"):
        return Path(named).expanduser()
    return Path(_DIRS.user_data_dir)


def _is_ours(path: Path) -> bool:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return _OURS.search(text) is not None

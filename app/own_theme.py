"""Where `attach` keeps a theme: in the config of the person who looks, not of the instance."""

from __future__ import annotations

from collections.abc import Mapping

from app.admin.editing import refusal
from app.admin.local import config_store, theme_edit
from app.contract import AdminError
from app.options import Options
from store.config_store import ConfigNotChanged
from store.paths import config_path
from store.problems import ConfigError
from store.toml_values import EditError


async def keep_own_theme(name: str, *, options: Options, environ: Mapping[str, str]) -> None:
    """Write a theme's name into the config file here. Raises AdminError."""
    path = config_path(options.config, environ)
    if not path.exists():
        raise AdminError(
            "No config here",
            "There is no config file on this machine, so the theme lasts until you leave.",
            "429chain init writes one",
            status=409,
        )
    store = config_store(path, environ, options)
    try:
        await store.apply(theme_edit(name), expected=None, told=f"theme {name}")
    except (ConfigNotChanged, EditError, ConfigError) as error:
        raise refusal(error, ("theme",)) from None

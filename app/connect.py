"""`429chain connect CLIENT`: the lines to paste, with this instance's address, chain and key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from app.options import Options, UserError
from app.recipe import Recipe
from app.recipes import RECIPES
from proxy.providers.presets import load_presets
from store.paths import config_path
from store.problems import ConfigError
from store.settings import Settings
from store.settings_load import load

KEY_VARIABLE = "CHAIN429_API_KEY"
_ANY = ("0.0.0.0", "::", "")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the instance is, and how a client gets in. `root` has no trailing slash."""

    root: str
    chain: str
    key: str = KEY_VARIABLE
    """The variable that holds a client key."""
    hint: str = ""
    """How to set it, where it is not set by the config's own means."""


def connect(name: str, options: Options, *, environ: Mapping[str, str]) -> str:
    """What to print. Raises UserError for an unknown client and for a config with problems."""
    by_name = {recipe.name: recipe for recipe in RECIPES}
    recipe = by_name.get(name)
    if recipe is None:
        near = get_close_matches(name, by_name, n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise UserError(f"no lines for {name[:50]!r}{meant} (there are: {', '.join(by_name)})")
    return told(recipe, find_address(options, environ))


def recipe_for(name: str, *, root: str, chain: str) -> str:
    """The lines of one client for a running instance at `root`."""
    recipe = next(recipe for recipe in RECIPES if recipe.name == name)
    return told(recipe, Address(root, chain))


def told(recipe: Recipe, address: Address) -> str:
    """The lines of a recipe, each place with its own heading."""
    parts = [f"# {recipe.title}"]
    if address.hint:
        parts.append(address.hint)
    for step in recipe.steps:
        heading = "" if step.place == "shell" else f"# {step.place}\n"
        parts.append(heading + fill(step.text, address).rstrip())
    if recipe.note:
        parts.append(f"# {recipe.note}")
    return "\n\n".join(parts) + "\n"


def fill(text: str, address: Address) -> str:
    """A recipe's lines with everything in its place."""
    values = {
        "{v1}": f"{address.root}/v1",
        "{root}": address.root,
        "{chain}": address.chain,
        "{key}": address.key,
    }
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text


def find_address(options: Options, environ: Mapping[str, str]) -> Address:
    """By the config in use, flags above it; the defaults without one."""
    if options.demo:
        raise UserError("the demo prints its own line to paste when it starts")
    path = config_path(options.config, environ)
    settings, written = Settings(), ""
    if path.exists():
        try:
            loaded = load(
                path, presets=load_presets(), environ=environ, overrides=options.overrides()
            )
        except ConfigError as error:
            raise UserError(str(error)) from None
        settings = loaded.settings
        keys = [key.get_secret_value() for key in settings.server.api_keys]
        # One that stands in a variable needs no copying; keys themselves are never shown.
        written = next((key for key in keys if key.startswith("env:")), *keys[:1] or [""])
    return Address(
        root=_root(options.host or settings.server.host, options.port or settings.server.port),
        chain=settings.routing.default_chain,
        key=written.removeprefix("env:") if written.startswith("env:") else KEY_VARIABLE,
        hint="" if written.startswith("env:") else _hint(str(path) if written else ""),
    )


def _hint(path: str) -> str:
    where = f"server.api_keys in {path}" if path else "a key of server.api_keys in the config"
    return f"export {KEY_VARIABLE}='...'  # {where}"


def _root(host: str, port: int) -> str:
    name = "127.0.0.1" if host in _ANY else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

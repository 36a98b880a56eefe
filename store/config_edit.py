"""Edits of the config file's text, in the words of chains and providers.

Nothing here judges what the file means afterwards: `settings_load.load` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from store.settings import RoutingSettings
from store.toml_edit import TomlEdit
from store.toml_values import EditError, Keys, is_table, keys_of

_DEFAULT_CHAIN: Keys = ("routing", "default_chain")


class NotInFile(EditError):
    """The chain or provider does not stand in the file."""


class NameTaken(EditError):
    """A chain or provider of this name stands in the file already."""


class ConfigEdit:
    """A config file's text and the edits that a person makes in an interface.

    Comments, order, layout, line ends and a byte order mark stay; only the lines concerned change.
    Raises ConfigError if the text is no TOML. Each edit raises EditError, and changes nothing then,
    if it cannot be made: a name that is not there or is taken, a value that TOML cannot hold.
    """

    def __init__(self, text: str, name: str = "config") -> None:
        self._toml = TomlEdit(text, name)

    def text(self) -> str:
        """The text with the edits made so far."""
        return self._toml.text()

    def set_entries(self, chain: str, entries: Sequence[str]) -> None:
        """Let a chain have these entries in this order. Comments go with their entries."""
        self._toml.put((*self._there("chains", chain), "entries"), list(entries))

    def add_chain(self, name: str, entries: Sequence[str]) -> None:
        self._toml.put(self._free("chains", name), {"entries": list(entries)})

    def rename_chain(self, old: str, new: str) -> None:
        """Rename a chain; the default chain and clients that name it follow.

        A file that names no default chain means "free": when that chain is renamed, it names it.
        """
        path = self._there("chains", old)
        if old == new:
            return
        self._free("chains", new)
        self._toml.rename(path, new)
        default = self._toml.value(_DEFAULT_CHAIN)
        if default == old or (default is None and old == _unsaid_default()):
            self._toml.put(_DEFAULT_CHAIN, new)
        for client in self._toml.names(("clients",)):
            if self._toml.value(("clients", client, "chain")) == old:
                self._toml.put(("clients", client, "chain"), new)
            self._toml.replace_item(("clients", client, "chains"), old, new)

    def remove_chain(self, name: str) -> None:
        self._toml.remove(self._there("chains", name))

    def set_chain_option(self, chain: str, key: str, value: object | None) -> None:
        """Set a key of a chain (`max_wait`, `local_only`, `models`); None takes it out."""
        self._set((*self._there("chains", chain), key), value)

    def replace_entry(self, old: str, new: str) -> list[str]:
        """Put one entry in the place of another in every chain. Returns the chains concerned."""
        chains = self._toml.names(("chains",))
        return [one for one in chains if self._toml.replace_item(_entries(one), old, new)]

    def add_provider(self, id: str, table: Mapping[str, object]) -> None:
        """Add a provider with the config's keys, tables in it nested; None stands for no key."""
        self._toml.put(self._free("providers", id), _without_none(table))

    def change_provider(self, id: str, changes: Mapping[str, object | None]) -> None:
        """Change keys of a provider and leave the others.

        A key is dotted (`{"limits.rpm": 20}`) or its value is nested (`{"limits": {"rpm": 20}}`,
        whose inner keys are plain names); None takes out.
        """
        path = self._there("providers", id)
        for key, value in changes.items():
            for inner, one in _leaves((*path, *keys_of(key)), value):
                self._set(inner, one)

    def remove_provider(self, id: str) -> None:
        """Take a provider out with its limits and models; chains keep their entries."""
        self._toml.remove(self._there("providers", id))

    def set_value(self, path: str | Sequence[str], value: object | None) -> None:
        """Set any key, or take it out (None). A table is replaced by the one that is given.

        `path` is written as in TOML (`server.port`, `providers.groq.models."llama-3.3".tools`) or
        given in parts.
        """
        self._set(keys_of(path), value)

    def _set(self, path: Keys, value: object | None) -> None:
        if value is None:
            self._toml.remove(path)
        else:
            self._toml.put(path, value)

    def _there(self, top: str, name: str) -> Keys:
        if not self._toml.has((top, name)):
            raise NotInFile(f"{top}.{name[:64]} is not in the config file")
        return (top, name)

    def _free(self, top: str, name: str) -> Keys:
        if self._toml.has((top, name)):
            raise NameTaken(f"{top}.{name[:64]} is in the config file already")
        return (top, name)


def _entries(chain: str) -> Keys:
    return ("chains", chain, "entries")


def _unsaid_default() -> object:
    return cast("object", RoutingSettings.model_fields["default_chain"].default)


def _leaves(path: Keys, value: object | None) -> Iterator[tuple[Keys, object | None]]:
    """The single changes that nested changes come to."""
    if is_table(value):
        for name, inner in value.items():
            yield from _leaves((*path, name), inner)
    else:
        yield path, value


def _without_none(table: Mapping[str, object]) -> dict[str, object]:
    return {
        name: _without_none(value) if is_table(value) else value
        for name, value in table.items()
        if value is not None
    }

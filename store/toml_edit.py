"""Edits of a TOML text that change the lines concerned and leave every other byte alone.

tomlkit's own editing leaves comments of moved entries behind, writes LF into CRLF files and tables
into each other's comments, so here it reads and writes single values, and `toml_layout` gives the
places.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError

from store.toml_array import rearranged
from store.toml_layout import Layout, Splice
from store.toml_placing import insertion
from store.toml_removal import removal
from store.toml_scan import Array, Assignment, InlineTable
from store.toml_text import parse
from store.toml_values import EditError, Keys, is_table, written, written_key, written_keys

_BOM = "\ufeff"


class TomlEdit:
    """A TOML text that takes edits by path, in whichever of TOML's ways its tables are written.

    Raises ConfigError if the text is none; a byte order mark is kept.
    """

    def __init__(self, text: str, name: str) -> None:
        self._mark = _BOM if text.startswith(_BOM) else ""
        body = text.removeprefix(_BOM)
        parse(body, name)
        self._layout = Layout(body)

    def text(self) -> str:
        """The text as edited; always one that can be read again.

        Raises EditError where tomlkit cannot take what is right TOML: it stumbles over the tables
        of one provider that stand apart, with others and a [providers] between them.
        """
        try:
            tomlkit.parse(self._layout.text)
        except TOMLKitError:
            message = "the file's tables are too scattered for it: put those of one name together"
            raise EditError(message) from None
        return self._mark + self._layout.text

    def has(self, path: Keys) -> bool:
        return self._layout.has(path)

    def names(self, path: Keys) -> list[str]:
        """The keys of the table `path`, in the order of the text; [] if there is none."""
        return self._layout.names(path)

    def value(self, path: Keys) -> Any:
        """The value that is assigned to `path`; None if none is, as with a table under a header."""
        found = self._layout.assignment(path)
        return None if found is None else self._layout.value(found.value)

    def put(self, path: Keys, value: object) -> None:
        """Give `path` this value, which may be a table: keys that it lacks are taken out.

        What has the value already keeps its way of writing. Raises EditError for a value that TOML
        cannot hold, or a path that leads through something that is no table.
        """
        self._check_way(path)
        written(value)
        layout = self._layout
        found = layout.assignment(path)
        is_there = layout.has(path) if found is None else isinstance(found.value, InlineTable)
        if is_table(value) and is_there:
            self._put_table(path, value)
        elif found is not None:
            self._put_value(found, value)
        else:
            self.remove(path)
            self._splice(insertion(self._layout, path, value))

    def remove(self, path: Keys) -> bool:
        """Take out whatever stands at `path`, with its comments. Returns whether there was any."""
        found = False
        while (splice := removal(self._layout, path)) is not None:
            self._splice(splice)
            found = True
        return found

    def rename(self, path: Keys, name: str) -> None:
        """Give what stands at `path` another last name, wherever the text spells it."""
        spelled = [section.keys[len(path) - 1] for section in self._layout.sections_below(path)]
        for container in self._layout.containers():
            index = len(path) - len(container.path) - 1
            for one in container.assignments:
                if index >= 0 and one.path[: len(path)] == path:
                    spelled.append(one.keys[index])
        for key in sorted(spelled, key=lambda key: key.start, reverse=True):
            old = self._layout.text[key.start : key.end]
            self._splice(Splice(key.start, key.end, written_key(name, like=old)))

    def replace_item(self, path: Keys, old: str, new: str) -> bool:
        """Put `new` in the place of `old` in the array at `path`. Returns whether it was there.

        If `new` stands there too, one of the two goes, so that the array never holds it twice.
        """
        found = self._layout.assignment(path)
        if found is None or not isinstance(found.value, Array):
            return False
        values = cast("list[object]", self._layout.value(found.value))
        if old not in values or old == new:
            return False
        if new in values:
            renamed = (new if value == old else value for value in values)
            kept: list[object] = []
            for value in renamed:
                if value != new or new not in kept:
                    kept.append(value)
            self._put_value(found, kept)
        else:
            # From the end, so that the places before stay right.
            for item, value in reversed([*zip(found.value.items, values, strict=True)]):
                if value == old:
                    self._splice(Splice(item.start, item.end, written(new)))
        return True

    def _splice(self, splice: Splice) -> None:
        text = self._layout.text
        self._layout = Layout(text[: splice.start] + splice.new + text[splice.end :])

    def _check_way(self, path: Keys) -> None:
        for length in range(1, len(path)):
            found = self._layout.assignment(path[:length])
            many = any(
                isinstance(one.path[length], int)
                for one in self._layout.sections_below(path[:length])
                if len(one.path) > length
            )
            if many or (found is not None and not isinstance(found.value, InlineTable)):
                raise EditError(f"{written_keys(path[:length])} is no table")

    def _put_table(self, path: Keys, table: Mapping[str, object]) -> None:
        for name in self.names(path):
            if name not in table:
                self.remove((*path, name))
        for name, value in table.items():
            self.put((*path, name), value)
        if not self.has(path):
            self._splice(insertion(self._layout, path, {}))

    def _put_value(self, found: Assignment, value: object) -> None:
        old = self._layout.value(found.value)
        if type(old) is type(value) and old == value:
            return
        if isinstance(found.value, Array) and isinstance(value, (list, tuple)):
            new = rearranged(self._layout, found.value, cast("list[object]", value))
        else:
            new = written(value)
        self._splice(Splice(found.value.start, found.value.end, new))

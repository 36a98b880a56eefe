"""Everything that is wrong or odd about one set of settings, each with the place to mend it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from proxy.text import Redactor
from store.problems import Problem
from store.settings_schema import Keys
from store.toml_lines import TomlLines

_KEYS = Redactor()
_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def dotted(path: Keys) -> str:
    """A path as TOML writes it: `providers.groq.models."llama-3.3"`, items as `entries[0]`."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part}]"
            continue
        name = part if _BARE.fullmatch(part) else '"' + part.replace('"', '\\"') + '"'
        written += f".{name}" if written else name
    return written


@dataclass(slots=True)
class Findings:
    """Collects problems and warnings by path.

    `origins` maps a path to the variable or flag that set it. `pruned` holds paths whose value was
    of no use and was taken out: what would follow from its absence is not told as well.
    """

    file: str
    lines: TomlLines | None
    origins: Mapping[Keys, str]
    pruned: set[Keys] = field(default_factory=set[Keys])
    problems: list[Problem] = field(default_factory=list[Problem])
    warnings: list[Problem] = field(default_factory=list[Problem])

    def error(self, path: Keys, message: str, hint: str = "") -> None:
        if not any(path[:length] in self.pruned for length in range(1, len(path) + 1)):
            self.tell(path, message, hint)

    def tell(self, path: Keys, message: str, hint: str = "") -> None:
        """A problem of the pruned value itself."""
        self.problems.append(self._problem(path, message, hint))

    def warn(self, path: Keys, message: str, hint: str = "") -> None:
        self.warnings.append(self._problem(path, message, hint))

    def set_by(self, path: Keys) -> str:
        """The variable or flag that set what stands at a path; "" for the file."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
        return ""

    def _problem(self, path: Keys, message: str, hint: str) -> Problem:
        # A name may be a key that was pasted in the wrong place.
        message, hint = _KEYS.redact(message), _KEYS.redact(hint)
        origin = self.set_by(path)
        if origin:
            return Problem(origin, None, message, hint, path=path)
        line = None if self.lines is None else self.lines.at(path) or 1
        return Problem(self.file, line, message, hint, path=path)

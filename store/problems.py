"""What is wrong with a configuration, told so that a person can mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. No field ever holds a secret.

    `file` is the path of a file as the person gave it, or the name of the environment variable or
    flag that is at fault (`line` is None then). `excerpt` is, for a syntax error, the text of the
    line with a caret below it; `column` counts from 1. `path`: the keys that lead to it.
    """

    file: str
    line: int | None
    message: str
    hint: str = ""
    column: int | None = None
    excerpt: str = ""
    path: tuple[str | int, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}: {self.message}{hint}"


class ConfigError(Exception):
    """A configuration that cannot be used; `problems` lists everything that is wrong with it.

    `watched`: the files whose change may mend it, as far as it was understood; () if it was not.
    """

    def __init__(self, problems: Sequence[Problem], watched: Iterable[Path] = ()) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)
        self.watched = tuple(watched)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was most likely meant to be."""
    candidates = list(known)
    exact = next((one for one in candidates if one.lower() == word.lower()), None)
    return exact or next(iter(get_close_matches(word, candidates, n=1, cutoff=0.6)), None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word, or else lists the few that there are."""
    candidates = sorted(known)
    near = nearest(word, candidates)
    if near is not None:
        return f'did you mean "{near}"?'
    if 0 < len(candidates) <= 8:
        return "known: " + ", ".join(candidates)
    return ""

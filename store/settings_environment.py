"""Settings from environment variables: `CHAIN429_SERVER__PORT=4290`.

`__` stands between levels, `_` for whatever in an id is neither letter nor digit, so an id is
recognised by what the file holds (and by the presets); else it is taken in lower case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_origin

from store.problems import Problem, did_you_mean
from store.settings_schema import Keys, known_keys, takes_any_key, type_at

PREFIX = "CHAIN429_"

NOT_SETTINGS = frozenset(
    PREFIX + name for name in ("CONFIG", "DATA_DIR", "URL", "ADMIN_TOKEN", "API_KEY")
)
"""Variables of the command line and of config files that merely begin alike."""

_TRUTHS = {"true": True, "1": True, "yes": True, "on": True}
_LIES = {"false": False, "0": False, "no": False, "off": False}


@dataclass(slots=True)
class FromEnvironment:
    """What the environment sets: path to (value, name of the variable), and what it cannot."""

    values: dict[Keys, tuple[object, str]] = field(default_factory=dict[Keys, tuple[object, str]])
    warnings: list[Problem] = field(default_factory=list[Problem])


def read_environment(
    environ: Mapping[str, str], table: Mapping[str, Any], presets: Mapping[str, object]
) -> FromEnvironment:
    """Every setting that a variable makes; `table` is what the file holds."""
    found = FromEnvironment()
    variables = [name for name in sorted(environ) if name.startswith(PREFIX)]
    for variable in variables:
        if variable in NOT_SETTINGS:
            continue
        path = _path(variable.removeprefix(PREFIX), table, presets)
        if path is None:
            found.warnings.append(_unknown(variable, table))
        else:
            found.values[path] = (_value(environ[variable], path), variable)
    _drop_unfounded(found, table, presets)
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def _path(rest: str, table: Mapping[str, Any], presets: Mapping[str, object]) -> Keys | None:
    """The path a variable's name means; None if the models have no such key."""
    path: Keys = ()
    inside: object = table
    while rest:
        known = known_keys(path)
        own = takes_any_key(path)
        if known is None and not own:
            return None
        there = list(cast("Mapping[str, Any]", inside)) if isinstance(inside, dict) else []
        names = [*there, *(presets if path == ("providers",) else ())] if own else list(known or ())
        name, rest = _split(rest, names, own)
        if not name:
            return None
        path = (*path, name)
        inside = cast("Mapping[str, Any]", inside).get(name) if isinstance(inside, dict) else None
    return path


def _split(rest: str, names: list[str], own: bool) -> tuple[str, str]:
    """The first level of a name and what follows it; ("", "") if it is none of `names`.

    Ids may hold `__` themselves, so the longest known name that fits counts; of two that read
    alike, the one that is spelled with `_`.
    """
    upper = rest.upper()
    fitting = [
        name for name in names if upper == _plain(name) or upper.startswith(_plain(name) + "__")
    ]
    if fitting:
        best = max(fitting, key=lambda name: (len(name), name.upper() == upper[: len(name)]))
        return best, rest[len(best) + 2 :]
    first, _, following = rest.partition("__")
    return (first.lower(), following) if own else ("", "")


def _value(text: str, path: Keys) -> object:
    """A variable's text as the type its setting wants; unchanged where it does not fit."""
    kind = type_at(path)
    if kind is bool:
        return (_TRUTHS | _LIES).get(text.strip().lower(), text)
    if kind is int and re.fullmatch(r"\s*[+-]?\d{1,18}\s*", text, re.ASCII):
        # A size such as "20MiB" has the type int too and stays text.
        return int(text)
    if known_keys(path) is not None or takes_any_key(path) or get_origin(kind) is list:
        try:
            return cast("object", json.loads(text))
        except ValueError:
            several = get_origin(kind) is list and text.lstrip()[:1] != "["
            return [part.strip() for part in text.split(",")] if several else text
    return text


def _unknown(variable: str, table: Mapping[str, Any]) -> Problem:
    return Problem(
        variable, None, "no such setting; the variable is ignored", _hint(variable, table)
    )


def _hint(variable: str, table: Mapping[str, Any]) -> str:
    candidates = [PREFIX + name.removeprefix(PREFIX) for name in NOT_SETTINGS]
    for top in known_keys(()) or ():
        if not takes_any_key((top,)):
            candidates += [_variable((top, key)) for key in known_keys((top,)) or ()]
            continue
        rows: object = table.get(top)
        for name in cast("Mapping[str, Any]", rows) if isinstance(rows, dict) else ():
            candidates += [_variable((top, name, key)) for key in known_keys((top, name)) or ()]
    last = variable.removeprefix(PREFIX).rpartition("__")[2]
    same = next((name for name in candidates if name.endswith(f"__{last}")), None)
    return f'did you mean "{same}"?' if same else did_you_mean(variable, candidates)


def _variable(path: Keys) -> str:
    return PREFIX + "__".join(_plain(str(part)) for part in path)


def _drop_unfounded(
    found: FromEnvironment, table: Mapping[str, Any], presets: Mapping[str, object]
) -> None:
    """A key for a provider that nobody knows is a slip of the pen, not a provider."""
    rows: object = table.get("providers")
    known = {*presets, *(cast("Mapping[str, Any]", rows) if isinstance(rows, dict) else ())}
    made = {
        str(path[1])
        for path in found.values
        if len(path) == 2 or (len(path) > 2 and path[2] in ("preset", "base_url"))
        if path[0] == "providers"
    }
    for path, (_, variable) in list(found.values.items()):
        if path[0] == "providers" and len(path) > 2 and path[1] not in known | made:
            del found.values[path]
            found.warnings.append(
                Problem(
                    variable,
                    None,
                    f'no provider "{path[1]}"; the variable is ignored',
                    did_you_mean(str(path[1]), known),
                )
            )

"""Any edit of any config: the table is what was meant, and what was not concerned stays."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any, cast

import tomlkit
from hypothesis import Phase, assume, given, reject, settings
from hypothesis import strategies as st
from tomlkit.exceptions import TOMLKitError

from store.config_edit import ConfigEdit
from store.toml_values import EditError
from tests.store.written_configs import (
    ENTRIES,
    MODELS,
    Line,
    Path,
    Table,
    Writer,
    config,
    provider,
    some,
)

WITHOUT_SHRINKING = [Phase.explicit, Phase.reuse, Phase.generate]  # a seed has no smaller one


def put(table: Table, path: Path, value: Any) -> None:
    for name in path[:-1]:
        table = table.setdefault(name, {})
    if value is None:
        table.pop(path[-1], None)
    else:
        table[path[-1]] = value


Act = Callable[[random.Random, ConfigEdit, Table], list[Path]]


def names(table: Table, top: str) -> list[str]:
    return sorted(table.get(top, {}))


def reorder(rnd: random.Random, edit: ConfigEdit, table: Table) -> list[Path]:
    if not names(table, "chains"):
        return []
    chain = rnd.choice(names(table, "chains"))
    entries = some(rnd, ENTRIES, 1)
    old = table["chains"][chain]["entries"]
    if rnd.random() < 0.6:
        entries = rnd.sample(old, rnd.randint(0, len(old))) + entries[: rnd.randint(0, 1)]
        entries = list(dict.fromkeys(entries))
    edit.set_entries(chain, entries)
    put(table, ("chains", chain, "entries"), entries)
    return [("chains", chain, "entries", "LAYOUT", *entries)]


def add_chain(rnd: random.Random, edit: ConfigEdit, table: Table) -> list[Path]:
    name, entries = rnd.choice(["new", "n.w"]), some(rnd, ENTRIES)
    edit.add_chain(name, entries)
    put(table, ("chains", name), {"entries": entries})
    return [("chains", name)]


def rename_chain(rnd: random.Random, edit: ConfigEdit, table: Table) -> list[Path]:
    if not names(table, "chains"):
        return []
    old, new = rnd.choice(names(table, "chains")), rnd.choice(["new", "n.w"])
    edit.rename_chain(old, new)
    table["chains"][new] = table["chains"].pop(old)
    if table.get("routing", {}).get("default_chain", "free") == old:
        put(table, ("routing", "default_chain"), new)
    for client in table.get("clients", {}).values():
        client["chain"] = new if client["chain"] == old else client["chain"]
        client["chains"] = [new if one == old else one for one in client["chains"]]
    return [("chains", old), ("routing", "default_chain"), ("clients",), ("RENAMED",)]


def remove_chain(rnd: random.Random, edit: ConfigEdit, table: Table) -> list[Path]:
    if not names(table, "chains"):
        return []
    name = rnd.choice(names(table, "chains"))
    edit.remove_chain(name)
    del table["chains"][name]
    return [("chains", name)]


def chain_option(rnd: random.Random, edit: ConfigEdit, table: Table) -> list[Path]:
    if not names(table, "chains"):
        return []
    name, value = rnd.choice(names(table, "chains")), rnd.choice(["1m", None])
    edit.set_chain_option(name, "max_wait", value)
    put(table, ("chains", name, "max_wait"), value)
    return [("chains", name, "max_wait")]


def replace_entry(rnd: random.Random, edit: ConfigEdit, table: Table) -> list[Path]:
    old, new = rnd.sample([*ENTRIES, "lab/newest"], 2)
    edit.replace_entry(old, new)
    for chain in table.get("chains", {}).values():
        if old in chain["entries"]:
            chain["entries"] = list(
                dict.fromkeys(new if one == old else one for one in chain["entries"])
            )
    return [("chains", name, "entries") for name in names(table, "chains")]


def add_provider(rnd: random.Random, edit: ConfigEdit, table: Table) -> list[Path]:
    new = provider(rnd)
    edit.add_provider("new", new)
    put(table, ("providers", "new"), deepcopy(new))
    return [("providers", "new")]


def change_provider(rnd: random.Random, edit: ConfigEdit, table: Table) -> list[Path]:
    if not names(table, "providers"):
        return []
    name = rnd.choice(names(table, "providers"))
    model = rnd.choice(MODELS)
    keys: list[Path] = [("enabled",), ("limits", "rpm"), ("headers", "x-team"), ("api_key",)]
    keys += [("models", model, "vision"), ("models", model, "limits", "tpd")]
    path, value = rnd.choice(keys), rnd.choice([5, "text", None, [], ["a", 1]])
    if rnd.random() < 0.15:
        path, value = ("models", model), None
    nested: Any = value
    for part in reversed(path[1:]):
        nested = {part: nested}
    edit.change_provider(name, {path[0]: nested})
    whole: Path = ("providers", name, *path)
    if value is not None or path[0] in table["providers"][name]:
        put(table, whole, value)
    return [whole]


def remove_provider(rnd: random.Random, edit: ConfigEdit, table: Table) -> list[Path]:
    if not names(table, "providers"):
        return []
    name = rnd.choice(names(table, "providers"))
    edit.remove_provider(name)
    del table["providers"][name]
    return [("providers", name)]


def set_value(rnd: random.Random, edit: ConfigEdit, table: Table) -> list[Path]:
    paths: list[Path] = [("server", "port"), ("log", "bodies"), ("ui", "keys", "q.1")]
    path, value = rnd.choice(paths), rnd.choice([9, True, "x\n\"'\\", None, 1.5])
    edit.set_value(path, value)
    put(table, path, value)
    return [path]


ACTS: list[Act] = [
    *(reorder, add_chain, rename_chain, remove_chain, chain_option, replace_entry),
    *(add_provider, change_provider, remove_provider, set_value),
]


def without_empty(table: Table) -> Table:
    """Tables that hold nothing mean nothing, and a header may stay when its keys are gone."""
    kept = {
        name: without_empty(cast("Table", value)) if isinstance(value, dict) else value
        for name, value in table.items()
    }
    return {name: value for name, value in kept.items() if value != {}}


def is_touched(line: Line, touched: Path) -> bool:
    path = touched[: touched.index("LAYOUT")] if "LAYOUT" in touched else touched
    inside = line.place[: len(path)] == path
    return inside or (line.whole and path[: len(line.place)] == line.place)


def loses_comment(line: Line, touched: list[Path]) -> bool:
    """Whether a line's comments may go: with what was removed, or replaced by something else."""
    for path in touched:
        if "LAYOUT" in path:
            cut = path.index("LAYOUT")
            if line.place[:cut] != path[:cut] or len(line.place) == cut:
                continue
            if line.place[cut] not in (*path[cut + 1 :], "at the end"):
                return True
        elif line.place[: len(path)] == path and ("RENAMED",) not in touched:
            return True
    return False


def in_order(part: list[str], whole: list[str]) -> bool:
    lines = iter(whole)
    return all(line in lines for line in part)


def parsed(text: str) -> Table:
    return tomlkit.parse(text).unwrap()


def is_taken(text: str, table: Table) -> bool:
    """Whether tomlkit understands the text; some tables that are scattered it does not."""
    try:
        return parsed(text) == table
    except TOMLKitError:
        return False


@settings(max_examples=400, deadline=None, phases=WITHOUT_SHRINKING)
@given(st.integers(0, 2**32), st.sampled_from(ACTS), st.booleans(), st.booleans())
def test_any_edit_of_any_config(seed: int, act: Act, crlf: bool, no_last_break: bool) -> None:
    rnd = random.Random(seed)
    table = config(rnd)
    lines = Writer(rnd).file(table)
    newline = "\r\n" if crlf else "\n"
    before = newline.join(line.text for line in lines) + ("" if no_last_break else newline)
    assume(is_taken(before, table))
    edit = ConfigEdit(before)
    meant = deepcopy(table)

    touched = act(rnd, edit, meant)
    try:
        after = edit.text()
    except EditError as error:
        if "scattered" not in str(error):
            raise
        reject()

    assert without_empty(parsed(after)) == without_empty(meant)
    assert not crlf or "\n" not in after.replace("\r\n", "")
    assert crlf or "\r" not in after
    for line in lines:
        for comment in re.findall(r"#c\d+c", line.text):
            assert comment in after or loses_comment(line, touched), (comment, before, after)
    kept = [
        line.text
        for line in lines
        if line.text.strip() and not any(is_touched(line, path) for path in touched)
    ]
    assert in_order(kept, after.splitlines()), (before, after)
    if not touched:
        assert after == before

"""Each kind of edit, as the lines that it takes out and puts in; all others stay byte for byte.

`REWRITE_GOLDEN=1 pytest ...` writes the files anew; then read what changed.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from store.config_edit import ConfigEdit

FOLDER = Path(__file__).parents[1] / "data" / "config-golden"

EDITS: dict[str, Callable[[ConfigEdit], object]] = {
    "reorder": lambda edit: edit.set_entries(
        "free", ["lab/qwen3-8b", "groq/llama-3.3-70b-versatile", "groq/qwen3-32b"]
    ),
    "reorder-one-line": lambda edit: edit.set_entries(
        "night.batch", ["groq/qwen3-32b", "lab/qwen3-8b"]
    ),
    "add-first": lambda edit: edit.set_entries(
        "free", ["groq/new", "groq/llama-3.3-70b-versatile", "groq/qwen3-32b", "lab/qwen3-8b"]
    ),
    "add-last": lambda edit: edit.set_entries(
        "free", ["groq/llama-3.3-70b-versatile", "groq/qwen3-32b", "lab/qwen3-8b", "lab/new"]
    ),
    "add-one-line": lambda edit: edit.set_entries(
        "night.batch", ["lab/qwen3-8b", "groq/qwen3-32b", "lab/new"]
    ),
    "remove-entry": lambda edit: edit.set_entries("free", ["groq/qwen3-32b", "lab/qwen3-8b"]),
    "remove-all-entries": lambda edit: edit.set_entries("free", []),
    "replace-entry": lambda edit: edit.replace_entry("lab/qwen3-8b", "lab/qwen4-9b"),
    "replace-entry-by-one-there": lambda edit: edit.replace_entry("lab/qwen3-8b", "groq/qwen3-32b"),
    "add-chain": lambda edit: edit.add_chain("v1.5", ["groq/a", "lab/b"]),
    "rename-chain": lambda edit: edit.rename_chain("free", "every day"),
    "rename-quoted-chain": lambda edit: edit.rename_chain("night.batch", "night"),
    "remove-chain": lambda edit: edit.remove_chain("free"),
    "remove-last-chain-of-all": lambda edit: edit.remove_chain("night.batch"),
    "chain-option": lambda edit: edit.set_chain_option("night.batch", "max_wait", "1h"),
    "chain-option-new": lambda edit: edit.set_chain_option("free", "local_only", True),
    "chain-option-out": lambda edit: edit.set_chain_option("night.batch", "max_wait", None),
    "add-provider": lambda edit: edit.add_provider(
        "mistral",
        {
            "api_key": 'it\'s "quoted"',
            "base_url": None,
            "headers": {"x-a": "1"},
            "limits": {"rpm": 2},
            "models": {"small-2.1": {"limits": {"tpm": 5}, "vision": True}, "*": {"tools": True}},
        },
    ),
    "limit": lambda edit: edit.change_provider("groq", {"limits.rpm": 20}),
    "limit-new": lambda edit: edit.change_provider("groq", {"limits": {"concurrent": 4}}),
    "limit-first": lambda edit: edit.change_provider("lab", {"limits.rpm": 20}),
    "limit-out": lambda edit: edit.change_provider("groq", {"limits.rpm": None}),
    "limit-of-model": lambda edit: edit.change_provider(
        "groq", {'models."llama-3.3-70b-versatile".limits': {"rpm": 10, "rpd": 1000, "tpm": None}}
    ),
    "model-new": lambda edit: edit.change_provider(
        "groq", {"models": {"qwen/qwen3-32b": {"enabled": False}}}
    ),
    "header-out": lambda edit: edit.change_provider("groq", {"headers": {"x-team": None}}),
    "key": lambda edit: edit.change_provider("lab", {"api_key": "new", "base_url": "http://b/v1"}),
    "remove-provider": lambda edit: edit.remove_provider("groq"),
    "setting": lambda edit: edit.set_value("server.port", 4300),
    "setting-new": lambda edit: edit.set_value("server.admin_port", 0),
    "section-new": lambda edit: edit.set_value("log.bodies", "memory"),
    "section-new-with-braces": lambda edit: edit.set_value(["ui", "keys", "palette.open"], "f1"),
}

PACKED: dict[str, Callable[[ConfigEdit], object]] = {
    "packed-reorder": lambda edit: edit.set_entries("free", ["lab/b", "groq/a"]),
    "packed-entries-of-empty": lambda edit: edit.set_entries("my.chain", ["lab/b", "groq/a"]),
    "packed-move-comment": lambda edit: edit.set_entries("wide", ["groq/b", "lab/c", "groq/a"]),
    "packed-add-chain": lambda edit: edit.add_chain("new", ["groq/a", "lab/b"]),
    "packed-rename-chain": lambda edit: edit.rename_chain("free", "paid"),
    "packed-rename-quoted": lambda edit: edit.rename_chain("my.chain", "mine"),
    "packed-remove-chain": lambda edit: edit.remove_chain("free"),
    "packed-option": lambda edit: edit.set_chain_option("my.chain", "local_only", True),
    "packed-add-provider": lambda edit: edit.add_provider("new", {"limits": {"rpm": 3}}),
    "packed-limit": lambda edit: edit.change_provider("groq", {"limits.rpm": 3, "limits.rpd": 9}),
    "packed-limit-new": lambda edit: edit.change_provider("lab", {"limits.rpm": 3}),
    "packed-remove-provider": lambda edit: edit.remove_provider("groq"),
    "packed-setting": lambda edit: edit.set_value("server.port", None),
    "packed-section-new": lambda edit: edit.set_value("log.retain_days", 7),
}

CASES = [
    *(("lived-in", name, edit) for name, edit in EDITS.items()),
    *(("packed", name, edit) for name, edit in PACKED.items()),
]


def read(path: Path) -> str:
    return path.read_bytes().decode()


def difference(before: str, after: str) -> str:
    """Lines taken out and put in, with two around them to see where."""
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), n=2)
    return "".join(list(lines)[2:])


@pytest.mark.parametrize("base, name, edit", CASES, ids=[case[1] for case in CASES])
def test_an_edit_changes_just_these_lines(
    base: str, name: str, edit: Callable[[ConfigEdit], object]
) -> None:
    before = read(FOLDER / f"{base}.toml")
    editing = ConfigEdit(before)
    edit(editing)
    found = difference(before, editing.text())
    golden = FOLDER / f"{name}.diff"
    if os.environ.get("REWRITE_GOLDEN"):
        golden.write_bytes(found.encode())
    assert found == read(golden)


@pytest.mark.parametrize("base, name, edit", CASES, ids=[case[1] for case in CASES])
def test_it_is_the_same_with_other_line_ends_and_a_byte_order_mark(
    base: str, name: str, edit: Callable[[ConfigEdit], object]
) -> None:
    before = read(FOLDER / f"{base}.toml")
    plain, marked = ConfigEdit(before), ConfigEdit("\ufeff" + before.replace("\n", "\r\n"))
    edit(plain)
    edit(marked)
    assert marked.text() == "\ufeff" + plain.text().replace("\n", "\r\n")


def test_every_golden_file_has_its_edit() -> None:
    assert {path.stem for path in FOLDER.glob("*.diff")} == EDITS.keys() | PACKED.keys()

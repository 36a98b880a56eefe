"""Edits that cannot be made, edits that change nothing, and corners of the ways to write TOML."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest

from store.config_edit import ConfigEdit, NameTaken, NotInFile
from store.problems import ConfigError
from store.toml_values import EditError

Edit = Callable[[ConfigEdit], object]

SMALL = """\
[providers.groq]
api_key = 'k'
limits.rpm = 0x1e

[chains.free]
entries = ["groq/a", "groq/b"]
"""


def edited(text: str, edit: Edit) -> str:
    editing = ConfigEdit(text)
    edit(editing)
    return editing.text()


REFUSED: list[tuple[Edit, type[EditError], str]] = [
    (lambda e: e.set_entries("x", []), NotInFile, "chains.x is not in the config file"),
    (lambda e: e.remove_chain("x"), NotInFile, "chains.x is not"),
    (lambda e: e.rename_chain("x", "y"), NotInFile, "chains.x is not"),
    (lambda e: e.set_chain_option("x", "max_wait", "1s"), NotInFile, "chains.x is not"),
    (lambda e: e.change_provider("x", {}), NotInFile, "providers.x is not"),
    (lambda e: e.remove_provider("x"), NotInFile, "providers.x is not"),
    (lambda e: e.add_chain("free", []), NameTaken, "chains.free is in the config file already"),
    (lambda e: e.add_provider("groq", {}), NameTaken, "providers.groq is"),
    (lambda e: e.set_value("chains.free.entries.x", 1), EditError, "entries is no table"),
    (lambda e: e.set_value("a b", 1), EditError, "'a b' is no key"),
    (lambda e: e.set_value("a = 1\nb", 1), EditError, "is no key"),
    (lambda e: e.set_value("", 1), EditError, "is no key"),
    (lambda e: e.set_value([], 1), EditError, "the key is empty"),
    (lambda e: e.set_value("a", [None]), EditError, "no way to write a value of type NoneType"),
    (lambda e: e.set_value("a", "\ud800"), EditError, "half a surrogate pair"),
    (lambda e: e.add_chain("\ud800", []), EditError, "half a surrogate pair"),
]  # fmt: skip


@pytest.mark.parametrize("edit, error, words", REFUSED)
def test_what_cannot_be_edited(edit: Edit, error: type[EditError], words: str) -> None:
    editing = ConfigEdit(SMALL)
    with pytest.raises(error, match=words):
        edit(editing)
    assert editing.text() == SMALL


def test_a_chain_is_not_renamed_to_one_that_is_there() -> None:
    editing = ConfigEdit(SMALL)
    editing.add_chain("other", ["groq/a"])
    with pytest.raises(NameTaken):
        editing.rename_chain("free", "other")


def test_what_is_no_toml_is_not_edited() -> None:
    with pytest.raises(ConfigError, match=r"config\.toml:1"):
        ConfigEdit("[chains", "config.toml")


def test_arrays_of_tables_are_left_alone() -> None:
    text = "[[chains]]\nname = 1\n\n[[chains]]\nname = 2\n\n[chains.sub]\nx = 1\n"
    assert edited(text, lambda edit: edit.set_value("port", 1)) == "port = 1\n\n" + text
    with pytest.raises(EditError, match="chains is no table"):
        ConfigEdit(text).add_chain("a", [])


def test_too_scattered_for_tomlkit() -> None:
    """tomlkit 0.15 takes this text, but stumbles over what is left without lab."""
    text = """\
[providers.g.models.l]
[providers.g]
[chains.free]
[providers.lab.models.a]
[providers]
[providers.g.models]
"""
    editing = ConfigEdit(text)
    editing.remove_provider("lab")
    with pytest.raises(EditError, match="put those of one name together"):
        editing.text()


UNCHANGING: list[Edit] = [
    lambda e: e.set_entries("free", ["groq/a", "groq/b"]),
    lambda e: e.change_provider("groq", {"api_key": "k", "limits": {"rpm": 30}}),
    lambda e: e.change_provider("groq", {"enabled": None, "limits.rpd": None}),
    lambda e: e.replace_entry("lab/x", "lab/y"),
    lambda e: e.rename_chain("free", "free"),
]


@pytest.mark.parametrize("edit", UNCHANGING)
def test_an_edit_that_changes_nothing_changes_no_byte(edit: Edit) -> None:
    assert edited(SMALL, edit) == SMALL


def test_a_value_of_another_type_is_another_value() -> None:
    assert edited("[a]\nx = 1\n", lambda edit: edit.set_value("a.x", True)) == "[a]\nx = true\n"


@pytest.mark.parametrize(
    "value, text",
    [
        ('a"b\\c\n\x7f\u2028é', '"a\\"b\\\\c\\n\\u007f\u2028é"'),
        (math.inf, "inf"),
        (1e100, "1e+100"),
        ([], "[]"),
        ({}, "{}"),
        ([{"a b": [1, "x"]}], '[{ "a b" = [1, "x"] }]'),
        (10**20, "100000000000000000000"),
    ],
)
def test_values(value: object, text: str) -> None:
    key = "limits" if value == {} else "x"
    path = ["providers", "groq", "models", "m", key]
    before = "[providers.groq.models.m]\n"
    assert edited(before, lambda edit: edit.set_value(path, value)) == f"{before}{key} = {text}\n"


@pytest.mark.parametrize(
    "before, entries, after",
    [
        ("[]", "x", '["x"]'),
        ("[ ]", "xy", '["x", "y"]'),
        ("[\n]", "xy", '[\n  "x",\n  "y",\n]'),
        ("[\n\t# none yet\n]", "x", '[\n  "x",\n\t# none yet\n]'),
        ('["a",]', "ab", '["a", "b",]'),
        ('[ "a" , "b" ]', "b", '[ "b" ]'),
        ('["a", "b", "c"]', "cab", '["c", "a", "b"]'),
        ('["a", "b", "c"]', "xb", '["x", "b"]'),
        ('["a"]', "", "[]"),
        ('[\n\t"a",\n\t"b"\n]', "bax", '[\n\t"b",\n\t"a",\n\t"x"\n]'),
        ('[\n  "a", # a\n  "b" # b\n]', "ba", '[\n  "b", # b\n  "a" # a\n]'),
        ('["a" # a\n,"b" # b\n]', "ba", '["b", # b\n"a" # a\n]'),
        ('[ # mine\n  "a",\n  "b",\n]', "xba", '[ # mine\n  "x",\n  "b",\n  "a",\n]'),
        ('[\n  # a\n  "a",\n  "b",\n]', "ba", '[\n  "b",\n  # a\n  "a",\n]'),
        ('[\n  # 1\n\n  "a",\n\n  # 2\n\n  "b",\n]', "b", '[\n  # 1\n\n  # 2\n\n  "b",\n]'),
        ('[\n  "a",\n\n  # 2\n\n  "b",\n]', "a", '[\n  "a",\n\n  # 2\n\n]'),
        ('["a",\n  # b\n  "b"]', "ba", '[\n  # b\n  "b",\n  "a"]'),
        ('["a",\n  # b\n  "b"]', "xy", '["x",\n  "y"]'),
        ('["a", "b", # b\n "c"]', "acb", '["a", "c",\n "b" # b\n]'),
    ],
)
def test_arrays(before: str, entries: Sequence[str], after: str) -> None:
    head = "[chains.x]\nentries = "
    text = edited(head + before + "\n", lambda edit: edit.set_entries("x", list(entries)))
    assert text == head + after + "\n"


@pytest.mark.parametrize(
    "before, after",
    [
        ("p = {\n # a\n a = 1, # one\n # b\n b = 2, # two\n}\n", "p = {\n # b\n b = 2, # two\n}\n"),
        ("p = { a = 1 }\n", "p = {}\n"),
        ("p = { a = 1, }\n", "p = {}\n"),
        ("p = { # all\n a = 1, }\n", "p = { # all\n  }\n"),
        ("p = { b = 2, # two\n a = 1 }\n", "p = { b = 2 # two\n }\n"),
        ("p = { b = 2, a = 1 }\n", "p = { b = 2 }\n"),
    ],
)  # fmt: skip
def test_comments_in_inline_tables(before: str, after: str) -> None:
    assert edited(before, lambda edit: edit.set_value("p.a", None)) == after


@pytest.mark.parametrize(
    "before, after",
    [
        ("", "[server]\nport = 1\n"),
        ("# mine\n", "# mine\n\n[server]\nport = 1\n"),
        ("[chains]", "[server]\nport = 1\n\n[chains]"),
        ("# mine\n[chains]\n", "# mine\n\n[server]\nport = 1\n\n[chains]\n"),
        ("[server]", "[server]\nport = 1\n"),
        ("[server]\r\n[log]", "[server]\r\nport = 1\r\n[log]"),
        ("server = {}", "server = { port = 1 }"),
        ("server = { # c\n}", "server = { port = 1 # c\n}"),
        ("server.host = ''", "server.host = ''\nserver.port = 1\n"),
        ("[log]\nx = 1", "[server]\nport = 1\n\n[log]\nx = 1"),
        ("[server.sub]\nx = 1", "[server]\nport = 1\n\n[server.sub]\nx = 1"),
    ],
)
def test_a_key_where_its_table_is_or_is_not(before: str, after: str) -> None:
    assert edited(before, lambda edit: edit.set_value("server.port", 1)) == after


def test_a_table_is_replaced_by_the_one_given() -> None:
    text = "[ui]\nkeys = { a = 'x', b = 'y' }\n"
    after = edited(text, lambda edit: edit.set_value("ui.keys", {"b": "y", "c": "z"}))
    assert after == "[ui]\nkeys = { b = 'y', c = \"z\" }\n"


def test_remarks_go_with_what_they_are_about_and_commented_out_lines_stay() -> None:
    text = """\
[server]
# host = "0.0.0.0"
# the usual one
port = 4290
max_body = "1MiB"
"""
    assert edited(text, lambda edit: edit.set_value("server.port", None)) == (
        '[server]\n# host = "0.0.0.0"\nmax_body = "1MiB"\n'
    )


def test_the_last_table_takes_the_blank_lines_before_it_along() -> None:
    assert (
        edited("[a]\nx = 1\n\n\n[b]\n\n", lambda edit: edit.set_value("b", None)) == "[a]\nx = 1\n"
    )
    assert edited("\n[b]\nx = 1", lambda edit: edit.set_value("b", None)) == ""

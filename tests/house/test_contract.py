"""Every row and sentence of the contract on limits has a test: `tests/data/contract.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.house.layout import ROOT

TESTS = ROOT / "tests" / "proxy"


def proven() -> Iterator[tuple[str, str, list[str]]]:
    """Chapter, sentence, and the tests that are named after it."""
    text = (ROOT / "tests" / "data" / "contract.toml").read_text("utf-8")
    for chapter, sentences in tomllib.loads(text).items():
        for sentence, tests in sentences.items():
            yield chapter, sentence, tests


@cache
def names(path: Path) -> frozenset[str]:
    """The tests of a file, and the named cases of its tables in brackets."""
    text = path.read_text("utf-8")
    tests = re.findall(r"^ *(?:async )?def (test_\w+)\(", text, re.MULTILINE)
    cases = re.findall(r'^    "([^"]+)": Row\(', text, re.MULTILINE)
    return frozenset((*tests, *(f"[{case}]" for case in cases)))


@pytest.mark.parametrize(
    "tests", [pytest.param(tests, id=f"{chapter}: {said}") for chapter, said, tests in proven()]
)
def test_each_sentence_has_its_tests(tests: list[str]) -> None:
    assert tests
    for test in tests:
        file, _, name = test.partition("::")
        assert name in names(TESTS / file), f"{file} has no {name}"

"""Rules that hold for every file of the checkout."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.layout import ROOT, run

INDEX = re.compile(
    r"""--(?:extra-)?index-url | --find-links
      | \b(?:PIP|UV)_(?:EXTRA_|DEFAULT_)?INDEX | \[\[tool\.uv\.index\]\]
      | https?://\S+/simple\b
      | https?://registry\.
      | ^\s*registry\s*=
    """,
    re.VERBOSE | re.MULTILINE,
)
"""A place to install from. Where packages come from is the business of each machine's owner."""


@pytest.fixture(scope="module")
def tracked(needs: Callable[[str], str]) -> list[Path]:
    """What is committed or would be."""
    listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = run([needs("git"), *listing])
    assert done.returncode == 0, done.stderr
    paths = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize(
    "line",
    [
        "pip install --index-url https://mirror.example/x",
        "--extra-index-url=https://mirror.example",
        "--find-links /srv/wheels",
        "export PIP_INDEX_URL=...",
        "[[tool.uv.index]]",
        "url = 'https://mirror.example/pypi/simple'",
        "registry=https://mirror.example/",
        "https://registry.example/openai.tgz",
    ],
)
def test_an_index_is_recognised(line: str) -> None:
    assert INDEX.search(line)


def test_no_file_names_an_index(tracked: list[Path]) -> None:
    assert tracked
    named: list[str] = []
    for path in tracked:
        if path != Path(__file__).resolve():
            text = path.read_bytes().decode("utf-8", errors="replace")
            named += [f"{path.relative_to(ROOT)}: {match[0]}" for match in INDEX.finditer(text)]

    assert named == []


def test_the_changelog_opens_with_what_is_unreleased() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)

    assert sections
    assert sections[0] == "[Unreleased]"
    assert re.search(r"^## \[Unreleased\]\n+### \w+\n+- ", text, re.MULTILINE)


def test_links_between_the_documents_lead_somewhere() -> None:
    for document in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (ROOT / target).exists(), f"{document} -> {target}"

"""The pages of the documentation, and what stands in them: headings and links."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]
"""A new page is found by itself."""

_FENCED = re.compile(r"^[ \t]*```.*?^[ \t]*```[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)|<(https?://[^>\s]+)>")
_SOURCE = re.compile(r"""<(?:img|source|a)\b[^>]*?\b(?:src|srcset|href)="([^"\s]+)""")


def links(text: str) -> list[str]:
    """Where a page's links and pictures lead, code aside."""
    prose = _CODE.sub("``", _FENCED.sub("", text))
    return [one or other for one, other in _LINK.findall(prose)] + _SOURCE.findall(prose)


def anchors(text: str) -> set[str]:
    """The names of a page's headings, as GitHub makes them."""
    seen: Counter[str] = Counter()
    named: set[str] = set()
    for heading in _HEADING.findall(_FENCED.sub("", text)):
        plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        named.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return named

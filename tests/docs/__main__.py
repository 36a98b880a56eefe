"""`python -m tests.docs`: write the parts of docs/*.md that are made from the program's tables."""

from __future__ import annotations

from tests.docs.pages import DOCS
from tests.docs.regions import renewed

for path in sorted(DOCS.glob("*.md")):
    before = path.read_text(encoding="utf-8")
    after = renewed(before)
    if after != before:
        path.write_text(after, encoding="utf-8")
        print(path.relative_to(DOCS.parent))

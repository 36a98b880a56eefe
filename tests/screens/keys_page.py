"""docs/keys.md, made of the tables that footer and help are made of.

`python -m tests.screens.keys_page` writes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from screens.keys import EVERYWHERE, MOVES, Key
from screens.onboarding import Onboarding
from screens.ready import Ready
from screens.registry import PAGES
from screens.view import View

PATH = Path(__file__).resolve().parents[2] / "docs" / "keys.md"

_INTRODUCTION = """\
# Keys of the terminal interface

Every key can be another one: `ui.keys` in the config maps the id of the right column to it.

```toml
[ui.keys]
"stats.period" = "w"
```

Letter keys are typed, not obeyed, while a field for text has the focus. Everything works with the
mouse too; hold shift to select text in the terminal's own way, or switch the mouse off with
`ui.mouse = false`. `?` shows the keys of the screen that is seen.
"""


def keys_page() -> str:
    """The whole page."""
    views: list[type[View]] = [page for page in PAGES.values() if isinstance(page, type)]
    parts = [
        _INTRODUCTION,
        _table("Everywhere", EVERYWHERE),
        _table("In every list", MOVES),
        *(_table(_title(view), view.VERBS) for view in views),
        _table("First start", Onboarding.VERBS),
        _table("Ready card", Ready.VERBS),
    ]
    return "\n".join(parts)


def _title(view: type[View]) -> str:
    return view.TAB.capitalize()


def _table(title: str, keys: Iterable[Key]) -> str:
    rows = [f"| `{_escaped(key.drawn)}` | {_escaped(key.says)} | `{key.id}` |" for key in keys]
    return "\n".join([f"## {title}\n", "| key | what it does | id |", "|---|---|---|", *rows, ""])


def _escaped(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    PATH.write_text(keys_page(), encoding="utf-8")

"""Parts of the pages that are made from the program's own tables.

Between `<!-- made: NAME -->` and `<!-- end -->` stands what `PARTS[NAME]` makes; the rest of a page
is written by hand. `python -m tests.docs` renews them (`make docs`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tests.docs import api_parts, configuration_parts, limit_parts, problem_parts, provider_parts

PARTS: Mapping[str, Callable[[], str]] = {
    "config-keys": configuration_parts.keys,
    "config-problems": problem_parts.problems,
    "config-syntax-error": problem_parts.syntax_error,
    "api-routes": api_parts.routes,
    "ladders": limit_parts.ladders,
    "windows": limit_parts.windows,
    "providers": provider_parts.overview,
    "provider-facts": provider_parts.facts,
}

_REGION = re.compile(r"(<!-- made: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def renewed(text: str) -> str:
    """A page with its made parts made anew."""
    return _REGION.sub(lambda region: f"{region[1]}\n{PARTS[region[2]]()}\n{region[3]}", text)


def names(text: str) -> list[str]:
    """Of the made parts of a page."""
    return [name for _, name, _ in _REGION.findall(text)]

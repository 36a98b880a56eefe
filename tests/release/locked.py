"""What requirements/*.txt pin."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.layout import ROOT


def locked(name: str) -> Iterator[tuple[str, str, Requirement]]:
    """Name, version and the whole line (without hashes) of each pin of requirements/`name`."""
    for line in (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines():
        if not line or line[0] in " #":
            continue
        requirement = Requirement(line.rstrip(" \\"))
        (pin,) = requirement.specifier
        yield canonicalize_name(requirement.name), pin.version, requirement

"""`python -m tests.release.licences`: docs/licences.md, from the metadata of what is installed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, distribution
from typing import NamedTuple

from tests.house.layout import ROOT
from tests.release.locked import locked

PAGE = ROOT / "docs" / "licences.md"
_HEAD = """\
# Licences of what 429chain is installed with

429chain itself is under the [MIT licence](../LICENSE). What pip, uv or the container image install
beside it, in the versions that `requirements/base.txt` pins, as the packages' own metadata say it;
their full texts lie in site-packages, in each package's `.dist-info`. The web view has no script of
others. Tools for development are not installed with it and not listed.

Written by `make licences`; a test compares.

| package | version | licence |
|---|---|---|
"""
_CLASSIFIER = "License :: OSI Approved :: "
_SAME = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Apache 2": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "BSD License": "BSD",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""Words of older metadata, and the identifier (SPDX) that means the same."""
_LONGEST = 60
"""Characters; some packages put the whole text there."""


class Licence(NamedTuple):
    package: str
    version: str
    name: str


class Unknown(Exception):
    """A package whose licence or metadata is not what this can speak of."""


def licences() -> Iterator[Licence]:
    """One row for each package that is installed with 429chain here. Raises Unknown."""
    for name, version, requirement in locked("base.txt"):
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        found = distribution(name)
        if found.version != version:
            raise Unknown(f"{name} {found.version} is installed, {version} is pinned: make venv")
        yield Licence(name, version, licence_of(found.metadata))


def licence_of(metadata: PackageMetadata) -> str:
    """The identifier, from the newest field that is there. Raises Unknown."""
    if expressions := _all(metadata, "License-Expression"):
        return expressions[0]
    classified = [
        text.removeprefix(_CLASSIFIER)
        for text in _all(metadata, "Classifier")
        if text.startswith(_CLASSIFIER)
    ]
    told = classified or _all(metadata, "License") or [""]
    if not all(told) or any(len(text) > _LONGEST or "\n" in text for text in told):
        raise Unknown(f"{metadata['Name']}: its metadata name no licence")
    return " OR ".join(_SAME.get(text, text) for text in told)


def _all(metadata: PackageMetadata, field: str) -> list[str]:
    return list(metadata.get_all(field) or ())


def page() -> str:
    """The text of docs/licences.md."""
    rows = (f"| {row.package} | {row.version} | {row.name} |\n" for row in licences())
    return _HEAD + "".join(rows)


def identifiers(expression: str) -> set[str]:
    """The single licences of `MIT AND (Apache-2.0 OR BSD-3-Clause)`."""
    return set(re.findall(r"[\w.+-]+", expression)) - {"AND", "OR", "WITH"}


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.relative_to(ROOT)}\n")

"""docs/licences.md is what the locked packages say of themselves, and nothing in it binds us."""

from __future__ import annotations

from email.message import Message
from importlib.metadata import PackageMetadata
from typing import cast

import pytest

from tests.release.licences import PAGE, Licence, Unknown, identifiers, licence_of, licences, page

PERMISSIVE = {
    "0BSD",
    "Apache-2.0",
    "BSD",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "PSF-2.0",
    "Unlicense",
}
FILE_BY_FILE = {"MPL-2.0"}
"""Binds who changes a file of that package, not who uses it."""


def metadata(**fields: str | list[str]) -> PackageMetadata:
    message = Message()
    message["Name"] = "some-package"
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            message[name.replace("_", "-")] = one
    return cast("PackageMetadata", message)


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(), "make licences"


@pytest.mark.parametrize("row", [pytest.param(row, id=row.package) for row in licences()])
def test_each_licence_lets_us_ship_it(row: Licence) -> None:
    assert identifiers(row.name) <= PERMISSIVE | FILE_BY_FILE


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({"License_Expression": "MIT AND PSF-2.0", "License": "other"}, "MIT AND PSF-2.0"),
        (
            {"Classifier": ["License :: OSI Approved :: MIT License", "Typing :: Typed"]},
            "MIT",
        ),
        ({"License": "Apache License 2.0"}, "Apache-2.0"),
    ],
)
def test_the_newest_field_counts(fields: dict[str, str | list[str]], expected: str) -> None:
    assert licence_of(metadata(**fields)) == expected


@pytest.mark.parametrize("fields", [{}, {"License": "Permission is hereby granted, " * 9}])
def test_no_licence_is_no_row(fields: dict[str, str | list[str]]) -> None:
    with pytest.raises(Unknown, match="some-package"):
        licence_of(metadata(**fields))

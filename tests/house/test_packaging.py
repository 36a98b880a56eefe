"""What pyproject.toml lists is what lies on disk."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.version import Version

from app.version import VERSION
from tests.house.layout import ROOMS, ROOT, packages, pyproject, room_files


def test_the_package_list_equals_the_folders() -> None:
    listed = pyproject()["tool"]["setuptools"]["packages"]

    assert listed == sorted(f"chain429.{name}" for name in packages())


def test_each_package_comes_from_its_folder() -> None:
    folders = pyproject()["tool"]["setuptools"]["package-dir"]

    assert folders == {f"chain429.{name}": name.replace(".", "/") for name in packages()}


def test_every_package_is_marked_and_the_rooms_are_empty_inside() -> None:
    for name in packages():
        assert (ROOT / name.replace(".", "/") / "__init__.py").is_file(), name
    for room in ROOMS:
        assert (ROOT / room / "__init__.py").read_bytes() == b"", room


def test_no_test_folder_is_a_package() -> None:
    # tests/proxy as a package would hide proxy.
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_the_version_is_canonical() -> None:
    assert str(Version(VERSION)) == VERSION


def test_the_version_stands_in_one_place() -> None:
    alone = re.compile(rf"(?<![\d.]){re.escape(VERSION)}(?![\d.]*\d)")
    shipped = [path for path in room_files() if path.suffix in {".py", ".js", ".html", ".toml"}]
    shipped += map(Path, ("pyproject.toml", "Dockerfile", "docker-compose.yml", "Makefile"))

    naming = [str(path) for path in shipped if alone.search((ROOT / path).read_text("utf-8"))]
    assert naming == ["app/version.py"]

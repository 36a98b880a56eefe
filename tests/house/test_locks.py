"""requirements/*.txt pin what pyproject.toml allows, with hashes and no index."""

from __future__ import annotations

import json
import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house.layout import ROOT, pyproject
from tests.needs import NODE_CLIENTS

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?P<rest>.*)$")


def pins(name: str) -> dict[str, set[Version]]:
    """The versions that requirements/`name` pins; a marker may give a package several."""
    found: dict[str, set[Version]] = {}
    for line in (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines():
        if match := PIN.match(line):
            versions = found.setdefault(canonicalize_name(match["name"]), set())
            versions.add(Version(match["version"]))
    return found


def wanted(name: str) -> list[Requirement]:
    """What pyproject.toml asks of requirements/`name`."""
    project = pyproject()
    lines: list[str] = list(project["project"]["dependencies"])
    if name == "dev.txt":
        lines += project["dependency-groups"]["dev"]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("name", ["base.txt", "dev.txt"])
def test_pins_satisfy_pyproject(name: str) -> None:
    pinned = pins(name)

    for requirement in wanted(name):
        versions = pinned.get(canonicalize_name(requirement.name))
        assert versions, f"{requirement.name} is not pinned: make lock"
        assert all(version in requirement.specifier for version in versions), requirement


@pytest.mark.parametrize("name", ["base.txt", "dev.txt"])
def test_every_pin_has_hashes_and_nothing_else_is_installed(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]

    assert lines
    for line in lines:
        assert PIN.match(line), line
        assert "--hash=sha256:" in line, line


def test_users_and_developers_run_the_same_versions() -> None:
    dev = pins("dev.txt")

    assert {name: dev.get(name) for name in pins("base.txt")} == pins("base.txt")


def test_the_node_lock_pins_the_sdk_and_names_no_host() -> None:
    asked = json.loads((NODE_CLIENTS / "package.json").read_text())["dependencies"]
    lock = json.loads((NODE_CLIENTS / "package-lock.json").read_text())

    for name, version in asked.items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    for path, package in lock["packages"].items():
        assert "resolved" not in package, path
        assert not path or package["integrity"], path


def test_the_node_lock_stays_free_of_hosts_when_npm_rewrites_it() -> None:
    npmrc = (NODE_CLIENTS / ".npmrc").read_text().splitlines()

    assert "omit-lockfile-registry-resolved=true" in npmrc

"""The wheel: built, installed beside nothing but its dependencies, run."""

from __future__ import annotations

import json
import subprocess
import sysconfig
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.version import VERSION
from tests.house.layout import ROOMS, modules, room_files, run
from tests.house.wheel import build, copy_source

RUN_AND_IMPORT = """
import contextlib, importlib, io, json, sys

from chain429.app.__main__ import run

names = sys.argv[1:]
sys.argv = ["429chain", "--version"]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    run()
ran = sorted(name for name in sys.modules if name.split(".")[0] == "chain429")
for name in names:
    importlib.import_module(name)
imported = sorted(name for name in sys.modules if name.split(".")[0] == "chain429")
homes = {name: sys.modules[name].__file__ for name in names}
print(json.dumps({"ran": ran, "imported": imported, "homes": homes}))
"""


@dataclass(frozen=True)
class Installed:
    """A virtual environment with the wheel in it, and the sources that it was built from."""

    source: Path
    wheel: Path
    scripts: Path
    site: Path
    added: frozenset[str]
    added_scripts: frozenset[str]

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Its interpreter, away from the checkout."""
        return run([str(self.scripts / "python"), *arguments], cwd=self.site)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Built from a copy, since setuptools leaves build/ and an egg-info where it builds."""
    home = tmp_path_factory.mktemp("wheel")
    copy_source(home / "source")
    wheel = build("wheel", home / "source", home / "dist")
    venv.create(home / "venv", with_pip=True, symlinks=True)
    paths = {"base": str(home / "venv"), "platbase": str(home / "venv")}
    site = Path(sysconfig.get_path("purelib", "venv", paths))
    scripts = Path(sysconfig.get_path("scripts", "venv", paths))
    # The dependencies are those of the running environment: no test needs the internet.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    before, scripts_before = _names(site), _names(scripts)
    pip = [str(scripts / "python"), "-m", "pip", "--isolated", "--disable-pip-version-check"]
    done = run([*pip, "install", "--no-index", "--no-deps", str(wheel)], cwd=home)
    assert done.returncode == 0, done.stderr
    return Installed(
        source=home / "source",
        wheel=wheel,
        scripts=scripts,
        site=site,
        added=_names(site) - before,
        added_scripts=_names(scripts) - scripts_before,
    )


def _contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _names(folder: Path) -> frozenset[str]:
    return frozenset(path.name for path in folder.iterdir())


def test_nothing_but_chain429_lands_in_site_packages(installed: Installed) -> None:
    assert installed.added == {"chain429", f"429chain-{VERSION}.dist-info"}
    assert installed.added_scripts == {"429chain"}
    assert _names(installed.site / "chain429") == set(ROOMS)


def test_the_wheel_holds_every_file_of_the_four_rooms(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        held = {name for name in wheel.namelist() if name.startswith("chain429/")}

    assert held == {f"chain429/{path.as_posix()}" for path in room_files(installed.source)}


def test_the_sdist_builds_the_same_wheel(installed: Installed, tmp_path: Path) -> None:
    sdist = build("sdist", installed.source, tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    wheel = build("wheel", tmp_path / f"429chain-{VERSION}", tmp_path / "dist")

    assert wheel.name == installed.wheel.name
    assert _contents(wheel) == _contents(installed.wheel)


def test_the_script_runs(installed: Installed) -> None:
    done = run([str(installed.scripts / "429chain"), "--version"], cwd=installed.site)

    assert done.returncode == 0, done.stderr
    assert VERSION in done.stdout


def test_the_package_runs_as_a_module(installed: Installed) -> None:
    done = installed.python("-m", "chain429.app", "--version")

    assert done.returncode == 0, done.stderr
    assert VERSION in done.stdout


def test_every_module_imports_and_none_twice(installed: Installed) -> None:
    names = modules(*ROOMS, root=installed.source)
    done = installed.python("-c", RUN_AND_IMPORT, *names)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)

    # Only the entry lives under its wheel name; a second copy of a module would have a state
    # and classes of its own.
    assert seen["ran"] == ["chain429", "chain429.app", "chain429.app.__main__"]
    assert seen["imported"] == seen["ran"]
    outside = [home for home in seen["homes"].values() if not home.startswith(str(installed.site))]
    assert outside == []

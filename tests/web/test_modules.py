"""The page's modules in Node, and their words beside those of the terminal."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app import words

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "app" / "web" / "page"

MOST_LINES = 300

COUNTS = (0, 1, 999, 9_999, 10_000, 41_999, 618_000, 999_999, 1_000_000, 1_940_000, 12_345_678_901)
DOLLARS = (None, 0.0, 0.0001, 0.0312, 0.99, 1.0, 4.72, 12_345.678)
SHARES = (None, 0.0, 0.004, 0.01, 0.38, 1.0)
DURATIONS = (None, 0.0, 180.0, 9_994.0, 14_200.0, 99_900.0, 134_000.0)


@pytest.fixture
def modules(needs: Callable[[str], str], tmp_path: Path) -> Callable[..., str]:
    """`modules("--test", ...)` runs Node in a folder with the page's modules; its output."""
    node = needs("node")
    shutil.copytree(PAGE, tmp_path / "page")
    shutil.copy(HERE / "modules.test.mjs", tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [node, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_the_pure_modules(modules: Callable[..., str]) -> None:
    assert "# fail 0" in modules("--test", "--test-reporter=tap", "modules.test.mjs")


def test_every_module_is_sound(modules: Callable[..., str]) -> None:
    """Each is parsed, and has every name that another takes from it."""
    names = json.dumps(sorted(f"./page/{path.name}" for path in PAGE.glob("*.js")))
    script = (
        'import { SourceTextModule } from "node:vm"; import { readFileSync } from "node:fs";'
        "const known = new Map(); const load = (name) => { if (!known.has(name)) known.set(name,"
        ' new SourceTextModule(readFileSync(name, "utf8"), { identifier: name })); '
        "return known.get(name); };"
        f"for (const name of {names}) if (load(name).status === 'unlinked')"
        ' await load(name).link((path) => load(path.replace("./", "./page/")));'
        'console.log([...known.values()].map((one) => one.status).join(" "));'
    )
    told = modules(
        "--experimental-vm-modules", "--no-warnings", "--input-type=module", "-e", script
    )
    assert set(told.split()) == {"linked"}


def test_numbers_read_as_in_the_terminal(modules: Callable[..., str]) -> None:
    given = json.dumps([COUNTS, DOLLARS, SHARES, DURATIONS])
    script = (
        'const words = await import("./page/words.js");'
        f"const given = {given};"
        "const by = [words.count, words.dollars, words.share, words.duration];"
        "console.log(JSON.stringify(given.map((all, at) => all.map(by[at]))));"
    )
    told = json.loads(modules("--input-type=module", "--eval", script))
    assert told == [
        [words.count(number) for number in COUNTS],
        [words.dollars(amount) for amount in DOLLARS],
        [words.share(part) for part in SHARES],
        [words.duration(milliseconds) for milliseconds in DURATIONS],
    ]


def test_reasons_read_as_in_the_terminal(modules: Callable[..., str]) -> None:
    names = [*words.REASONS, "rpm", "cooldown"]
    script = (
        'const { inWords } = await import("./page/words.js");'
        f"console.log(JSON.stringify({json.dumps(names)}.map(inWords)));"
    )
    told = json.loads(modules("--input-type=module", "--eval", script))
    assert told == [words.reason_in_words(name) for name in names]


def test_every_file_can_be_read_at_a_sitting() -> None:
    long = [path.name for path in PAGE.iterdir() if path.read_bytes().count(b"\n") > MOST_LINES]
    assert long == []


def test_nothing_is_ever_read_as_html() -> None:
    forbidden = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
    for path in PAGE.glob("*.js"):
        text = path.read_text("utf-8")
        assert [word for word in forbidden if word in text] == [], path.name

"""Pictures of the screens for docs/, of the interface as it is: `make shots`.

The instance is the one that the tests use; `rsvg-convert` and Fira Code draw them.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.request_snapshot import Text
from screens.shell import Look, Shell, Surroundings
from tests.screens.instance import FakeAdmin
from tests.screens.seen import shows
from tests.screens.test_prompt import PIECES, SKIPPED, answered

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: where to go, what to press, what has to stand there first."""

    name: str
    screen: str
    waits_for: str
    keys: Sequence[str] = ()
    size: tuple[int, int] = (120, 40)
    theme: str = "429-dark"
    admin: Callable[[], FakeAdmin] = FakeAdmin
    ends_with: str = ""
    """What has to stand there once the keys are pressed."""


_QUESTION = "Explain a waterfall of rate limits"


def _answering() -> FakeAdmin:
    """It answers the first prompt."""
    admin = FakeAdmin()
    for event in (*SKIPPED, *(Text(piece, "") for piece in PIECES), answered()):
        admin.prompt_events.put_nowait(event)
    return admin


SHOTS = (
    Shot("board", "board", "last requests"),
    Shot("board-80x24", "board", "last requests", size=(80, 24)),
    Shot("board-light", "board", "last requests", theme="429-light", size=(80, 24)),
    Shot("chains", "chains", "the next request"),
    Shot("requests", "requests", "served by"),
    Shot(
        "test",
        "test",
        "Type a question",
        keys=(*_QUESTION, "enter"),
        admin=_answering,
        ends_with="188 tokens",
    ),
    Shot("providers", "providers", "keys work"),
    Shot("stats", "stats", "cerebras"),
    Shot("help", "board", "last requests", keys=("question_mark",), size=(80, 24)),
    Shot("first-start", "board", "works, ", size=(80, 24), admin=lambda: FakeAdmin(empty=True)),
)


async def draw(shot: Shot, folder: Path) -> Path:
    """Save one as SVG; returns where."""

    class Pictured(Shell):
        DEFAULT_MODE = shot.screen

    around = Surroundings(address="127.0.0.1:4290", client_key="sk-429chain-demo")
    look = Look(theme=shot.theme, symbols="unicode", motion=False)
    app = Pictured(shot.admin(), around, look, elapsed=time.monotonic)
    async with app.run_test(size=shot.size) as pilot:
        await shows(pilot, shot.waits_for)
        await pilot.press(*shot.keys)
        if shot.ends_with:
            await shows(pilot, shot.ends_with)
        await pilot.pause(0.3)
        return Path(app.save_screenshot(f"{shot.name}.svg", path=str(folder)))


async def main() -> None:
    os.environ["TZ"] = "UTC"
    time.tzset()
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for shot in SHOTS:
            picture = await draw(shot, Path(folder))
            out = FOLDER / f"terminal-{shot.name}.png"
            subprocess.run(["rsvg-convert", "-z", "1.2", picture, "-o", out], check=True)
            sys.stdout.write(f"{out.name}\n")


if __name__ == "__main__":
    if shutil.which("rsvg-convert") is None:
        sys.exit("make shots needs rsvg-convert: apt-get install librsvg2-bin fonts-firacode")
    asyncio.run(main())

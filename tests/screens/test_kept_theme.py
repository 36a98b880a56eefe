"""A theme that is chosen is kept, and the config's own is followed."""

from __future__ import annotations

from app.contract import AdminError
from screens.surroundings import Surroundings
from tests.screens.conftest import MakeShell
from tests.screens.instance import FakeAdmin
from tests.screens.seen import row_with, settled


class _Config:
    """`[ui] theme`."""

    def __init__(self, theme: str = "429-dark") -> None:
        self.theme = theme
        self.error: AdminError | None = None

    async def keep(self, name: str) -> None:
        if self.error is not None:
            raise self.error
        self.theme = name

    def surroundings(self, *, attached: bool = False) -> Surroundings:
        follow = None if attached else lambda: self.theme
        return Surroundings(
            address="127.0.0.1:4290",
            attached=attached,
            keep_theme=self.keep,
            kept_theme=follow,
        )


async def test_the_palette_keeps_it(shell: MakeShell) -> None:
    config = _Config()
    app = shell(surroundings=config.surroundings())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.theme = "429-light"
        await settled(pilot)
        assert config.theme == "429-light"
        assert row_with(app, "Theme 429-light, at the next start too · ctrl+z undoes")
        assert [change.text for change in app.journal] == ["theme 429-light"]


async def test_an_edit_of_the_file_is_seen(shell: MakeShell) -> None:
    config = _Config()
    app = shell(surroundings=config.surroundings())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        config.theme = "429-contrast"
        app.look_again()
        await settled(pilot)
        assert app.theme == "429-contrast"
        assert not list(app.journal)


async def test_what_cannot_be_kept_is_said(shell: MakeShell) -> None:
    config = _Config()
    config.error = AdminError("Set elsewhere", "ui.theme is set by X.", "change X", status=409)
    app = shell(surroundings=config.surroundings())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.theme = "nord"
        await settled(pilot)
        assert row_with(app, "ui.theme is set by X.")
        assert app.theme == "nord"


async def test_attached_it_is_no_change_of_the_instance(shell: MakeShell) -> None:
    config, admin = _Config(), FakeAdmin()
    app = shell(admin, surroundings=config.surroundings(attached=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.theme = "nord"
        await settled(pilot)
        assert config.theme == "nord"
        assert not list(app.journal)


async def test_a_theme_that_nobody_knows_is_told(shell: MakeShell) -> None:
    app = shell(theme="429-drak")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert app.theme == "429-dark"
        assert row_with(app, "There is no theme 429-drak.")

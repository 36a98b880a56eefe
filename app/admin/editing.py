"""Writing the config file: one change at a time, on the text that is in force, live afterwards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from app.configured import Configured
from app.contract import AdminError
from app.snapshot import Undone
from store.config_edit import ConfigEdit
from store.config_store import (
    ConfigMoved,
    ConfigNotChanged,
    ConfigStore,
    NothingToUndo,
    SetElsewhere,
)
from store.problems import ConfigError, Problem
from store.toml_values import EditError

log = logging.getLogger("429chain")


class Editing:
    """The one way in which interfaces change the configuration.

    `store` is None where there is no file (settings given as a table).
    """

    def __init__(self, configured: Configured, store: ConfigStore | None) -> None:
        self._configured = configured
        self._store = store
        self._writing = asyncio.Lock()

    @property
    def version(self) -> str:
        """Of the configuration in force. Tells apart two starts of the program, too."""
        loaded = self._configured.loaded
        return f"{loaded.configuration.version}-{loaded.digest[:8]}"

    @property
    def warning(self) -> str | None:
        """What a person should know of how the file is written."""
        if self._store is None or not self._store.written_in_place:
            return None
        return (
            f"{self._store.path}: was rewritten in place, since it is mounted by itself or its "
            "folder takes no new files; a crash meanwhile can leave half of it "
            "(mount its folder, or make that writable)"
        )

    def expect(self, if_match: str | None) -> None:
        """Raise AdminError (412) if the config is another than the one that was read."""
        version = self._configured.loaded.configuration.version
        if if_match is not None and if_match not in ("*", self.version, str(version)):
            raise _moved()

    async def apply(
        self,
        told: str,
        edit: Callable[[ConfigEdit], None],
        fields: Sequence[str],
        if_match: str | None,
    ) -> None:
        """Write an edit and put it in force. `told` names it, `fields` are those it came from."""
        async with self._writing:
            store, expected = self._ready(if_match)
            try:
                written = await store.apply(edit, expected=expected, told=told)
            except ConfigMoved:
                await self._configured.reload()
                raise _moved() from None
            except (ConfigNotChanged, EditError, ConfigError) as error:
                raise refusal(error, fields) from None
            if written.digest != expected:
                log.info("config: %s", told)
            await self._configured.reload()

    async def undo(self, if_match: str | None) -> Undone:
        """Take the last change back, if nobody edited the file since."""
        async with self._writing:
            store, expected = self._ready(if_match)
            told = store.newest or ""
            try:
                await store.undo(expected)
            except NothingToUndo:
                raise AdminError(
                    "Nothing to undo",
                    "No change has been made through an interface since the start.",
                    status=409,
                ) from None
            except ConfigMoved as moved:
                await self._configured.reload()
                raise (_edited(told) if moved.digest == expected else _moved()) from None
            except (ConfigNotChanged, EditError, ConfigError) as error:
                raise refusal(error, ()) from None
            log.info("config: undone: %s", told)
            await self._configured.reload()
            return Undone(told, store.undoable, self.version)

    def _ready(self, if_match: str | None) -> tuple[ConfigStore, str]:
        """The store and the digest of the text in force."""
        file = self._configured.loaded.file
        if self._store is None or file is None:
            raise AdminError(
                "There is no config file",
                "This instance runs without a config file, so nothing can be changed in it.",
                "429chain init writes one",
                status=409,
            )
        self.expect(if_match)
        return self._store, file.digest


def _moved() -> AdminError:
    return AdminError(
        "The config moved",
        "The config was changed since it was read, so nothing was written.",
        "read it again and repeat the change",
        status=412,
    )


def _edited(told: str) -> AdminError:
    return AdminError(
        "The config was edited since",
        f"The file was edited by hand after '{told}', and undoing that would lose the edit.",
        "change it as you want to have it",
        status=409,
    )


def refusal(error: ConfigNotChanged | EditError | ConfigError, fields: Sequence[str]) -> AdminError:
    """An edit that was not made, for whoever asked for it."""
    if isinstance(error, SetElsewhere):
        return AdminError("Set elsewhere", f"{error}.", error.hint, status=409)
    if isinstance(error, ConfigNotChanged):
        return AdminError("The config was not written", f"{error}.", error.hint, status=409)
    if isinstance(error, EditError):
        hint = "edit the file by hand, or set it where it is set now"
        return AdminError("The config cannot be edited so", f"{error}.", hint, status=409)
    problem = error.problems[0]
    if not problem.path:  # the file is gone or is no TOML any more: no field's fault
        message = f"{problem.message[:1].upper()}{problem.message[1:]}."
        return AdminError("The config cannot be read", message, problem.hint, status=409)
    return AdminError(
        "The config would be wrong", f"{problem.message}.", problem.hint, _field(problem, fields)
    )


def _field(problem: Problem, fields: Sequence[str]) -> str | None:
    """Which of the fields a problem speaks of: where it stands, else what it names, else the
    first."""
    below = problem.path[2:]  # `chains.free`: what of it is wrong comes after its name
    stands = (name for name in fields if name.rpartition(".")[2] in below)
    named = (name for name in fields if name.rpartition(".")[2] in problem.message)
    return next(stands, next(named, fields[0] if fields else None))

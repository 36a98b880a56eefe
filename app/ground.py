"""What an instance stands on: its config file, its data folder, its database, its log."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from app.logs import Logs
from app.options import Options, UserError
from app.progress import waiting
from app.signals import Signals
from app.upgrade import Upgrade
from proxy.clock import Clock
from proxy.model import Preset
from store import limit_state
from store.database import Database, DatabaseTooNew, DatabaseUnavailable
from store.instance_lock import AlreadyRunning, InstanceLock, hold_instance_lock, lock_path
from store.paths import config_path, data_folder
from store.problems import ConfigError
from store.settings_load import Loaded, load

log = logging.getLogger("429chain")


class RunsAlready(UserError):
    """Another process runs on the data folder; `url` is that of its admin API."""

    def __init__(self, told: str, url: str | None) -> None:
        super().__init__(told)
        self.url = url


@dataclass(slots=True, kw_only=True)
class Ground:
    """Finds and opens them; the demo's are temporary."""

    options: Options
    clock: Clock
    presets: Mapping[str, Preset]
    logs: Logs
    signals: Signals
    environ: Mapping[str, str]
    process_environ: Mapping[str, str]
    """`environ` too, but in the demo: where files are, it is asked as well."""
    shown: bool
    """There is a terminal interface: it asks for a first chain itself."""

    async def load(self, stack: AsyncExitStack) -> Loaded:
        """Read the config, written first where there is none. Raises UserError."""
        path = await self._config_file(stack)
        try:
            if not path.exists():
                await self._write_first_config(path)
            return await asyncio.to_thread(
                load,
                path,
                presets=self.presets,
                environ=self.environ,
                overrides=self.options.overrides(),
            )
        except ConfigError as error:
            raise UserError(str(error)) from None
        except OSError as error:
            raise UserError(f"{path}: {(error.strerror or str(error)).lower()}") from None

    async def _config_file(self, stack: AsyncExitStack) -> Path:
        if not self.options.demo:
            return config_path(self.options.config, self.process_environ)
        from app.demo.config import demo_config

        return await demo_config(stack, self._scratch(stack), self.clock)

    async def _write_first_config(self, path: Path) -> None:
        from app.init import init

        environ: Mapping[str, str] = {} if self.shown else self.process_environ
        with waiting(sys.stderr, "asking the providers whose keys are in the environment"):
            result = await init(path, environ=environ, presets=self.presets)
        for line in result.lines():
            log.info("%s", line)

    async def open_store(self, stack: AsyncExitStack) -> tuple[Database, InstanceLock]:
        """The data folder's lock, log and database. Raises UserError."""
        folder = self.data_folder(stack)
        path = folder / "429chain.db"
        try:
            lock = stack.enter_context(hold_instance_lock(lock_path(path)))
        except AlreadyRunning as error:
            raise RunsAlready(str(error), error.url) from None
        trouble = self.logs.open_file(folder / "429chain.log")
        upgrade = Upgrade(path, self.clock)
        database = Database(path, self.clock, upgrading=upgrade)
        stack.push_async_callback(database.close)
        try:
            await database.open()
        except DatabaseTooNew as error:
            raise UserError(str(error)) from None
        except DatabaseUnavailable as error:
            # Requests are served without a log; the recorder opens it as soon as it can.
            log.warning("%s", error)
        if database.is_open:
            upgrade.ended()
        for note in (lock.problem, trouble, *database.notes):
            if note:
                log.warning("%s", note)
        return database, lock

    def data_folder(self, stack: AsyncExitStack) -> Path:
        if not self.options.demo or self.options.data_dir is not None:
            return data_folder(self.options.data_dir, self.process_environ)
        return self._scratch(stack)

    def _scratch(self, stack: AsyncExitStack) -> Path:
        """The demo's folder, gone when the demo is."""
        if self.signals.scratch is None:
            folder = tempfile.TemporaryDirectory(prefix="429chain-demo-")
            self.signals.scratch = Path(stack.enter_context(folder))
        return self.signals.scratch


async def saved_limits(database: Database) -> dict[str, bytes]:
    """The limits as the last run left them; none where they cannot be read."""
    if not database.is_open:
        return {}
    try:
        return await limit_state.load(database)
    except sqlite3.Error as error:
        log.warning("the limits of the last run could not be read: %s", error)
        return {}

"""The lifecycle: everything is started in order and stopped in reverse. The only module that
knows everything."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from app.admin.local import Parts
from app.configured import Configured, secrets_of
from app.console import WATCHED, demo_admin, demo_greeting, narrate
from app.logs import Logs
from app.memory import give_back, keep_the_heap_whole
from app.options import Options, UserError
from app.port import Port, open_port
from app.savings import Savings
from app.signals import Signals
from app.standard_streams import write_out
from app.tasks import supervised
from app.version import VERSION
from app.web.listen import open_admin
from proxy.bus import Bus
from proxy.clock import Clock, SystemClock
from proxy.engine import Engine
from proxy.providers.presets import load_presets
from proxy.server import Server
from proxy.unheard import unheard_reply
from store import limit_state
from store.config_file import remove_leftovers
from store.database import Database, DatabaseTooNew, DatabaseUnavailable
from store.instance_lock import AlreadyRunning, hold_instance_lock, lock_path
from store.paths import config_path, data_folder
from store.problems import ConfigError
from store.recorder import FEED_SIZE, RECORDED, Recorder
from store.retention import prune_daily
from store.settings_load import Loaded, load

log = logging.getLogger("429chain")

_FLUSH_TIME = 5.0
"""Seconds that the last rows of the request log may take at the end."""
_CUT_OFF_TIME = 1.0
"""Seconds for cut-off requests to tell their clients."""


def serve(options: Options) -> int:
    """Run until told to stop; returns the exit code. Raises UserError when it can't start."""
    keep_the_heap_whole()
    # What we write holds keys and who asked what: nobody else reads it.
    os.umask(0o077)
    return asyncio.run(_Instance(options).run())


class _Instance:
    """One running 429chain."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._clock: Clock = SystemClock()
        self._bus = Bus()
        self._presets = load_presets()
        self._logs = Logs(options.log_level, stderr=True)
        self._signals = Signals()
        # The demo is the same everywhere: what is set for the real thing does not count in it.
        self._environ: Mapping[str, str] = {} if options.demo else os.environ

    async def run(self) -> int:
        try:
            async with AsyncExitStack() as stack:
                await self._live(stack)
        except UserError:
            raise
        except Exception:
            # The last boundary: Python's own traceback would pass no redactor.
            log.critical("429chain failed", exc_info=True)
            return 1
        finally:
            self._logs.close()
        return self._signals.exit_code

    async def _live(self, stack: AsyncExitStack) -> None:
        """From start to stop; what the stack holds is undone in reverse."""
        self._signals.listen()
        loaded = await self._load(stack)
        self._logs.know(secrets_of(loaded))
        database = await self._open_store(stack)
        engine = await stack.enter_async_context(Engine(self._clock, self._bus))
        engine.ledger.restore(await _saved_limits(database))
        savings = Savings()
        recorder = await self._record(stack, database, engine, savings)

        def apply(fresh: Loaded) -> None:
            engine.configure(fresh.configuration, self._logs.know(secrets_of(fresh)))
            savings.configure(fresh.configuration, fresh.settings.savings.reference)

        apply(loaded)
        configured = Configured(
            loaded,
            presets=self._presets,
            options=self._options,
            bus=self._bus,
            apply=apply,
            environ=self._environ,
        )
        server = Server(engine)
        settings = loaded.settings.server
        port = await stack.enter_async_context(
            open_port(
                server.application(),
                settings.host,
                settings.port,
                setting="port",
                refuse=unheard_reply,
            )
        )
        engine.connections.own_ports = frozenset({port.number, settings.admin_port} - {0})
        parts = Parts(
            engine=engine,
            configured=configured,
            database=database,
            recorder=recorder,
            options=self._options,
            price=savings.price,
            base_url=f"{port.url}/v1",
        )
        _, admin_port = await open_admin(stack, parts)
        await stack.enter_async_context(supervised("price list", savings.run))
        await self._background(stack, engine, configured, database)
        self._greet(loaded, port, admin_port)
        pause_demo = await self._start_demo(stack, port)
        # What the start made lives as long as the process: not for the collector to walk.
        gc.collect()
        gc.freeze()
        await self._signals.stop.wait()
        pause_demo()
        port.close()
        await _drain(engine, server, configured.loaded.settings.server.shutdown_grace)

    # Starting.

    async def _load(self, stack: AsyncExitStack) -> Loaded:
        path = await self._config_file(stack)
        try:
            if not path.exists():
                await self._write_first_config(path)
            return await asyncio.to_thread(
                load,
                path,
                presets=self._presets,
                environ=self._environ,
                overrides=self._options.overrides(),
            )
        except ConfigError as error:
            raise UserError(str(error)) from None
        except OSError as error:
            raise UserError(f"{path}: {(error.strerror or str(error)).lower()}") from None

    async def _config_file(self, stack: AsyncExitStack) -> Path:
        if not self._options.demo:
            return config_path(self._options.config, os.environ)
        from app.demo.config import demo_config

        return await demo_config(stack, self._scratch(stack), self._clock)

    async def _write_first_config(self, path: Path) -> None:
        from app.init import init

        result = await init(path, environ=os.environ, presets=self._presets)
        for line in result.lines():
            log.info("%s", line)

    async def _open_store(self, stack: AsyncExitStack) -> Database:
        folder = self._data_folder(stack)
        path = folder / "429chain.db"
        try:
            lock = stack.enter_context(hold_instance_lock(lock_path(path)))
        except AlreadyRunning as error:
            raise UserError(str(error)) from None
        trouble = self._logs.open_file(folder / "429chain.log")
        database = Database(path, self._clock)
        stack.push_async_callback(database.close)
        try:
            await database.open()
        except DatabaseTooNew as error:
            raise UserError(str(error)) from None
        except DatabaseUnavailable as error:
            # Requests are served without a log; the recorder opens it as soon as it can.
            log.warning("%s", error)
        for note in (lock.problem, trouble, *database.notes):
            if note:
                log.warning("%s", note)
        return database

    def _data_folder(self, stack: AsyncExitStack) -> Path:
        if not self._options.demo or self._options.data_dir is not None:
            return data_folder(self._options.data_dir, os.environ)
        return self._scratch(stack)

    def _scratch(self, stack: AsyncExitStack) -> Path:
        """The demo's folder, gone when the demo is."""
        if self._signals.scratch is None:
            folder = tempfile.TemporaryDirectory(prefix="429chain-demo-")
            self._signals.scratch = Path(stack.enter_context(folder))
        return self._signals.scratch

    async def _record(
        self, stack: AsyncExitStack, database: Database, engine: Engine, savings: Savings
    ) -> Recorder:
        feed = stack.enter_context(self._bus.subscribe(*RECORDED, size=FEED_SIZE))
        recorder = Recorder(
            database, feed, self._bus, changes=engine.ledger.changes, price=savings.price
        )

        async def flush() -> None:
            left = await recorder.flush(_FLUSH_TIME)
            if left:
                log.warning("%d rows of the request log could not be written", left)

        # Left in reverse: the loop is cancelled first, then what it had not written is.
        stack.push_async_callback(flush)
        await stack.enter_async_context(supervised("recorder", recorder.run))
        told = stack.enter_context(self._bus.subscribe(*WATCHED, size=1000))
        await stack.enter_async_context(supervised("console", lambda: narrate(told)))
        return recorder

    async def _background(
        self, stack: AsyncExitStack, engine: Engine, configured: Configured, database: Database
    ) -> None:
        async def prune() -> None:
            await prune_daily(database, lambda: configured.loaded.settings.log.retain_days)

        async def reload() -> None:
            await configured.reload_whenever(self._signals.reload)

        for name, run in (
            ("retention", prune),
            ("inquiries", engine.inquiries.run),
            ("config watch", configured.watch),
            ("reload", reload),
            ("memory", give_back),
        ):
            await stack.enter_async_context(supervised(name, run))

    async def _start_demo(self, stack: AsyncExitStack, port: Port) -> Callable[[], None]:
        """Start the demo's own client, if there is to be one; returns what pauses it."""
        if not self._options.demo or self._options.quiet:
            return lambda: None
        from app.demo.farm import CLIENT_KEY
        from app.demo.player import Player

        player = Player(f"{port.url}/v1", CLIENT_KEY)
        await stack.enter_async_context(supervised("demo client", player.run))
        return player.pause

    def _greet(self, loaded: Loaded, port: Port, admin_port: Port | None) -> None:
        base_url = f"{port.url}/v1"
        if loaded.path is not None and not self._options.demo:
            log.info("config file: %s", loaded.path)
            with suppress(OSError):
                remove_leftovers(loaded.path)
        for warning in loaded.warnings:
            log.warning("%s", warning)
        chains = loaded.configuration.chains.values()
        named = ", ".join(f"{chain.name} ({len(chain.entries)})" for chain in chains)
        log.info("chains: %s", named or "none yet")
        if not self._options.no_tui:
            log.info("the terminal interface comes with a later version; serving headless")
        log.info("429chain %s serves %s", VERSION, base_url)
        if self._options.demo:
            from app.demo.farm import CLIENT_KEY

            write_out(demo_greeting(base_url, CLIENT_KEY))
            token = loaded.settings.server.admin_token
            if admin_port is not None and token is not None:
                write_out(demo_admin(admin_port.url, token.get_secret_value()))


async def _drain(engine: Engine, server: Server, grace: float) -> None:
    """Take no new request, let running answers end for `grace` seconds, then cut them off."""
    server.stopping = True
    engine.line.close()
    if running := len(engine.in_flight):
        log.info("stopping; requests still running: %d, at most %g s more", running, grace)
    try:
        async with asyncio.timeout(grace):
            await engine.idle.wait()
    except TimeoutError:
        log.warning("requests cut off: %d", len(engine.in_flight))
        engine.interrupt()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CUT_OFF_TIME):
                await engine.idle.wait()


async def _saved_limits(database: Database) -> dict[str, bytes]:
    if not database.is_open:
        return {}
    try:
        return await limit_state.load(database)
    except sqlite3.Error as error:
        log.warning("the limits of the last run could not be read: %s", error)
        return {}

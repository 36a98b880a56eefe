"""The lifecycle: everything is started in order and stopped in reverse. The only module that
knows everything."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import signal
import sqlite3
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from app.configured import Configured, secrets_of
from app.console import WATCHED, narrate
from app.logs import Logs
from app.options import Options, UserError
from app.tasks import supervised
from app.version import VERSION
from proxy.bus import Bus
from proxy.clock import Clock, SystemClock
from proxy.engine import Engine
from proxy.providers.presets import load_presets
from proxy.server import Server
from store import limit_state
from store.config_file import remove_leftovers
from store.database import Database, DatabaseTooNew, DatabaseUnavailable
from store.instance_lock import AlreadyRunning, hold_instance_lock, lock_path
from store.paths import config_path, data_folder
from store.problems import ConfigError
from store.recorder import FEED_SIZE, RECORDED, Recorder
from store.retention import prune_daily
from store.settings_load import Loaded, load, load_table

log = logging.getLogger("429chain")

_KEEPALIVE = 15.0
"""Seconds an idle connection stays; aiohttp also gives a connection this long for its headers."""
_FLUSH_TIME = 5.0


def serve(options: Options) -> int:
    """Run until told to stop; returns the exit code. Raises UserError when it can't start."""
    # Files of ours hold prompts' metadata and keys: nobody else reads them.
    os.umask(0o077)
    return asyncio.run(_Instance(options).run())


@dataclass(slots=True)
class _Stop:
    """Why and how urgently the process is to end."""

    event: asyncio.Event
    exit_code: int = 0


class _Instance:
    """One running 429chain."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._clock: Clock = SystemClock()
        self._bus = Bus()
        self._logs = Logs(options.log_level, stderr=True)
        self._stop = _Stop(asyncio.Event())

    async def run(self) -> int:
        async with AsyncExitStack() as stack:
            stack.callback(self._logs.close)
            self._listen_to_signals()
            loaded = await self._load(stack)
            self._logs.know(secrets_of(loaded))
            folder = self._data_folder(stack)
            database = await self._open_store(stack, folder)
            engine = await stack.enter_async_context(Engine(self._clock, self._bus))
            engine.ledger.restore(await _saved_limits(database))
            await self._record(stack, database, engine)

            def apply(fresh: Loaded) -> None:
                self._logs.know(secrets_of(fresh))
                engine.configure(fresh.configuration, secrets_of(fresh))

            configured = Configured(
                loaded, presets=load_presets(), options=self._options, bus=self._bus, apply=apply
            )
            apply(loaded)
            server = Server(engine)
            site = await self._open_port(stack, server, engine, loaded)
            await self._background(stack, configured, database)
            await self._start_demo(stack, loaded)
            self._greet(loaded)
            # What the start made lives as long as the process: not for the collector to walk.
            gc.collect()
            gc.freeze()
            await self._stop.event.wait()
            await site.stop()
            await self._drain(engine, server, configured.loaded.settings.server.shutdown_grace)
        return self._stop.exit_code

    # Starting.

    async def _load(self, stack: AsyncExitStack) -> Loaded:
        presets, options = load_presets(), self._options
        try:
            if options.demo:
                from app.demo.farm import demo_farm

                farm = await stack.enter_async_context(demo_farm(self._clock))
                table = farm.settings()
                return load_table(
                    table, name="demo", presets=presets, environ={}, overrides=options.overrides()
                )
            path = config_path(options.config, os.environ)
            if not path.exists():
                await self._write_first_config(path)
            log.info("config file: %s", path)
            loaded = await asyncio.to_thread(
                load, path, presets=presets, environ=os.environ, overrides=options.overrides()
            )
        except ConfigError as error:
            raise UserError(str(error)) from None
        for warning in loaded.warnings:
            log.warning("%s", warning)
        return loaded

    async def _write_first_config(self, path: Path) -> None:
        from app.init import init

        try:
            result = await init(path, environ=os.environ, presets=load_presets())
        except OSError as error:
            raise UserError(
                f"{path}: there is no config file and none can be written: "
                f"{error.strerror or error} (name another with --config)"
            ) from None
        for line in result.lines():
            log.info("%s", line)

    def _data_folder(self, stack: AsyncExitStack) -> Path:
        if self._options.demo and self._options.data_dir is None:
            return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="429chain-demo-")))
        return data_folder(self._options.data_dir, os.environ)

    async def _open_store(self, stack: AsyncExitStack, folder: Path) -> Database:
        path = folder / "429chain.db"
        try:
            lock = stack.enter_context(hold_instance_lock(lock_path(path)))
        except AlreadyRunning as error:
            raise UserError(str(error)) from None
        database = Database(path, self._clock)
        stack.push_async_callback(database.close)
        try:
            await database.open()
        except DatabaseTooNew as error:
            raise UserError(str(error)) from None
        except DatabaseUnavailable as error:
            # Requests are served without a log; the recorder opens it as soon as it can.
            log.warning("%s", error)
        trouble = self._logs.open_file(folder / "429chain.log")
        for note in (lock.problem, trouble, *database.notes):
            if note:
                log.warning("%s", note)
        config = config_path(self._options.config, os.environ)
        if not self._options.demo and config.parent.is_dir():
            remove_leftovers(config)
        return database

    async def _record(self, stack: AsyncExitStack, database: Database, engine: Engine) -> None:
        feed = stack.enter_context(self._bus.subscribe(*RECORDED, size=FEED_SIZE))
        recorder = Recorder(database, feed, self._bus, changes=engine.ledger.changes)

        async def flush() -> None:
            left = await recorder.flush(_FLUSH_TIME)
            if left:
                log.warning("%d rows of the request log could not be written", left)

        # Left in reverse: the loop is cancelled first, then what it had not written is.
        stack.push_async_callback(flush)
        await stack.enter_async_context(supervised("recorder", recorder.run))

    async def _open_port(
        self, stack: AsyncExitStack, server: Server, engine: Engine, loaded: Loaded
    ) -> web.TCPSite:
        settings = loaded.settings.server
        engine.connections.own_ports = frozenset({settings.port, settings.admin_port} - {0})
        runner = web.AppRunner(
            server.application(),
            handle_signals=False,
            handler_cancellation=True,
            access_log=None,
            keepalive_timeout=_KEEPALIVE,
            shutdown_timeout=1.0,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, settings.host, settings.port, backlog=1024)
        try:
            await site.start()
        except OSError as error:
            raise UserError(_port_trouble(settings.host, settings.port, error)) from None
        return site

    async def _background(
        self, stack: AsyncExitStack, configured: Configured, database: Database
    ) -> None:
        def retain_days() -> float:
            return configured.loaded.settings.log.retain_days

        async def prune() -> None:
            await prune_daily(database, retain_days)

        feed = stack.enter_context(self._bus.subscribe(*WATCHED, size=1000))
        await stack.enter_async_context(supervised("console", lambda: narrate(feed)))
        await stack.enter_async_context(supervised("retention", prune))
        await stack.enter_async_context(supervised("config watch", configured.watcher.run))
        await self._on_hangup(stack, configured)

    async def _start_demo(self, stack: AsyncExitStack, loaded: Loaded) -> None:
        if not self._options.demo or self._options.quiet:
            return
        from app.demo.farm import CLIENT_KEY
        from app.demo.player import Player

        player = Player(_base_url(loaded), CLIENT_KEY)
        await stack.enter_async_context(supervised("demo client", player.run))

    def _greet(self, loaded: Loaded) -> None:
        base = _base_url(loaded)
        log.info("429chain %s serves %s", VERSION, base)
        chains = loaded.configuration.chains.values()
        log.info(
            "chains: %s", ", ".join(f"{c.name} ({len(c.entries)})" for c in chains) or "none yet"
        )
        if self._options.demo:
            sys.stdout.write(_demo_lines(base))
            sys.stdout.flush()

    # Stopping.

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number, code in ((signal.SIGTERM, 0), (signal.SIGINT, 130)):
            loop.add_signal_handler(number, self._on_signal, number, code)

    def _on_signal(self, number: int, code: int) -> None:
        if self._stop.event.is_set():
            # The second one: now. SQLite's journal survives this, and so does the terminal.
            os._exit(128 + number)
        self._stop.exit_code = code
        self._stop.event.set()

    async def _on_hangup(self, stack: AsyncExitStack, configured: Configured) -> None:
        loop, wanted = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGHUP, wanted.set)

        async def reload_when_wanted() -> None:
            while True:
                await wanted.wait()
                wanted.clear()
                await configured.reload()

        await stack.enter_async_context(supervised("reload", reload_when_wanted))

    async def _drain(self, engine: Engine, server: Server, grace: float) -> None:
        """Take no new request, let running answers end for `grace` seconds."""
        server.stopping = True
        engine.line.close()
        if engine.in_flight:
            log.info("%d requests are running; waiting up to %g s", len(engine.in_flight), grace)
        try:
            async with asyncio.timeout(grace):
                await engine.idle.wait()
        except TimeoutError:
            log.warning("%d requests are cut off", len(engine.in_flight))


async def _saved_limits(database: Database) -> dict[str, bytes]:
    if not database.is_open:
        return {}
    try:
        return await limit_state.load(database)
    except sqlite3.Error as error:
        log.warning("the limits of the last run could not be read: %s", error)
        return {}


def _base_url(loaded: Loaded) -> str:
    server = loaded.settings.server
    host = server.host if server.host not in ("0.0.0.0", "::", "") else "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{server.port}/v1"


def _port_trouble(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"address {host}:{port} is in use: stop what listens there, or choose another port "
            "with --port or server.port"
        )
    reason = error.strerror or str(error)
    return f"cannot listen on {host}:{port}: {reason} (see server.host and server.port)"


def _demo_lines(base: str) -> str:
    from app.demo.farm import CLIENT_KEY

    return f"""
429chain demo: simulated providers, real limits. Your programs can use it now:

  export OPENAI_BASE_URL={base} OPENAI_API_KEY={CLIENT_KEY}

  curl {base}/chat/completions -H 'authorization: Bearer {CLIENT_KEY}' \\
    -H 'content-type: application/json' -i \\
    -d '{{"model": "free", "messages": [{{"role": "user", "content": "Hello"}}]}}'

"""

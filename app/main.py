"""The lifecycle: everything is started in order and stopped in reverse. The only module that
knows everything."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.admin.local import LocalAdmin, Parts
from app.configured import Configured, client_key, secrets_of
from app.connect import recipe_for
from app.console import WATCHED, demo_admin, demo_greeting, narrate
from app.contract import AdminError
from app.ground import Ground, RunsAlready, saved_limits
from app.instance_address import Target, connected, find_target, own_settings
from app.logs import Logs
from app.memory import give_back, keep_the_heap_whole
from app.options import Options, UserError
from app.own_theme import keep_own_theme
from app.port import Port, open_port
from app.savings import Savings
from app.signals import Signals
from app.standard_streams import write_out
from app.status import told
from app.tasks import supervised
from app.terminal import can_show, parting_words, show, window_closed
from app.version import VERSION
from app.web.listen import open_admin
from proxy.bus import Bus
from proxy.clock import Clock, SystemClock
from proxy.engine import Engine
from proxy.providers.presets import load_presets
from proxy.server import Server
from proxy.unheard import unheard_reply
from store.config_file import remove_leftovers
from store.database import Database
from store.recorder import BATCH, FEED_SIZE, RECORDED, Recorder
from store.retention import prune_daily
from store.settings_load import Loaded

if TYPE_CHECKING:
    from app.demo.player import Player

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
    shown = not options.no_tui and can_show()
    try:
        return asyncio.run(_Instance(options, shown=shown).run())
    except RunsAlready as running:
        if not shown or running.url is None:
            raise
        return attach(options, url=running.url, insecure=False)


def attach(options: Options, *, url: str | None, insecure: bool) -> int:
    """The terminal interface on an instance that runs elsewhere; returns the exit code.

    Raises UserError.
    """
    if not can_show():
        raise UserError("attach needs a terminal; 429chain status asks without one")
    return asyncio.run(_attached(find_target(options, url=url, insecure=insecure), options))


async def _attached(target: Target, options: Options) -> int:
    from screens.shell import Look, Shell, Surroundings

    signals, address = Signals(closed=window_closed), urlsplit(target.url).netloc
    signals.listen()
    ui = own_settings(options, os.environ).ui
    look = Look(ui.theme, ui.symbols, ui.motion, ui.mouse, ui.keys)
    async with connected(target) as admin:
        try:
            await admin.status()
        except AdminError as error:
            raise UserError(told(error)) from None
        keep = partial(keep_own_theme, options=options, environ=os.environ)
        surroundings = Surroundings(address=address, attached=True, keep_theme=keep)
        shell = Shell(admin, surroundings, look, elapsed=SystemClock().now)
        code = await show(shell, signals.stop, mouse=ui.mouse)
    write_out(f"The instance on {address} goes on.\n")
    return signals.exit_code or code


class _Instance:
    """One running 429chain."""

    def __init__(self, options: Options, *, shown: bool) -> None:
        self._options = options
        self._shown = shown
        self._clock: Clock = SystemClock()
        self._bus = Bus()
        self._presets = load_presets()
        self._logs = Logs(options.log_level, stderr=True)
        self._signals = Signals(closed=window_closed if shown else None)
        # The demo is the same everywhere: what is set for the real thing does not count in it.
        self._environ: Mapping[str, str] = {} if options.demo else os.environ
        self._exit_code = 0
        self._hurried = False
        self._ground = Ground(
            options=options,
            clock=self._clock,
            presets=self._presets,
            logs=self._logs,
            signals=self._signals,
            environ=self._environ,
            process_environ=os.environ,
            shown=shown,
        )

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
        return self._signals.exit_code or self._exit_code

    async def _live(self, stack: AsyncExitStack) -> None:
        """From start to stop; what the stack holds is undone in reverse."""
        self._signals.listen()
        loaded = await self._ground.load(stack)
        self._logs.know(secrets_of(loaded))
        database, lock = await self._ground.open_store(stack)
        engine = await stack.enter_async_context(Engine(self._clock, self._bus))
        engine.ledger.restore(await saved_limits(database))
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
        admin, admin_port = await open_admin(stack, parts)
        lock.announce(admin_port.url if admin_port is not None else None, serves=port.url)
        await stack.enter_async_context(supervised("price list", savings.run_after_the_start))
        await self._background(stack, engine, configured, database)
        self._greet(loaded, port, admin_port)
        player = await self._start_demo(stack, port)
        # What the start made lives as long as the process: not for the collector to walk.
        gc.collect()
        gc.freeze()
        await self._until_stop(admin, configured, port, player)
        if player is not None:
            player.pause()
        port.close()
        grace = configured.loaded.settings.server.shutdown_grace
        await _drain(engine, server, 0.0 if self._hurried else grace)

    # Starting.

    async def _record(
        self, stack: AsyncExitStack, database: Database, engine: Engine, savings: Savings
    ) -> Recorder:
        feed = stack.enter_context(self._bus.subscribe(*RECORDED, size=FEED_SIZE, many=BATCH))
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

    async def _start_demo(self, stack: AsyncExitStack, port: Port) -> Player | None:
        """Start the demo's own client, if there is to be one."""
        if not self._options.demo:
            return None
        from app.demo.farm import CLIENT_KEY
        from app.demo.player import Player

        player = Player(f"{port.url}/v1", CLIENT_KEY, playing=not self._options.quiet)
        await stack.enter_async_context(supervised("demo client", player.run))
        return player

    async def _until_stop(
        self, admin: LocalAdmin, configured: Configured, port: Port, player: Player | None
    ) -> None:
        """Serve until told to stop, or until the terminal interface is left."""
        if not self._shown:
            await self._signals.stop.wait()
            return
        from screens.shell import Look, Shell, Surroundings

        loaded = configured.loaded
        ui = loaded.settings.ui
        surroundings = Surroundings(
            address=urlsplit(port.url).netloc,
            client_key=client_key(loaded),
            toggle_demo=player.toggle if player is not None else None,
            demo_plays=player is not None and player.playing,
            recipe=partial(recipe_for, root=port.url, chain=loaded.settings.routing.default_chain),
            shutdown_grace_s=loaded.settings.server.shutdown_grace,
            keep_theme=admin.keep_theme,
            kept_theme=lambda: configured.loaded.settings.ui.theme,
        )
        look = Look(ui.theme, ui.symbols, ui.motion, ui.mouse, ui.keys)
        shell = Shell(admin, surroundings, look, elapsed=self._clock.now)
        self._logs.leave_terminal()
        self._exit_code = await show(shell, self._signals.stop, mouse=ui.mouse)
        self._hurried = shell.hurried
        self._logs.return_to_terminal()
        write_out(parting_words(await admin.status(), self._logs.where))

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
        if not self._options.no_tui and not self._shown:
            log.info("no terminal to draw on: serving without the interface (--no-tui says so)")
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

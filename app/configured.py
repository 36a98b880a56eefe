"""The configuration in force: loaded, watched, reloaded; the last good one stays."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from app.options import Options
from proxy.bus import Bus
from proxy.events import ConfigChanged
from proxy.model import Preset
from store.config_file import ConfigWatcher
from store.problems import ConfigError
from store.settings_load import Loaded, load

log = logging.getLogger("429chain")

_FIXED = ("host", "port", "admin_port")
"""Keys of [server] that a running process cannot change."""


class Configured:
    """Holds the last good configuration, and what is wrong with the newest if it is not that."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        presets: Mapping[str, Preset],
        options: Options,
        bus: Bus,
        apply: Callable[[Loaded], None],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.loaded = loaded
        self.environ = environ
        """The variables that count."""
        self.error: str | None = None
        """`file:line: message (hint)`, a line each, of the edit that was refused."""
        self.restart_needed: tuple[str, ...] = ()
        """Keys (`server.port`) whose newest value the running process does not have."""
        self._started = loaded
        self._presets = presets
        self._options = options
        self._bus = bus
        self._apply = apply
        self._reloading = asyncio.Lock()
        self._watcher = ConfigWatcher(loaded.watched, self.reload)

    async def watch(self) -> None:
        """Reload whenever a file of the configuration changes, until cancelled."""
        # What changed between the reading at the start and now has not been seen.
        await self.reload()
        await self._watcher.run()

    async def reload_whenever(self, wanted: asyncio.Event) -> None:
        """Reload each time the event is set, until cancelled."""
        while True:
            await wanted.wait()
            wanted.clear()
            log.info("asked to reload the configuration")
            await self.reload()

    async def reload(self) -> None:
        """Read everything again; put it in force if it is whole, else keep what is."""
        async with self._reloading:
            path = self.loaded.path
            if path is None:
                return
            version = self.loaded.configuration.version
            fresh = await self._read(path, version + 1)
            if isinstance(fresh, ConfigError):
                self._refuse(str(fresh), version)
                return
            if fresh.digest == self.loaded.digest and self.error is None:
                return
            self._apply(fresh)
            self.loaded, self.error = fresh, None
            log.info("%s: configuration %d is in force", path, version + 1)
            self._warn(fresh)
            self._bus.publish(ConfigChanged(version + 1, None))

    async def _read(self, path: Path, version: int) -> Loaded | ConfigError:
        """What the files say, all of which are watched from before they were read."""
        while True:
            try:
                fresh = await asyncio.to_thread(self._load, path, version)
            except ConfigError as error:
                fresh = error
            watched = fresh.watched or self._watcher.paths
            if watched == self._watcher.paths:
                return fresh
            self._watcher.watch(watched)

    def _load(self, path: Path, version: int) -> Loaded:
        return load(
            path,
            presets=self._presets,
            environ=self.environ,
            overrides=self._options.overrides(),
            version=version,
        )

    def _warn(self, fresh: Loaded) -> None:
        for warning in fresh.warnings:
            log.warning("%s", warning)
        before, now = self._started.settings.server, fresh.settings.server
        self.restart_needed = tuple(
            f"server.{key}" for key in _FIXED if getattr(before, key) != getattr(now, key)
        )
        if self.restart_needed:
            log.warning("%s: needs a restart to take effect", ", ".join(self.restart_needed))

    def _refuse(self, told: str, version: int) -> None:
        if told == self.error:
            return
        self.error = told
        for line in told.splitlines():
            log.error("%s", line)
        log.error("the edit is refused; the last good configuration stays in force")
        self._bus.publish(ConfigChanged(version, told))


def secrets_of(loaded: Loaded) -> list[str]:
    """Every secret of a configuration, for the redactors."""
    configuration = loaded.configuration
    sealed = [found.value for found in loaded.secrets.values() if found.value is not None]
    sealed += [key for client in configuration.clients for key in client.keys]
    for provider in configuration.providers.values():
        sealed += [provider.key] if provider.key is not None else []
        sealed += provider.headers.values()
    return sorted({secret.get_secret_value() for secret in sealed})


def client_key(loaded: Loaded) -> str | None:
    """A key that programs may send: the first of `server.api_keys` that is known."""
    found = loaded.secrets.get(("server", "api_keys", 0))
    return found.value.get_secret_value() if found is not None and found.value else None

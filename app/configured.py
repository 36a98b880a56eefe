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

log = logging.getLogger(__name__)


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
    ) -> None:
        self.loaded = loaded
        self.error: str | None = None
        """`file:line: message (hint)`, a line each, of the edit that was refused."""
        self._presets = presets
        self._options = options
        self._bus = bus
        self._apply = apply
        self._reloading = asyncio.Lock()
        self.watcher = ConfigWatcher(loaded.watched, self.reload)

    async def reload(self) -> None:
        """Read everything again; put it in force if it is whole, else keep what is."""
        async with self._reloading:
            path = self.loaded.path
            if path is None:
                return
            version = self.loaded.configuration.version
            try:
                fresh = await asyncio.to_thread(self._load, path, version + 1)
            except ConfigError as error:
                self._refuse(str(error), version)
                return
            self.watcher.watch(fresh.watched)
            if fresh.digest == self.loaded.digest and self.error is None:
                return
            self.loaded, self.error = fresh, None
            self._apply(fresh)
            log.info("%s: configuration %d is in force", path, version + 1)
            self._bus.publish(ConfigChanged(version + 1, None))

    def _load(self, path: Path, version: int) -> Loaded:
        return load(
            path,
            presets=self._presets,
            environ=os.environ,
            overrides=self._options.overrides(),
            version=version,
        )

    def _refuse(self, told: str, version: int) -> None:
        if told == self.error:
            return
        self.error = told
        log.error("the edit is refused, the last good configuration stays: %s", told)
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

"""From a config file, the environment and flags to one consistent configuration, or to every
problem that stands in its way."""

from __future__ import annotations

import copy
import hashlib
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from proxy.model import Configuration, Preset
from store.config_file import ConfigText, read_config
from store.configuration import configuration_of
from store.findings import Findings, dotted
from store.problems import ConfigError, Problem
from store.secret_references import SecretReader, Secrets, read_dotenv
from store.settings import Settings
from store.settings_environment import read_environment
from store.settings_rules import check_rules
from store.settings_schema import Keys
from store.settings_secrets import resolve_secrets
from store.settings_validation import validate


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that can be used, and where it came from."""

    settings: Settings
    configuration: Configuration
    path: Path | None
    file: ConfigText | None
    """The file as read; its `digest` tells whether it changed since."""
    origins: Mapping[str, str]
    """Dotted key to the variable or flag that set it: what no interface can change."""
    secrets: Secrets
    warnings: tuple[Problem, ...]
    digest: str
    """Of everything that was read: file, `.env`, `file:` secrets, variables and flags."""
    watched: tuple[Path, ...]
    """Files whose change is a config edit, whether they exist or not."""


def load(
    path: Path | None,
    *,
    presets: Mapping[str, Preset],
    environ: Mapping[str, str],
    overrides: Mapping[str, object] | None = None,
    version: int = 0,
) -> Loaded:
    """Read the config file (None: there is none) under environment and flags.

    `overrides` maps dotted keys to what flags say (`{"server.port": 4300}`). Precedence: flags,
    environment, file, defaults. Raises ConfigError with every problem.
    """
    file = None if path is None else read_config(path)
    return _Load(file, file.table if file else {}, str(path or "config")).run(
        presets, environ, overrides or {}, version
    )


def load_text(
    file: ConfigText,
    *,
    presets: Mapping[str, Preset],
    environ: Mapping[str, str],
    overrides: Mapping[str, object] | None = None,
) -> Loaded:
    """As `load`, from a file's text as it would be: what an edit comes to before it is written."""
    return _Load(file, file.table, str(file.path)).run(presets, environ, overrides or {}, 0)


def load_table(
    table: Mapping[str, Any],
    *,
    name: str,
    presets: Mapping[str, Preset],
    environ: Mapping[str, str],
    overrides: Mapping[str, object] | None = None,
) -> Loaded:
    """As `load`, from a table in the shape of the file (the demo's); `name` stands for the file."""
    return _Load(None, table, name).run(presets, environ, overrides or {}, 0)


class _Load:
    def __init__(self, file: ConfigText | None, table: Mapping[str, Any], name: str) -> None:
        self._file = file
        self._table = copy.deepcopy(dict(table))
        self._folder = file.path.absolute().parent if file else Path()
        self._origins: dict[Keys, str] = {}
        self._findings = Findings(name, file.lines if file else None, self._origins)

    def run(
        self,
        presets: Mapping[str, Preset],
        environ: Mapping[str, str],
        overrides: Mapping[str, object],
        version: int,
    ) -> Loaded:
        findings = self._findings
        dotenv_path = self._folder / ".env"
        dotenv = read_dotenv(dotenv_path) if self._file else {}
        from_environment = read_environment(environ, self._table, presets)
        findings.warnings += from_environment.warnings
        for path, (value, variable) in from_environment.values.items():
            self._set(path, value, variable)
        for key, value in overrides.items():
            flag = "--" + key.rpartition(".")[2].replace("_", "-")
            self._set(tuple(key.split(".")), value, flag)

        settings = validate(self._table, findings)
        reader = SecretReader(environ, dotenv, self._folder)
        secrets = resolve_secrets(settings, presets, reader, findings)
        named = {top: _names(self._table, top) for top in ("providers", "chains")}
        check_rules(settings, presets, secrets, named, findings)
        self._check_mode(secrets)
        own = [self._file.path, dotenv_path] if self._file else []
        watched = tuple(dict.fromkeys([*own, *reader.files]))
        if findings.problems:
            by_line = sorted(findings.problems, key=lambda problem: problem.line or 0)
            raise ConfigError(by_line, watched)
        return Loaded(
            settings=settings,
            configuration=configuration_of(settings, presets, secrets, version=version),
            path=self._file.path if self._file else None,
            file=self._file,
            origins={dotted(path): origin for path, origin in self._origins.items()},
            secrets=secrets,
            warnings=tuple(findings.warnings),
            digest=_digest(self._file, self._table, secrets),
            watched=watched,
        )

    def _set(self, path: Keys, value: object, origin: str) -> None:
        """Lay a value over the file's; a table is merged key by key."""
        if isinstance(value, dict) and value:
            for key, inner in cast("dict[str, object]", value).items():
                self._set((*path, key), inner, origin)
            return
        inside: dict[str | int, Any] = cast("dict[str | int, Any]", self._table)
        for part in path[:-1]:
            following = inside.get(part)
            if not isinstance(following, dict):
                following = inside[part] = {}
            inside = cast("dict[str | int, Any]", following)
        inside[path[-1]] = value
        self._origins[path] = origin

    def _check_mode(self, secrets: Secrets) -> None:
        """Warn when others on this machine can read keys that stand in the file."""
        if self._file is None or all(one.source != "config" for one in secrets.values()):
            return
        mode = self._file.path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            name = str(self._file.path)
            message = "holds keys and can be read by others on this machine"
            self._findings.warnings.append(Problem(name, None, message, f"chmod 600 {name}"))


def _names(table: Mapping[str, Any], top: str) -> frozenset[str]:
    rows: object = table.get(top)
    return frozenset(cast("dict[str, object]", rows)) if isinstance(rows, dict) else frozenset()


def _digest(file: ConfigText | None, table: Mapping[str, Any], secrets: Secrets) -> str:
    digest = hashlib.sha256(file.digest.encode() if file else b"")
    digest.update(repr(table).encode("utf-8", "surrogatepass"))
    for path, resolved in secrets.items():
        value = resolved.value.get_secret_value() if resolved.value is not None else ""
        digest.update(f"\0{path!r}\0{value}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()

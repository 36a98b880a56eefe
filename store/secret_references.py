"""Secrets as the config file writes them: `"env:NAME"`, `"file:/path"`, or the secret itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from store.problems import ConfigError, Problem

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)", re.ASCII)
_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a reference leads to.

    `source` is `env:NAME`, `file:PATH` or `config`. Without a value `reason` says why; `malformed`
    when one is there and cannot be used.
    """

    value: SecretStr | None
    source: str
    reason: str = ""
    hint: str = ""
    malformed: bool = False


Secrets = Mapping[tuple[str | int, ...], Resolved]
"""By path: `("server", "api_keys", 0)`, `("providers", "groq", "api_key")`, ..."""


@dataclass(slots=True)
class SecretReader:
    """Resolves references: variables from the environment, then from the `.env` file.

    `files` collects every file that was named, whether it is there or not.
    """

    environ: Mapping[str, str]
    dotenv: Mapping[str, str]
    folder: Path
    """What a relative `file:` path starts from: the config file's folder."""
    files: list[Path] = field(default_factory=list[Path])

    def variable(self, name: str) -> str:
        """A variable's value, the environment before `.env`; "" when it is unset or empty."""
        return self.environ.get(name, "") or self.dotenv.get(name, "")

    def resolve(self, written: SecretStr, *, blanks: bool = False) -> Resolved:
        """Follow what stands in the file. `blanks`: the value may hold some inside (a header)."""
        raw = written.get_secret_value()
        kind, _, rest = raw.partition(":")
        if kind == "env":
            return self._from_variable(rest.strip(), blanks)
        if kind == "file":
            return self._from_file(rest.strip(), blanks)
        return _checked(raw, "config", blanks)

    def first_variable(self, names: tuple[str, ...]) -> Resolved:
        """The first of a preset's usual variables that is set."""
        for name in names:
            if self.variable(name):
                return self._from_variable(name, blanks=False)
        return Resolved(
            None, "", f"no key ({' or '.join(names)} is not set)" if names else "no key"
        )

    def _from_variable(self, name: str, blanks: bool) -> Resolved:
        source = f"env:{name[:64]}"
        if _NAME.fullmatch(name) is None:
            # The text after "env:" may be a key that was pasted there.
            reason = "env: is not followed by a variable's name"
            return Resolved(None, "env:", reason, "env:NAME", malformed=True)
        value = self.variable(name)
        if not value:
            return Resolved(None, source, f"variable {name} is not set", f"export {name}=...")
        return _checked(value, source, blanks)

    def _from_file(self, name: str, blanks: bool) -> Resolved:
        source = f"file:{name}"
        if not name or "\0" in name:
            reason = "file: is not followed by a path"
            return Resolved(None, "file:", reason, "file:/path/to/key", malformed=True)
        path = self.folder / Path(name).expanduser()
        self.files.append(path)
        try:
            with path.open("rb") as file:
                raw = file.read(_LARGEST + 1)
            text = raw.decode("utf-8")
        except OSError as error:
            reason = (error.strerror or "error").lower()
            return Resolved(None, source, f"file {name} cannot be read: {reason}")
        except UnicodeDecodeError:
            return Resolved(None, source, f"file {name} is no text")
        if len(raw) > _LARGEST:
            return Resolved(None, source, f"file {name} is larger than 64 KiB")
        return _checked(text, source, blanks)


def _checked(raw: str, source: str, blanks: bool) -> Resolved:
    value = raw.strip()
    if not value:
        return Resolved(None, source, "is empty")
    lowest = " " if blanks else "!"
    if all(lowest <= character <= "~" for character in value):
        return Resolved(SecretStr(value), source)
    what = "holds a control character or one outside ASCII"
    if not blanks:
        what = "holds a blank, a control character or one outside ASCII"
    return Resolved(None, source, what, "was more than the key pasted?", malformed=True)


def read_dotenv(path: Path) -> dict[str, str]:
    """A `.env` file: `NAME=value`, `export NAME='value'`, comments. {} when there is none.

    What is no assignment is passed over, as shells and other tools do. Raises ConfigError when the
    file is there and cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        # A folder of that name is a virtual environment, most likely.
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no UTF-8"
        raise ConfigError([Problem(str(path), None, f"cannot be read: {reason}")]) from None
    variables: dict[str, str] = {}
    for line in text.splitlines():
        match = _ASSIGNMENT.fullmatch(line)
        if match is not None:
            variables[match[1]] = _unquoted(match[2].strip())
    return variables


def _unquoted(value: str) -> str:
    if value[:1] in ("'", '"'):
        quote = value[0]
        end = value.find(quote, 1)
        while quote == '"' and end > 0 and value[end - 1] == "\\":
            end = value.find(quote, end + 1)
        if end > 0:
            inner = value[1:end]
            return re.sub(r'\\(["\\$`])', r"\1", inner) if quote == '"' else inner
    return re.split(r"(?:^|\s)#", value, maxsplit=1)[0].rstrip()

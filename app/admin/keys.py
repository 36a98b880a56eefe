"""Where a provider's secrets may go: the rules for what interfaces write (DESIGN A7).

A stored key belongs to its scheme, host and port; a preset's variable to the preset's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.contract import AdminError
from app.snapshot import SecretState
from proxy.model import Preset
from store.base_url import Address, BadAddress, read_base_url
from store.secret_references import Resolved

_SHOWN = 4
_LONG_ENOUGH = 20
"""Characters from which on the last four of a secret give nothing away."""


def secret_state(resolved: Resolved | None) -> SecretState:
    """What may be told of a secret."""
    if resolved is None or resolved.value is None:
        return SecretState(False, None, None)
    value = resolved.value.get_secret_value()
    end = value[-_SHOWN:] if len(value) >= _LONG_ENOUGH else ""
    return SecretState(True, f"...{end}", resolved.source or None)


def read_address(base_url: str) -> Address:
    """Understand a base_url that an interface sent. Raises AdminError naming the field."""
    try:
        return read_base_url(base_url)
    except BadAddress as error:
        raise AdminError("Bad address", f"{error}.", error.hint, "base_url") from None


def own_origin(preset: Preset) -> str | None:
    """The origin that a preset itself names; None where the person has to."""
    try:
        return read_base_url(preset.base_url).origin
    except BadAddress:
        return None


@dataclass(frozen=True, slots=True)
class Written:
    """What goes into the config for a key. `note` tells the person what they did not ask for."""

    value: str | None
    """None: the key is left out, the preset's variable counts."""
    note: str = ""


def check_key(sent: str, preset: Preset, origin: str) -> str:
    """A key as an interface sent it, fit for the file. Raises AdminError (400, `api_key`)."""
    key = sent.strip()
    kind, colon, name = key.partition(":")
    if not colon or kind not in ("env", "file"):
        return key
    if kind == "env" and name.strip() in preset.key_env:
        if origin == own_origin(preset):
            return f"env:{name.strip()}"
        raise AdminError(
            "Key refused",
            f"{name.strip()} is only for {own_origin(preset) or 'the address of its preset'}.",
            "send the key itself",
            "api_key",
        )
    allowed = " or ".join(f"env:{name}" for name in preset.key_env)
    raise AdminError(
        "Key refused",
        "Of references, interfaces take only the variable of the provider's preset.",
        f"send the key itself{f', or {allowed}' if allowed else ''}",
        "api_key",
    )


def check_headers(sent: Mapping[str, str | None]) -> dict[str, str | None]:
    """Headers as an interface sent them: their values are secrets, and literal."""
    for name, value in sent.items():
        if value is not None and value.strip().partition(":")[0] in ("env", "file"):
            raise AdminError(
                "Header refused",
                f"The value of header '{name[:64]}' is a reference.",
                "send the value itself; references are for the config file",
                f"headers.{name[:64]}",
            )
    return dict(sent)


def key_left_out(preset: Preset, origin: str, *, dropped: bool) -> Written:
    """The key of a provider for which none was sent along. `dropped`: it had one elsewhere.

    An empty key says: none, not even the preset's variable.
    """
    note = "the stored key was dropped: it belongs to the old address" if dropped else ""
    if origin == own_origin(preset):
        return Written(None, note)
    if preset.key_env and not dropped:
        note = f"{preset.key_env[0]} is not sent to another address than the preset's"
    return Written("" if dropped or preset.key_env else None, note)

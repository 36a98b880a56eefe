"""From what an interface asks of a provider to what is written into the config file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from app.admin.keys import check_headers, check_key, key_left_out, read_address
from app.contract import AdminError, ProviderEdit
from proxy.model import Preset


@dataclass(frozen=True, slots=True)
class Current:
    """A provider before the edit. `base_url` None: its preset's."""

    origin: str
    preset: Preset
    base_url: str | None
    has_key: bool
    key_written: bool
    """The file names its key: it is not the preset's variable."""
    headers: tuple[str, ...]


def added(edit: ProviderEdit, preset: Preset) -> tuple[dict[str, object], tuple[str, ...]]:
    """The table of a new provider, and notes. Raises AdminError."""
    table: dict[str, object] = dict(edit)
    origin = _origin(edit.get("base_url"), preset)
    key = edit.get("api_key")
    notes: tuple[str, ...] = ()
    if key is not None:
        table["api_key"] = check_key(key, preset, origin)
    else:
        written = key_left_out(preset, origin, dropped=False)
        table["api_key"] = written.value
        notes = (written.note,) if written.note else ()
    if "headers" in edit:
        table["headers"] = check_headers(edit["headers"])
    return _without_none(table), notes


def changed(
    edit: ProviderEdit, current: Current, preset: Preset
) -> tuple[dict[str, object | None], tuple[str, ...]]:
    """What is written over a provider's table (None: removed), and notes. Raises AdminError."""
    changes: dict[str, object | None] = dict(edit)
    origin = _origin(edit.get("base_url", current.base_url), preset)
    moved = origin != current.origin
    key = edit.get("api_key")
    notes: list[str] = []
    if key is not None:
        changes["api_key"] = check_key(key, preset, origin)
    elif moved or "api_key" in edit or not (preset is current.preset or current.key_written):
        written = key_left_out(preset, origin, dropped=moved and current.has_key)
        if written.value is not None or current.key_written:
            changes["api_key"] = written.value
        else:
            changes.pop("api_key", None)
        notes += [written.note] if written.note else []
    sent = check_headers(edit.get("headers", {}))
    stale = [name for name in current.headers if name not in sent] if moved else []
    if stale:
        notes.append("its headers were dropped: their values belong to the old address")
    if sent or stale:
        changes["headers"] = {**dict.fromkeys(stale), **sent}
    return changes, tuple(notes)


def _origin(base_url: str | None, preset: Preset) -> str:
    raw = base_url or preset.base_url
    if not raw or "{" in raw:
        gap = f", such as {raw}" if raw else ', such as "http://127.0.0.1:8000/v1"'
        raise AdminError(
            "An address is missing",
            f"{preset.title} has no address of its own.",
            f"send a base_url{gap}",
            "base_url",
        )
    return read_address(raw).origin


def _without_none(table: Mapping[str, object]) -> dict[str, object]:
    """TOML has no null: what is None is left out, at every depth."""
    kept: dict[str, object] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            kept[name] = _without_none(cast("Mapping[str, Any]", value))
        elif value is not None:
            kept[name] = value
    return kept

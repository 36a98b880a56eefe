"""Tool calls of an answer: whose fragment is whose, and under which id the client knows a call."""

from __future__ import annotations

from typing import Any

from proxy.answer import MapToolId, as_object


class ToolCalls:
    """The tool calls of one choice of a stream, as their fragments come in.

    Gives each fragment the index it should have: some upstreams leave it out, and Gemini gives all
    parallel calls index 0, where a client would run their arguments together.
    """

    __slots__ = ("_ids", "_latest", "_map_id", "ids")

    def __init__(self, map_id: MapToolId | None = None) -> None:
        self.ids: list[str] = []
        """As the client sees them, in the order of their first fragments."""
        self._map_id = map_id
        self._ids: dict[int, str] = {}
        """The upstream's id of the call at each index handed out, "" where it gave none."""
        self._latest: dict[int | None, int] = {}
        """From an index as the upstream says it (None: not at all) to the one handed out."""

    def place(self, fragment: dict[str, Any]) -> bool:
        """Put `fragment`'s index and id right; whether anything had to change."""
        said = fragment.get("index")
        said = said if isinstance(said, int) else None
        named = bool((as_object(fragment.get("function")) or {}).get("name"))
        call_id = fragment.get("id")
        call_id = call_id if isinstance(call_id, str) else ""

        index = self._latest.get(said)
        if index is None or self._starts_another(said, index, call_id, named):
            index = self._free(said)
            self._latest[said] = index
            self._ids[index] = call_id
        elif not self._ids[index]:
            self._ids[index] = call_id

        changed = said != index
        fragment["index"] = index
        return self._rename(fragment, call_id) or changed

    def _starts_another(self, said: int | None, index: int, call_id: str, named: bool) -> bool:
        """Whether a fragment opens a call of its own and does not go on with the one at `index`.

        An id of its own says so, but with an index that was in use only together with a name: some
        upstreams make up a new id for each fragment.
        """
        other_id = bool(call_id and self._ids[index] and call_id != self._ids[index])
        if said is None:
            return other_id or (named and not call_id)
        return other_id and named

    def _free(self, said: int | None) -> int:
        if said is not None and said not in self._ids:
            return said
        return max(self._ids, default=-1) + 1

    def _rename(self, fragment: dict[str, Any], call_id: str) -> bool:
        if not call_id:
            return False
        mapped = self._map_id(call_id) if self._map_id else call_id
        if mapped not in self.ids:
            self.ids.append(mapped)
        fragment["id"] = mapped
        return mapped != call_id


def rename_calls(calls: list[dict[str, Any]], map_id: MapToolId | None) -> bool:
    """Put the ids of a whole message's tool calls right; whether anything had to change."""
    changed = False
    for call in calls:
        call_id = call.get("id")
        if map_id and isinstance(call_id, str) and call_id:
            call["id"] = map_id(call_id)
            changed |= call["id"] != call_id
    return changed

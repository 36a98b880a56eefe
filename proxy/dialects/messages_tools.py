"""The tools of an Anthropic request in chat's form."""

from __future__ import annotations

from typing import Any

from proxy.chat_fields import NAME, OBJECT, STRING
from proxy.dialects.fields import BOOLEAN, objects, optional, refused, required

_READ = frozenset({"type", "name", "description", "input_schema", "strict"})
_MODES = {"auto": "auto", "any": "required", "none": "none"}


def read_tools(body: dict[str, Any], dropped: set[str]) -> dict[str, Any]:
    """`tools`, `tool_choice` and `parallel_tool_calls` of the chat request, as far as there are
    any; `dropped` gets the names of what was left out. Raises RequestFault (400).
    """
    functions = [
        _function(at, tool, dropped)
        for at, tool in objects(body.get("tools"), "tools")
        if _is_ours(at, tool, dropped)
    ]
    names = {function["function"]["name"] for function in functions}
    choice = optional(body, "tool_choice", OBJECT)
    fields: dict[str, Any] = {} if choice is None else _choice(choice, names)
    return {"tools": functions, **fields} if functions else {}


def _is_ours(at: str, tool: dict[str, Any], dropped: set[str]) -> bool:
    """Whether the client runs it and describes it: other tools are Anthropic's own."""
    kind = optional(tool, "type", STRING, at)
    if kind in (None, "custom"):
        return True
    dropped.add(f"tools.{kind}")
    return False


def _function(at: str, tool: dict[str, Any], dropped: set[str]) -> dict[str, Any]:
    function: dict[str, Any] = {"name": required(tool, "name", NAME, at)}
    description = optional(tool, "description", STRING, at)
    if description is not None:
        function["description"] = description
    function["parameters"] = required(tool, "input_schema", OBJECT, at)
    strict = optional(tool, "strict", BOOLEAN, at)
    if strict is not None:
        function["strict"] = strict
    for name in tool.keys() - _READ:
        dropped.add(name if name == "cache_control" else f"tools.*.{name}")
    return {"type": "function", "function": function}


def _choice(choice: dict[str, Any], names: set[str]) -> dict[str, Any]:
    kind = required(choice, "type", NAME, "tool_choice")
    fields: dict[str, Any] = {}
    if kind == "tool":
        name = required(choice, "name", NAME, "tool_choice")
        if name not in names:
            raise refused("tool_choice.name", "it names no tool that this request describes.")
        fields["tool_choice"] = {"type": "function", "function": {"name": name}}
    elif kind in _MODES:
        if kind == "any" and not names:
            raise refused("tool_choice", "a call is required, but there is no tool to call.")
        fields["tool_choice"] = _MODES[kind]
    else:
        raise refused("tool_choice.type", "it must be auto, any, tool or none.")
    if optional(choice, "disable_parallel_tool_use", BOOLEAN, "tool_choice"):
        fields["parallel_tool_calls"] = False
    return fields

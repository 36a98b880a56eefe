"""The tools of a Responses request: functions, custom tools, and those that only OpenAI runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proxy.chat_fields import NAME, OBJECT, STRING, wrong
from proxy.dialects.fields import BOOLEAN, objects, optional, refused, required
from proxy.jsontext import is_object

_OF_FUNCTION = ("type", "name", "description", "parameters", "strict")
_MODES = frozenset({"auto", "none", "required"})


@dataclass(frozen=True, slots=True)
class Tools:
    """`given` and `choice` as the client sent them: the answer repeats them."""

    given: list[Any]
    functions: list[dict[str, Any]]
    """In chat's form."""
    choice: Any
    """In chat's form; None where the client made none."""
    given_choice: Any
    parallel: bool | None
    custom: frozenset[str]
    """Functions that stand for a custom tool: their one argument is its text."""
    dropped: tuple[str, ...]

    def chat_fields(self) -> dict[str, Any]:
        """What of a chat request is about tools; nothing where there are none."""
        if not self.functions:
            return {}
        fields: dict[str, Any] = {"tools": self.functions}
        if self.choice is not None:
            fields["tool_choice"] = self.choice
        if self.parallel is not None:
            fields["parallel_tool_calls"] = self.parallel
        return fields


def read_tools(body: dict[str, Any]) -> Tools:
    """Raises RequestFault (400) with the path of what is wrong or cannot be carried."""
    functions: dict[str, dict[str, Any]] = {}
    custom: set[str] = set()
    dropped: set[str] = set()
    for at, tool in objects(body.get("tools"), "tools"):
        kind = required(tool, "type", NAME, at)
        if kind == "function":
            functions[required(tool, "name", NAME, at)] = _function(at, tool)
            dropped |= {f"tools.*.{name}" for name in tool.keys() - {*_OF_FUNCTION}}
        elif kind == "custom":
            name = required(tool, "name", NAME, at)
            functions[name] = _custom(at, tool)
            custom.add(name)
        else:
            dropped.add(f"tools.{kind}")
    choice, functions = _choice(body.get("tool_choice"), functions)
    return Tools(
        given=body.get("tools") or [],
        functions=list(functions.values()),
        choice=choice,
        given_choice=body.get("tool_choice"),
        parallel=optional(body, "parallel_tool_calls", BOOLEAN),
        custom=frozenset(custom),
        dropped=tuple(sorted(dropped)),
    )


def _function(at: str, tool: dict[str, Any]) -> dict[str, Any]:
    """The same under `function`, where chat has it."""
    optional(tool, "parameters", OBJECT, at)
    names = [name for name in _OF_FUNCTION if name != "type" and tool.get(name) is not None]
    function = {name: tool[name] for name in names}
    return {"type": "function", "function": function}


def _custom(at: str, tool: dict[str, Any]) -> dict[str, Any]:
    """A function with one text. Its grammar, which chat cannot enforce, is told to the model."""
    described: dict[str, Any] = {"type": "string"}
    grammar = tool.get("format")
    if is_object(grammar) and STRING.fits(grammar.get("definition")):
        syntax = grammar.get("syntax")
        described["description"] = f"Text in this {syntax} grammar:\n{grammar['definition']}"
    function: dict[str, Any] = {"name": tool["name"]}
    description = optional(tool, "description", STRING, at)
    if description is not None:
        function["description"] = description
    function["parameters"] = {
        "type": "object",
        "properties": {"input": described},
        "required": ["input"],
        "additionalProperties": False,
    }
    return {"type": "function", "function": function}


def _choice(
    choice: Any, functions: dict[str, dict[str, Any]]
) -> tuple[Any, dict[str, dict[str, Any]]]:
    """`tool_choice` in chat's form, and the functions that it leaves."""
    if choice is None or type(choice) is str:
        if choice is not None and choice not in _MODES:
            raise refused("tool_choice", "it must be auto, none, required or an object.")
        if choice == "required" and not functions:
            raise refused("tool_choice", "a call is required, but there is no function to call.")
        return choice, functions
    if not is_object(choice):
        raise wrong("tool_choice", "a string or an object", choice)
    kind = required(choice, "type", NAME, "tool_choice")
    if kind == "allowed_tools":
        allowed = [
            tool.get("name") for _, tool in objects(choice.get("tools"), "tool_choice.tools")
        ]
        left = {name: one for name, one in functions.items() if name in allowed}
        return _choice(choice.get("mode", "auto"), left)
    name = choice.get("name")
    if kind not in ("function", "custom") or name not in functions:
        raise refused(
            "tool_choice",
            "it names no function or custom tool of this request; 429chain runs none.",
        )
    return {"type": "function", "function": {"name": name}}, functions

"""Every regular expression of the program, and texts made to keep each of them busy."""

from __future__ import annotations

import ast
import importlib
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

# The standard library's own reading of a pattern; there is no public one.
_parser: Any = importlib.import_module("re._parser")

ROOT = Path(__file__).parents[2]
ROOMS = ("app", "proxy", "screens", "store")
LENGTH = 100_000
_CALLS = ("compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")


_ANCHORED = frozenset({"match", "fullmatch"})


@dataclass(slots=True)
class Expression:
    where: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]
    """How the program uses it (`search`, `fullmatch`, ...); empty where that could not be seen."""

    @property
    def methods_to_try(self) -> tuple[str, ...]:
        """To look for it everywhere in a text is slower than to match at one place."""
        if self.methods and self.methods <= _ANCHORED:
            return tuple(self.methods)
        return ("search",)


def expressions() -> tuple[list[Expression], list[str]]:
    """Those found, and the calls (`file:line`) whose pattern could not be worked out."""
    found: dict[tuple[str | bytes, int], Expression] = {}
    unknown: list[str] = []

    def note(where: str, pattern: re.Pattern[Any], methods: frozenset[str]) -> None:
        known = found.setdefault(
            (pattern.pattern, pattern.flags), Expression(where, pattern, methods)
        )
        known.methods |= methods

    sources = {
        path.relative_to(ROOT): path.read_text()
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if path.name != "__main__.py"
    }
    everywhere = _uses(sources.values())
    for where, source in sources.items():
        if "re." not in source:
            continue
        module = importlib.import_module(".".join(where.with_suffix("").parts))
        here = _uses([source])
        for name, value in vars(module).items():
            if isinstance(value, ModuleType):
                continue
            uses = here if name.startswith("_") else everywhere
            itself = isinstance(value, re.Pattern)
            methods = uses.get(name, frozenset[str]()) if itself else frozenset[str]()
            for pattern in _held_by(cast("object", value)):
                note(f"{where} {name}", pattern, methods)
        for call in _calls(ast.parse(source)):
            pattern, method = _worked_out(call, module)
            if pattern is None:
                unknown.append(f"{where}:{call.lineno}")
            elif method != "compile":
                note(f"{where}:{call.lineno}", pattern, frozenset({method}))
    return list(found.values()), unknown


def _uses(sources: Iterable[str]) -> dict[str, frozenset[str]]:
    """For each name, the methods that are called on it anywhere."""
    uses: dict[str, frozenset[str]] = {}
    for source in sources:
        for name, method in re.findall(r"\b([A-Z_]*[A-Z])\.([a-z]+)\b", source):
            uses[name] = uses.get(name, frozenset()) | {method}
    return uses


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in _CALLS
        ):
            yield node


def _worked_out(call: ast.Call, module: ModuleType) -> tuple[re.Pattern[Any] | None, str]:
    """The pattern of a call, where its arguments are made of the module's own names; and what is
    done with it."""
    assert isinstance(call.func, ast.Attribute)
    method = call.func.attr
    flags = [one.value for one in call.keywords if one.arg == "flags"]
    if method in ("compile", "match", "fullmatch", "search", "findall", "finditer"):
        place = 1 if method == "compile" else 2
        flags += call.args[place : place + 1]
    expression = ast.Expression(ast.Tuple([call.args[0], *flags], ast.Load()))
    try:
        code = compile(ast.fix_missing_locations(expression), "expression", "eval")
        pattern, *flag = eval(code, vars(module))
        return re.compile(pattern, *flag), method
    except (NameError, TypeError):
        return None, method


def _held_by(value: object, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    """Patterns in a module's global, which may be a table or a dataclass."""
    if isinstance(value, re.Pattern):
        yield cast("re.Pattern[Any]", value)
        return
    if depth > 4:
        return
    inner: list[object] = []
    if isinstance(value, dict):
        table = cast("dict[object, object]", value)
        inner = [*table, *table.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inner = list(cast("list[object]", value))
    elif is_dataclass(value) and not isinstance(value, type):
        inner = [getattr(value, one.name, None) for one in fields(value)]
    for one in inner:
        yield from _held_by(one, depth + 1)


def attacks(pattern: re.Pattern[Any]) -> list[Any]:
    """Texts of `LENGTH` characters: each repeat of the pattern fed on and on, then let down."""
    tree = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    texts = {"", " " * LENGTH, "a" * LENGTH, "0" * LENGTH, "\n" * LENGTH, "a " * (LENGTH // 2)}
    for before, body in _repeats(list(tree)):
        for pump in {body, body[:1], body + " "} - {""}:
            fed = (pump * LENGTH)[: LENGTH - len(before) - 1]
            texts |= {before + fed + "\x01", before + fed, fed + "\x01"}
    if isinstance(pattern.pattern, bytes):
        return [text.encode("latin-1", "replace") for text in texts]
    return list(texts)


def _repeats(nodes: list[Any], before: str = "") -> Iterator[tuple[str, str]]:
    """For each repeat: what leads up to it, and one round of it."""
    for code, argument in nodes:
        name = str(code)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            _, most, body = argument
            if int(most) > 8:
                yield before, _example(list(body))
            yield from _repeats(list(body), before)
        elif name == "SUBPATTERN":
            yield from _repeats(list(argument[3]), before)
        elif name == "BRANCH":
            for branch in argument[1]:
                yield from _repeats(list(branch), before)
        elif name == "ATOMIC_GROUP":
            yield from _repeats(list(argument), before)
        before += _example([(code, argument)])


def _example(nodes: list[Any]) -> str:
    """A text that these nodes match, or nearly."""
    return "".join(itertools.chain.from_iterable(_shown(str(code), arg) for code, arg in nodes))


def _shown(name: str, argument: Any) -> str:
    match name:
        case "LITERAL":
            return chr(argument)
        case "NOT_LITERAL":
            return "b" if argument == ord("a") else "a"
        case "ANY":
            return "a"
        case "IN":
            return _one_of(argument)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, _, body = argument
            return _example(list(body)) * max(1, int(least))
        case "SUBPATTERN":
            return _example(list(argument[3]))
        case "BRANCH":
            return _example(list(argument[1][0]))
        case "ATOMIC_GROUP":
            return _example(list(argument))
        case _:
            return ""


def _one_of(choices: list[tuple[Any, Any]]) -> str:
    """A character that a class takes."""
    names = [str(code) for code, _ in choices]
    if names[0] == "NEGATE":
        refused = re.compile("[" + "".join(_class_text(*one) for one in choices[1:]) + "]")
        return next(c for c in "a0 -_.:/x\x02\u2028" if not refused.match(c))
    code, argument = choices[0]
    match str(code):
        case "LITERAL":
            return chr(argument)
        case "RANGE":
            return chr(argument[0])
        case _:
            return {"CATEGORY_DIGIT": "0", "CATEGORY_SPACE": " "}.get(str(argument), "a")


def _class_text(code: Any, argument: Any) -> str:
    match str(code):
        case "LITERAL":
            return re.escape(chr(argument))
        case "RANGE":
            return re.escape(chr(argument[0])) + "-" + re.escape(chr(argument[1]))
        case _:
            words = {"CATEGORY_DIGIT": r"\d", "CATEGORY_SPACE": r"\s", "CATEGORY_WORD": r"\w"}
            return words.get(str(argument), r"\W")

"""The presets are data: complete, of the published shape, and read with a line for each fault."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files
from typing import Any, cast

import pytest

from proxy.limits.dialects import DIALECTS
from proxy.model import Preset, Provider, make_entry
from proxy.providers.presets import PresetError, load_presets, read_presets

PRESETS = load_presets()

# fmt: off
LISTED = [
    "openrouter", "groq", "cerebras", "gemini", "mistral", "nvidia", "cloudflare", "cohere",
    "huggingface", "zai", "siliconflow", "modelscope", "scaleway", "ovhcloud", "llm7", "ollama",
    "ollama-cloud", "lmstudio", "llamacpp", "vllm", "openai", "azure", "deepseek", "together",
    "fireworks", "nebius", "sambanova", "vercel", "openai-compatible",
]
# fmt: on


def resource(name: str) -> str:
    return files("proxy.providers").joinpath(name).read_text("utf-8")


def test_every_promised_preset_is_there() -> None:
    assert list(PRESETS) == LISTED


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_a_preset_says_what_a_person_needs(preset: Preset) -> None:
    assert preset.title
    assert preset.base_url or preset.id == "openai-compatible"
    assert not preset.needs_key or (preset.key_page and preset.key_env)
    assert not preset.free or (preset.checked and preset.source)
    assert preset.dialect in DIALECTS
    pools = {free.pattern for free in preset.free if free.scope == "pool"}
    assert pools <= set(preset.pools)
    if preset.local:
        assert preset.timeouts["first_token"] == preset.timeouts["plain"] == 300
        assert not preset.needs_key


def entry_limits(preset: str, model: str) -> dict[str, tuple[int, str, str, str]]:
    known = PRESETS[preset]
    provider = Provider(
        id=preset, preset=known, base_url=known.base_url, origin="https://x:443", account="a"
    )
    return {
        limit.word: (limit.size, limit.scope, limit.kind, limit.zone)
        for limit in make_entry(provider, model).limits
    }


@pytest.mark.parametrize(
    "preset, model, word, expected",
    [
        ("openrouter", "x/y:free", "rpm", (20, "pool", "clock", "UTC")),
        ("openrouter", "x/y:free", "rpd", (50, "pool", "clock", "UTC")),
        ("openrouter", "x/y", "rpd", None),
        ("groq", "llama-3.3-70b-versatile", "tpm", (12000, "model", "bucket", "UTC")),
        ("groq", "openai/gpt-oss-20b", "rpd", (1000, "model", "bucket", "UTC")),
        ("groq", "unheard-of", "rpd", None),
        ("cerebras", "gpt-oss-120b", "rpm", (5, "model", "bucket", "UTC")),
        ("gemini", "gemini-2.5-flash", "rpd", (20, "model", "clock", "America/Los_Angeles")),
        ("gemini", "gemini-2.5-flash", "rpm", (5, "model", "clock", "America/Los_Angeles")),
        ("cohere", "command-a", "rpmo", (1000, "account", "clock", "UTC")),
        ("modelscope", "Qwen/Q", "rpd", (200, "model", "clock", "Asia/Shanghai")),
        ("ollama-cloud", "gpt-oss:20b", "concurrent", (1, "account", "clock", "UTC")),
    ],
)
def test_free_limits_have_scope_and_kind(
    preset: str, model: str, word: str, expected: tuple[int, str, str, str] | None
) -> None:
    assert entry_limits(preset, model).get(word) == expected


def violations(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str) -> list[str]:
    """The keywords of JSON Schema that `presets.schema.json` uses, and no others."""
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        return violations(value, root["$defs"][name], root, at)
    found: list[str] = []
    types: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "number": (int, float),
    }
    kind = schema.get("type")
    if kind is not None and (
        not isinstance(value, types[kind]) or (kind != "boolean" and isinstance(value, bool))
    ):
        return [f"{at}: no {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: not one of {schema['enum']}")
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            found.append(f"{at}: too short")
        if not re.search(schema.get("pattern", ""), value):
            found.append(f"{at}: not like {schema['pattern']}")
    elif isinstance(value, dict):
        items = cast("dict[str, Any]", value)
        properties = schema.get("properties", {})
        other = schema.get("additionalProperties", True)
        found += [f"{at}: lacks {name}" for name in schema.get("required", []) if name not in items]
        if len(items) < schema.get("minProperties", 0):
            found.append(f"{at}: empty")
        for name, item in items.items():
            inner = properties.get(name, other)
            if inner is False:
                found.append(f"{at}: unknown {name}")
            elif isinstance(inner, dict):
                found += violations(item, cast("dict[str, Any]", inner), root, f"{at}.{name}")
    elif isinstance(value, list):
        listed = cast("list[Any]", value)
        if len(listed) < schema.get("minItems", 0):
            found.append(f"{at}: empty")
        for index, item in enumerate(listed):
            found += violations(item, schema.get("items", {}), root, f"{at}.{index}")
    elif isinstance(value, int | float) and (
        value < schema.get("minimum", value) or value <= schema.get("exclusiveMinimum", -1)
    ):
        found.append(f"{at}: too small")
    return found


def test_the_file_keeps_to_its_schema() -> None:
    schema = json.loads(resource("presets.schema.json"))
    assert violations(tomllib.loads(resource("presets.toml")), schema, schema, "presets") == []


def test_the_schema_knows_exactly_the_fields_and_dialects() -> None:
    schema = json.loads(resource("presets.schema.json"))
    properties = schema["$defs"]["preset"]["properties"]
    assert set(properties) == set(Preset.__dataclass_fields__) - {"id"}
    assert set(properties["dialect"]["enum"]) == set(DIALECTS)


def test_the_schema_refuses_what_is_wrong() -> None:
    schema = json.loads(resource("presets.schema.json"))
    wrong: dict[str, Any] = {
        "x": {"titel": "X", "zone": "Mars", "kinds": {"week": "clock"}, "free": []}
    }
    assert len(violations(wrong, schema, schema, "presets")) == 5


@pytest.mark.parametrize(
    "text, line, words",
    [
        ("[a]\ntitle = ", 2, "Invalid value"),
        ('[a]\ntitle = "A"\nbase_ulr = "x"\n', 3, "has no field `base_ulr`"),
        ("[a]\ntitle = 1\n", 2, "`title` must be a string"),
        ("[a]\nlocal = true\n", 1, "needs a `title`"),
        ('[a]\ntitle = "A"\n\n[b]\ntitle = "B"\nlocal = "yes"\n', 6, "true or false"),
        ('[a]\ntitle = "A"\nzone = "Mars/Olympus"\n', 3, "no known time zone"),
        ('[a]\ntitle = "A"\nkinds = { day = "lunar" }\n', 3, "no kind"),
        ('[a]\ntitle = "A"\ntimeouts = { plain = -1 }\n', 3, "above 0"),
        ('[a]\ntitle = "A"\npools = "x"\n', 3, "list of strings"),
        (
            '[a]\ntitle = "A"\n[[a.free]]\nscope = "model"\npattern = "*"\nsizes = { rps = 1 }\n',
            3,
            "`rps` is no limit",
        ),
        ("a = 1\n", 1, "must be a table"),
    ],
)
def test_a_fault_names_file_and_line(text: str, line: int, words: str) -> None:
    with pytest.raises(PresetError) as caught:
        read_presets(text, "presets.toml")
    assert str(caught.value).startswith(f"presets.toml:{line}: ")
    assert words in str(caught.value)


def test_loading_is_done_once() -> None:
    assert load_presets() is PRESETS

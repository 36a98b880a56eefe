"""Text from outside."""

from __future__ import annotations

import os
import re
import time
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.text import REDACTED, Redactor, header_value, safe_text, trail_header

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "300"))

HOSTILE = [
    chr(code)
    for code in (
        *(*range(0x20), *range(0x7F, 0xA0), 0xAD, 0x61C, 0x180E),
        *(*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070)),
        *(0xFEFF, 0xFFFE, 0xD800, 0xDFFF, 0xE0001, 0xE0041, 0xE0100),
    )
]

TEXTS = st.text(st.characters(codec=None) | st.sampled_from(HOSTILE), max_size=40)


@pytest.mark.parametrize(
    "text, shown",
    [
        ("plain äöü 日本 😀 \\x1b [/foo]", "plain äöü 日本 😀 \\x1b [/foo]"),
        ("\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x9b31m\x7f", "\\x9b31m\\x7f"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\u200bb\u2028", "a\\u200bb\\u2028"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_acts_or_hides_is_shown(text: str, shown: str) -> None:
    assert safe_text(text) == shown


@pytest.mark.parametrize("char", HOSTILE)
def test_each_hostile_character(char: str) -> None:
    assert char not in safe_text(f"a{char}b")
    assert (char in safe_text(f"a{char}b", lines=True)) is (char in "\n\t")


def test_a_long_text_is_cut() -> None:
    assert safe_text("x" * 256) == "x" * 256
    assert safe_text("x" * 257) == "x" * 253 + "..."
    assert safe_text("\x1b" * 100, 10) == "\\x1b\\x1..."
    assert safe_text("abcdef", 2) == "ab"


@settings(max_examples=EXAMPLES)
@given(text=TEXTS, limit=st.integers(0, 60), lines=st.booleans())
def test_safe_text_is_safe_short_and_idempotent(text: str, limit: int, lines: bool) -> None:
    shown = safe_text(text, limit, lines=lines)
    assert len(shown) <= limit
    assert safe_text(shown, limit, lines=lines) == shown
    shown.encode()
    for char in shown:
        assert char in "\n\t" * lines or unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}


KEY = "abcdEFGH12345678+/xyzwvuTSRQ9876"


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"Incorrect key {KEY}!",
        f"authorization: Bearer {KEY}",
        b64encode(KEY.encode()).decode(),
        urlsafe_b64encode(KEY.encode()).decode(),
        b64encode(f"user:{KEY}".encode()).decode(),
        b64encode(f"u:{KEY}x".encode()).decode(),
        b64encode(f"x{KEY}".encode()).decode(),
        quote(KEY, safe=""),
        f"key {KEY[:8]}... is wrong",
        f"key ending in {KEY[-8:]}",
        f"{KEY[:8]}***********{KEY[-4:]}",
    ],
)
def test_a_known_secret_in_any_form(text: str) -> None:
    told = Redactor([KEY, "another-secret"]).redact(text)
    assert REDACTED in told
    for form in (KEY, KEY[:8], KEY[-8:], b64encode(KEY.encode()).decode()[8:24]):
        assert form not in told


@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-abcdefGHIJ1234567890",
        "sk-or-v1-0123456789abcdef0123456789abcdef",
        "sk-ant-api03-abc_def-123",
        "gsk_abcdefghijklmnop",
        "csk-abcdefghijklmnop",
        "AIzaSyA-1234567890abcdefg",
        "nvapi-abc-DEF_123456",
        "hf_abcdefghijklmnop",
        "sk-inval**********6789",
        "sk-or-v1-abc...xyz",
        "abcdefgh****wxyz",
        "****c9d8",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    ],
)
def test_what_looks_like_a_key(key: str) -> None:
    told = Redactor().redact(f'{{"message":"Incorrect API key: {key}. Find yours at ..."}}')
    assert told == f'{{"message":"Incorrect API key: {REDACTED}. Find yours at ..."}}'


@pytest.mark.parametrize(
    "text",
    [
        "Rate limit reached for model `llama-3.3-70b-versatile` in organization org_01: 30 rpm",
        "task-management and risk-assessment, a disk-based desk-top",
        "No endpoints found for meta-llama/llama-3.3-70b-instruct:free.",
        "Missing bearer authentication",
        "**bold** and *** a rule ***",
        "Please try again in 7.66s. Visit https://console.groq.com/docs/rate-limits",
        "",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert Redactor(["", "x", "abc"]).redact(text) == text


def test_bearer_of_any_shape() -> None:
    assert Redactor().redact("Bearer abc123.def, more") == f"Bearer {REDACTED}, more"
    assert Redactor().redact("BEARER  0123456") == f"BEARER  {REDACTED}"


def test_a_redactor_does_not_show_what_it_knows() -> None:
    assert KEY not in repr(Redactor([KEY]))


def test_detail_is_one_short_redacted_line() -> None:
    redactor = Redactor([KEY])
    assert redactor.detail(f"no\n  good: {KEY}\x1b[31m") == f"no good: {REDACTED}\\x1b[31m"
    # The cut must not leave the beginning of a key that was not recognised any more.
    told = redactor.detail("x" * 190 + KEY)
    assert told == "x" * 190 + REDACTED
    assert len(redactor.detail("y " * 5000)) == 200


@settings(max_examples=EXAMPLES)
@given(before=TEXTS, after=TEXTS, secret=st.text("abcXYZ019-_+/=", min_size=6, max_size=40))
def test_a_secret_never_comes_through(before: str, after: str, secret: str) -> None:
    redactor = Redactor([secret])
    if secret not in REDACTED:
        assert secret not in redactor.redact(f"{before}{secret}{after}")
        assert len(redactor.detail(f"{before}{secret}{after}")) <= 200


@pytest.mark.parametrize(
    "unit",
    [
        "sk-",
        "-eyJaaaaaaaaa",
        "eyJ",
        "*",
        "a",
        "-",
        "a*",
        "bearer ",
        "bearer\t\t",
        "sk-aaaaaaaa.",
        " ",
    ],
)
def test_no_text_makes_redaction_slow(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    started = time.perf_counter()
    Redactor([KEY]).redact(text)
    safe_text(text)
    assert time.perf_counter() - started < 0.5  # 100 KB of the worst took 30 ms when written


@pytest.mark.parametrize(
    "name, value",
    [
        ("openrouter/meta-llama/llama-3.3-70b:free", "openrouter/meta-llama/llama-3.3-70b:free"),
        ("a/b c", "a/b%20c"),
        ("a/b,c=d%e", "a/b%2Cc%3Dd%25e"),
        ("a/é\r\n", "a/%C3%A9%0D%0A"),
        ("a/\ud800", "a/%ED%A0%80"),
    ],
)
def test_header_value(name: str, value: str) -> None:
    assert header_value(name) == value


@settings(max_examples=EXAMPLES)
@given(name=TEXTS)
def test_header_values_are_plain_and_can_be_read_back(name: str) -> None:
    value = header_value(name)
    assert re.fullmatch(r"[!-+\--<>-~]*", value)
    assert unquote(value, "utf-8", "surrogatepass") == name


def test_trail_header() -> None:
    assert trail_header([]) == ""
    assert trail_header([("a/b", "429"), ("c/d e", "skipped:rpm")]) == "a/b=429,c/d%20e=skipped:rpm"


def test_a_long_trail_is_cut_between_its_pairs() -> None:
    pairs = [(f"provider/model-{number}", "429") for number in range(100)]
    trail = trail_header(pairs)
    assert len(trail) <= 1024
    *whole, cut = trail.split(",")
    assert cut == "..."
    assert whole == [f"{name}={word}" for name, word in pairs[: len(whole)]]
    assert len(trail) > 1000
    exact = [("p/" + "m" * 509, "ok"), ("p/" + "m" * 504, "ok")]
    assert len(trail_header(exact)) == 1024
    assert trail_header(exact).endswith("=ok")
    assert trail_header([("m" * 2000, "ok")]) == "m" * 1021 + "..."

"""Targets: what makes text from outside fit to be shown, logged or sent as a header."""

from __future__ import annotations

import unicodedata
from base64 import b64encode
from urllib.parse import quote

from hypothesis import strategies as st

from proxy.text import DETAIL_LENGTH, TRAIL_LENGTH, Redactor, header_value, safe_text, trail_header
from tests.fuzz.target import Target

_HOSTILE = st.sampled_from(
    [
        *(
            "\x1b]52;c;AAAA\x07",
            "\x1b[2J",
            "\x9b31m",
            "\x90q\x9c",
            "\r\n",
            "\x00",
            "\u202e",
            "\u2028",
        ),
        *(
            "[/foo]",
            "[@click=app.quit]x[/]",
            "<script>",
            "=cmd|",
            "\ud83d",
            "z̷̢̧̛",
            "\ufeff",
            "\U000e0041",
        ),
        *("%0d%0a", ",=%", "\\x1b", "..."),
    ]
)
_TEXTS = st.lists(_HOSTILE | st.text(st.characters(codec=None), max_size=10), max_size=12).map(
    "".join
)
_ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _cleans(case: tuple[str, int, bool]) -> None:
    text, limit, lines = case
    shown = safe_text(text, limit, lines=lines)
    assert len(shown) <= limit
    acting = {c for c in shown if unicodedata.category(c) in _ACTING}
    # Format characters of some scripts shape letters and do nothing else.
    assert not {c for c in acting if unicodedata.category(c) != "Cf"} - (
        {"\n", "\t"} if lines else set()
    )
    assert not acting & set(
        "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2069\ufeff\u00ad"
    )
    assert safe_text(shown, limit, lines=lines) == shown
    shown.encode()


_SECRETS = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=40
).filter(lambda secret: not set(secret) <= set(".[]redacted*"))


def _redacts(case: tuple[str, str, str]) -> None:
    secret, before, after = case
    redactor = Redactor([secret])
    encoded = b64encode(secret.encode()).decode()
    for form in (secret, quote(secret, safe=""), encoded):
        redacted = redactor.redact(before + form + after)
        assert form not in redacted.replace("[redacted]", "\0"), redacted
    told = redactor.detail(before + secret + after)
    assert len(told) <= DETAIL_LENGTH
    assert secret not in told.replace("[redacted]", "\0")


def _fits_a_header(pairs: list[tuple[str, str]]) -> None:
    trail = trail_header(pairs)
    assert len(trail) <= TRAIL_LENGTH
    for value in (trail, *(header_value(name) for name, _ in pairs)):
        assert all(0x21 <= ord(c) <= 0x7E for c in value), value


TARGETS = (
    Target("shown text", st.tuples(_TEXTS, st.integers(0, 60), st.booleans()), _cleans),
    Target("redaction", st.tuples(_SECRETS, _TEXTS, _TEXTS), _redacts),
    Target("header values", st.lists(st.tuples(_TEXTS, _TEXTS), max_size=20), _fits_a_header),
)

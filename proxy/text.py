"""Text from outside, made fit to be shown: visible, redacted, short, or a header's value.

Whatever a provider, a client or a config file wrote passes one of these before it reaches a
terminal, a log, an error or a header.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"
DETAIL_LENGTH = 200
TRAIL_LENGTH = 1024

_CUT = "..."

_UNSEEN = (
    r"\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers
    r"\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero-width, line separators, bidi
    r"\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"  # fillers, BOM, annotations, no characters
    r"\ud800-\udfff"  # lone surrogates
    r"\U000e0000-\U000e0fff"  # tags and further variation selectors: text nobody sees
)
_HIDDEN = re.compile(f"[{_UNSEEN}]")
_HIDDEN_IN_LINES = re.compile(f"(?![\n\t])[{_UNSEEN}]")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def safe_text(text: str, limit: int = 256, *, lines: bool = False) -> str:
    """`text` with everything that would act or hide made visible as an escape (`\\x1b`).

    At most `limit` characters, cut with `...`. `lines` keeps line feeds and tabs. Idempotent.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    hidden = _HIDDEN_IN_LINES if lines else _HIDDEN
    # An escape is longer than what it stands for, so nothing behind `limit` can be in the result.
    shown = hidden.sub(_escape, text[: limit + 1])
    if len(shown) <= limit:
        return shown
    return shown[: limit - len(_CUT)] + _CUT if limit > len(_CUT) else shown[:limit]


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_MASK = r"(?:\.{3}|\u2026|\*{3,64})[\w\-]{0,12}"
"""How providers shorten a key that they repeat: `sk-inval**********6789`, `sk-or-v1-abc...xyz`."""

_KEY_PREFIXES = (
    *("sk-", "rk-", "csk-", "nvapi-", "xai-", "pplx-", "cpk-"),
    *("gsk_", "hf_", "fw_", "tgp_", "r8_", "ghp_", "gho_", "github_pat_", "AIza"),
)
_KEY_SHAPE = re.compile(
    rf"""
    (?<![A-Za-z0-9]) (?:{"|".join(_KEY_PREFIXES)}) [\w\-]{{8,}} (?:{_MASK})?
    | (?<![\w\-])[\w\-]{{1,64}}\*{{3,64}}[\w\-]{{0,12}}
    | (?<!\*)\*{{3,64}}[\w\-]{{2,12}}
    | (?<![\w\-])eyJ[\w\-]{{8,}}\.[\w\-]{{8,}}(?:\.[\w\-]+)?
    """,
    re.VERBOSE | re.ASCII,
)
_BEARER = re.compile(
    r"\b(bearer\s{1,8})(?=\S{0,200}\d|\S{20})[\w.~+/=\-]{6,}", re.ASCII | re.IGNORECASE
)

_KEY_HINTS = (*_KEY_PREFIXES, "***", "eyJ")
"""One of them is in whatever has the shape of a key: most texts need no closer look."""

_SHORTEST_SECRET = 6
"""What is shorter cannot be told from a word of an ordinary sentence."""
_SHORTEST_SPLIT = 16
"""From here on the first and the last eight characters give away enough to be hidden too."""
_FRAGMENT = 8


class Redactor:
    """Takes the secrets it knows, and whatever looks like a key, out of a text.

    Made anew with each configuration. Knows each secret literally, in base64, URL-quoted, and by
    its first and last eight characters, which providers repeat in their refusals.
    """

    __slots__ = ("_forms",)

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret.strip())}
        self._forms = sorted(forms, key=len, reverse=True)

    def redact(self, text: str) -> str:
        for form in self._forms:
            if form in text:
                text = text.replace(form, REDACTED)
        if "earer" in text.lower():
            text = _BEARER.sub(rf"\1{REDACTED}", text)
        for hint in _KEY_HINTS:
            if hint in text:
                return _KEY_SHAPE.sub(REDACTED, text)
        return text

    def detail(self, text: str) -> str:
        """One redacted, harmless line of at most `DETAIL_LENGTH` characters."""
        return safe_text(" ".join(self.redact(text).split()), DETAIL_LENGTH)


def _forms(secret: str) -> set[str]:
    """Every spelling in which a secret may come back."""
    if len(secret) < _SHORTEST_SECRET:
        return set()
    forms = {secret, quote(secret, safe=""), quote_plus(secret), *_base64_forms(secret)}
    if len(secret) >= _SHORTEST_SPLIT:
        forms |= {secret[:_FRAGMENT], secret[-_FRAGMENT:]}
    return forms


def _base64_forms(secret: str) -> set[str]:
    """What stays the same of a secret's base64 wherever it stands in the encoded text."""
    raw = secret.encode("utf-8", "surrogatepass")
    forms = {b64encode(raw).decode().rstrip("=")}
    for offset, skipped in ((0, 0), (1, 2), (2, 3)):
        encoded = b64encode(bytes(offset) + raw).decode()
        whole = len(encoded) if (offset + len(raw)) % 3 == 0 else len(encoded) - 4
        core = encoded[skipped:whole]
        if len(core) >= _SHORTEST_SECRET:
            forms.add(core)
    return forms | {form.replace("+", "-").replace("/", "_") for form in forms}


_NOT_IN_HEADER = re.compile(r"[^!-~]|[,=%]")
_HEADER_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in ",=%")


def header_value(name: str) -> str:
    """`name` as ASCII, percent-encoded where it holds `, = %`, a blank or anything unprintable."""
    # Of a longer one, which only a client can bring, nothing is kept.
    return _known_header_value(name) if len(name) <= _LONGEST_KNOWN else _header_value(name)


def _header_value(name: str) -> str:
    if _NOT_IN_HEADER.search(name) is None:
        return name
    return quote(name.encode("utf-8", "surrogatepass"), safe=_HEADER_SAFE)


_LONGEST_KNOWN = 128
_known_header_value = lru_cache(maxsize=1024)(_header_value)
"""The same names and words, request after request."""


def trail_header(pairs: Iterable[tuple[str, str]]) -> str:
    """`x-429chain-trail` of (entry, WORD) pairs: `a/b=429,c/d=ok`.

    At most `TRAIL_LENGTH` characters; where that is too little, whole pairs are left off at the end
    and `...` says so.
    """
    return fit_trail(trail_text(pairs))


def trail_text(pairs: Iterable[tuple[str, str]]) -> str:
    """`x-429chain-trail` of pairs; where it is too long, not all of what is beyond."""
    told: list[str] = []
    length = -1
    for entry, word in pairs:
        pair = f"{header_value(entry)}={header_value(word)}"
        told.append(pair)
        length += 1 + len(pair)
        if length > TRAIL_LENGTH:
            break
    return ",".join(told)


def fit_trail(trail: str) -> str:
    """`trail` as long as a header may be; whole pairs are left off at its end."""
    if len(trail) <= TRAIL_LENGTH:
        return trail
    room = TRAIL_LENGTH - len(_CUT)
    return trail[: trail.rfind(",", 0, room) + 1 or room] + _CUT

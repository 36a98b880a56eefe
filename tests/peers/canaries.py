"""Secrets as they could turn up in what the product writes and answers (case 125)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import quote


def canaries(secret: str) -> list[bytes]:
    """The secret as it is, in URLs and in base64, also in the middle of other text."""
    encoded = b64encode(secret.encode()).rstrip(b"=")
    # Without its ends: the neighbours of a secret change those of its base64.
    shifted = [b64encode(b"x" * by + secret.encode()).rstrip(b"=")[4:-4] for by in (1, 2)]
    return [secret.encode(), quote(secret, safe="").encode(), encoded[4:-4], *shifted]


def leaked(written: bytes, secrets: Iterable[str]) -> list[str]:
    """Those of the secrets that stand in `written` in any form."""
    return [one for one in secrets if any(form in written for form in canaries(one))]

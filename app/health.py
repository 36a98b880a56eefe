"""`python -m chain429.app.health`: does the instance in this container answer? Exit code 0 or 1.

For a container's health check, where neither curl nor a key is at hand. It imports nothing of
ours, for it runs every few seconds beside the proxy. Where the instance listens stands in the lock
file of `$CHAIN429_DATA_DIR`; one that keeps none there (the demo) is asked on the usual port.
"""

from __future__ import annotations

import json
import os
import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_LOCK = "429chain.lock"
_USUAL = "http://127.0.0.1:4290"
_PATIENCE = 4.0
"""Seconds; a container's health check is given 5."""


def main() -> int:
    """Ask, say in one line what came of it, and return the exit code."""
    url = announced(Path(os.environ.get("CHAIN429_DATA_DIR", ""), _LOCK)) or _USUAL
    problem = trouble(url)
    told = f"{url}: {problem or 'ok'}\n"
    (sys.stderr if problem else sys.stdout).write(told)
    return 1 if problem else 0


def announced(lock: Path) -> str | None:
    """The proxy's address in the lock file at `lock`; None where it says none."""
    try:
        told: Any = json.JSONDecoder().raw_decode(lock.read_text("utf-8", "replace"))[0]
        url: Any = told["serves"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return url if isinstance(url, str) else None


def trouble(url: str) -> str | None:
    """Why the instance at `url` is not healthy, in a few words; None: it is."""
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"no answer ({type(error).__name__})"
    finally:
        connection.close()
    return None if status == 200 else f"answers {status}"


if __name__ == "__main__":
    sys.exit(main())

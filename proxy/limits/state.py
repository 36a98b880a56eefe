"""A subject's state as bytes that outlive the process."""

from __future__ import annotations

from typing import cast

import orjson

from proxy.clock import Clock
from proxy.limits.subjects import Subject, SubjectScope

_VERSION = 2


def dump(subject: Subject, clock: Clock) -> bytes:
    """JSON: the subject's state with moments as seconds from `at` (epoch)."""
    return orjson.dumps({"v": _VERSION, "at": clock.wall(), "state": subject.dump(clock.now())})


def load(key: str, blob: bytes, clock: Clock) -> Subject | None:
    """The subject saved under `key`; None when it is damaged or of another version.

    Time that passed while we were not running counts. A clock that was set back meanwhile blocks
    nothing longer than it was to be blocked when it was saved.
    """
    account, _, rest = key.partition("|")
    scope, _, name = rest.partition("|")
    try:
        saved = orjson.loads(blob)
        if saved["v"] != _VERSION or not account:
            return None
        passed = max(0.0, clock.wall() - saved["at"])
        subject = Subject(key, cast("SubjectScope", scope), name, clock)
        subject.load(saved["state"], clock.now() - passed)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError):
        return None
    return subject

"""The instance as a whole, as the mock-ups show it."""

from __future__ import annotations

from dataclasses import replace

from app.snapshot import Counts, Status
from tests.screens.scene import NOW


def busy() -> Status:
    """At the moment of the mock-ups."""
    counts = Counts(
        in_flight=3,
        waiting=0,
        requests_per_minute=9,
        requests_today=1284,
        failed_today=2,
        tokens_today=1_940_000,
        tokens_out_today=330_000,
        saved_today_usd=4.72,
        waterfalled_share=0.38,
        entries=9,
        entries_out=5,
        config_version=7,
    )
    return Status(
        version="0.1.0",
        time=NOW,
        uptime_s=50_671.0,
        pid=4290,
        base_url="http://127.0.0.1:4290/v1",
        config_path="/home/me/config.toml",
        config_error=None,
        config_warnings=(),
        restart_needed=False,
        restart_keys=(),
        default_chain="free",
        counts=counts,
        loop_lag_ms=2.0,
        log_healthy=True,
        log_rows_lost=0,
    )


def nothing() -> Status:
    """Of an instance that has no provider and no chain yet."""
    counts = Counts(
        in_flight=0,
        waiting=0,
        requests_per_minute=0,
        requests_today=0,
        failed_today=0,
        tokens_today=0,
        tokens_out_today=0,
        saved_today_usd=None,
        waterfalled_share=None,
        entries=0,
        entries_out=0,
        config_version=7,
    )
    return replace(busy(), counts=counts, default_chain="")

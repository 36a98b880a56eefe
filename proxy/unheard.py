"""What is told to a client whose request no handler has seen: its bytes were no HTTP."""

from __future__ import annotations

from aiohttp import web

from proxy.dialects.spoken import spoken
from proxy.engine import new_request_id
from proxy.errors import RequestFault
from proxy.replies import fault_reply


def unheard_reply(status: int, message: str) -> web.Response:
    """OpenAI's error object: which path was meant, and so which format, nobody knows."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    fault = RequestFault(message, status=status, type=kind)
    return fault_reply(fault, spoken("", {}), new_request_id())

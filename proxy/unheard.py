"""What is told to a client whose request no handler has seen: its bytes were no HTTP."""

from __future__ import annotations

from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from proxy.client_request import HttpReply
from proxy.dialects.spoken import spoken
from proxy.engine import new_request_id
from proxy.errors import RequestFault
from proxy.replies import fault_reply

LONGEST_LINE = 8190
"""Bytes of a line of a request's head."""


def unheard_reply(error: HttpProcessingError) -> HttpReply:
    """OpenAI's error object: which path was meant, and so which format, nobody knows.

    The parser's own words may quote what came.
    """
    message = "What came is no proper HTTP request."
    if isinstance(error, LineTooLong):
        message = f"A line of the request's head is longer than {LONGEST_LINE:,} bytes."
    return fault_reply(RequestFault(message), spoken("", {}), new_request_id())

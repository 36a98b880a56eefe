"""The one place where the version stands; setuptools reads it from here."""

from __future__ import annotations

VERSION = "0.1.0"

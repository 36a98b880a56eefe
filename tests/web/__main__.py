"""Pictures of the web view: `make shots-web`, or `python -m tests.web FOLDER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.web.pictures import take

if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    asyncio.run(take(folder, tell=print))

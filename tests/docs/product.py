"""`python -m tests.docs.product FLAGS`: 429chain, with presets that lead to simulated providers.

`DOCS_PRESETS` is a JSON object of preset to base_url. All other presets lead nowhere.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from dataclasses import replace

from app.__main__ import run

PRESETS = "DOCS_PRESETS"
_NOWHERE = "http://127.0.0.1:9"
_LOADER = "load_presets"


def main() -> int:
    module = importlib.import_module("proxy.providers.presets")
    addresses: dict[str, str] = json.loads(os.environ[PRESETS])
    moved = {
        id: replace(preset, base_url=addresses.get(id, _NOWHERE))
        # Without an address, or with a gap in it, it leads nowhere anyway.
        if preset.base_url and "{" not in preset.base_url
        else preset
        for id, preset in module.load_presets().items()
    }
    setattr(module, _LOADER, lambda: moved)
    return run()


if __name__ == "__main__":
    sys.exit(main())

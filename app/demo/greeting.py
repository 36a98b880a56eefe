"""What the demo tells whoever started it: what to paste, and where it can be looked at."""

from __future__ import annotations

from pydantic import SecretStr

from app.demo.farm import CLIENT_KEY
from app.standard_streams import write_out


def greet(base_url: str, admin_url: str | None, token: SecretStr | None) -> None:
    """Write it to stdout. The token is good for this one run."""
    write_out(demo_greeting(base_url, CLIENT_KEY))
    if admin_url is not None and token is not None:
        write_out(f"  admin API: {admin_url}, token {token.get_secret_value()}\n\n")


def demo_greeting(base_url: str, key: str) -> str:
    """The lines to paste in another terminal."""
    return f"""
429chain demo: simulated providers, real limits. Your programs can use it now:

  export OPENAI_BASE_URL={base_url} OPENAI_API_KEY={key}

  curl -i {base_url}/chat/completions \\
    -H 'authorization: Bearer {key}' -H 'content-type: application/json' \\
    -d '{{"model": "free", "messages": [{{"role": "user", "content": "Hello"}}]}}'

"""

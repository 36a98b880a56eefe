"""The command line. Nothing heavy is imported before it is known what for."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from app.options import Options, UserError
from app.version import VERSION

_DESCRIPTION = """\
One OpenAI-compatible address for all your free LLM accounts: when one is rate limited, the next
one in your chain answers.
"""

_EPILOG = """\
examples:
  429chain --demo                 try it: simulated providers, no account needed
  429chain init                   write a config from the provider keys in the environment
  429chain check --probe          is the config right, do the keys work?
  429chain --no-tui               serve, for Docker and servers

Without --config it is $CHAIN429_CONFIG, else ./config.toml, else the one in your user config
folder. Exit codes: 0 ok, 1 something to mend, 2 wrong usage, 130 ctrl+c.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    options = Options(
        config=arguments.config,
        data_dir=arguments.data_dir,
        host=arguments.host,
        port=arguments.port,
        admin_port=arguments.admin_port,
        log_level=arguments.log_level,
        demo=arguments.demo,
        quiet=arguments.quiet,
        no_tui=arguments.no_tui,
    )
    try:
        match arguments.command:
            case "init":
                return _init(options, force=arguments.force)
            case "check":
                return _check(options, probe=arguments.probe)
            case _:
                return _serve(options)
    except UserError as error:
        print(f"429chain: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="429chain",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"429chain {VERSION}")
    _add_flags(parser, first=True)
    parser.add_argument("--demo", action="store_true", help="run on simulated providers")
    parser.add_argument("--quiet", action="store_true", help="the demo sends nothing by itself")
    parser.add_argument("--no-tui", action="store_true", help="serve without a terminal interface")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    init = commands.add_parser("init", help="write a commented config file")
    init.add_argument("--force", action="store_true", help="overwrite the file that is there")
    check = commands.add_parser("check", help="validate the config file")
    check.add_argument("--probe", action="store_true", help="ask each provider, at no cost")
    for command in (init, check):
        _add_flags(command, first=False)
    return parser


def _add_flags(parser: argparse.ArgumentParser, *, first: bool) -> None:
    """The flags that go before or after a subcommand.

    A subcommand's parser must not set its own default over what stood before it.
    """

    def default(value: object) -> object:
        return value if first else argparse.SUPPRESS

    flags = parser.add_argument_group("flags")
    flags.add_argument("--config", type=Path, metavar="FILE", default=default(None))
    flags.add_argument(
        "--data-dir", type=Path, metavar="DIR", default=default(None), help="database and log"
    )
    flags.add_argument("--host", default=default(None), help="address to listen on")
    flags.add_argument("--port", type=_port, default=default(None), help="OpenAI-compatible API")
    flags.add_argument("--admin-port", type=_port, default=default(None), help="admin API; 0: off")
    flags.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default=default("info"),
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port (0 to 65535)")
    return int(text)


def _init(options: Options, *, force: bool) -> int:
    from app.init import init
    from proxy.providers.presets import load_presets
    from store.paths import config_path
    from store.problems import ConfigError

    # A new file goes where a start without flags would look for it.
    path = config_path(options.config, os.environ)
    try:
        result = asyncio.run(init(path, environ=os.environ, presets=load_presets(), force=force))
    except (ConfigError, OSError) as error:
        raise UserError(str(error)) from None
    print("\n".join(result.lines()))
    return 0


def _check(options: Options, *, probe: bool) -> int:
    from app.check import check
    from proxy.providers.presets import load_presets
    from store.paths import config_path

    result = asyncio.run(
        check(
            config_path(options.config, os.environ),
            presets=load_presets(),
            environ=os.environ,
            overrides=options.overrides(),
            probe=probe,
        )
    )
    print("\n".join(result.lines))
    return 0 if result.ok else 1


def _serve(options: Options) -> int:
    from app.main import serve

    return serve(options)

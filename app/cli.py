"""The command line. Nothing heavy is imported before it is known what for."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from app.options import Options, UserError
from app.standard_streams import guard_standard_streams, write_out
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
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.quiet and not arguments.demo:
        parser.error("--quiet goes with --demo")
    if arguments.demo and arguments.command:
        parser.error(f"--demo needs no {arguments.command}: it brings its own configuration")
    if arguments.demo and arguments.config:
        parser.error("--demo brings its own configuration: leave out --config, or --demo")
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
    guard_standard_streams()
    try:
        match arguments.command:
            case "init":
                return _init(options, force=arguments.force)
            case "check":
                return _check(options, probe=arguments.probe)
            case "status":
                return _status(options, arguments)
            case "ask":
                return _ask(options, arguments)
            case "attach":
                return _attach(options, arguments)
            case "connect":
                return _connect(options, arguments.client)
            case "backup":
                return _backup(options, arguments.file)
            case _:
                return _serve(options)
    except UserError as error:
        for line in str(error).splitlines():
            print(f"429chain: {line}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="429chain",
        usage="429chain [FLAGS] [COMMAND]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_flags(parser, first=True)
    parser.add_argument("--demo", action="store_true", help="run on simulated providers")
    parser.add_argument("--quiet", action="store_true", help="the demo sends nothing by itself")
    parser.add_argument("--no-tui", action="store_true", help="serve without a terminal interface")
    commands = parser.add_subparsers(
        prog="429chain", title="commands", dest="command", metavar="COMMAND"
    )
    told = "write a commented config file"
    init = commands.add_parser("init", help=told, description=told, allow_abbrev=False)
    init.add_argument("--force", action="store_true", help="overwrite the file that is there")
    told = "validate the config file"
    check = commands.add_parser("check", help=told, description=told, allow_abbrev=False)
    check.add_argument("--probe", action="store_true", help="ask each provider, at no cost")
    told = "what the running instance does: every chain entry, its limits, why it is skipped"
    status = commands.add_parser("status", help=told, description=told, allow_abbrev=False)
    status.add_argument("--json", action="store_true", help="for programs")
    told = "send one prompt through the running instance, and say who answered"
    ask = commands.add_parser("ask", help=told, description=told, allow_abbrev=False)
    ask.add_argument("prompt", metavar="PROMPT")
    ask.add_argument("--chain", metavar="NAME", help="another chain than the default one")
    told = "the terminal interface on an instance that runs elsewhere"
    attach = commands.add_parser("attach", help=told, description=told, allow_abbrev=False)
    attach.add_argument(
        "address", nargs="?", metavar="URL", help="of its admin port, such as http://box.lan:4291"
    )
    told = "print the lines to paste into a client (codex, claude-code, openai, ...)"
    connect = commands.add_parser("connect", help=told, description=told, allow_abbrev=False)
    connect.add_argument("client", metavar="CLIENT", help="one of those that docs/clients.md lists")
    told = "write the config and a copy of the database into a tar.gz"
    backup = commands.add_parser("backup", help=told, description=told, allow_abbrev=False)
    backup.add_argument("file", type=Path, metavar="FILE", help="a new one, such as 429chain.tgz")
    for command in (status, ask, attach):
        _add_address(command)
    for command in (init, check, status, ask, attach, connect, backup):
        _add_flags(command, first=False)
    return parser


def _add_flags(parser: argparse.ArgumentParser, *, first: bool) -> None:
    """The flags that go before or after a subcommand.

    A subcommand's parser must not set its own default over what stood before it.
    """

    def default(value: object) -> object:
        return value if first else argparse.SUPPRESS

    parser.add_argument("--version", action="version", version=f"429chain {VERSION}")
    flags = parser.add_argument_group("flags, before or after a command")
    flags.add_argument(
        "--config", type=Path, metavar="FILE", default=default(None), help="the config file"
    )
    flags.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        default=default(None),
        help="folder of the database and the log",
    )
    flags.add_argument(
        "--host", metavar="ADDRESS", default=default(None), help="to listen on (127.0.0.1)"
    )
    flags.add_argument(
        "--port",
        type=_port,
        metavar="PORT",
        default=default(None),
        help="of the OpenAI-compatible API (4290)",
    )
    flags.add_argument(
        "--admin-port",
        type=_port_or_off,
        metavar="PORT",
        default=default(None),
        help="of the admin API and the web view (4291); 0: off",
    )
    flags.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        metavar="LEVEL",
        default=default("info"),
        help="debug, info (default), warning or error",
    )


def _add_address(parser: argparse.ArgumentParser) -> None:
    """Which running instance; its token is no flag, for others on the machine read those."""
    address = parser.add_argument_group("instance")
    told = "of its admin port; default: $CHAIN429_URL, else the config's own"
    address.add_argument("--url", metavar="URL", help=told)
    told = "let the token go over plain http to another machine"
    address.add_argument("--insecure", action="store_true", help=told)


def _port(text: str) -> int:
    number = _port_or_off(text)
    if number == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no port (1 to 65535)")
    return number


def _port_or_off(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 5 or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is no port (0 to 65535)")
    return int(text)


def _init(options: Options, *, force: bool) -> int:
    from app.init import init
    from app.progress import waiting
    from proxy.providers.presets import load_presets
    from store.paths import config_path
    from store.problems import ConfigError

    # A new file goes where a start without flags would look for it.
    path = config_path(options.config, os.environ)
    try:
        with waiting(sys.stderr, "asking the providers whose keys are in the environment"):
            result = asyncio.run(
                init(path, environ=os.environ, presets=load_presets(), force=force)
            )
    except ConfigError as error:
        raise UserError(str(error)) from None
    write_out("\n".join([*result.lines(), ""]))
    return 0


def _check(options: Options, *, probe: bool) -> int:
    from app.check import check
    from app.progress import waiting
    from proxy.providers.presets import load_presets
    from store.paths import config_path

    checking = check(
        config_path(options.config, os.environ),
        presets=load_presets(),
        environ=os.environ,
        overrides=options.overrides(),
        probe=probe,
    )
    with waiting(sys.stderr if probe else None, "asking the providers"):
        result = asyncio.run(checking)
    write_out("\n".join([*result.lines, ""]))
    return 0 if result.ok else 1


def _status(options: Options, arguments: argparse.Namespace) -> int:
    from app.instance_address import find_target
    from app.status import status

    target = find_target(options, url=arguments.url, insecure=arguments.insecure)
    write_out(status(target, as_json=arguments.json) + "\n")
    return 0


def _ask(options: Options, arguments: argparse.Namespace) -> int:
    from app.ask import ask
    from app.instance_address import find_target

    def note(line: str) -> None:
        print(line, file=sys.stderr)

    target = find_target(options, url=arguments.url, insecure=arguments.insecure)
    served = ask(target, arguments.prompt, arguments.chain, answer=write_out, note=note)
    return 0 if served else 1


def _attach(options: Options, arguments: argparse.Namespace) -> int:
    from app.main import attach

    url = arguments.address or arguments.url
    return attach(options, url=url, insecure=arguments.insecure)


def _connect(options: Options, client: str) -> int:
    from app.connect import connect

    write_out(connect(client, options, environ=os.environ))
    return 0


def _backup(options: Options, target: Path) -> int:
    from app.backup import back_up
    from app.progress import percent
    from store.paths import config_path, data_folder

    done = back_up(
        target,
        config=config_path(options.config, os.environ),
        database=data_folder(options.data_dir, os.environ) / "429chain.db",
        progress=percent(sys.stderr),
    )
    write_out("\n".join([*done.lines(), ""]))
    return 0


def _serve(options: Options) -> int:
    # What a start loads stays; the collector would walk it a dozen times, a sixth of the start.
    # `serve` switches it on again.
    gc.disable()
    from app.main import serve

    return serve(options)

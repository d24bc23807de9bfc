"""The command line: `openinteractions serve | worker | check | migrate`.

Parses arguments and hands over; the server is imported only by the commands that
need it, so that mistakes in a configuration are answered at once. A mistake of the
user is one line on stderr and exit status 2, never a traceback.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from openinteractions.config import Config, ConfigError, load, show, unset_variables

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (default: the process's) and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except ConfigError as error:
        print(f"openinteractions: {error}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        # 128 + SIGINT, as a shell reports it.
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="openinteractions",
        description="A self-hosted server for the Interactions API.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    serve_command = _command(commands, "serve", serve, "serve HTTP and gRPC")
    serve_command.add_argument(
        "--http", metavar="ADDR", help="address of the HTTP face, host:port"
    )
    serve_command.add_argument(
        "--grpc", metavar="ADDR", help="address of the gRPC face, host:port"
    )
    serve_command.add_argument(
        "--workers", metavar="N", type=int, help="how many processes serve (default: 1)"
    )
    worker_command = _command(
        commands, "worker", worker, "run background interactions, serve nothing"
    )
    for models in (serve_command, worker_command):
        models.add_argument(
            "--embedded",
            action="store_true",
            help="let the embedded model answer every name, whatever is configured",
        )
    _command(commands, "check", check, "print the effective configuration")
    _command(commands, "migrate", migrate, "bring the store to this version")
    # Not listed: `serve --workers` starts these, nobody else.
    hidden = commands.add_parser("member")
    hidden.add_argument("line", type=int)
    hidden.add_argument("door", type=int)
    hidden.set_defaults(command=member)
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    command: object,
    text: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=f"{text.capitalize()}.")
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help="the configuration (default: openinteractions.toml, if it is there)",
    )
    parser.set_defaults(command=command)
    return parser


def serve(options: argparse.Namespace) -> int:
    """Serve until a signal ends it."""
    config = load(
        options.config,
        http=options.http,
        grpc=options.grpc,
        workers=options.workers,
        embedded=options.embedded,
    )
    _require_variables(config)
    # gRPC's core has a log of its own, in which an address in use is three lines.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # Its handlers of forks crash some of the processes that uvloop starts (with a fork)
    # while gRPC is busy; nothing here goes on after a fork without another program.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    if config.server.workers > 1:
        from openinteractions.workers import serving

        return serving.run(config)
    from openinteractions import server

    return server.run(config)


def worker(options: argparse.Namespace) -> int:
    """Run what waits in the background until a signal ends it."""
    config = load(options.config, embedded=options.embedded)
    _require_variables(config)
    from openinteractions import server

    return server.work(config)


def member(options: argparse.Namespace) -> int:
    """Be one of the processes that serve together."""
    from openinteractions import server

    return server.join(options.line, options.door)


def check(options: argparse.Namespace) -> int:
    """Print the configuration; fail as `serve` would."""
    config = load(options.config)
    print(show(config), end="", flush=True)
    _require_variables(config)
    return 0


def migrate(options: argparse.Namespace) -> int:
    """Bring the store to the schema of this version."""
    config = load(options.config)
    from openinteractions import server

    return server.migrate(config)


def _require_variables(config: Config) -> None:
    problems = unset_variables(config)
    if problems:
        file = "" if config.source == "defaults" else f"{config.source}: "
        raise ConfigError(f"{file}{problems[0]}")


def version() -> str:
    """The version that is installed."""
    try:
        return metadata.version("openinteractions")
    except metadata.PackageNotFoundError:
        return "(not installed)"

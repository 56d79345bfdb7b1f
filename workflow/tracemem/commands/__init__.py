"""The command ``tracemem``: what is wanted before a study, beside one, or without one.

Each command is a module of this package with ``register``, which describes it to the parser, and
``run``. A wrong input ends with one clear message and exit status 1, never with a traceback.
"""

import argparse
import importlib.metadata
import os
import signal
import sys
from collections.abc import Sequence

from tracemem.commands import check, count, init

COMMANDS = (init, check, count)


def parser() -> argparse.ArgumentParser:
    """The parser of every command; each is imported, none of what it needs to run."""
    whole = argparse.ArgumentParser(
        prog="tracemem", description="Memory and generalization of language models, counted."
    )
    version = importlib.metadata.version("tracemem")
    whole.add_argument("--version", action="version", version=f"tracemem {version}")
    several = whole.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.register(several)
    return whole


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the arguments name; ``sys.argv`` if none are given."""
    asked = parser().parse_args(arguments)
    try:
        asked.run(asked)
    except BrokenPipeError:
        # Whoever read has seen enough; what Python still has to write on its way out goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except KeyboardInterrupt:
        print("tracemem: interrupted", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    except (ValueError, OSError) as wrong:
        sys.exit(f"tracemem: {wrong}")

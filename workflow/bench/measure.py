"""One measurement in a process of its own, and the row it becomes in the table of the bench.

Every measured function runs in a fresh Python, so that its peak memory is its own, and warms up
before the clock starts: kernels are loaded (or compiled) and files are in the page cache.
"""

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

COLUMNS = (
    "work", "tool", "what", "corpus_mb", "items", "threads", "seconds", "rate", "unit", "peak_mb",
    "disk_mb", "repeats", "load", "note",
)  # fmt: skip
BENCH = Path(__file__).resolve().parent


def apart(module: str, function: str, *, pinned: bool = False, **arguments) -> dict:
    """What ``module.function(**arguments)`` returns when run alone, with what it cost.

    Args:
        module: its whole name, bench and its wing first.
        function: a function of it that takes and returns what JSON can hold.
        pinned: keep it, and all it starts, on one core.
        arguments: for the function.

    Returns:
        The function's dictionary, with peak_mb (memory of the largest process at its peak, MB) and
        load (what else ran: the machine's load average before).

    Raises:
        RuntimeError: it failed; its own message stands in the log.
    """
    # A process starts out with its parent's peak (execve(2) keeps it), so the parent stays small.
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "answer.json")
        command = [sys.executable, __file__, module, function, str(answer), str(int(pinned))]
        done = subprocess.run(command, input=json.dumps(arguments), text=True, stdout=sys.stderr)
        if done.returncode:
            raise RuntimeError(f"{module}.{function}({arguments}) ended with {done.returncode}")
        return {**json.loads(answer.read_text()), "load": round(load, 2)}


def repeat(work: Callable[[], object], times: int = 3) -> list[float]:
    """Seconds of each of several runs."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return seconds


def row(work: str, tool: str, what: str, measured: dict, **columns) -> dict:
    """A row of the table: the fastest repeat, and the rate of ``columns["amount"]`` in it.

    Args:
        work: scan, pairs, infgram, growth, threads or engines.
        tool: ours, or the name of another.
        what: what was measured.
        measured: from :func:`apart`, with seconds (a list) and corpus_mb.
        columns: amount (what ``rate`` counts), unit, items, threads, disk_mb, note.
    """
    seconds = min(measured["seconds"])
    amount = columns.pop("amount")
    return {
        **dict.fromkeys(COLUMNS, ""),
        "work": work,
        "tool": tool,
        "what": what,
        "corpus_mb": round(measured["corpus_mb"], 3),
        "seconds": round(seconds, 6),
        "rate": float(f"{amount / seconds:.5g}"),
        "peak_mb": round(measured["peak_mb"], 1),
        "repeats": " ".join(f"{value:.4g}" for value in measured["seconds"]),
        "load": measured["load"],
        **columns,
        "disk_mb": round(columns["disk_mb"], 3) if "disk_mb" in columns else "",
    }


def text_mb(table: str) -> dict[str, float]:
    """MB of text of each shard of the corpus, from its table."""
    with open(table, newline="", encoding="utf-8") as file:
        return {row["shard"]: int(row["text_bytes"]) / 1e6 for row in csv.DictReader(file)}


def write(rows: list[dict], path: str) -> None:
    """Write the rows of one kind of work, whole or not at all."""
    import pandas as pd

    from tracemem.jobs.files import replacing

    with replacing(path) as draft:
        pd.DataFrame(rows, columns=COLUMNS).to_csv(draft, index=False)


def _child(module: str, function: str, answer: str, pinned: str) -> None:
    import importlib

    if int(pinned):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    found = getattr(importlib.import_module(module), function)(**json.load(sys.stdin))
    peak = max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    Path(answer).write_text(json.dumps({**found, "peak_mb": peak * 1024 / 1e6}))


if __name__ == "__main__":
    _child(*sys.argv[1:])

"""What jobs say: how far one has come, from the end of its log, and why one failed."""

import os
import re
import signal
from collections.abc import Sequence
from pathlib import Path

from tracemem.jobs.joblog import FAILED

END = 64 * 1024
"""Bytes at the end of a log that are looked at."""

_RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ \S+: ")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")
_LEFT = re.compile(r"(?:(\d+):(\d\d):(\d\d)|([\d.]+) s) left")
_TRACEBACK = "Traceback (most recent call last):"
_CHAIN = re.compile(r"\n(?:During handling of|The above exception was) .*:\s*\Z")
_SCRIPT = re.compile(r"[^\s']*\.snakemake/scripts/[^\s']+")
_SIGNAL = re.compile(r"died with <Signals\.(\w+): \d+>")
_STATUS = re.compile(r"non-zero exit status (\d+)")
# What every executor adds to the reason it knows.
_ELSEWHERE = re.compile(r"For further error details see the cluster/cloud log.*", re.DOTALL)


def plain(text: str) -> str:
    """A text without what moves a cursor or sets a colour."""
    return _CONTROL.sub("", text)


class Log:
    """The log of one job, which may still hold what an earlier run wrote.

    Args:
        path: the file.
        began: when the job began (seconds since the epoch); what is older is not the job's.
    """

    def __init__(self, path: str, began: float):
        self.path = path
        self._old = self._state()
        # A short job may have written already; a clock of the file system may be coarse.
        if self._old and self._old[0] > began - 0.05:
            self._old = None
        self._seen: tuple[float, int] | None = None
        self._latest = ""

    def _state(self) -> tuple[float, int] | None:
        try:
            found = os.stat(self.path)
        except OSError:
            return None
        return found.st_mtime, found.st_size

    def text(self) -> str:
        """The end of what the job has written, '' if that is nothing (yet)."""
        if self._state() in (None, self._old):
            return ""
        try:
            with Path(self.path).open("rb") as file:
                file.seek(max(file.seek(0, os.SEEK_END) - END, 0))
                return plain(file.read().decode("utf-8", "replace").replace("\r\n", "\n"))
        except OSError:
            return ""

    def latest(self) -> str:
        """The last line the job has written, without its time and origin."""
        state = self._state()
        if state != self._seen:
            self._seen = state
            lines = self.text().split("\n")
            last = next((line for line in reversed(lines) if line.strip()), "")
            self._latest = _RECORD.sub("", last).strip()
        return self._latest


def seconds_left(message: str) -> float | None:
    """Seconds that a job's own message says are left: ``12 s left`` or ``0:00:12 left``."""
    found = _LEFT.search(message)
    if not found:
        return None
    hours, minutes, seconds, alone = found.groups()
    return float(alone) if alone else 3600 * int(hours) + 60 * int(minutes) + int(seconds)


def _tracebacks(text: str) -> list[str]:
    """Every traceback of a text, with those that led to it and what follows."""
    found: list[str] = []
    for block in text.split(_TRACEBACK)[1:]:
        if found and _CHAIN.search(found[-1]):
            found[-1] += _TRACEBACK + block
        else:
            found.append(block)
    return found


def _raised(tracebacks: Sequence[str]) -> str:
    """The message below the last of some tracebacks, '' if there is none."""
    last = tracebacks[-1].rpartition(_TRACEBACK)[2] if tracebacks else ""
    found = re.search(r"^\S.*(?:\n.+)*", last, re.MULTILINE)
    return found[0].strip() if found else ""


def _printed(text: str, script: str) -> list[str]:
    """Tracebacks on the terminal that are a job's: those of its script, or of no script at all."""
    return [
        block
        for block in _tracebacks(text)
        if (script in block if script else not _SCRIPT.search(block))
    ]


def _death(told: str) -> tuple[str, int]:
    """Signal that ended a job ('' if none), and its exit status (0 if unknown)."""
    if found := _SIGNAL.search(told):
        return found[1], 0
    status = int(found[1]) if (found := _STATUS.search(told)) else 0
    # A shell gives the death of what it ran as 128 and the signal's number.
    try:
        return signal.Signals(status - 128).name, status
    except ValueError:
        return "", status


def _last_words(text: str, lines: int = 5) -> str:
    told = [_RECORD.sub("", line) for line in text.split("\n") if line.strip()]
    return "\n".join(told[-lines:])


def failure(
    logs: Sequence[Log], printed: str, told: str, executor: str, memory: int | None = None
) -> str:
    """Why a job failed: in its own words, or else the nearest to them that there is.

    Args:
        logs: its logs.
        printed: what was printed on the terminal while it ran, by it or another.
        told: what Snakemake says of it.
        executor: what the cluster says of it.
        memory: megabytes that its rule asks for.
    """
    written = [text for log in logs if (text := log.text())]
    for text in written:
        _, found, message = f"\n{text}".rpartition(f"\n{FAILED}")
        if found:
            return message.strip()
    for text in written:
        if message := _raised(_tracebacks(text)):
            return message
    named = _SCRIPT.search(told)
    script = named[0] if named else ""
    if message := _raised(_printed(printed, script)):
        # What follows may be another job's.
        return "\n".join(message.split("\n")[:6])
    said = [("last in its log", text) for text in written]
    # A script of ours keeps to its log; what a command prints is all it says.
    said += [("last printed", printed)] if not script or not written else []
    words = "".join(f"\n{where}:\n{last}" for where, text in said if (last := _last_words(text)))
    reason = _ELSEWHERE.sub("", executor).strip().rstrip(".")
    name, status = _death(told)
    if name in ("SIGKILL", "SIGBUS") or "OUT_OF_ME" in reason:
        asked = f" (its rule asks for {memory} MB)" if memory else ""
        how = f"killed by {name}" if name else reason
        return f"{how}, as happens when memory runs out{asked}{words}"
    if name:
        return f"ended by {name}{words}"
    if reason:
        return reason + words
    if told and "CalledProcessError" not in told:
        return error("RuleException", told)
    return f"exit status {status or 'unknown'}, and no message of its own{words}"


def error(kind: str, told: str) -> str:
    """An error of the workflow without what says nothing to its user.

    A WorkflowError is a message for the user: where it was raised is of no use, nor is the name of
    its type. Other errors keep both.
    """
    told = plain(told).strip()
    if kind == "RuleException":
        return told.removeprefix("RuleException:\n")
    if kind != "WorkflowError":
        return told
    first, _, rest = told.partition("\n")
    if not first.startswith(kind) or not rest:
        return told
    lines = rest.split("\n")
    while len(lines) > 1 and re.match(r'  File ".*", line \d+, in ', lines[-1]):
        del lines[-1]
    return "\n".join(lines)

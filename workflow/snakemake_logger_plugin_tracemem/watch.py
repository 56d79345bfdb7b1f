"""A run that is shown while it lasts: events and what jobs print come in, one display goes out."""

import os
import threading
from contextlib import AbstractContextManager
from logging import LogRecord
from pathlib import Path

from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import OutputSettingsLoggerInterface

from snakemake_logger_plugin_tracemem.ending import ending
from snakemake_logger_plugin_tracemem.lines import Lines
from snakemake_logger_plugin_tracemem.run import Run
from snakemake_logger_plugin_tracemem.stream import Taken
from tracemem.jobs import joblog

TICK = 0.5
"""Seconds between two states of the display."""


class Watch:
    """What is shown of a run from its first event until ``close``.

    Args:
        lock: held by whoever calls ``note``, and here by whoever else shows anything.
        settings: what the user has asked to see; under --quiet only warnings and the end.
        folder: where the user is.
    """

    def __init__(
        self,
        lock: AbstractContextManager[object],
        settings: OutputSettingsLoggerInterface,
        folder: Path,
    ):
        self._lock, self._settings, self._folder = lock, settings, folder
        self._taken = Taken()
        # Jobs that keep to their logs print nothing here.
        os.environ[joblog.WATCHED] = joblog.stream()
        quiet = {level.name for level in settings.quiet or ()}
        self._run = Run(self._taken.printed, counted="PROGRESS" not in quiet)
        self._shown = shown = not quiet & {"PROGRESS", "RULES"}
        stream = self._taken.stream
        if shown and stream.isatty() and os.environ.get("TERM") != "dumb":
            # Drawing takes a while to import, and nobody else needs it.
            from snakemake_logger_plugin_tracemem.display import Display

            self._display: Display | Lines = Display(stream, color=not settings.nocolor)
        else:
            self._display = Lines(stream)
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._ticker.start()

    def note(self, record: LogRecord) -> None:
        """Take in one record."""
        said = self._run.note(record)
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            # What is planned comes first, however soon a job prints.
            self._show()
        if said and (self._shown or record.levelname == "WARNING"):
            self._show()
            self._display.line(said)
        command = getattr(record, "shellcmd", None)
        if self._settings.printshellcmds and event == LogEvent.SHELLCMD and command:
            self._display.line(command)

    def _pass_on(self) -> None:
        """Show what has been printed; what jobs print as they are stopped is of no use."""
        for line in self._taken.waiting():
            if not self._run.stopped:
                self._display.line(line)

    def _show(self) -> None:
        self._pass_on()
        if self._shown:
            self._display.show(self._run)

    def _tick(self) -> None:
        while not self._over.wait(TICK):
            try:
                with self._lock:
                    self._show()
            except OSError:
                # The terminal is gone; the run goes on.
                return

    def _place(self, path: str) -> str:
        """A path from where the user is, whole where it lies elsewhere."""
        whole = Path(path).absolute()
        inside = whole.is_relative_to(self._folder)
        return str(whole.relative_to(self._folder) if inside else whole)

    def close(self) -> None:
        """Take the display away, and say how the run has ended."""
        self._over.set()
        self._ticker.join()
        self._taken.give_back()
        os.environ.pop(joblog.WATCHED, None)
        self._run.end()
        with self._lock, self._taken.stream as stream:
            self._show()
            self._display.close()
            told = ending(self._run, self._place, self._settings.show_failed_logs)
            stream.write("".join(f"{line}\n" for line in told))

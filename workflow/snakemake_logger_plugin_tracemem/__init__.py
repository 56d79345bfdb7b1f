"""The logger of Snakemake that ships with tracemem: a run one can watch, ``--logger tracemem``.

In a terminal the stages of the study and the running jobs with their own messages, redrawn in place;
in a file a few lines. At the end what was made, or what each failed job said. ``--verbose`` gives
all that Snakemake tells by itself, as does the log that it keeps of every run; so do commands that
run no job, such as a dry run.
"""

import sys
from contextlib import suppress
from logging import LogRecord
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_tracemem.ending import ending
from snakemake_logger_plugin_tracemem.run import Run
from snakemake_logger_plugin_tracemem.watch import Watch

# What Snakemake says before it plans jobs and nobody acts on.
_USUAL = ("Assuming unrestricted shared filesystem usage.", "Building DAG of jobs...")


class LogHandler(LogHandlerBase):
    """The handler that Snakemake gives every record to, in a thread of its own."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        # There once Snakemake runs; its module is not wanted where only the command line is read.
        from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter

        told = self.common_settings
        # Nothing at all is what Snakemake makes of --quiet all.
        silent = any(level.name == "ALL" for level in told.quiet or ())
        self._as_ever = told.verbose or told.debug_dag or silent
        self._by_itself = ColorizingTextHandler(
            nocolor=told.nocolor,
            stream=sys.stdout if told.stdout else sys.stderr,
            formatter=DefaultFormatter(told.quiet, told.show_failed_logs),
            filter=DefaultFilter(
                told.quiet, told.debug_dag, told.verbose, told.dryrun, told.printshellcmds
            ),
        )
        self._folder = Path.cwd()
        self._watch: Watch | None = None

    def emit(self, record: LogRecord) -> None:
        """Show one record, or let it change what is shown."""
        try:
            self._emit(record)
        except BrokenPipeError:
            # Nobody reads any more; the run goes on.
            pass
        except Exception:
            self.handleError(record)

    def _emit(self, record: LogRecord) -> None:
        event = getattr(record, "event", None)
        if self._as_ever:
            self._by_itself.handle(record)
        elif self._watch:
            self._watch.note(record)
        elif event == LogEvent.WORKFLOW_STARTED:
            if not self.common_settings.dryrun:
                assert self.lock is not None  # a handler makes one for itself
                self._watch = Watch(self.lock, self.common_settings, self._folder)
        elif record.getMessage() in _USUAL:
            pass
        elif event == LogEvent.ERROR:
            run = Run()
            run.note(record)
            run.end()
            self._by_itself.stream.write("\n".join([*ending(run), ""]))
        else:
            self._by_itself.handle(record)

    def close(self) -> None:
        """End the display, and say how the run has ended."""
        watch, self._watch = self._watch, None
        if watch:
            with suppress(BrokenPipeError):
                watch.close()
        super().close()

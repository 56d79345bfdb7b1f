"""A run in a terminal: stages, running jobs and their own messages, drawn in place."""

import os
from contextlib import suppress
from typing import TextIO

from rich.console import Console, Group, JustifyMethod
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from snakemake_logger_plugin_tracemem import messages
from snakemake_logger_plugin_tracemem.run import Run
from snakemake_logger_plugin_tracemem.times import about, clock


class Display:
    """What is redrawn on a terminal until ``close`` takes it away.

    Args:
        stream: the terminal.
        color: whether it may have colours.
    """

    def __init__(self, stream: TextIO, color: bool = True):
        self._stream = stream
        self._console = Console(
            file=stream, no_color=not color, highlight=False, markup=False, emoji=False
        )
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def line(self, text: str) -> None:
        """Write a line above the display, to stay."""
        self._console.print(Text(text), soft_wrap=True)

    def show(self, run: Run) -> None:
        """Draw the state of a run in place of the last."""
        # A stream without a size, as in a test, gets rich's own.
        with suppress(OSError):
            self._console.size = os.get_terminal_size(self._stream.fileno())
        self._live.update(self.picture(run, *self._console.size), refresh=True)

    def picture(self, run: Run, width: int, height: int) -> Group | Text:
        """What stands on the screen, within its width and height (characters)."""
        if not run.stages:
            return Text(f"planning the jobs, {clock(run.gone)} gone")
        parts: list[Table | Text] = [self._stages(run, width)]
        room = height - len(run.stages) - 4
        if run.running and room > 0:
            parts += [Text(), *self._running(run, width, room)]
        return Group(*parts, Text(), self._whole(run))

    def _stages(self, run: Run, width: int) -> Table:
        table = Table.grid(padding=(0, 2))
        sides: tuple[JustifyMethod, ...] = ("left", "left", "right", "right")
        for side in sides:
            table.add_column(no_wrap=True, justify=side)
        for stage in run.stages.values():
            ended = run.clock() if stage.ended is None else stage.ended
            gone = "" if stage.began is None else clock(ended - stage.began)
            style = "dim" if stage.done == stage.total else "bold" if gone else ""
            table.add_row(
                Text(stage.name, style),
                ProgressBar(stage.total, stage.done, width=min(30, width // 3)),
                Text(f"{stage.done} of {stage.total}", style),
                Text(gone, style),
            )
        return table

    def _running(self, run: Run, width: int, room: int) -> list[Table | Text]:
        # The longest at work come first: they are what the others wait for.
        running = sorted(run.running.values(), key=lambda job: job.began)
        if len(running) > room:
            room -= 1
        table = Table.grid(padding=(0, 2), expand=True)
        table.add_column(no_wrap=True, max_width=max(width // 3, 20), overflow="ellipsis")
        table.add_column(no_wrap=True, justify="right")
        table.add_column(no_wrap=True, justify="right")
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        for job in running[:room]:
            message = job.message()
            left = messages.seconds_left(message)
            table.add_row(
                Text(job.name),
                Text(clock(run.clock() - job.began), "dim"),
                # Again, where a long message would lose it.
                Text(f"{clock(left)} left" if left is not None else "", "cyan"),
                Text(message, "dim"),
            )
        more = len(running) - room
        return [table, *([Text(f"and {more} more running", "dim")] if more > 0 else [])]

    def _whole(self, run: Run) -> Text:
        done, planned = run.jobs
        told = [f"{done} of {planned} jobs done", f"{clock(run.gone)} gone", about(run.left())]
        whole = Text(", ".join(filter(None, told)), "bold")
        if run.failures:
            whole.append(f", {len(run.failures)} failed", "bold red")
        if run.stopped:
            whole.append(", stopping", "bold yellow")
        return whole

    def close(self) -> None:
        """Take the display away."""
        self._live.stop()

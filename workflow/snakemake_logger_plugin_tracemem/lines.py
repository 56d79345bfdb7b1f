"""A run in a file: a line as each stage begins and ends, and one now and then between them."""

from typing import TextIO

from snakemake_logger_plugin_tracemem.messages import seconds_left
from snakemake_logger_plugin_tracemem.run import Run
from snakemake_logger_plugin_tracemem.times import about, clock

EVERY = 30.0
"""Seconds between two lines of progress at first; later a tenth of the time gone."""
MESSAGE = 50
"""Characters of a job's message in a line of progress; what is left of its time is kept."""


class Lines:
    """Lines for a stream that is no terminal."""

    def __init__(self, stream: TextIO):
        self._stream = stream
        self._told: set[tuple[str, str]] = set()
        self._next = EVERY

    def line(self, text: str) -> None:
        """Write a line, or several."""
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def show(self, run: Run) -> None:
        """Write what is new about a run."""
        if not run.stages:
            return
        done, planned = run.jobs
        if self._first("run", "planned"):
            cores = f" on {run.cores} core{'s' * (run.cores != 1)}" if run.cores else ""
            self.line(f"{planned} job{'s' * (planned != 1)}{cores}: {', '.join(run.stages)}")
        for stage in run.stages.values():
            jobs = f"{stage.total} job{'s' * (stage.total != 1)}"
            if stage.began is None:
                continue
            if self._first(stage.name, "begins"):
                self._timed(stage.began - run.began, f"{stage.name} begins: {jobs}")
            if stage.ended is not None and self._first(stage.name, "done"):
                took = clock(stage.ended - stage.began)
                self._timed(stage.ended - run.began, f"{stage.name} done: {jobs} in {took}")
        if run.gone >= self._next:
            self._next = run.gone + max(EVERY, run.gone / 10)
            self._timed(run.gone, self._progress(run, done, planned))

    def _first(self, name: str, what: str) -> bool:
        """Whether this is told for the first time."""
        already = (name, what) in self._told
        self._told.add((name, what))
        return not already

    def _timed(self, seconds: float, text: str) -> None:
        self.line(f"{clock(seconds):>7}  {text}")

    def _progress(self, run: Run, done: int, planned: int) -> str:
        told = [f"{done} of {planned} jobs done", about(run.left())]
        # The longest at work comes first: it is what the others wait for.
        running = sorted(run.running.values(), key=lambda job: job.began)
        for job in running[:2]:
            message = job.message()
            left = seconds_left(message)
            if len(message) > MESSAGE:
                ahead = "" if left is None else f", {clock(left)} left"
                message = f"{message[: MESSAGE - 3 - len(ahead)]}...{ahead}"
            told.append(f"{job.name} ({message})" if message else job.name)
        if len(running) > 2:
            told.append(f"{len(running) - 2} more running")
        return "; ".join(filter(None, told))

    def close(self) -> None:
        """Leave the stream as it is."""

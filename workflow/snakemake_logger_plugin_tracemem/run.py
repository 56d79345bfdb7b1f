"""What a run has come to, from the events that Snakemake logs: jobs, stages, times, failures."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from logging import LogRecord
from typing import TypeGuard

from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_tracemem import messages, stages
from snakemake_logger_plugin_tracemem.messages import Log

_FAILED_JOBS = "At least one job did not complete successfully"


class _Event(LogRecord):
    """A record that tells of an event; of these fields each event has its own."""

    event: LogEvent
    stats: Mapping[str, int]
    jobid: int
    job_id: int
    rule_name: str
    rule_msg: str | None
    wildcards: Mapping[str, str]
    input: Iterable[str]
    output: Iterable[str]
    log: Iterable[str]
    resources: object
    exception: str


def _tells_event(record: LogRecord) -> TypeGuard[_Event]:
    return getattr(record, "event", None) is not None


@dataclass
class Job:
    """One job that has begun."""

    rule: str
    wildcards: dict[str, str]
    inputs: list[str]
    outputs: list[str]
    logs: list[Log]
    memory: int | None
    """Megabytes that its rule asks for."""
    began: float
    """Seconds of the run's clock."""

    @property
    def name(self) -> str:
        """Rule and values of its wildcards: ``train_model 857k``."""
        return " ".join([self.rule, *map(str, self.wildcards.values())])

    def message(self) -> str:
        """The latest of its own messages, '' before the first."""
        found = next((said for log in self.logs if (said := log.latest())), "")
        # The name of the job tells as much.
        for path in self.outputs:
            found = found.removeprefix(f"{path}: ")
        return found


@dataclass
class Stage:
    """A row of the display: the jobs of some rules."""

    name: str
    total: int = 0
    done: int = 0
    began: float | None = None
    ended: float | None = None


@dataclass
class Failure:
    """A job that failed for good, and why."""

    job: Job
    message: str
    logs: list[str]


@dataclass
class Run:
    """A run of Snakemake from its first event to its last.

    Args:
        printed: what was printed on the terminal since a time of the clock.
        clock: seconds.
        counted: whether Snakemake tells of jobs that are done; under --quiet progress it does not.
    """

    printed: Callable[[float], str] = lambda since: ""
    clock: Callable[[], float] = time.monotonic
    counted: bool = True
    stages: dict[str, Stage] = field(default_factory=dict)
    """By name, in the order of the study; empty until the jobs are planned."""
    cores: int | None = None
    running: dict[int, Job] = field(default_factory=dict)
    done: list[Job] = field(default_factory=list)
    failures: dict[int, Failure] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    """What went wrong beside the jobs, in the words of Snakemake."""
    kinds: set[str] = field(default_factory=set)
    """Types of these errors."""
    log: str = ""
    """Snakemake's own log of this run."""
    idle: bool = False
    """Nothing was to be done."""
    stopped: bool = False
    """The user has asked for the end."""

    def __post_init__(self):
        self.began = self.clock()
        self._rows: dict[str, str] = {}
        self._planned: dict[str, int] = {}
        self._lasted: dict[str, list[float]] = {}
        # Of Snakemake's messages on a job's failure the first does not name the job; the second
        # does, and comes from the same thread.
        self._told: dict[int | None, tuple[str, str]] = {}

    @property
    def gone(self) -> float:
        """Seconds since the run began."""
        return self.clock() - self.began

    @property
    def jobs(self) -> tuple[int, int]:
        """Jobs done, and jobs planned; a target is none."""
        known = self.stages.values()
        return sum(stage.done for stage in known), sum(stage.total for stage in known)

    def note(self, record: LogRecord) -> str:
        """Take in one event; what it says at once, '' for most."""
        if not _tells_event(record):
            return self._hear(record)
        event = record.event
        if event == LogEvent.RESOURCES_INFO:
            self.cores = getattr(record, "cores", None) or self.cores
        elif event == LogEvent.RUN_INFO:
            self._plan({rule: n for rule, n in record.stats.items() if rule != "total"})
        elif event == LogEvent.JOB_INFO:
            self._begin(record)
        elif event == LogEvent.JOB_FINISHED:
            self._finish(record.job_id)
        elif event == LogEvent.JOB_ERROR:
            return self._fail(record)
        elif event == LogEvent.ERROR:
            self._keep(record)
        return ""

    def _plan(self, jobs: dict[str, int]) -> None:
        self._rows = stages.rows(jobs)
        self._planned = {rule: jobs[rule] for rule in self._rows}
        for rule, row in self._rows.items():
            stage = self.stages.setdefault(row, Stage(row))
            stage.total += jobs[rule]

    def _stage(self, job: Job) -> Stage | None:
        return self.stages.get(self._rows.get(job.rule, ""))

    def _begin(self, record: _Event) -> None:
        resources = record.resources
        job = Job(
            record.rule_name,
            dict(record.wildcards),
            list(record.input),
            list(record.output),
            [Log(path, record.created) for path in record.log],
            getattr(resources, "mem_mb", None),
            self.clock(),
        )
        self.running[record.jobid] = job
        if stage := self._stage(job):
            stage.began = self.clock() if stage.began is None else stage.began

    def _finish(self, number: int) -> None:
        job = self.running.pop(number, None)
        if job is None:
            return
        self.done.append(job)
        self.failures.pop(number, None)
        self._lasted.setdefault(job.rule, []).append(self.clock() - job.began)
        if stage := self._stage(job):
            stage.done += 1
            # A checkpoint plans more as it goes.
            stage.total = max(stage.total, stage.done)
            stage.ended = self.clock() if stage.done == stage.total else None

    def _fail(self, record: _Event) -> str:
        _, told = self._told.pop(record.thread, ("", ""))
        job = self.running.pop(record.jobid, None)
        if job is None or self.stopped:
            return ""
        # An executor may name a log of its own beside those of the rule: all of it is the job's.
        known = {log.path for log in job.logs}
        logs = job.logs + [Log(path, 0) for path in record.log if path not in known]
        message = messages.failure(
            logs, self.printed(job.began), told, record.rule_msg or "", job.memory
        )
        there = [log.path for log in logs if log.text()]
        self.failures[record.jobid] = Failure(job, message, there)
        return f"{job.name} failed: {message.splitlines()[0]}"

    def _keep(self, record: _Event) -> None:
        self._settle(record.thread)
        self._told[record.thread] = (record.exception, record.getMessage())

    def _settle(self, thread: int | None) -> None:
        """Count what a thread said as an error of the run: it was not of a job."""
        kind, told = self._told.pop(thread, ("", ""))
        if told and _FAILED_JOBS not in told:
            self.kinds.add(kind)
            self.errors.append(messages.error(kind, told))

    def _hear(self, record: LogRecord) -> str:
        """The few among the messages without an event that matter; all stand in the log."""
        said = record.getMessage().strip()
        if found := re.match(r"Complete log\(s\): (.*)", said):
            self.log = found[1]
        elif said.startswith("Nothing to be done"):
            self.idle = True
        elif found := re.match(r"Trying to restart job (\d+)", said):
            failed = self.failures.pop(int(found[1]), None)
            return f"{failed.job.name}: tried again" if failed else ""
        elif said.startswith(("Terminating processes on user request", "Will exit after")):
            already, self.stopped = self.stopped, True
            how = "once the running jobs are done" if said.startswith("Will") else "all jobs"
            return "" if already else f"stopping on request, {how}"
        elif record.levelname in ("WARNING", "CRITICAL"):
            return messages.plain(said)
        elif record.levelname == "ERROR" and not said.startswith("Exiting because a job"):
            self.errors.append(messages.plain(said))
        return ""

    def end(self) -> None:
        """Take it that no event follows."""
        for thread in list(self._told):
            self._settle(thread)
        if not self.counted and not (self.failures or self.errors or self.stopped):
            for number in list(self.running):
                self._finish(number)

    def left(self) -> float | None:
        """Seconds left, about; None where nothing can be said yet.

        Jobs to come are taken to last as those of their rule have lasted, or else as the average
        job, and as many to run at a time as have so far; a running job that says itself how long
        it takes is believed.
        """
        lasted = [seconds for known in self._lasted.values() for seconds in known]
        if len(lasted) < 3:
            return None
        usual = sum(lasted) / len(lasted)
        means = {rule: sum(known) / len(known) for rule, known in self._lasted.items()}
        now = self.clock()
        coming = Counter(self._planned)
        coming.subtract(job.rule for job in [*self.done, *self.running.values()])
        work = sum(max(number, 0) * means.get(rule, usual) for rule, number in coming.items())
        longest = 0.0
        for job in self.running.values():
            told = messages.seconds_left(job.message())
            if told is None:
                told = max(means.get(job.rule, usual) - (now - job.began), 0)
            work += told
            longest = max(longest, told)
        busy = sum(lasted) + sum(now - job.began for job in self.running.values())
        return max(work / max(busy / self.gone, 1), longest)

"""The last lines of a run: what was made and where, or what failed and what to do next."""

from collections.abc import Callable
from pathlib import Path

from snakemake_logger_plugin_tracemem.run import Failure, Run
from snakemake_logger_plugin_tracemem.times import clock

REPORT = "report.html"
SUMMARY = "summary.txt"
"""Beside the report: what it says in a few lines."""
MOST = 20
"""Failed jobs that are told one by one."""


def ending(run: Run, place: Callable[[str], str] = str, whole_logs: bool = False) -> list[str]:
    """The last lines about a run, none where it did not come to plan its jobs.

    Args:
        run: a run that has ended.
        place: a path as the user would type it.
        whole_logs: whether failed jobs' logs are shown, too.
    """
    if run.idle:
        return ["Nothing to be done: all that was asked for is there and up to date."]
    if run.failures or run.errors or run.stopped:
        lines = [*_failed(run, place, whole_logs), *_next(run)]
    else:
        lines = _made(run, place) if run.done else []
    return ["", *lines] if run.stages else lines


def _made(run: Run, place: Callable[[str], str]) -> list[str]:
    made = {path for job in run.done for path in job.outputs}
    asked = {path for job in run.done if not job.outputs for path in job.inputs} & made
    if not asked:
        asked = made - {path for job in run.done for path in job.inputs}
    lines = []
    for report in sorted(path for path in asked if Path(path).name == REPORT):
        summary = Path(report).with_name(SUMMARY)
        asked -= {report, str(summary)}
        if str(summary) in made and summary.is_file():
            lines += [summary.read_text(encoding="utf-8").strip(), ""]
        lines.append(f"Report: {place(report)}")
    folders: dict[Path, list[str]] = {}
    for path in sorted(asked):
        folders.setdefault(Path(path).parent, []).append(path)
    for folder, paths in folders.items():
        several = f"{place(str(folder))}/ ({len(paths)} files)"
        lines.append(f"Made: {several if len(paths) > 1 else place(paths[0])}")
    done, _ = run.jobs
    jobs = f"{done} job{'s' * (done != 1)} done in {clock(run.gone)}."
    return [*lines, jobs, *([f"Log of the run: {place(run.log)}"] if run.log else [])]


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else line for line in text.split("\n"))


def _failure(failure: Failure, place: Callable[[str], str], whole_logs: bool) -> list[str]:
    wildcards = "".join(f", {name} = {value}" for name, value in failure.job.wildcards.items())
    lines = [f"  {failure.job.rule}{wildcards}", _indented(failure.message)]
    for path in failure.logs:
        lines.append(f"    log: {place(path)}")
        if whole_logs:
            lines.append(_indented(Path(path).read_text(encoding="utf-8", errors="replace")))
    return lines


def _failed(run: Run, place: Callable[[str], str], whole_logs: bool) -> list[str]:
    lines = []
    if run.failures:
        number = len(run.failures)
        lines += [f"{number} job{'s' * (number != 1)} failed:", ""]
        for failure in list(run.failures.values())[:MOST]:
            lines += [*_failure(failure, place, whole_logs), ""]
        if number > MOST:
            lines += [f"  and {number - MOST} more: see the log of the run", ""]
    done, planned = run.jobs
    # Where no job was planned the error is all there is to say.
    lines += [part for error in run.errors for part in ([error, ""] if planned else [error])]
    if planned:
        how = "Stopped on request. " if run.stopped and not run.failures else ""
        jobs = f"{done} of {planned} jobs are done, in" if run.counted else "The run took"
        lines.append(f"{how}{jobs} {clock(run.gone)}.")
        lines += [f"Log of the run: {place(run.log)}"] if run.log else []
    return lines


def _next(run: Run) -> list[str]:
    """What to do next, where there is anything to say beside the error."""
    if "LockException" in run.kinds:
        return [
            "Next: if no other run is at work there, give the same command with --unlock, then "
            "again with --rerun-incomplete."
        ]
    if "IncompleteFilesException" in run.kinds:
        return ["Next: give the same command with --rerun-incomplete."]
    if not run.stages:
        return []
    wrong = run.failures or run.errors
    again = "put right what is said above, then give" if wrong else "give"
    return [
        f"Next: {again} the same command again: it goes on from here.",
        "(If it finds incomplete files, add --rerun-incomplete; if a lock, run it once with "
        "--unlock.)",
    ]

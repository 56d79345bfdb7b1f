"""What the logger makes of Snakemake's events and of what jobs write, with a clock of its own."""

import io
import logging
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_tracemem import messages, stages, times
from snakemake_logger_plugin_tracemem.ending import MOST, ending
from snakemake_logger_plugin_tracemem.lines import Lines
from snakemake_logger_plugin_tracemem.run import Run
from snakemake_logger_plugin_tracemem.stream import Taken
from snakemake_logger_plugin_tracemem.watch import Watch
from tracemem.settings.rules import BY_NAME

ROOT = Path(__file__).resolve().parents[3]


class Events:
    """A run told by its events, at the times that ``at`` sets."""

    def __init__(self, counts: dict[str, int], folder: Path = Path("results")):
        self.now = 0.0
        self.folder, self.number = folder, 0
        self.run = Run(clock=lambda: self.now)
        self.event(LogEvent.RESOURCES_INFO, "Provided cores: 2", cores=2)
        self.event(LogEvent.RUN_INFO, stats={**counts, "total": sum(counts.values())})

    def event(
        self, event: LogEvent | None, message: str = "", level: str = "INFO", **values
    ) -> str:
        record = logging.makeLogRecord({"msg": message, "levelname": level, **values})
        if event:
            record.event = event
        return self.run.note(record)

    def begin(self, rule: str, outputs=(), inputs=(), log="", memory=1000, **wildcards) -> int:
        self.number += 1
        self.event(
            LogEvent.JOB_INFO, jobid=self.number, rule_name=rule, wildcards=wildcards,
            input=list(map(str, inputs)), output=list(map(str, outputs)),
            log=[str(log)] if log else [], resources=SimpleNamespace(mem_mb=memory),
        )  # fmt: skip
        return self.number

    def finish(self, number: int) -> None:
        self.event(LogEvent.JOB_FINISHED, job_id=number)

    def fail(
        self, number: int, told: str = "", thread: int = 1, executor: str = "", logs=()
    ) -> str:
        if told:
            self.error("RuleException", f"RuleException:\n{told}", thread)
        return self.event(
            LogEvent.JOB_ERROR, level="ERROR", jobid=number, rule_msg=executor, thread=thread,
            log=list(map(str, logs)),
        )  # fmt: skip

    def error(self, kind: str, told: str, thread: int = 0) -> None:
        self.event(LogEvent.ERROR, told, level="ERROR", exception=kind, thread=thread)

    def ending(self) -> str:
        self.run.end()
        return "\n".join(ending(self.run))


def rules_of(path: Path) -> list[str]:
    return re.findall(r"^ *(?:rule|checkpoint) (\w+):", path.read_text(), re.M)


def test_targets_are_those_of_the_entry():
    assert set(stages.TARGETS) == set(rules_of(ROOT / "workflow" / "Snakefile"))
    assert next(iter(stages.STAGES)) == "corpus" and "train_piece" in stages.STAGES["ladder"]


def test_rows_are_stages_in_order_and_others_by_their_names():
    found = stages.rows(["theirs", "generate", "inspect_shard", "counts", "all"])
    assert found == {"inspect_shard": "corpus", "generate": "generation", "theirs": "theirs"}
    assert list(found) == ["inspect_shard", "generate", "theirs"]


def test_a_prefix_of_a_module_is_seen_through_and_a_chance_ending_is_not():
    found = stages.rows(["t_generate", "t_load_task", "t_counts", "my_report", "all"])
    assert found == {"t_load_task": "tasks", "t_generate": "generation", "my_report": "my_report"}
    assert stages.rows(["their_generate", "counts", "all"]) == {
        "their_generate": "their_generate",
        "counts": "counts",
    }


def test_many_rules_of_others_share_a_row():
    rules = [f"r{k}" for k in range(9)]
    assert set(stages.rows([*rules, "load_task"]).values()) == {"tasks", stages.OTHERS}


DEMO = {
    "generate_world": 1, "generate_shard": 4, "inspect_shard": 4, "write_manifest": 1,
    "train_tokenizer": 1, "pack_shard": 4, "pack_corpus": 1, "train_model": 4, "load_task": 4,
    "write_prompts": 4, "find_neighbours": 4, "list_premises": 1, "count_premises": 4,
    "merge_premises": 1, "tabulate_premises": 7, "measure_contrasts": 7, "list_candidates": 1,
    "count_ngrams": 4, "merge_ngrams": 1,
    "index_shard": 4, "score_infgram": 4, "fit_embedder": 1, "mine_pairs": 7, "list_pairs": 1,
    "count_pairs": 4, "merge_pairs": 1, "tabulate_pairs": 7, "measure_alignment": 1,
    "measure_coverage": 1, "generate": 4, "assemble_generations": 4, "list_generated_pairs": 1,
    "gather_generated_pairs": 1, "count_generated_pairs": 4, "merge_generated_pairs": 1,
    "embed_generated_pairs": 1, "measure_items": 7, "score_memorization": 4,
    "score_thresholds": 4, "score_performance": 4, "score_novelty": 1, "score_contamination": 4,
    "merge_scores": 9, "judge_claims": 1, "compare_instruct": 1, "compare_published": 1,
    "plot_figure": 9, "write_report": 1, "all": 1,
}  # fmt: skip


def test_the_demo_is_at_most_60_lines_in_a_file(tmp_path):
    told = Events(DEMO)
    stream = io.StringIO()
    lines = Lines(stream)
    assert 140 < sum(DEMO.values()) < 180
    last = ("write_report", "all")
    jobs = [rule for rule, number in DEMO.items() for _ in range(number) if rule not in last]
    log = tmp_path / "train.log"
    # Two at a time, now and then in another order than the stages', for seven minutes.
    jobs = jobs[::2] + jobs[1::2]
    html, summary = tmp_path / "report.html", tmp_path / "summary.txt"
    summary.write_text(
        "questions: Mem 0.35 [0.27, 0.42]\ncontrastive Mem 0.64 [0.56, 0.71]\ntruth 0.79\n"
    )
    for k in range(0, len(jobs), 2):
        outputs = {rule: [f"{rule}.{k}"] for rule in jobs[k : k + 2]}
        running = [
            told.begin(rule, outputs.get(rule), log=log, shard=f"0{k}") for rule in jobs[k : k + 2]
        ]
        for _ in range(11):
            told.now += 0.5
            log.write_text(f"2026-01-02 03:04:05,678 INFO x: step 80 of 2043, {k} s left\n")
            lines.show(told.run)
        for number in running:
            told.finish(number)
    report = told.begin("write_report", [html, summary], ["all.csv"])
    told.finish(report)
    told.finish(told.begin("all", [], [html]))
    told.event(None, "Complete log(s): /x/.snakemake/log/run.log")
    lines.show(told.run)
    said = stream.getvalue() + told.ending()
    assert 380 < told.now < 480
    assert said.count("\n") < 60 and "\x1b" not in said
    asked = {BY_NAME[rule].stage for rule in DEMO if rule in BY_NAME}
    for stage in filter(asked.__contains__, stages.STAGES):
        assert re.search(rf"^ +\d:\d\d  {stage} begins: \d+ jobs?$", said, re.M), stage
        assert re.search(rf"^ +\d:\d\d  {stage} done: \d+ jobs? in \d:\d\d$", said, re.M), stage
    progress = re.findall(r"(\d+) of \d+ jobs done; .*step 80 of 2043, \d+ s left", said)
    assert 8 < len(progress) < 14 and progress == sorted(progress, key=int)
    *summed, report, done, where = said.splitlines()[-7:]
    assert summed == [*summary.read_text().splitlines(), ""] and report == f"Report: {html}"
    assert done == f"{sum(DEMO.values()) - 1} jobs done in {times.clock(told.now)}."
    assert where == "Log of the run: /x/.snakemake/log/run.log"
    assert max(map(len, said.splitlines())) < 200


def test_a_week_is_not_many_more_lines():
    told = Events({"train_model": 1})
    stream = io.StringIO()
    lines = Lines(stream)
    told.begin("train_model", size="12b")
    for told.now in range(0, 7 * 24 * 3600, 15):
        lines.show(told.run)
    assert 60 < stream.getvalue().count("\n") < 110


@pytest.fixture
def log(tmp_path) -> Path:
    path = tmp_path / "logs" / "inspect_shard" / "lines.log"
    path.parent.mkdir(parents=True)
    return path


def record(message: str) -> str:
    return f"2026-01-02 03:04:05,678 INFO tracemem.jobs.progress: {message}\n"


TRACEBACK = """Traceback (most recent call last):
  File "x.py", line 3, in <module>
    run()
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "{script}", line 7, in <module>
    import nothing
ModuleNotFoundError: No module named 'nothing'
"""
COMMAND = "CalledProcessError in file \"a.smk\", line 3:\nCommand 'set -euo pipefail; {}' {}."
SCRIPT = "/x/.snakemake/scripts/tmpab.mine.py"


def failed(log: Path, *, written: str = "", printed: str = "", **told) -> str:
    """The last lines after a job failed, with what it wrote and printed."""
    events = Events({"inspect_shard": 1})
    events.run.printed = lambda since: printed
    number = events.begin("inspect_shard", ["a.parquet"], log=log, memory=4000, shard="lines")
    if written:
        log.write_text(written)
    events.fail(number, **told)
    events.error("WorkflowError", "WorkflowError:\nAt least one job did not complete successfully.")
    return events.ending()


def test_a_failed_jobs_own_message_is_repeated_last(log):
    message = "ValueError: corpus/lines.jsonl, line 7: 'body' is a number\nallowed: a string"
    said = failed(log, written=f"{record('reading')}{TRACEBACK}failed: {message}\n", told="exit 1")
    indented = message.replace("\n", "\n    ")
    assert f"  inspect_shard, shard = lines\n    {indented}\n    log: {log}\n" in said
    assert "KeyError" not in said and "At least one job" not in said
    assert said.startswith("\n1 job failed:\n")
    last = said.splitlines()[-2:]
    assert (
        last[0].startswith("Next: ") and "--rerun-incomplete" in last[1] and "--unlock" in last[1]
    )


def test_a_traceback_speaks_for_a_job_of_somebody_elses(log):
    said = failed(log, written=record("reading") + TRACEBACK)
    assert "\n    ModuleNotFoundError: No module named 'nothing'\n    log: " in said


def test_what_an_earlier_run_wrote_is_not_the_jobs_message(log):
    log.write_text("failed: ValueError: of yesterday\n")
    os.utime(log, (1e9, 1e9))
    said = failed(log, told=COMMAND.format(SCRIPT, "returned non-zero exit status 2"))
    assert "yesterday" not in said and "exit status 2, and no message of its own" in said
    assert f"log: {log}" not in said


def test_a_script_that_cannot_be_imported_speaks_through_what_was_printed(log):
    other = TRACEBACK.format(script="/x/.snakemake/scripts/tmpzz.other.py").replace("nothing", "b")
    printed = f"{TRACEBACK.format(script=SCRIPT)}\n{other}and more"
    told = COMMAND.format(f"python {SCRIPT}", "returned non-zero exit status 1")
    said = failed(log, printed=printed, told=told)
    assert "    ModuleNotFoundError: No module named 'nothing'\n" in said and "'b'" not in said


def test_another_jobs_traceback_is_not_taken_for_ones_own(log):
    told = COMMAND.format(
        "python /x/.snakemake/scripts/tmpqq.mine.py", "died with <Signals.SIGKILL: 9>"
    )
    printed = TRACEBACK.format(script=SCRIPT)
    said = failed(log, written=record("step 3 of 9"), printed=printed, told=told)
    assert "killed by SIGKILL" in said and "nothing" not in said
    said = failed(log, printed=printed, told=COMMAND.format("sort x", "non-zero exit status 3"))
    assert "    exit status 3, and no message of its own\n" in said


@pytest.mark.parametrize("how", ["died with <Signals.SIGKILL: 9>", "non-zero exit status 137"])
def test_a_killed_job_is_told_from_one_that_failed(log, how):
    said = failed(log, written=record("step 3 of 9"), told=COMMAND.format("python x", how))
    assert "killed by SIGKILL, as happens when memory runs out (its rule asks for 4000 MB)" in said
    assert "    last in its log:\n    step 3 of 9\n" in said


def test_a_signal_and_a_status_without_words_are_named(log):
    assert "ended by SIGTERM" in failed(log, told=COMMAND.format("x", "non-zero exit status 143"))
    said = failed(log, printed="a\nb: no such file", told=COMMAND.format("x", "exit status 3"))
    assert "exit status 3" in failed(log, told=COMMAND.format("x", "non-zero exit status 3"))
    assert "    last printed:\n    a\n    b: no such file\n" in said


def test_a_cluster_says_what_it_knows_and_where_its_log_is(log):
    theirs = log.with_name("slurm.log")
    theirs.write_text("slurmstepd: error: Detected 1 oom_kill event\n")
    said = failed(
        log, executor="SLURM status is: 'OUT_OF_MEMORY'. For further error details see the "
        "cluster/cloud log and the log files of the involved rule(s).", logs=[log, theirs],
    )  # fmt: skip
    assert "SLURM status is: 'OUT_OF_MEMORY', as happens when memory runs out" in said
    assert "Detected 1 oom_kill" in said and f"log: {theirs}" in said
    assert "For further error details" not in said


def test_errors_of_jobs_that_end_together_are_not_mixed_up(log):
    events = Events({"inspect_shard": 2})
    first, second = (events.begin("inspect_shard", [k], shard=k) for k in "ab")
    events.error("RuleException", "RuleException:\nKeyError in file a, line 1:\nof a", thread=1)
    events.error("RuleException", "RuleException:\nKeyError in file a, line 1:\nof b", thread=2)
    events.fail(second, thread=2)
    events.fail(first, thread=1)
    said = events.ending()
    assert re.search(r"shard = a\n    KeyError in file a, line 1:\n    of a\n", said)
    assert re.search(r"shard = b\n    KeyError in file a, line 1:\n    of b\n", said)


def test_a_job_that_is_tried_again_and_succeeds_has_not_failed():
    events = Events({"fetch_shard": 1})
    number = events.begin("fetch_shard", ["a"], file="a")
    said = events.fail(number, COMMAND.format("x", "non-zero exit status 3"))
    assert said.startswith("fetch_shard a failed: exit status 3")
    assert "tried again" in events.event(None, f"Trying to restart job {number}.")
    number = events.begin("fetch_shard", ["a"], file="a")
    events.finish(number)
    assert "failed" not in events.ending() and "Made: a" in events.ending()


def test_what_is_stopped_has_not_failed():
    events = Events({"train_model": 2})
    number = events.begin("train_model", ["a"], size="1m")
    assert events.event(None, "Terminating processes on user request, this might take some time.")
    events.fail(number, COMMAND.format("x", "died with <Signals.SIGINT: 2>"))
    events.error("WorkflowError", "WorkflowError:\nAt least one job did not complete successfully.")
    said = events.ending()
    assert "failed" not in said and "Stopped on request. 0 of 2 jobs are done" in said
    assert "Next: give the same command again" in said


def test_many_failures_are_counted_beyond_the_first():
    events = Events({"inspect_shard": 50})
    for k in range(50):
        events.fail(events.begin("inspect_shard", [k], shard=f"s{k}"), "KeyError: 'a'", thread=k)
    said = events.ending()
    assert said.startswith("\n50 jobs failed:") and said.count("shard = ") == MOST
    assert f"and {50 - MOST} more" in said


LOCATION = '  File "/x/workflow/Snakefile", line 34, in <module>'


def test_an_error_of_the_config_is_whole_and_once_and_nothing_else():
    run = Run()
    body = "the config is wrong:\n  ladder.epoch: unknown key\n  seed: found 'x'; allowed: a number"
    told = f'WorkflowError in file "/x/workflow/Snakefile", line 34:\n{body}\n{LOCATION}'
    values = {"event": LogEvent.ERROR, "exception": "WorkflowError", "thread": 1}
    run.note(logging.makeLogRecord({"msg": told, "levelname": "ERROR", **values}))
    run.end()
    assert "\n".join(ending(run)) == body


def test_an_error_of_the_workflow_keeps_its_place():
    told = f'ZeroDivisionError in file "/x/Snakefile", line 1:\ndivision by zero\n{LOCATION}'
    assert messages.error("ZeroDivisionError", told) == told
    assert messages.error("WorkflowError", "WorkflowError:\nno config") == "no config"


@pytest.mark.parametrize(
    ("kind", "asked"),
    [("LockException", "--unlock"), ("IncompleteFilesException", "--rerun-incomplete")],
)
def test_a_run_that_was_killed_hard_is_told_how_to_go_on(kind, asked):
    run = Run()
    values = {"event": LogEvent.ERROR, "exception": kind, "thread": 1, "levelname": "ERROR"}
    run.note(logging.makeLogRecord({"msg": f"{kind}:\nthe folder is theirs", **values}))
    run.end()
    *error, following = ending(run)
    assert "the folder is theirs" in "\n".join(error) and asked in following


def test_what_was_asked_for_is_named_where_there_is_no_report():
    events = Events({"merge_ngrams": 1, "tabulate_pairs": 2, "counts": 1})
    asked = ["r/ngrams/counts.parquet", "r/pairs/a.parquet", "r/pairs/b.parquet"]
    for rule, path in zip(["merge_ngrams", "tabulate_pairs", "tabulate_pairs"], asked, strict=True):
        events.finish(events.begin(rule, [path, f"{path}.beside"], ["made.elsewhere"]))
    events.finish(events.begin("counts", [], [*asked, "r/there/before.csv"]))
    said = events.ending()
    assert "\nMade: r/ngrams/counts.parquet\nMade: r/pairs/ (2 files)\n3 jobs done in " in said
    assert "beside" not in said and "before" not in said


def test_without_a_target_what_nobody_took_is_named():
    events = Events({"a": 1, "b": 1})
    events.finish(events.begin("a", ["x/mid"]))
    events.finish(events.begin("b", ["x/end"], ["x/mid"]))
    assert "Made: x/end\n" in events.ending() and "mid" not in events.ending()


def test_a_report_without_a_summary_is_a_report(tmp_path):
    (tmp_path / "summary.txt").write_text("of another run")
    events = Events({"write_report": 1})
    events.finish(events.begin("write_report", [tmp_path / "report.html"]))
    assert f"\nReport: {tmp_path / 'report.html'}\n" in events.ending()
    assert "of another run" not in events.ending()


def test_nothing_to_be_done_is_said():
    run = Run()
    said = "Nothing to be done (all requested files are present and up to date)."
    run.note(logging.makeLogRecord({"msg": said, "levelname": "INFO"}))
    assert len(ending(run)) == 1 and ending(run)[0].startswith("Nothing to be done")


def test_what_is_left_follows_jobs_of_the_rule_and_what_a_job_says_itself(log):
    events = Events({"count_ngrams": 4, "train_model": 1})
    assert events.run.left() is None
    for k in range(3):
        number = events.begin("count_ngrams", [k])
        events.now += 10
        events.finish(number)
    # A fourth of 10 s, and a model, of which nothing is known but the average.
    assert events.run.left() == pytest.approx(20)
    events.begin("train_model", ["m"], log=log)
    log.write_text(record("step 8 of 90, loss 5.2, 247 s left to step 90"))
    assert events.run.left() == pytest.approx(257)


@pytest.mark.parametrize(
    ("message", "seconds"),
    [("step 8, 247 s left to step 90", 247), ("1 of 3, 0:01:02 left", 62), ("left alone", None)],
)
def test_seconds_left_are_read_from_a_jobs_message(message, seconds):
    assert messages.seconds_left(message) == seconds


def test_times_are_round_where_they_are_guesses():
    assert [times.clock(s) for s in (0, 61, 3723)] == ["0:00", "1:01", "1:02:03"]
    assert times.about(None) == "" and times.about(20) == "less than a minute left"
    assert times.about(260) == "about 4 min left" and times.about(7800) == "about 2 h 10 min left"


def test_the_latest_message_is_without_its_time_its_path_and_what_moves_a_cursor(log):
    events = Events({"generate": 1})
    number = events.begin("generate", ["r/large.parquet"], log=log)
    job = events.run.running[number]
    assert job.message() == ""
    log.write_text(record("one") + record("r/large.parquet: chunk \x1b[2K\x1b[31m2 of 3") + "\n")
    assert job.message() == "chunk 2 of 3"
    log.write_bytes(b"\xff" * 10 + b"\nnot a record\n")
    assert job.message() == "not a record"


def picture(events: Events, width: int, height: int) -> list[str]:
    from rich.console import Console

    from snakemake_logger_plugin_tracemem.display import Display

    console = Console(width=width, height=height, file=io.StringIO(), force_terminal=False)
    console.print(Display(io.StringIO()).picture(events.run, width, height))
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_display_fits_the_terminal_and_shows_what_runs(log, width):
    events = Events({"inspect_shard": 2, "train_model": 40, "theirs": 1})
    log.write_text(record("a long message " * 20 + "247 s left to the end"))
    events.now = 3
    events.finish(events.begin("inspect_shard", ["a"], shard="a"))
    for k in range(30):
        events.begin("train_model", [k], log=log, size=f"{k}m")
    events.now = 65
    lines = picture(events, width, 24)
    assert len(lines) <= 24 and max(map(len, lines)) <= width
    assert re.match(r"corpus +\S+ +1 of 2 +1:02$", lines[0])
    assert re.match(r"ladder +\S* +0 of 40 +1:02$", lines[1])
    assert re.match(r"theirs +\S* +0 of 1 *$", lines[2])
    assert re.match(r"train_model 0m +1:02 +4:07 left +a long mess.*…$", lines[4])
    assert lines[-3] == f"and {30 - (len(lines) - 7)} more running"
    assert lines[-1].startswith("1 of 43 jobs done, 1:05 gone")


def test_what_jobs_print_is_taken_in_and_kept(capfd):
    taken = Taken(clock=lambda: 5.0)
    script = "printf 'one\\n10%%\\r100%%\\ntwo' >&2"
    subprocess.run(["sh", "-c", script], check=True)
    taken.stream.write("the display\n")
    taken.give_back()
    taken.stream.close()
    assert taken.waiting() == ["one", "100%", "two"] and taken.waiting() == []
    assert taken.printed(5.0) == "one\n100%\ntwo" and taken.printed(6.0) == ""
    subprocess.run(["sh", "-c", "echo afterwards >&2"], check=True)
    assert capfd.readouterr().err == "the display\nafterwards\n"


def test_commands_are_shown_among_messages_without_an_event(capfd):
    settings = SimpleNamespace(
        quiet=(), nocolor=True, printshellcmds=True, show_failed_logs=False, dryrun=False
    )
    watch = Watch(threading.RLock(), settings, Path.cwd())
    for values in ({"msg": "Select jobs"}, {"event": LogEvent.SHELLCMD, "shellcmd": "sort a b"}):
        watch.note(logging.makeLogRecord({"levelname": "INFO", **values}))
    watch.close()
    assert "sort a b\n" in capfd.readouterr().err


def test_the_plugin_loads_nothing_heavy():
    heavy = "{'pandas', 'numpy', 'torch', 'rich', 'snakemake', 'pyarrow'}"
    code = (
        "import sys, snakemake_logger_plugin_tracemem as plugin; "
        f"print(sorted({heavy} & set(sys.modules)), plugin.LogHandler.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] LogHandler\n"

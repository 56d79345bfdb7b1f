"""A job that fails says why on the terminal and everything in its log."""

import logging
import os

import pytest

from tracemem.jobs import joblog
from tracemem.jobs.joblog import job_log


def test_progress_goes_to_the_terminal_and_the_log(tmp_path, capsys):
    path = tmp_path / "logs" / "count" / "00.log"
    with job_log(path):
        logging.getLogger("x").info("half way")
    assert "count/00: half way" in capsys.readouterr().err
    assert "half way" in path.read_text()


def test_an_error_is_one_line_on_the_terminal_and_a_traceback_in_the_log(tmp_path, capsys):
    path = tmp_path / "logs" / "count.log"
    with pytest.raises(SystemExit) as stopped, job_log(path):
        raise ValueError("a.jsonl, line 3: not JSON")
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert "count: ValueError: a.jsonl, line 3: not JSON" in said and "Traceback" not in said
    assert str(path) in said
    assert "Traceback" in path.read_text()


@pytest.mark.parametrize("error", [ValueError("a.jsonl:\n  line 3"), KeyError()])
def test_the_message_is_the_last_of_the_log(tmp_path, error):
    path = tmp_path / "logs" / "count.log"
    with pytest.raises(SystemExit), job_log(path):
        raise error
    _, found, last = path.read_text().rpartition(f"\n{joblog.FAILED}")
    told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    assert found and last == f"{told}\n"


def test_where_the_terminal_is_shown_by_another_the_log_is_all_there_is(
    tmp_path, capfd, monkeypatch
):
    path = tmp_path / "logs" / "count.log"
    monkeypatch.setenv(joblog.WATCHED, joblog.stream())
    with pytest.raises(SystemExit), job_log(path):
        logging.getLogger("x").info("half way")
        raise ValueError("not JSON")
    assert capfd.readouterr().err == ""
    assert "half way" in path.read_text() and path.read_text().endswith("ValueError: not JSON\n")


def test_another_stream_than_the_one_that_is_shown_gets_everything(tmp_path, capfd, monkeypatch):
    with open(tmp_path / "other", "w") as other:
        monkeypatch.setenv(joblog.WATCHED, joblog.stream(other.fileno()))
    with job_log(tmp_path / "count.log"):
        logging.getLogger("x").info("half way")
    assert "half way" in capfd.readouterr().err
    assert os.path.getsize(tmp_path / "other") == 0

"""A job that fails says why on the terminal and everything in its log."""

import logging

import pytest

from tracemem.joblog import job_log


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

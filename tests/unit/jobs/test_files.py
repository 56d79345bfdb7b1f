"""Files at rest go through one door: whole or not at all, by their declaration, with a checksum."""

import ast
import hashlib
from pathlib import Path

import numpy as np
import pytest

from tracemem.jobs import files

WORKFLOW = Path(__file__).resolve().parents[3] / "workflow"
# What reads or writes a file by itself, wherever it is called.
CALLS = {
    "read_parquet", "read_csv", "read_table", "write_table", "to_csv", "to_parquet", "savez",
    "memmap", "mkstemp", "replace_file", "load_npz", "fromfile",
}  # fmt: skip
# Whose own files they are: an index as others lay it out, a table that comes with the library.
OWN = {
    ("infgram/index.py", "memmap"),
    ("scoring/published/__init__.py", "read_csv"),
}
# What users bring is read by the wings that know its formats.
USERS = ("corpus/", "tasks/", "ngrams/queries.py", "jobs/files.py")


def test_no_script_and_no_wing_has_a_door_of_its_own():
    places = [*(WORKFLOW / "scripts").glob("*.py"), *(WORKFLOW / "tracemem").rglob("*.py")]
    for path in places:
        inside = str(path.relative_to(WORKFLOW)).removeprefix("tracemem/")
        if inside.startswith(USERS):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func.attr if isinstance(node, ast.Call) and isinstance(
                node.func, ast.Attribute) else ""  # fmt: skip
            # np.load, not json.load or a function of ours.
            if called == "load" and isinstance(node.func.value, ast.Name):
                called = "np.load" if node.func.value.id == "np" else ""
            known = called in CALLS or called == "np.load"
            assert not known or (inside, called) in OWN, f"{inside}:{node.lineno}: {called}"


def test_arrays_come_back_as_written_and_mapped_ones_stay_in_the_file(tmp_path):
    array = np.arange(12, dtype=np.uint16).reshape(3, 4)
    files.write_array(array, tmp_path / "a.npy")
    assert (files.read_array(tmp_path / "a.npy") == array).all()
    assert isinstance(files.read_array(tmp_path / "a.npy", mapped=True), np.memmap)
    files.write_arrays({"x": array, "y": array[0]}, tmp_path / "several.npz")
    found = files.read_arrays(tmp_path / "several.npz")
    assert list(found) == ["x", "y"] and (found["y"] == array[0]).all()


def test_checksum_is_that_of_the_bytes(tmp_path):
    files.write_text("größer\n", tmp_path / "t.txt")
    assert files.checksum(tmp_path / "t.txt") == hashlib.sha256("größer\n".encode()).hexdigest()


def test_several_files_come_together_or_not_at_all(tmp_path):
    paths = [tmp_path / "index" / name for name in ("tokens", "table")]
    with pytest.raises(RuntimeError), files.replacing_all(*paths) as drafts:
        drafts[0].write_text("half")
        raise RuntimeError
    assert not list((tmp_path / "index").iterdir()) and len(list(tmp_path.iterdir())) == 1
    with files.replacing_all(*paths) as drafts:
        for draft in drafts:
            assert draft.parent.parent == tmp_path
            draft.write_text("whole")
    assert [path.read_text() for path in paths] == ["whole", "whole"]

"""The study with vLLM as its engine: only generation runs again, and it says the same."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tracemem.generation.tables import GENERATIONS
from tracemem.jobs import files

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
TARGET = "results/tiny/generations/questions/large.parquet"

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="no environment of vLLM here: make test-vllm installs it"
)


def snakemake(folder: Path, *overlays: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", TARGET, "--snakefile", str(ROOT / "Snakefile"),
         "--directory", str(folder), "--cores", "2", "--workflow-profile", "none",
         "--configfile", str(Path(__file__).with_name("tiny.yaml")), *map(str, overlays)],
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-6000:]
    return said


def test_vllm_fills_the_same_table(tmp_path):
    snakemake(tmp_path)
    plain = files.read(GENERATIONS, tmp_path / TARGET)
    overlay = tmp_path / "vllm.yaml"
    overlay.write_text(f"generation: {{engine: vllm, python: {PYTHON}}}\n")
    said = snakemake(tmp_path, overlay)
    assert "rule generate:" in said and "rule train_model:" not in said
    # Else the table would be the one it is set beside.
    assert "rule assemble_generations:" in said
    found = files.read(GENERATIONS, tmp_path / TARGET)
    assert found["example"].tolist() == plain["example"].tolist()
    for ours, theirs in zip(
        plain["token_log_probabilities"], found["token_log_probabilities"], strict=True
    ):
        np.testing.assert_allclose(theirs, ours, atol=1e-3)
    same = (found["generation"] == plain["generation"]).mean()
    assert same > 0.9  # near-ties may fall the other way

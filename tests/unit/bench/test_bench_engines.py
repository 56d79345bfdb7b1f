"""The bench of the engines measures both sides of a comparison, on a model of any size."""

import csv
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "workflow" / "bench" / "models" / "bench_engines.py"


def test_scoring_is_held_to_a_bare_forward_loop(tiny_model, tmp_path):
    part = tmp_path / "part.csv"
    subprocess.run([sys.executable, SCRIPT, tiny_model, part], check=True)
    rows = list(csv.DictReader(part.open()))
    assert [row["tool"] for row in rows] == ["ours", "bare forward", "least forward"]
    tokens = []
    for row in rows:
        assert len(row["repeats"].split()) == 5
        assert float(row["peak_mb"]) > 100
        tokens.append(float(row["rate"]) * float(row["seconds"]))
    # All sides count the same tokens: 256 prompts of some 70 tokens and targets of some 17.
    assert max(tokens) / min(tokens) - 1 < 1e-3
    assert 256 * 70 < tokens[0] < 256 * 105

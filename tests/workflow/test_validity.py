"""The study of validity in small: the ladder trained again, and every measure held to what it lost."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tracemem.counterfactual.tables import (
    AGREEMENT,
    ALONE,
    CANDIDATES,
    COUNTERFACTUAL,
    EFFECTS,
    UNITS,
)
from tracemem.jobs import files
from tracemem.scoring.tables import MEMORIZATION

ROOT = Path(__file__).resolve().parents[2]
MINI = ROOT / "config" / "validity-mini.yaml"


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("validity")
    done = subprocess.run(
        [
            sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"),
            "--directory", str(folder), "--configfile", str(MINI), "--cores", "2",
        ],
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return folder / "results" / "validity-mini"


def test_models_lose_facts_without_their_documents_and_rules_less(results):
    effects = files.read(EFFECTS, results / EFFECTS.path).set_index(["task", "model"])
    facts, rules = effects.loc[("questions", "large")], effects.loc[("arithmetic", "large")]
    assert facts["ci_low"] > 0.5 and facts["effect"] > rules["effect"] + 1
    assert effects.loc[("questions", "small"), "effect"] < facts["effect"]
    examples = files.read(COUNTERFACTUAL, results / COUNTERFACTUAL.path)
    asked = examples[(examples["task"] == "questions") & (examples["model"] == "large")]
    none, many = asked[asked["documents"] == 0], asked[asked["documents"] > 5]
    assert len(none) and abs(none["effect"].mean()) < many["effect"].mean() / 3
    units = files.read(UNITS, results / UNITS.path)
    assert set(units["kind"]) == {"facts", "translation", "arithmetic"}


def test_a_subset_has_the_documents_it_keeps_and_no_other(results):
    whole = np.load(results / "ladder/tokens.npy")
    parts = [np.load(results / f"counterfactual/tokens/s{k:02d}.npy") for k in range(4)]
    documents = [int((stream == 0).sum()) for stream in (whole, *parts)]
    units = files.read(UNITS, results / UNITS.path)
    left = {place for places in units["documents"] for place in places}
    for first, second in ((1, 2), (3, 4)):
        # What neither keeps is a document of two units, one of each half.
        gone = 2 * documents[0] - documents[first] - documents[second]
        assert len(left) <= gone <= 2 * len(left)


def test_measures_are_held_to_the_effect_and_to_models_that_saw_nothing(results):
    scores = files.read(MEMORIZATION, results / MEMORIZATION.path)
    contrast = scores[(scores["measure"] == "contrast") & (scores["task"] == "questions")]
    contrast = contrast[contrast["statistic"] == "partial-spearman"].set_index("model")["value"]
    assert set(contrast.index) == {"small", "large", "small-stranger", "large-stranger"}
    # Chance alone reaches .22 at eighty examples: how far the two lie apart is for larger worlds to say.
    assert contrast["large"] > 0.1
    candidates = files.read(CANDIDATES, results / CANDIDATES.path)
    chosen = candidates.set_index(["corpus_side", "model_side", "held", "task", "model"])
    strongest = chosen.loc[("strongest", "contrast", "prior")]
    # The measure of the study is the candidate of that name.
    for model, value in contrast.items():
        assert strongest["value"]["questions", model] == pytest.approx(value, abs=1e-5)
    assert strongest["agreement"]["questions", "large"] > 0.3
    assert strongest["agreement"][:, "large-stranger"].isna().all()
    agreement = files.read(AGREEMENT, results / AGREEMENT.path)
    assert set(agreement["level"]) == {"item", "apart", "cells", "examples", "nothing"}
    nothing = agreement[agreement["level"] == "nothing"]
    assert (nothing["cells"] >= 4).all() and nothing["value"].between(0, 1).all()


def test_the_report_shows_the_effect(results):
    page = (results / "report.html").read_text(encoding="utf-8")
    assert "Counterfactual effect" in page and "Measures against the counterfactual effect" in page
    note = pd.read_csv(results / "figures/counterfactual.csv")
    assert note["figure"].tolist() == ["counterfactual"] and note["reason"].isna().all()


def test_a_single_document_stands_beside_its_effect(results):
    alone = files.read(ALONE, results / ALONE.path)
    assert set(alone["subset"]) == {"alone0"} and set(alone["model"]) == {"small"}
    effects = files.read(COUNTERFACTUAL, results / COUNTERFACTUAL.path)
    effects = effects[(effects["model"] == "small") & (effects["task"] == "questions")]
    same = alone.merge(effects, on=["task", "example"], suffixes=("", "_known"))
    assert len(same) == len(alone) and (same["documents"] == 1).all()
    assert same["effect"].tolist() == pytest.approx(same["effect_known"].tolist(), abs=1e-4)

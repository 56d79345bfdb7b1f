import math

import numpy as np
import pandas as pd
import pytest

from tracemem.jobs import files
from tracemem.scoring import claims
from tracemem.scoring.tables import (
    CLAIMS,
    CONTROLS,
    MEMORIZATION,
    NOVELTY,
    PERFORMANCE,
    SUPPORT,
)  # fmt: skip

SIZES = {"small": 1_000, "middle": 10_000, "large": 100_000}
KINDS = {
    "trivia": "question-answering",
    "facts": "multiple-choice",
    "maths": "multiple-choice",
    "wmt": "translation",
    "sums": "reasoning",
}
GROUPS = {"facts": "knowledge", "maths": "reasoning"}
CHANCE = {"facts": 0.25, "maths": 0.25}
METRICS = {"trivia": "exact-match", "facts": "accuracy", "maths": "accuracy", "wmt": "bleu",
           "sums": "final-answer"}  # fmt: skip


def correlation(task, n, measure, statistic, values, width=0.02, p=0.001):
    """Rows of the three sizes with intervals of +- ``width``."""
    filled = dict.fromkeys(MEMORIZATION.columns, 0)
    return [
        {**filled, "task": task, "model": model, "parameters": size, "n": n, "measure": measure,
         "statistic": statistic, "value": value, "ci_low": value - width,
         "ci_high": value + width, "p_value": p, "p_permutation": p, "p_holm": p}
        for (model, size), value in zip(SIZES.items(), values, strict=True)
    ]  # fmt: skip


def supported():
    """Scores under which every claim of the paper that has a table holds."""
    rows = []
    for task, values in (("trivia", (0.1, 0.2, 0.4)), ("facts", (0.6, 0.5, 0.4))):
        rows += correlation(task, 3, "task-gram", "spearman", values)
        rows += correlation(task, 5, "task-gram", "spearman", (0.1, 0.1, 0.1))
        rows += correlation(task, 3, "infini-gram", "spearman", (0.3, 0.2, 0.1))
    rows += correlation("trivia", 3, "task-gram", "partial-spearman", (0.0, 0.1, 0.2))
    rows += correlation("trivia", 3, "task-gram-keyed", "partial-spearman", (0.0, 0.1, 0.4))
    rows += correlation("maths", 3, "task-gram", "spearman", (0.1, 0.1, 0.1))
    rows += correlation("maths", 3, "infini-gram", "spearman", (0.05, 0.02, -0.02))
    rows += correlation("wmt", 2, "task-gram", "spearman", (0.0, 0.01, -0.01), p=0.5)
    rows += correlation("sums", 3, "task-gram", "spearman", (0.0, 0.01, -0.01), p=0.5)
    rows += correlation("sums", 3, "task-gram", "kendall-distance", (0.2, 0.3, 0.4))
    rows += correlation("sums", 3, "infini-gram", "kendall-distance", (0.5, 0.5, 0.5))
    controls = correlation("trivia", 3, "output-count", "spearman", (0.8, 0.7, 0.3))
    performance, support, novelty = [], [], []
    for (model, size), score in zip(SIZES.items(), (0.02, 0.1, 0.4), strict=True):
        series = {"task": "trivia", "model": model, "parameters": size}
        interval = {"ci_low": score - 0.01, "ci_high": score + 0.01, "examples": 100}
        for task, metric in METRICS.items():
            shown = {name: 100 * value if metric == "bleu" else value
                     for name, value in {"value": score, **interval}.items()}  # fmt: skip
            performance.append(
                {**series, "task": task, "group": "", "metric": metric, "signature": "", **shown}
            )
        for number, value in ((0, 0.01), (1, score)):
            support.append(
                {**series, "n": 3, "bin": number, "support_low": number, "support_high": number,
                 "metric": "exact-match", "value": value, "ci_low": value - 0.01,
                 "ci_high": value + 0.01, "examples": 50}
            )  # fmt: skip
        novelty.append(
            {**series, "task": "wmt", "n": 2, "generated_pairs": 1000,
             "novel_pairs": int(score * 1000), "share": score, **interval}
        )  # fmt: skip
    return {
        "memorization": pd.DataFrame(rows),
        "controls": pd.DataFrame(controls),
        "performance": pd.DataFrame(performance),
        "support": pd.DataFrame(support),
        "novelty": pd.DataFrame(novelty),
    }


def empty():
    known = (MEMORIZATION, CONTROLS, PERFORMANCE, SUPPORT, NOVELTY)
    return {table.name: pd.DataFrame(columns=list(table.columns)) for table in known}


def judged(scores, kinds=KINDS, groups=GROUPS, capability=0.1):
    return claims.judge(scores, kinds, groups, CHANCE, capability).set_index("claim")


def verdicts(scores, kinds=KINDS, groups=GROUPS):
    return judged(scores, kinds, groups)["verdict"]


def change(scores, value, **where):
    """Scores with other values, in order of size, in the rows that ``where`` picks."""
    frame = scores["memorization"].copy()
    chosen = pd.Series(True, frame.index)
    for column, wanted in where.items():
        chosen &= frame[column] == wanted
    assert chosen.sum() == 3
    for index, new in zip(frame.index[chosen], value, strict=True):
        half = (frame.loc[index, "ci_high"] - frame.loc[index, "ci_low"]) / 2
        frame.loc[index, ["value", "ci_low", "ci_high"]] = new, new - half, new + half
    return {**scores, "memorization": frame}


def test_every_claim_is_judged_and_fits_the_table():
    found = judged(supported()).reset_index()
    files.conform(CLAIMS, found)
    assert found["claim"].tolist() == [f"C{i}" for i in range(1, 9)] + ["K1"]
    assert set(found["verdict"]) <= {"holds", "fails", "cannot tell"}
    assert (found["numbers"].str.len() > 0).all()


def test_claims_hold_where_the_numbers_say_so():
    found = verdicts(supported())
    assert found.to_dict() == {
        **dict.fromkeys(["C1", "C2", "C3", "C4", "C5", "C8", "K1"], "holds"),
        "C6": "cannot tell",
        "C7": "cannot tell",
    }


@pytest.mark.parametrize(
    ("claim", "value", "where"),
    [
        ("C1", (0.5, 0.4, 0.3), {"task": "trivia", "n": 3, "measure": "task-gram"}),
        ("C1", (0.1, 0.2, 0.6), {"task": "trivia", "n": 5, "measure": "task-gram"}),
        ("C1", (0.1, 0.2, 0.6), {"task": "trivia", "n": 3, "measure": "infini-gram"}),
        ("C2", (0.2, 0.3, 0.5), {"task": "facts", "n": 3, "measure": "task-gram"}),
        ("C2", (0.1, 0.1, 0.9), {"task": "maths", "n": 3, "measure": "task-gram"}),
        ("C4", (0.4, 0.3, 0.2), {"task": "sums", "measure": "task-gram",
                                 "statistic": "kendall-distance"}),
        ("C4", (0.1, 0.1, 0.1), {"task": "sums", "measure": "infini-gram"}),
        ("C8", (0.0, 0.1, 0.2), {"task": "maths", "n": 3, "measure": "infini-gram"}),
        ("K1", (0.4, 0.1, 0.0), {"task": "trivia", "measure": "task-gram-keyed"}),
        ("K1", (0.3, 0.3, 0.3), {"task": "trivia", "measure": "task-gram",
                                 "statistic": "partial-spearman"}),
    ],
)  # fmt: skip
def test_a_claim_fails_where_one_check_fails(claim, value, where):
    where = {"statistic": "spearman", **where}
    if where["measure"] == "task-gram-keyed":
        where["statistic"] = "partial-spearman"
    if where["measure"] == "infini-gram" and where["task"] == "sums":
        where["statistic"] = "kendall-distance"
    assert verdicts(change(supported(), value, **where))[claim] == "fails"


def test_c8_is_judged_on_the_tasks_that_are_there():
    kinds = {"trivia": "question-answering", "wmt": "translation"}
    assert verdicts(supported(), kinds)["C8"] == "holds"


def test_a_task_of_neither_list_is_no_task_of_knowledge():
    """Formal logic falls as C2 asks of knowledge, but is not asked."""
    logic = {**GROUPS, "facts": ""}
    found = judged(supported(), groups=logic)
    assert found.loc["C2", "verdict"] == "cannot tell"
    assert "no multiple-choice task of knowledge" in found.loc["C2", "numbers"]
    assert "facts" in found.loc["C8", "numbers"]


def test_wide_intervals_cannot_tell():
    scores = supported()
    frame = scores["memorization"]
    frame["ci_low"], frame["ci_high"] = frame["value"] - 0.5, frame["value"] + 0.5
    assert (verdicts(scores)[["C1", "C2", "C3", "C4", "C8", "K1"]] == "cannot tell").all()


def test_not_significant_is_never_no_memorization():
    """p above 0.05 with a wide interval: cannot tell, and the interval is in the numbers."""
    scores = supported()
    frame = scores["memorization"]
    wmt = frame["task"] == "wmt"
    frame.loc[wmt, "ci_low"], frame.loc[wmt, "ci_high"] = -0.15, 0.3
    found = judged(scores)
    assert found.loc["C3", "verdict"] == "cannot tell"
    assert "[-0.15, 0.3], p = 0.5, which leaves" in found.loc["C3", "numbers"]
    frame.loc[wmt & (frame["model"] == "large"), "p_holm"] = 0.01
    assert verdicts(scores)["C3"] == "fails"


def test_novelty_must_grow_in_share_and_in_number():
    scores = supported()
    scores["novelty"]["novel_pairs"] = [300, 200, 100]
    assert verdicts(scores)["C3"] == "cannot tell"
    scores["novelty"]["share"] = scores["novelty"]["share"].to_numpy()[::-1]
    bounds = {
        "ci_low": scores["novelty"]["share"] - 0.01,
        "ci_high": scores["novelty"]["share"] + 0.01,
    }
    scores["novelty"] = scores["novelty"].assign(**bounds)
    assert verdicts(scores)["C3"] == "fails"


def test_support_that_does_not_help_fails():
    scores = supported()
    frame = scores["support"]
    frame.loc[(frame["model"] == "large") & (frame["bin"] == 0), ["value", "ci_low", "ci_high"]] = (
        0.6, 0.59, 0.61,
    )  # fmt: skip
    assert verdicts(scores)["C5"] == "fails"


def test_what_is_absent_is_named():
    found = judged(empty(), {}, {})
    assert (found["verdict"] == "cannot tell").all()
    assert "no question-answering task" in found.loc["C1", "numbers"]
    assert "gradient influence" in found.loc["C6", "numbers"]
    assert "optimised prompts" in found.loc["C7", "numbers"]
    found = judged(empty(), groups={})
    assert "trivia: no memorization scores" in found.loc["C1", "numbers"]


def test_one_model_and_one_n_cannot_tell_of_trends():
    scores = supported()
    scores = {name: frame[frame["model"] == "large"] for name, frame in scores.items()}
    scores["memorization"] = scores["memorization"].query("n != 5")
    found = judged(scores)
    assert found.loc["C1", "verdict"] == "cannot tell"
    assert "one size only" in found.loc["C1", "numbers"]
    assert "no n above 3 to compare with, of n = 3" in found.loc["C1", "numbers"]
    assert (found["verdict"] != "holds").all()


def test_scores_without_value_cannot_tell():
    scores = supported()
    columns = ["value", "ci_low", "ci_high", "p_value", "p_permutation", "p_holm"]
    for name in ("memorization", "controls"):
        scores[name] = scores[name].astype(dict.fromkeys(columns, float))
        scores[name][columns] = math.nan
    found = verdicts(scores)
    assert (found[["C1", "C2", "C3", "C4", "C8", "K1"]] == "cannot tell").all()


def test_what_leaves_zero_out_is_not_told_as_nothing():
    """-.06 [-.09, -.03] at a p that its floor keeps above .05 is no memorization shown absent."""
    scores = supported()
    frame = scores["memorization"]
    wmt = frame["task"] == "wmt"
    frame.loc[wmt, ["value", "ci_low", "ci_high", "p_holm"]] = -0.06, -0.09, -0.03, 0.39
    found = judged(scores).loc["C3"]
    assert found["verdict"] == "cannot tell" and "leaves 0 out" in found["numbers"]


def test_a_task_that_no_model_has_learnt_tells_nothing():
    """The lower end of the best model's interval decides, above chance, in the metric's range."""
    scores = supported()
    frame = scores["performance"]
    for task, below, above in (("trivia", 0.09, 0.11), ("facts", 0.34, 0.36), ("wmt", 9.0, 11.0)):
        claim = {"trivia": "C1", "facts": "C2", "wmt": "C3"}[task]
        for low, verdict in ((below, "cannot tell"), (above, "holds")):
            changed = frame.copy()
            best = (changed["task"] == task) & (changed["model"] == "large")
            changed.loc[best, "ci_low"] = low
            found = judged({**scores, "performance": changed}).loc[claim]
            assert found["verdict"] == verdict
            assert (f"{task}: not learnt" in found["numbers"]) == (verdict == "cannot tell")
    changed = frame.assign(ci_low=frame["ci_low"].clip(upper=0.0))
    found = judged({**scores, "performance": changed})
    assert (found["verdict"] == "cannot tell").all()
    nowhere = judged({**scores, "performance": frame.iloc[:0]}).loc["C1", "numbers"]
    assert "trivia: no performance" in nowhere


def test_a_gate_of_nothing_judges_everything():
    scores = supported()
    scores["performance"]["ci_low"] = 0.0
    scores["performance"].loc[scores["performance"]["task"].isin(CHANCE), "ci_low"] = 0.25
    assert "not learnt" not in " ".join(judged(scores, capability=0.0)["numbers"])


def test_one_of_many_checks_is_corrected_for_their_number():
    """Fifteen tasks, in one of which Mem_3 is below Mem_5 at an uncorrected p of .02."""
    scores = supported()
    names = [f"trivia{number}" for number in range(15)]
    copies = {
        name: pd.concat([frame[frame["task"] == "trivia"].assign(task=task) for task in names])
        for name, frame in scores.items()
    }
    frame = copies["memorization"] = copies["memorization"].reset_index(drop=True)
    mem = (frame["measure"] == "task-gram") & (frame["statistic"] == "spearman")
    other = mem & (frame["n"] == 5) & (frame["model"] == "large")
    frame.loc[other, ["value", "ci_low", "ci_high"]] = 0.35, 0.3, 0.4
    odd = other & (frame["task"] == "trivia3")
    frame.loc[odd, ["value", "ci_low", "ci_high"]] = 0.45, 0.41, 0.49
    kinds = dict.fromkeys(names, "question-answering")
    assert judged(copies, kinds).loc["C1", "verdict"] == "cannot tell"
    one = {"trivia3": "question-answering"}
    frame.loc[mem & (frame["n"] == 3), ["ci_low", "ci_high"]] = 0.39, 0.41
    assert 0.001 < float(judged(copies, one).loc["C1", "numbers"].partition("p = ")[2][:5]) < 0.2
    frame.loc[odd, ["value", "ci_low", "ci_high"]] = 0.6, 0.56, 0.64
    assert judged(copies, kinds).loc["C1", "verdict"] == "fails"


def test_models_are_compared_over_the_same_resamples():
    """Two sizes whose intervals overlap widely, but which go up and down together."""
    scores = supported()
    frame = scores["memorization"].astype({"value": float})
    draws = np.random.default_rng(0).normal(size=(2, 1000))
    frame["replicates"] = None
    at = (frame["task"] == "trivia") & (frame["measure"] == "task-gram-keyed")
    for index, value, own in zip(frame.index[at], (0.1, 0.2, 0.3), (0.1, 0.2, 0.3), strict=True):
        frame.loc[index, ["value", "ci_low", "ci_high"]] = value, value - 0.2, value + 0.2
        frame.at[index, "replicates"] = value + 0.1 * (draws[0] + own * draws[1])
    assert verdicts({**scores, "memorization": frame})["K1"] == "holds"
    alone = frame.assign(replicates=None)
    assert verdicts({**scores, "memorization": alone})["K1"] == "cannot tell"

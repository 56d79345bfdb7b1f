"""Published numbers stand beside ours of the same quantity, and are never taken for ours."""

import math

import pandas as pd
import pytest

from tracemem.jobs import files
from tracemem.scoring import published
from tracemem.scoring.tables import MEMORIZATION, PUBLISHED, SUPPORT
from tracemem.settings.mmlu import MMLU_KNOWLEDGE
from tracemem.settings.tasks import TaskSettings
from tracemem.study.published import published_as

OURS = {
    "small": {"path": "models/small", "revision": ""},
    "mine": {"path": "EleutherAI/pythia-12b", "revision": "step143000"},
}
OTHERS = {
    "small": {"path": "models/small", "revision": ""},
    "mine": {"path": "models/large", "revision": ""},
}
SIZES = {"small": 1_000, "mine": 9_000}


def scores(task, metric, quantity_n=3, mem=0.3):
    """Frames of memorization, performance and support: small scores 0.1, mine 0.4."""
    performance, memorization = [], []
    for model, value in (("small", 0.1), ("mine", 0.4)):
        series = {"task": task, "model": model, "parameters": SIZES[model]}
        interval = {"ci_low": value - 0.05, "ci_high": value + 0.05}
        for group in ("", "other part"):
            performance.append({**series, **interval, "group": group, "metric": metric,
                                "value": value if not group else 0.99, "examples": 1234,
                                "signature": ""})  # fmt: skip
        filled = dict.fromkeys(MEMORIZATION.columns, 0)
        for measure, found in (("task-gram", mem), ("infini-gram", mem - 0.2)):
            memorization.append({**filled, **series, "n": quantity_n, "measure": measure,
                                 "statistic": "spearman", "value": found, "ci_low": found - 0.1,
                                 "ci_high": found + 0.1, "p_holm": 0.012})  # fmt: skip
    empty = pd.DataFrame(columns=list(SUPPORT.columns))
    return pd.DataFrame(memorization), pd.DataFrame(performance), empty


def support(task, bins):
    """Rows of tables.SUPPORT of ``mine`` at n = 2; ``bins`` are (low, high, value)."""
    return pd.DataFrame(
        [
            {"task": task, "model": "mine", "parameters": 9_000, "n": 2, "bin": number,
             "support_low": low, "support_high": high, "group": "", "metric": "exact-match",
             "value": value, "ci_low": value - 0.01, "ci_high": value + 0.01, "examples": 10}
            for number, (low, high, value) in enumerate(bins)
        ]
    )  # fmt: skip


def compared(known, frames, models=OURS, task="mine"):
    parts = [(*known, "")]
    if known[0] == "wmt":
        parts.insert(0, ("wmt", "", ""))
    found = published.compare(published.read(), {task: parts}, models, *frames)
    files.conform(PUBLISHED, found)
    return found


def test_every_published_number_is_declared():
    values = published.read()
    assert set(values["relation"]) == {"=", ">", "<", "not significant"}
    assert (values["value"].isna() == (values["relation"] == "not significant")).all()
    assert (values["caveat"] != "").all()
    assert not values.duplicated(["source", "task", "group", "quantity", "model", "x"]).any()
    assert values["value"].dropna().between(0, 100).all()


def test_the_same_model_is_set_beside_its_own_number():
    found = compared(("mmlu", "knowledge"), scores("mine", "accuracy"))
    accuracy = found[found["quantity"] == "accuracy"]
    assert accuracy[["published_model", "model", "match"]].to_numpy().tolist() == [
        ["pythia-12b", "mine", "model"]
    ]
    row = accuracy.iloc[0]
    # The knowledge column of the published table; ours over the whole task, not one of its parts.
    assert (row["published"], row["value"], row["ci_low"], row["ci_high"]) == (
        0.2794, 0.4, pytest.approx(0.35), pytest.approx(0.45),
    )  # fmt: skip
    assert row["part"] == "knowledge" and "1,234 examples" in row["note"]
    assert "Macro mean over subjects" in row["caveat"]


def test_without_a_common_model_ours_is_the_largest_and_says_so():
    found = compared(("wmt", "de"), scores("mine", "bleu"), OTHERS)
    bleu = found[found["quantity"] == "bleu"]
    assert len(bleu) == 9 and set(bleu["match"]) == {"task"} and set(bleu["model"]) == {"mine"}
    assert bleu["published"].tolist()[:2] == [23.01, 21.07]
    assert bleu["note"].str.contains("ours is mine, the study's largest model").all()
    assert set(bleu["part"]) == {"de"}


@pytest.mark.parametrize(
    ("name", "path", "revision", "is_published"),
    [
        ("x", "EleutherAI/Pythia-12b", "", True),
        ("x", "models/pythia-12b/", "step143000", True),
        ("Pythia-12B", "somewhere", "main", True),
        ("x", "EleutherAI/pythia-12b-deduped", "", False),
        ("pythia-12b", "EleutherAI/pythia-12b", "step1000", False),
    ],
)
def test_a_model_is_known_by_its_path_or_key_but_not_at_a_checkpoint(
    name, path, revision, is_published
):
    assert ("pythia-12b" in published.published_names(name, path, revision)) == is_published


def test_bounds_are_of_mem_at_their_n_and_of_no_single_model():
    found = compared(("triviaqa", ""), scores("mine", "exact-match"))
    mem = found[found["source"] == "Fig 4"].set_index("quantity")
    assert set(mem.index) == {"mem-n3", "mem-infgram"}  # ours has no n = 5
    assert mem.loc["mem-n3", ["relation", "published", "value", "match"]].tolist() == [
        ">", 0.35, 0.3, "task",
    ]  # fmt: skip
    assert mem.loc["mem-infgram", "value"] == pytest.approx(0.1)
    assert mem.loc["mem-n3", "published_model"] == ""
    assert "p after Holm 0.012" in mem.loc["mem-n3", "note"]
    assert "grows with size" in mem.loc["mem-n3", "note"]


def test_not_significant_has_no_number():
    found = compared(("gsm8k", ""), scores("mine", "final-answer", quantity_n=2))
    assert found["relation"].tolist() == ["not significant"]
    assert math.isnan(found["published"].iloc[0]) and found["value"].iloc[0] == 0.3


def test_triviaqa_is_compared_by_support_bin():
    memorization, performance, _ = scores("mine", "exact-match")
    bins = support("mine", [(0, 0, 0.1), (1, 900, 0.2), (901, 5000, 0.3), (5001, 90_000, 0.5)])
    found = compared(("triviaqa", ""), (memorization, performance, bins))
    by_bin = found[found["quantity"] == "exact-match"].set_index("part")
    assert by_bin["value"].to_dict() == {
        # 901 to 1,999 overlaps more of 0 to 1,999 than 1 to 900 does.
        "support 0 to 1,999 documents": 0.3,
        "support 2,000 to 3,999 documents": 0.3,
        "support 4,000 to 5,999 documents": 0.3,
        "support 6,000 to 7,999 documents": 0.5,
        "support 8,000 to 9,999 documents": 0.5,
        "support 10,000 documents or more": 0.5,
    }
    assert by_bin["published"].tolist() == [0.3546, 0.4059, 0.4814, 0.4796, 0.5069, 0.5007]
    assert "ours: support 901 to 5,000 documents, n = 2" in by_bin["note"].iloc[0]


def test_without_bins_or_without_examples_of_the_support_the_note_says_so():
    memorization, performance, none = scores("mine", "exact-match")
    found = compared(("triviaqa", ""), (memorization, performance, none))
    exact = found[found["quantity"] == "exact-match"]
    assert (exact["value"] == 0.4).all() and exact["note"].str.contains("no bins of support").all()
    bins = support("mine", [(0, 0, 0.1), (1, 900, 0.2)])
    found = compared(("triviaqa", ""), (memorization, performance, bins))
    last = found[found["part"] == "support 10,000 documents or more"].iloc[0]
    assert math.isnan(last["value"]) and "no example of this support" in last["note"]


def test_a_group_of_ours_stands_for_a_language_of_theirs():
    memorization, performance, empty = scores("mine", "bleu")
    whole = performance[performance["group"] == ""]
    frames = memorization, whole.assign(group="de-en"), empty
    parts = {"mine": [("wmt", "", ""), ("wmt", "de", "de-en")]}
    found = published.compare(published.read(), parts, OURS, *frames)
    assert set(found[found["quantity"] == "bleu"]["part"]) == {"de"}
    assert len(found[found["quantity"] == "bleu"]) == len(
        compared(("wmt", "de"), scores("mine", "bleu")).query("quantity == 'bleu'")
    )
    parts = {"mine": [("wmt", "de", "fr-en")]}
    assert published.compare(published.read(), parts, OURS, *frames).empty


def test_scores_under_optimised_prompts_are_left_out_and_so_is_what_does_not_match():
    found = compared(("triviaqa", ""), scores("mine", "exact-match"))
    assert "Table 1" not in set(found["source"])
    assert published.compare(published.read(), {}, OURS, *scores("mine", "bleu")).empty
    assert compared(("wmt", "pl"), scores("mine", "bleu", quantity_n=2))["quantity"].tolist() == [
        "mem"
    ]


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ({"format": "triviaqa"}, [("triviaqa", "", "")]),
        ({"format": "gsm8k"}, [("gsm8k", "", "")]),
        (
            {"format": "parallel-text", "languages": ["de", "en"]},
            [("wmt", "", ""), ("wmt", "de", "")],
        ),
        ({"format": "parallel-text", "languages": ["en", "de"]}, []),
        (
            {"format": "parallel-text", "directions": ["de-en", "en-de"]},
            [("wmt", "", ""), ("wmt", "de", "de-en")],
        ),
        ({"format": "mmlu"}, [("mmlu", "", "")]),
        ({"format": "mmlu", "groups": ["knowledge"]}, [("mmlu", "knowledge", "")]),
        ({"format": "mmlu", "groups": list(MMLU_KNOWLEDGE)}, [("mmlu", "knowledge", "")]),
        ({"format": "mmlu", "groups": ["anatomy"]}, []),
        ({"format": "mmlu", "groups": ["formal_logic"]}, []),
        ({"kind": "question-answering"}, []),
    ],
)
def test_tasks_are_known_by_their_format(given, known):
    test = ["a", "b"] if given.get("languages") else ["test/{subject}.csv"]
    test = ["news.{language}"] if given.get("directions") else test
    test = test if "format" in given and given["format"] in ("mmlu", "parallel-text") else ["a"]
    assert published_as(TaskSettings(test=test, n=3, gamma=0.7, **given)) == known

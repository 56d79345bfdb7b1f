import numpy as np
import pandas as pd
import pytest

from tracemem.counterfactual.effects import alone, effects, summary
from tracemem.counterfactual.tables import ALONE, COUNTERFACTUAL, EFFECTS


def study(effect, examples=40, pairs=8, noise=1.0, seed=0):
    """Answers of models on complementary subsets, each example's own documents worth ``effect``."""
    generator = np.random.default_rng(seed)
    units = pd.DataFrame({"unit": range(examples), "documents": [[0]] * examples})
    tested = pd.DataFrame({"example": range(examples), "unit": range(examples)})
    rows, answers = [], []
    for _ in range(pairs):
        first = set(generator.permutation(examples)[: examples // 2].tolist())
        for kept in (first, set(range(examples)) - first):
            rows.append((f"s{len(rows)}", sorted(kept)))
            inside = np.isin(range(examples), list(kept))
            value = -5 - np.arange(examples) + inside * effect
            value = value + noise * generator.normal(size=examples)
            answers.append(pd.DataFrame({"example": range(examples), "log_probability": value}))
    return answers, pd.DataFrame(rows, columns=["subset", "units"]), tested, units


def test_the_effect_is_what_the_documents_are_worth():
    worth = np.linspace(0, 3, 40)
    exact, by_pair = effects(*study(worth, noise=0.0))
    assert exact["effect"].tolist() == pytest.approx(worth.tolist())
    assert exact["ci_low"].tolist() == pytest.approx(worth.tolist())
    assert by_pair == pytest.approx(np.full(8, 1.5))
    assert set(exact.columns) == set(COUNTERFACTUAL.columns) - {
        "task",
        "model",
        "parameters",
        "seed",
    }
    noisy, by_pair = effects(*study(worth))
    found = summary(noisy, by_pair)
    assert set(found) == set(EFFECTS.columns) - {"task", "model", "parameters", "seed"}
    assert found["ci_low"] < 1.5 < found["ci_high"]
    assert 0.5 < found["halves"] < found["ceiling"] ** 2 < 1


def test_intervals_of_examples_and_of_means_hold_the_truth_as_often_as_they_say():
    inside, means = [], []
    for seed in range(40):
        found, by_pair = effects(*study(0.7, pairs=4, seed=seed))
        inside += ((found["ci_low"] < 0.7) & (found["ci_high"] > 0.7)).tolist()
        mean = summary(found, by_pair)
        means.append(mean["ci_low"] < 0.7 < mean["ci_high"])
    assert 0.92 < np.mean(inside) < 0.98
    assert np.mean(means) >= 0.9


def test_without_an_effect_there_is_none_and_nothing_to_agree_with():
    found, by_pair = effects(*study(0.0, examples=300, pairs=2, seed=5))
    mean = summary(found, by_pair)
    assert mean["ci_low"] < 0 < mean["ci_high"]
    noise = found.assign(even=range(300), odd=range(300, 0, -1))
    assert np.isnan(summary(noise, by_pair)["ceiling"])


def test_a_document_alone_is_what_the_model_gains_by_it():
    answers, subsets, tested, units = study(np.linspace(0, 3, 40), noise=0.0)
    found, _ = effects(answers, subsets, tested, units)
    first = subsets["units"][0]
    absent = sorted(set(range(40)) - set(first))[:2]
    more = pd.DataFrame(
        [("s00", first), *((f"alone{k}", sorted([*first, unit])) for k, unit in enumerate(absent))],
        columns=["subset", "units"],
    )
    of_subset = {"s00": answers[0]}
    for k, unit in enumerate(absent):
        gained = answers[0]["log_probability"] + 0.5 * (answers[0]["example"] == unit)
        of_subset[f"alone{k}"] = answers[0].assign(log_probability=gained)
    rows = alone(of_subset, more, tested, found)
    assert set(rows.columns) == set(ALONE.columns) - {"task", "model", "parameters"}
    assert rows["example"].tolist() == absent
    assert rows["alone"].tolist() == pytest.approx([0.5, 0.5])
    assert rows["effect"].tolist() == pytest.approx([3 * unit / 39 for unit in absent])
    # A fact that this task does not ask for has no row.
    other = tested[tested["unit"] != absent[0]]
    assert alone(of_subset, more, other, found)["example"].tolist() == absent[1:]

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from tracemem.jobs import files
from tracemem.mining.tables import ITEMS
from tracemem.models.series import Series
from tracemem.scoring import controls, correlating, measuring, memorization
from tracemem.scoring.aggregating import per_answer, per_pair
from tracemem.scoring.correcting import correct
from tracemem.scoring.statistics import Resampling
from tracemem.scoring.tables import CONTROLS, MEASURED, MEMORIZATION, VARIANTS

FEW = Resampling(bootstrap=20, permutations=19, seed=1)
SERIES = Series("questions", "tiny", 1000)


def generations(*targets):
    """GENERATIONS of examples 0, 1, ...: each target is a list of (start, end, log-probability)."""
    return pd.DataFrame(
        {
            "example": range(len(targets)),
            "token_starts": [np.array([t[0] for t in target], np.int32) for target in targets],
            "token_ends": [np.array([t[1] for t in target], np.int32) for target in targets],
            "token_log_probabilities": [
                np.array([t[2] for t in target], np.float32) for target in targets
            ],
        }
    )


def infgram(*targets):
    """INFGRAM likewise, of (start, end, suffix count, continued count)."""
    columns = ["token_starts", "token_ends", "suffix_counts", "continued_counts"]
    return pd.DataFrame(
        {
            "example": range(len(targets)),
            **{
                name: [np.array([t[i] for t in target], np.int64) for target in targets]
                for i, name in enumerate(columns)
            },
        }
    )


def items(*rows):
    """ITEMS of (example, s_x, s_y, start, end, C(pair), C(s_x), occurrences of s_x, C(s_y))."""
    return pd.DataFrame(rows, columns=list(ITEMS.columns))


def random_study(seed=0, examples=40, noise=1.0):
    """Items whose model side follows corpus probability and answer frequency, with its tables."""
    generator = np.random.default_rng(seed)
    rows, targets, index = [], [], []
    for example in range(examples):
        frequency = int(generator.integers(20, 400))
        level = 0.0
        for k in range(int(generator.integers(1, 5))):
            inputs = int(generator.integers(5, 300))
            pair = int(generator.integers(1, min(inputs, frequency) + 1))
            occurrences = inputs + int(generator.integers(0, 50))
            rows.append((example, f"x{k}", f"y{example}", 0, 4, pair, inputs, occurrences,
                         frequency))  # fmt: skip
            level = max(level, math.log(pair / inputs) + 10)
        model = 0.3 * level + math.log(frequency) + noise * generator.normal() - 20
        targets.append([(0, 2, model / 2), (2, 4, model / 2)])
        index.append([(0, 4, 100, int(generator.integers(1, 100)))])
    return items(*rows), generations(*targets), infgram(*index)


def test_span_is_the_sum_over_tokens_that_overlap_it():
    table = generations([(0, 3, -1.0), (3, 7, -2.0), (7, 8, -4.0), (8, 12, -8.0)])
    spans = pd.DataFrame(
        {"example": 0, "target_start": [0, 4, 3, 5, 0], "target_end": [3, 7, 8, 9, 12]}
    )
    values, counts = measuring.span_log_probabilities(spans, table)
    assert values.tolist() == [-1.0, -2.0, -6.0, -14.0, -15.0]
    assert counts.tolist() == [1, 1, 2, 3, 4]


def test_trap_the_loss_mask_runs_to_the_end_of_the_text():
    """Only tokens of the span count, and of a repeated s_y only the place the item names."""
    table = generations([(0, 5, -1.0), (5, 11, -2.0), (11, 16, -4.0), (16, 22, -8.0)])
    spans = pd.DataFrame({"example": [0], "target_start": [0], "target_end": [5]})
    values, counts = measuring.span_log_probabilities(spans, table)
    assert (values.tolist(), counts.tolist()) == ([-1.0], [1])


def test_trap_unmatched_spans_are_skipped_silently(measure):
    """A span not found, or cut by the context length, is dropped and counted."""
    table = generations([(0, 3, -1.0), (3, 6, -2.0)], [(0, 3, -1.0)], [])
    rows = items(
        (0, "a", "x", 0, 6, 1, 2, 2, 4),
        (0, "a", "z", -1, -1, 1, 2, 2, 4),
        (1, "a", "x", 0, 6, 1, 2, 2, 4),
        (2, "a", "x", 0, 6, 1, 2, 2, 4),
    )
    measured = measure(rows, table)
    assert measured["dropped"].tolist() == ["", "no_span", "no_span", "no_span"]
    scored = memorization.score(per_pair(measured), SERIES, 1, FEW, infgram=False)
    assert (scored["dropped_no_span"] == 3).all() and (scored["dropped"] == 3).all()
    assert scored["value"].isna().all()


def test_missing_example_or_probability_is_an_error(measure):
    rows = items((5, "a", "x", 0, 3, 1, 2, 2, 4))
    with pytest.raises(ValueError, match="generations: 1 examples are missing, the first is 5"):
        measure(rows, generations([(0, 3, -1.0)]))
    rows = items((0, "a", "x", 0, 3, 1, 2, 2, 4))
    with pytest.raises(ValueError, match="example 0 has a token log-probability"):
        measure(rows, generations([(0, 3, math.nan)]))
    with pytest.raises(ValueError, match="more than once"):
        measure(rows, pd.concat([generations([(0, 3, -1.0)])] * 2))


def test_trap_co_occurrence_as_the_smaller_of_two_counts(measure):
    rows = items((0, "a", "x", 0, 3, 2, 10, 50, 8))
    measured = measure(rows, generations([(0, 3, -1.0)]))
    assert measured["corpus"][0] == pytest.approx(math.log(2 / 10))
    assert measured["corpus"][0] != pytest.approx(math.log(min(10, 8) / 10))


def test_trap_numerator_and_denominator_of_different_kinds(measure):
    """Documents over documents, a probability; occurrences only by name; nonsense is refused."""
    rows = items((0, "a", "x", 0, 3, 2, 10, 50, 8))
    table = generations([(0, 3, -1.0)])
    measured = measure(rows, table)
    assert measured["corpus"][0] == pytest.approx(math.log(2 / 10))
    pairs = per_pair(measured, "occurrences")
    assert pairs["corpus"][0] == pytest.approx(math.log(2 / 50))
    for counts in ((11, 10, 50, 20), (2, 10, 50, 1), (2, 10, 9, 8), (-1, 10, 50, 8)):
        with pytest.raises(ValueError, match=r"items: .* in 1 rows; the first is \['a', 'x'\]"):
            measure(items((0, "a", "x", 0, 3, *counts)), table)


def test_trap_a_pair_in_k_examples_is_tied_to_the_last(measure):
    """It is one item an example, each with the probability of its own example."""
    table = generations([(0, 3, -1.0)], [(0, 3, -2.0)], [(0, 3, -3.0)])
    rows = items(*[(example, "a", "x", 0, 3, 1, 2, 2, 4) for example in range(3)])
    measured = measure(rows, table)
    assert measured["model"].tolist() == [-1.0, -2.0, -3.0]
    assert measured["example"].tolist() == [0, 1, 2]


def test_zero_counts_are_dropped_by_reason(measure):
    table = generations([(0, 3, -1.0)])
    rows = items(
        (0, "a", "x", 0, 3, 0, 2, 2, 4),
        (0, "b", "x", 0, 3, 0, 0, 0, 4),
        (0, "c", "x", 0, 3, 1, 2, 2, 4),
    )
    pairs = per_pair(measure(rows, table))
    assert pairs["dropped"].tolist() == ["zero_count", "zero_denominator", ""]
    assert pairs["corpus"].isna().tolist() == [True, True, False]
    assert pairs["output"].isna().tolist() == [True, True, False]
    row = memorization.score(pairs, SERIES, 1, FEW).iloc[0]
    assert (row["dropped"], row["dropped_zero_count"], row["dropped_zero_denominator"]) == (2, 1, 1)
    assert row["items"] == 1


def test_trap_infgram_uses_the_last_token_only():
    spans = pd.DataFrame({"example": [0], "target_start": [0], "target_end": [6]})
    table = infgram([(0, 3, 10, 5), (3, 6, 8, 2), (6, 9, 4, 1)])
    values, skipped = measuring.infgram_log_probabilities(spans, table)
    assert values[0] == pytest.approx(math.log(5 / 10) + math.log(2 / 8))
    assert skipped.tolist() == [0]


def test_trap_an_all_zero_infgram_item_becomes_probability_one(measure):
    table = generations([(0, 3, -1.0), (3, 6, -1.0)], [(0, 3, -2.0)])
    index = infgram([(0, 3, 10, 0), (3, 6, 8, 2)], [(0, 3, 10, 0)])
    rows = items((0, "a", "x", 0, 6, 1, 2, 2, 4), (1, "a", "x", 0, 3, 1, 2, 2, 4))
    measured = measure(rows, table, index)
    assert measured["infgram"][0] == pytest.approx(math.log(2 / 8))
    assert math.isnan(measured["infgram"][1])
    assert measured["skipped_tokens"].tolist() == [1, 1]
    scored = memorization.score(per_pair(measured), SERIES, 1, FEW).set_index("measure")
    assert (scored.loc["infini-gram", "dropped_zero_infgram"] == 1).all()
    assert (scored.loc["infini-gram", "items"] == 1).all()
    assert (scored.loc["task-gram", "dropped_zero_infgram"] == 0).all()
    assert (scored.loc["task-gram", "items"] == 2).all()


def test_infgram_is_measured_over_the_items_of_the_task_gram(measure):
    rows, table, index = random_study()
    rows.loc[::5, "pair_documents"] = 0
    measured = per_pair(measure(rows, table, index))
    scored = memorization.score(measured, SERIES, 1, FEW)
    rest = scored[scored["measure"] != "task-gram-keyed"]
    assert rest["items"].nunique() == 1 and rest["dropped_zero_count"].nunique() == 1
    kept = measured[measured["dropped"] == ""]
    expected = scipy.stats.spearmanr(kept["infgram"], kept["model"]).statistic
    found = scored.query("measure == 'infini-gram' and statistic == 'spearman'")["value"]
    assert found.item() == pytest.approx(expected)


def test_infgram_that_does_not_reach_over_a_span_is_an_error():
    spans = pd.DataFrame({"example": [0], "target_start": [2], "target_end": [6]})
    with pytest.raises(ValueError, match="do not reach over characters 2 to 6"):
        measuring.infgram_log_probabilities(spans, infgram([(0, 3, 10, 5)]))


def test_scores_are_those_of_scipy_and_fit_the_table(measure):
    rows, table, index = random_study()
    measured = per_pair(measure(rows, table, index))
    scored = memorization.score(measured, SERIES, 3, FEW)
    files.conform(MEMORIZATION, scored.drop(columns="replicates"))
    value = scored.set_index(["measure", "statistic"])["value"]
    x, y, z = measured["corpus"], measured["model"], measured["output"]
    assert value["task-gram", "spearman"] == pytest.approx(scipy.stats.spearmanr(x, y).statistic)
    tau = scipy.stats.kendalltau(x, y).statistic
    assert value["task-gram", "kendall-distance"] == pytest.approx((1 - tau) / 2)
    xy, xz, yz = (
        scipy.stats.spearmanr(a, b).statistic for a, b in ((x, y), (x, z), (y, z))
    )  # fmt: skip
    partial = (xy - xz * yz) / math.sqrt((1 - xz**2) * (1 - yz**2))
    assert value["task-gram", "partial-spearman"] == pytest.approx(partial)
    assert len(value) == 9
    without = memorization.score(per_pair(measure(rows, table)), SERIES, 3, FEW, infgram=False)
    assert set(without["measure"]) == {"task-gram", "task-gram-keyed"}
    control = controls.output_control(measured, SERIES, 3, FEW)
    files.conform(CONTROLS, control.drop(columns="replicates"))
    assert control["value"].item() == pytest.approx(yz)
    assert control["items"].item() == len(measured)


def test_key_is_the_rarest_input_then_the_strongest_then_the_first(measure):
    table = generations([(0, 3, -1.0), (4, 7, -2.0)], [(0, 3, -3.0)])
    rows = items(
        (0, "what is the", "x", 0, 3, 9, 900, 900, 20),
        (0, "of zorb", "x", 0, 3, 2, 5, 5, 20),
        (0, "is zorb", "x", 0, 3, 3, 5, 9, 20),
        (0, "at zorb", "x", 0, 3, 3, 5, 5, 20),
        (0, "never", "x", 0, 3, 0, 0, 0, 20),
        (0, "apart", "x", 0, 3, 0, 2, 2, 20),
        (0, "of zorb", "z", 4, 7, 1, 5, 5, 30),
        (1, "apart", "x", 0, 3, 0, 2, 2, 20),
        (1, "never", "x", 0, 3, 0, 0, 0, 20),
    )
    keyed = per_answer(per_pair(measure(rows, table)), "key")
    assert keyed[["example", "output_gram", "input_gram"]].to_numpy().tolist() == [
        [0, "x", "at zorb"],
        [0, "z", "of zorb"],
        [1, "x", "apart"],
    ]
    assert keyed["corpus"][0] == pytest.approx(math.log(3 / 5))
    assert keyed["dropped"].tolist() == ["", "", "zero_count"]
    shuffled = rows.sample(frac=1, random_state=0)
    again = per_answer(per_pair(measure(shuffled, table)), "key")
    pd.testing.assert_frame_equal(keyed, again)


def test_aggregations_of_an_answer(measure):
    table = generations([(0, 3, -1.0)], [(0, 3, -3.0)])
    rows = items(
        (0, "a", "x", 0, 3, 1, 4, 8, 20),
        (0, "b", "x", 0, 3, 1, 2, 4, 20),
        (0, "c", "x", 0, 3, 0, 2, 4, 20),
        (1, "c", "x", 0, 3, 0, 2, 4, 20),
    )
    pairs = per_pair(measure(rows, table))
    expected = {
        "mean-log": (math.log(1 / 4) + math.log(1 / 2)) / 2,
        "log-sum": math.log(3 / 4),
        "max": math.log(1 / 2),
        "key": math.log(1 / 2),
    }
    for aggregation, value in expected.items():
        answers = per_answer(pairs, aggregation)
        assert answers["corpus"][0] == pytest.approx(value)
        assert math.isnan(answers["corpus"][1])
        assert answers["dropped"].tolist() == ["", "zero_count"]
        assert answers["model"][0] == -1.0
    with pytest.raises(ValueError, match="allowed: mean-log, log-sum, max, key"):
        per_answer(pairs, "mean")


def test_keyed_partial_sees_recall_where_mem_sees_frequency(measure):
    """A model that answers by frequency alone: Mem is high, the corrected measures are not."""
    generator = np.random.default_rng(4)
    rows, targets = [], []
    for example in range(300):
        frequency = int(generator.integers(10, 1000))
        key = int(generator.integers(1, 10))
        rows.append((example, "what is", f"y{example}", 0, 3, frequency, 1000, 1000, frequency))
        together = int(generator.integers(1, key + 1))
        rows.append((example, f"k{example}", f"y{example}", 0, 3, together, key, key, frequency))
        targets.append([(0, 3, math.log(frequency) - 10 + 0.1 * generator.normal())])
    measured = per_pair(measure(items(*rows), generations(*targets)))
    value = memorization.score(measured, SERIES, 2, FEW).set_index(["measure", "statistic"])
    assert value.loc[("task-gram", "spearman"), "value"] > 0.3
    assert abs(value.loc[("task-gram-keyed", "partial-spearman"), "value"]) < 0.15


def truth_study():
    examples = pd.DataFrame({"example": range(6), "target": [f"Name {i}." for i in range(6)]})
    counts = pd.DataFrame(
        {"ngram": [f"name {i}" for i in range(6)], "documents": [0, 3, 1, 4, 1, 5]}
    )
    table = generations(*[[(0, 5, -1.0 * i), (5, 7, -0.5)] for i in range(6)])
    truth = pd.DataFrame(
        {
            "example": range(6),
            "probability": [math.nan, 0.5, 0.25, 0.3, 0.1, 0.2],
            "documents": [0, 5, 2, 3, 2, 1],
        }
    )
    return truth, examples, table, counts


def test_truth_controls():
    truth, examples, table, counts = truth_study()
    rows = controls.truth_controls(truth, examples, table, counts, SERIES, FEW)
    files.conform(CONTROLS, rows.drop(columns="replicates"))
    rows = rows.set_index(["measure", "statistic"])
    probability = rows.loc[("truth-probability", "spearman")]
    assert (probability["items"], probability["dropped_zero_denominator"]) == (5, 1)
    model = np.array([-0.5 - i for i in range(6)])
    expected = scipy.stats.spearmanr(truth["probability"][1:], model[1:]).statistic
    assert probability["value"] == pytest.approx(expected)
    documents = rows.loc[("truth-documents", "partial-spearman")]
    x, y, z = truth["documents"], model, counts["documents"]
    xy, xz, yz = (scipy.stats.spearmanr(a, b).statistic for a, b in ((x, y), (x, z), (y, z)))
    partial = (xy - xz * yz) / math.sqrt((1 - xz**2) * (1 - yz**2))
    assert documents["value"] == pytest.approx(partial)
    assert (documents["items"], documents["dropped"], documents["n"]) == (6, 0, 0)


def test_trap_a_failed_query_is_stored_as_zero():
    """An answer that was never counted stops the score; it is not an answer with no document."""
    truth, examples, table, counts = truth_study()
    with pytest.raises(ValueError, match=r"1 n-gram was never counted, .*'name 2'"):
        controls.truth_controls(truth, examples, table, counts.drop(2), SERIES, FEW)


def test_variants_name_unit_aggregation_and_denominator(measure):
    rows, table, _ = random_study()
    measured = measure(rows, table)
    found = memorization.variants(measured, SERIES, 3, FEW)
    files.conform(VARIANTS, found)
    assert len(found) == 2 * 5 * 2
    key = ["unit", "aggregation", "denominator", "statistic"]
    value = found.set_index(key)["value"]
    paper = memorization.score(per_pair(measured), SERIES, 3, FEW)
    paper = paper.set_index(["measure", "statistic"])
    same = (("pair", "none", "task-gram"), ("answer", "key", "task-gram-keyed"))
    for unit, aggregation, measure in same:
        for statistic in ("spearman", "partial-spearman"):
            assert value[unit, aggregation, "documents", statistic] == pytest.approx(
                paper.loc[(measure, statistic), "value"]
            )
    other = per_pair(measured, "occurrences")
    released = other.groupby("example").agg({"corpus": "mean", "model": "first"})
    assert value["answer", "mean-log", "occurrences", "spearman"] == pytest.approx(
        scipy.stats.spearmanr(released["corpus"], released["model"]).statistic
    )


def test_holm_runs_over_the_models_and_n_of_a_task_and_statistic():
    scores = pd.DataFrame(
        {
            "task": ["questions"] * 4 + ["control", "questions"],
            "n": [1, 2, 1, 2, 1, 1],
            "measure": ["task-gram"] * 5 + ["infini-gram"],
            "statistic": ["a", "a", "b", "a", "a", "a"],
            "p_permutation": [0.01, 0.02, 0.04, math.nan, 0.03, 0.05],
        }
    )
    corrected = correct(scores, MEMORIZATION.family)["p_holm"]
    assert corrected.drop(3).tolist() == pytest.approx([0.02, 0.02, 0.04, 0.03, 0.05])
    assert math.isnan(corrected[3])


def test_same_inputs_and_seed_give_the_same_scores(measure):
    rows, table, index = random_study()
    first = memorization.score(per_pair(measure(rows, table, index)), SERIES, 3, FEW)
    again = memorization.score(per_pair(measure(rows, table, index)), SERIES, 3, FEW)
    pd.testing.assert_frame_equal(first, again)


def test_what_is_marked_as_dropped_keeps_its_values(measure):
    """A count of zero is evidence for other measures, and so is what is known of a lost span."""
    table = generations([(0, 3, -1.0), (3, 6, -2.0)])
    index = infgram([(0, 3, 10, 5), (3, 6, 8, 2)])
    rows = items(
        (0, "a", "x", 0, 6, 0, 20, 30, 4),
        (0, "b", "x", 3, 6, 0, 0, 0, 4),
        (0, "a", "z", -1, -1, 3, 20, 30, 8),
        (0, "c", "x", 0, 3, 1, 2, 2, 4),
    )
    mined = rows[["input_gram", "output_gram"]].assign(cosine=[0.1, 0.2, 0.3, 0.4])
    mined = mined.sample(frac=1, random_state=2)
    measured = measure(rows, table, index, mined)
    files.conform(MEASURED, measured)
    assert measured["dropped"].tolist() == ["zero_count", "zero_denominator", "no_span", ""]
    assert measured["corpus"][0] == -math.inf
    assert math.isnan(measured["corpus"][1])
    assert measured["corpus"][2] == pytest.approx(math.log(3 / 20))
    assert measured["model"].tolist()[:2] == [-3.0, -2.0] and measured["model"][3] == -1.0
    assert math.isnan(measured["model"][2])
    assert measured["tokens"].tolist() == [2, 1, 0, 1]
    assert measured["infgram"].tolist()[:2] == pytest.approx([math.log(1 / 8), math.log(1 / 4)])
    assert math.isnan(measured["infgram"][2])
    assert measured["cosine"].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    counts = [name for name in ITEMS.columns if name.endswith(("_documents", "_occurrences"))]
    assert measured[counts].to_numpy().tolist() == rows[counts].to_numpy().tolist()


def test_measured_items_are_the_same_after_they_were_written(measure, tmp_path):
    rows, table, index = random_study()
    rows.loc[::5, "pair_documents"] = 0
    rows.loc[1::7, ["target_start", "target_end"]] = -1
    measured = measure(rows, table, index)
    files.write(MEASURED, measured, tmp_path / "measured.parquet")
    kept = files.read(MEASURED, tmp_path / "measured.parquet")
    assert (kept["corpus"] == -math.inf).sum() == (rows["pair_documents"] == 0).sum() > 0
    pd.testing.assert_frame_equal(
        memorization.score(per_pair(kept), SERIES, 3, FEW),
        memorization.score(per_pair(measured), SERIES, 3, FEW),
    )


def test_the_corpus_side_is_the_same_whatever_the_model():
    rows, table, index = random_study()
    mined = rows[["input_gram", "output_gram"]].drop_duplicates().assign(cosine=0.5)
    side = measuring.corpus_side(rows, mined, index)
    other = table.assign(token_log_probabilities=[np.array([-1.0, -1.0])] * len(table))
    one, two = measuring.measure(side, table), measuring.measure(side, other)
    own = ["model", "tokens", "dropped"]
    pd.testing.assert_frame_equal(one.drop(columns=own), two.drop(columns=own))
    assert (two["model"] == -2.0).all() and not (one["model"] == -2.0).any()


def test_an_item_that_was_not_mined_is_an_error():
    rows = items((0, "a", "x", 0, 3, 1, 2, 2, 4), (0, "b", "x", 0, 3, 1, 2, 2, 4))
    mined = pd.DataFrame({"input_gram": ["a"], "output_gram": ["x"], "cosine": [0.5]})
    with pytest.raises(ValueError, match=r"mined pairs: 1 pair was never mined, .*'b', 'x'"):
        measuring.corpus_side(rows, mined)


def test_without_an_item_there_is_nothing_to_measure_and_a_reason(measure):
    measured = measure(items(), generations([(0, 3, -1.0)]), infgram([(0, 3, 10, 5)]))
    files.conform(MEASURED, measured)
    assert measured.empty
    scored = memorization.score(per_pair(measured), SERIES, 1, FEW)
    assert len(scored) == 9 and (scored["reason"] == correlating.NO_PAIR).all()
    assert scored["value"].isna().all() and (scored["dropped"] == 0).all()


def test_pairs_under_occurrences_are_as_reckoned_by_hand(measure):
    table = generations([(0, 3, -1.0)])
    rows = items(
        (0, "a", "x", 0, 3, 2, 8, 16, 4),
        (0, "b", "x", 0, 3, 4, 5, 40, 4),
        (0, "c", "x", 0, 3, 0, 5, 10, 4),
        (0, "d", "x", 0, 3, 0, 0, 0, 4),
        (0, "e", "x", -1, -1, 1, 3, 7, 4),
    )
    pairs = per_pair(measure(rows, table), "occurrences")
    assert pairs["input_count"].tolist() == [16, 40, 10, 0, 7]
    assert pairs["pair_documents"].tolist() == [2, 4, 0, 0, 1]
    # 2 / 16 and 4 / 40; those that are dropped have no place in a correlation.
    assert pairs["corpus"].tolist()[:2] == pytest.approx([-math.log(8), -math.log(10)])
    assert pairs["output"].tolist()[:2] == pytest.approx([math.log(4)] * 2)
    assert pairs.loc[2:, ["corpus", "output"]].isna().all(axis=None)
    # 2 / 8 and 4 / 5, in documents.
    documents = per_pair(measure(rows, table))
    assert documents["input_count"].tolist() == [8, 5, 5, 0, 3]
    assert documents["corpus"].tolist()[:2] == pytest.approx([-math.log(4), math.log(0.8)])

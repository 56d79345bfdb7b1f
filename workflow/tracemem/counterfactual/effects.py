"""The counterfactual effect: ln P(y given x) with its documents in the corpus, less without them.

Subsets come in complementary pairs, and each example's documents are in exactly one of a pair. The
effect is the mean over pairs of the difference within a pair; pairs are independent draws, so its
interval is Student's t over them.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy.stats

from tracemem.scoring.statistics import CONFIDENCE

_Z = float(scipy.stats.norm.ppf((1 + CONFIDENCE) / 2))


def effects(
    answers: list[pd.DataFrame], subsets: pd.DataFrame, tested: pd.DataFrame, units: pd.DataFrame
) -> tuple[pd.DataFrame, np.ndarray]:
    """Effect of the documents of every tested example, for one size and seed.

    Args:
        answers: ``tables.ANSWERED`` of one task, one a subset, complementary ones side by side.
        subsets: ``tables.SUBSETS`` of the same, in the same order.
        tested: ``tables.TESTED`` of the task.
        units: ``tables.UNITS``.

    Returns:
        example, documents, effect, ci_low, ci_high, pairs, even and odd, as in
        ``tables.COUNTERFACTUAL``; and the mean over examples of the difference within each pair
        (float64, [pairs], nats).
    """
    unit = tested["unit"].to_numpy()
    kept = np.stack([np.isin(unit, units_of) for units_of in subsets["units"]])
    values = np.stack(
        [each.set_index("example")["log_probability"][tested["example"]] for each in answers]
    )
    first, second, inside = values[::2], values[1::2], kept[::2]
    difference = np.where(inside, first - second, second - first)
    pairs = len(difference)
    effect = difference.mean(axis=0)
    spread = difference.std(axis=0, ddof=1) / np.sqrt(pairs)
    reach = scipy.stats.t.ppf((1 + CONFIDENCE) / 2, pairs - 1) * spread
    table = pd.DataFrame(
        {
            "example": tested["example"].to_numpy(),
            "documents": units.set_index("unit")["documents"].map(len)[unit].to_numpy(),
            "effect": effect,
            "ci_low": effect - reach,
            "ci_high": effect + reach,
            "pairs": pairs,
            "even": difference[::2].mean(axis=0),
            "odd": difference[1::2].mean(axis=0),
        }
    )
    return table, difference.mean(axis=1)


def summary(found: pd.DataFrame, by_pair: np.ndarray) -> dict[str, float]:
    """Mean effect of a task, size and seed, and how far its examples' effects can be trusted.

    The interval adds the variance over examples to that over pairs of subsets: what both hold is
    counted twice, on the safe side.

    Args:
        found: from :func:`effects`.
        by_pair: mean over examples of the difference within each pair (float64, [pairs], nats).

    Returns:
        examples, effect, ci_low, ci_high, pairs, halves and ceiling, as in ``tables.EFFECTS``.
    """
    count, pairs = len(found), len(by_pair)
    mean = float(found["effect"].mean())
    variance = float(found["effect"].var(ddof=1)) / count + float(np.var(by_pair, ddof=1)) / pairs
    reach = _Z * np.sqrt(variance)
    halves = float(scipy.stats.spearmanr(found["even"], found["odd"]).statistic)
    ceiling = np.sqrt(2 * halves / (1 + halves)) if halves > 0 else np.nan
    return {
        "examples": count,
        "effect": mean,
        "ci_low": mean - reach,
        "ci_high": mean + reach,
        "pairs": pairs,
        "halves": halves,
        "ceiling": ceiling,
    }


def alone(
    answers: Mapping[str, pd.DataFrame],
    subsets: pd.DataFrame,
    tested: pd.DataFrame,
    found: pd.DataFrame,
) -> pd.DataFrame:
    """What one document is worth by itself, beside the effect of its fact over all subsets.

    A single training is noisy: what the two have in common is their mean over facts.

    Args:
        answers: ``tables.ANSWERED`` of one task by subset: the first, and those that add a document.
        subsets: ``tables.SUBSETS`` of the same, the first one first.
        tested: ``tables.TESTED`` of the task.
        found: from :func:`effects` of the same size.

    Returns:
        example, subset, alone, effect, ci_low and ci_high, as in ``tables.ALONE``.
    """
    kept = subsets.set_index("subset")["units"].map(set)
    first, *others = kept.index
    rows = []
    for name in others:
        (unit,) = kept[name] - kept[first]
        for example in tested.loc[tested["unit"] == unit, "example"]:
            with_it, without = (
                each.set_index("example")["log_probability"][example]
                for each in (answers[name], answers[first])
            )
            rows.append({"example": example, "subset": name, "alone": with_it - without})
    known = found[["example", "effect", "ci_low", "ci_high"]]
    return pd.DataFrame(rows, columns=["example", "subset", "alone"]).merge(known, on="example")

"""Candidates for a measure of memorization: a model's side, a corpus' side, and what is held fixed.

A unit is one (example, s_y). Model sides:

    log-probability   ln P_LLM(s_y given x)
    contrast          the same less the log of its mean after the nearest other inputs

Corpus sides, over the n-grams s_x of the input; where nothing supports an answer, it ranks lowest:

    mean              mean of ln P_{n,D}(s_y given s_x) over mined pairs with a count (released code)
    support           documents that hold a mined pair, summed over s_x
    key               ln P_{n,D} of the rarest mined s_x
    pointwise         largest pointwise mutual information of a mined pair with a count
    strongest-mined   largest ln P_{n,D} over mined s_x
    strongest         largest ln P_{n,D} over all n-grams of the input
    shrunk            the same of ln C((s_x, s_y)) / (C(s_x) + 10), as few documents say little

Held fixed, by partial rank correlation: nothing; log C(s_y) (frequency); that, the tokens of s_y and
the neighbours' similarity (prior); or s_y itself, by ranks within the units that share it (answer).
"""

import itertools

import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import NDArray

from tracemem.counterfactual.tables import CANDIDATES
from tracemem.jobs.declared import SERIES

MODEL_SIDES = ("log-probability", "contrast")
CORPUS_SIDES = ("mean", "support", "key", "pointwise", "strongest-mined", "strongest", "shrunk")
HELD: dict[str, tuple[str, ...]] = {
    "nothing": (),
    "frequency": ("frequency",),
    "prior": ("frequency", "tokens", "similarity"),
    "answer": (),
}
PUBLISHED = "published"
ANSWER = ["example", "output_gram"]
_DRAWS = 400
_FEWEST = 10
_COLUMNS = [name for name in CANDIDATES.columns if name not in (*SERIES, "n")]


def units(contrasts: pd.DataFrame, items: pd.DataFrame, documents: int) -> pd.DataFrame:
    """Every candidate side of every unit of one task, model and n.

    Args:
        contrasts: ``tables.CONTRASTS``.
        items: ``tables.MEASURED`` of the same.
        documents: documents of the corpus.

    Returns:
        example, output_gram, the sides, frequency, tokens and similarity (float64, nats or counts;
        -inf where nothing supports an answer), for the units that have a contrast.
    """
    kept = contrasts[contrasts["dropped"] == ""]
    pair = items["pair_documents"].to_numpy(np.float64)
    inputs = items["input_documents"].to_numpy(np.float64)
    outputs = items["output_documents"].to_numpy(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mined = items.assign(
            given=np.log(pair / inputs), pointwise=np.log(pair * documents / (inputs * outputs))
        )
    mined = mined[mined["input_documents"] > 0]
    counted = mined[mined["pair_documents"] > 0].groupby(ANSWER)
    rarest = mined.sort_values(
        [*ANSWER, "input_documents", "pair_documents", "input_gram"],
        ascending=[True, True, True, False, True],
    ).drop_duplicates(ANSWER)
    sides = pd.DataFrame(
        {
            "mean": counted["given"].mean(),
            "support": counted["pair_documents"].sum(),
            "pointwise": counted["pointwise"].max(),
            "strongest-mined": counted["given"].max(),
        }
    ).join(rarest.set_index(ANSWER)["given"].rename("key"), how="outer")
    found = kept.merge(sides, how="left", left_on=ANSWER, right_index=True)
    with np.errstate(divide="ignore"):
        frequency = np.log(found["output_documents"].to_numpy(np.float64))
    return pd.DataFrame(
        {
            "example": found["example"],
            "output_gram": found["output_gram"],
            "log-probability": found["model"],
            "contrast": found["contrast"],
            **{side: found[side].fillna(-np.inf) for side in CORPUS_SIDES[:-2]},
            "strongest": found["corpus"],
            "shrunk": found["shrunk"],
            "frequency": frequency,
            "tokens": found["tokens"].astype(np.float64),
            "similarity": found["similarity"],
        }
    )


def residuals(found: pd.DataFrame, column: str, held: str) -> NDArray[np.float64]:
    """Centred ranks of a side, less what is held fixed (float64, [units])."""
    if held == "answer":
        ranks = found.groupby("output_gram")[column].rank()
        return (ranks - ranks.groupby(found["output_gram"]).transform("mean")).to_numpy()
    fixed = [scipy.stats.rankdata(found[name]) for name in HELD[held]]
    basis = np.column_stack([np.ones(len(found)), *fixed])
    # An orthogonal basis of what is held fixed; a column that follows from others adds nothing.
    left, size, _ = np.linalg.svd(basis - [0, *(f.mean() for f in fixed)], full_matrices=False)
    left = left[:, size > size.max() * 1e-10]
    rank = scipy.stats.rankdata(found[column])
    return rank - left @ (left.T @ rank)


def correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Correlation of residuals; NaN where one of them is constant."""
    scale = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / scale) if scale > 1e-9 else float("nan")


def null_bound(
    found: pd.DataFrame, x: NDArray[np.float64], y: NDArray[np.float64], draws: int, seed: int
) -> float:
    """What 95 % of the correlations stay below in size where nothing is related.

    Signs of whole examples' and answers' products are drawn at random: those of an answer move
    together where that is the wider (Cameron, Gelbach and Miller 2011).
    """
    product = x * y
    scale = np.sqrt((x @ x) * (y @ y))
    if scale <= 1e-9:
        return float("nan")
    generator = np.random.default_rng([seed, len(found)])
    widest = 0.0
    for cluster in ANSWER:
        codes = pd.factorize(found[cluster])[0]
        sums = np.bincount(codes, product - product.mean())
        signs = generator.integers(0, 2, (draws, len(sums))) * 2 - 1
        widest = max(widest, float(np.quantile(np.abs(signs @ sums), 0.95)))
    return widest / float(scale)


def pairs(items: pd.DataFrame) -> pd.DataFrame:
    """The items of the published measure: mined pairs with a count, of one task, model and n.

    Args:
        items: ``tables.MEASURED``.
    """
    kept = items[items["dropped"] == ""]
    return pd.DataFrame(
        {
            "example": kept["example"],
            "output_gram": kept["output_gram"],
            "log-probability": kept["model"],
            PUBLISHED: kept["corpus"],
            "frequency": np.log(kept["output_documents"].astype(np.float64)),
        }
    )


def scored(
    found: pd.DataFrame, published: pd.DataFrame, effects: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Every candidate of one task, model and n, and the published measure beside them.

    Args:
        found: from :func:`units`.
        published: from :func:`pairs`.
        effects: ``tables.COUNTERFACTUAL`` of the task, model and one seed; no row where nothing of
            the task was left out.
        seed: of the draws.

    Returns:
        Rows of ``tables.CANDIDATES`` less task, model, parameters and n.
    """
    asked = [
        (published, PUBLISHED, "log-probability", "nothing"),
        (published, PUBLISHED, "log-probability", "frequency"),
        *((found, *sides) for sides in itertools.product(CORPUS_SIDES, MODEL_SIDES, HELD)),
    ]
    rows = []
    for frame, corpus, model, held in asked:
        row = {"corpus_side": corpus, "model_side": model, "held": held, "units": len(frame)}
        if len(frame) < _FEWEST:
            rows.append({**row, "tested": 0, "reason": f"{len(frame)} answers are too few"})
            continue
        x, y = residuals(frame, corpus, held), residuals(frame, model, held)
        value = correlation(x, y)
        reason = "" if value == value else "one side does not vary"
        agreed = agreement(by_example(frame, x, y), effects, seed)
        bound = null_bound(frame, x, y, _DRAWS, seed)
        rows.append({**row, "value": value, "bound": bound, **agreed, "reason": reason})
    return pd.DataFrame(rows).reindex(columns=_COLUMNS)


def by_example(found: pd.DataFrame, x: NDArray[np.float64], y: NDArray[np.float64]) -> pd.DataFrame:
    """A candidate's number for each example: its sides, and both together.

    A side is the mean over the example's units of residual ranks as normal scores; both, the mean
    of the two, so that an example counts as memorized where the corpus supports it and the model
    knows it.
    """
    table = pd.DataFrame(
        {
            "example": found["example"].to_numpy(),
            "corpus": _normal_scores(x),
            "model": _normal_scores(y),
        }
    )
    table = table.groupby("example", sort=True).mean()
    return table.assign(both=(table["corpus"] + table["model"]) / 2)


def _normal_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return scipy.stats.norm.ppf((scipy.stats.rankdata(values) - 0.5) / len(values))


def agreement(sides: pd.DataFrame, effects: pd.DataFrame, seed: int) -> dict[str, float]:
    """How a candidate ranks the tested examples, against their effects.

    Args:
        sides: from :func:`by_example`.
        effects: ``tables.COUNTERFACTUAL``, as :func:`scored` takes it.
        seed: of the bootstrap.

    Returns:
        agreement, ci_low, ci_high, agreement_corpus, agreement_model and tested.
    """
    both = sides.join(effects.set_index("example")["effect"], how="inner")
    if len(both) < _FEWEST:
        return {"tested": len(both)}
    effect = both["effect"].to_numpy()
    if np.ptp(effect) == 0:
        return {"tested": len(both)}
    values = {side: both[side].to_numpy() for side in ("both", "corpus", "model")}
    generator = np.random.default_rng([seed, len(both)])
    drawn = []
    for _ in range(_DRAWS):
        rows = generator.integers(0, len(both), len(both))
        drawn.append(_spearman(values["both"][rows], effect[rows]))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return {
        "agreement": _spearman(values["both"], effect),
        "ci_low": float(low),
        "ci_high": float(high),
        "agreement_corpus": _spearman(values["corpus"], effect),
        "agreement_model": _spearman(values["model"], effect),
        "tested": len(both),
    }


def _spearman(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    ranks = scipy.stats.rankdata([one, other], axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    return correlation(*ranks)

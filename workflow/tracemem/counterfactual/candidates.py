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

Held fixed, by partial rank correlation: nothing; log C(s_y) (frequency); that, the tokens of s_y and
the neighbours' similarity (prior); or s_y itself, by ranks within the units that share it (answer).
"""

import itertools

import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import NDArray

MODEL_SIDES = ("log-probability", "contrast")
CORPUS_SIDES = ("mean", "support", "key", "pointwise", "strongest-mined", "strongest")
HELD: dict[str, tuple[str, ...]] = {
    "nothing": (),
    "frequency": ("frequency",),
    "prior": ("frequency", "tokens", "similarity"),
    "answer": (),
}
ANSWER = ["example", "output_gram"]


def units(contrasts: pd.DataFrame, items: pd.DataFrame, documents: int) -> pd.DataFrame:
    """Every candidate side of every unit of one task, model and n.

    Args:
        contrasts: ``tables.CONTRASTS``.
        items: ``tables.ITEMS`` of the same task and n.
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
            **{side: found[side].fillna(-np.inf) for side in CORPUS_SIDES[:-1]},
            "strongest": found["corpus"],
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


def measured(found: pd.DataFrame, draws: int = 400, seed: int = 0) -> pd.DataFrame:
    """Every candidate of one task, model and n: columns corpus, model, held, value, bound, units."""
    rows = []
    for corpus, model, held in itertools.product(CORPUS_SIDES, MODEL_SIDES, HELD):
        x, y = residuals(found, corpus, held), residuals(found, model, held)
        rows.append(
            {
                "corpus_side": corpus,
                "model_side": model,
                "held": held,
                "value": correlation(x, y),
                "bound": null_bound(found, x, y, draws, seed),
                "units": len(found),
            }
        )
    return pd.DataFrame(rows)


def item_levels(found: pd.DataFrame, corpus: str, model: str, held: str) -> pd.DataFrame:
    """A candidate's number for each example: its sides and both together.

    The sides are the mean residual ranks of the example's units; both, the mean of the two as normal
    scores, so that an example counts as memorized where the corpus supports it and the model knows it.
    """
    sides = {
        "corpus": residuals(found, corpus, held),
        "model": residuals(found, model, held),
    }
    scores = {
        name: scipy.stats.norm.ppf((scipy.stats.rankdata(value) - 0.5) / len(value))
        for name, value in sides.items()
    }
    table = pd.DataFrame(
        {
            "example": found["example"].to_numpy(),
            **sides,
            "both": (scores["corpus"] + scores["model"]) / 2,
        }
    )
    return table.groupby("example", sort=True).mean().reset_index()

"""Fit what the items of each kind of task are like to a finished study, for ``tracemem check``.

    python workflow/bench/study/fit_designs.py RESULTS SMALLER LARGER

RESULTS: folder of a study of the generated world with contrasts. SMALLER and LARGER: two of its
models. The numbers at rest are of config/demo.yaml with ``contrast: {}``: results/demo 231k 857k.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.optimize
import scipy.stats
from numpy.typing import NDArray

from tracemem.jobs import files
from tracemem.scoring import designs
from tracemem.scoring.designs import Design
from tracemem.scoring.tables import CONTRASTS

TASKS = {
    "question-answering": "questions",
    "multiple-choice": "choices",
    "translation": "translation",
    "reasoning": "arithmetic",
}


def fitted(smaller: pd.DataFrame, larger: pd.DataFrame) -> Design:
    """The design of one task: ``tables.CONTRASTS`` of two models; what is of one, of the larger."""
    key = ["example", "output_gram"]
    both = smaller.merge(larger, on=key, suffixes=("_smaller", ""))
    both = both[(both["dropped"] == "") & (both["dropped_smaller"] == "")]
    each = both.groupby("example").size()
    answers, exponent = _law(both["output_gram"].value_counts().to_numpy())
    # What no document holds counts as half a document.
    count = np.log(both["output_documents"].clip(lower=0.5).to_numpy(float))
    held = np.column_stack([_ranks(v) for v in (count, both["tokens"], both["similarity"])])
    corpus = _ranks(both["corpus"].clip(lower=np.finfo(float).min))
    of_corpus = _left(corpus, held)
    contrasts = [_ranks(both[name]) for name in ("contrast_smaller", "contrast")]
    fit = np.linalg.lstsq(held, contrasts[1], rcond=None)[0]
    left = [_left(one, np.column_stack([held, corpus])) for one in contrasts]
    expected = _ranks(both["model"] - both["contrast"])
    prior = np.linalg.lstsq(held[:, :2], expected, rcond=None)[0]
    within = {
        f"{side}_{name}": _alike(values, both[column])
        for side, values in (("corpus", of_corpus), ("model", left[1]))
        for name, column in (("example", "example"), ("answer", "output_gram"))
    }
    return Design(
        items=each.mean(), items_sd=each.std(), answers=answers, exponent=exponent,
        count_mean=count.mean(), count_sd=count.std(),
        tokens_mean=both["tokens"].mean(), tokens_sd=both["tokens"].std(),
        similarity_mean=both["similarity"].mean(), similarity_sd=both["similarity"].std(),
        zeros=float(np.isinf(both["corpus"]).mean()), corpus_count=_correlation(corpus, held[:, 0]),
        prior_count=prior[0], prior_tokens=prior[1], contrast_count=fit[0], contrast_tokens=fit[1],
        contrast_similarity=fit[2], **within, shared=_correlation(*left),
    )  # fmt: skip


def _ranks(values) -> NDArray[np.float64]:
    ranks = scipy.stats.rankdata(values)
    return (ranks - ranks.mean()) / ranks.std()


def _left(values: NDArray[np.float64], held: NDArray[np.float64]) -> NDArray[np.float64]:
    left = values - held @ np.linalg.lstsq(held, values, rcond=None)[0]
    return left / left.std()


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def _alike(values: NDArray[np.float64], cluster: pd.Series) -> float:
    """Intraclass correlation: the mean product of two items of a cluster; 0 where it is less.

    A cluster of m counts m - 1 times, for by its pairs a few frequent answers would be all of it.
    """
    frame = pd.DataFrame({"value": values, "square": values**2, "one": 1})
    sums = frame.groupby(cluster.to_numpy()).sum()
    products = (sums["value"] ** 2 - sums["square"]) / sums["one"]
    many = float((sums["one"] - 1).sum())
    return max(0.0, float(products.sum()) / many) if many else 0.0


def _law(times: NDArray[np.int64]) -> tuple[float, float]:
    """Number and Zipf exponent of answers seen so many times each: as often two alike, as many."""
    drawn = times.sum()
    alike = float((times * (times - 1)).sum() / (drawn * (drawn - 1)))

    def shares(answers: int, exponent: float) -> NDArray[np.float64]:
        weights = np.arange(1, answers + 1, dtype=float) ** -exponent
        return weights / weights.sum()

    def exponent_of(answers: int) -> float:
        if alike <= 1 / answers:
            return 0.0
        return float(
            scipy.optimize.brentq(lambda a: (shares(answers, a) ** 2).sum() - alike, 0.0, 4.0)
        )

    def missed(answers: int) -> float:
        seen = (1 - (1 - shares(answers, exponent_of(answers))) ** drawn).sum()
        return abs(seen - len(times))

    known = np.unique(np.geomspace(len(times), 50 * len(times), 200).astype(int)).tolist()
    best = min(known, key=missed)
    return best, exponent_of(best)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("smaller")
    parser.add_argument("larger")
    asked = parser.parse_args()
    found = {}
    for kind, task in TASKS.items():
        paths = (CONTRASTS.path.format(task=task, model=model, n=2)
                 for model in (asked.smaller, asked.larger))  # fmt: skip
        found[kind] = fitted(*(files.read(CONTRASTS, asked.results / path) for path in paths))
    designs.write(found)

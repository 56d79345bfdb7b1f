"""Items drawn from a design: what a measure makes of models that recall so much and no more.

Of a simulated model it is known what it does. Its contrast is

    r (evidence) + sqrt(1 - r^2) (anything else), and weights on log C(s_y), tokens and similarity

with the dial r: at 0 it follows a rule, and what it says given x owes nothing to the evidence of the
corpus, though prior, length and frequency play their part in it; at 1 it recalls. Evidence and
anything else each have a part of the answer's own, a part of the example's and a part of the
item's, all normal; answers recur by Zipf's law. The measure is the partial Spearman correlation of
the largest log P_{n,D}(s_y given s_x) with the contrast given the three columns.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import NDArray

from tracemem.scoring import pairing, statistics
from tracemem.scoring.designs import LEVEL, Design
from tracemem.scoring.statistics import Correlation, Resampling
from tracemem.scoring.tables import CONTRASTS

_ALONE, _PAIRED = Resampling(bootstrap=1), Resampling(bootstrap=256)
_DRAWS, _EXAMPLES = 40, 200  # from which the dial of an effect is found


def draw(
    design: Design, examples: int, recall: Sequence[float], seed: int | Sequence[int]
) -> list[pd.DataFrame]:
    """Items of so many examples, and what models of one family and several dials make of them.

    Args:
        design: of the task.
        examples: test examples.
        recall: the dial of each model, 0 to 1.
        seed: of everything drawn; models of one draw differ in their own part alone.

    Returns:
        Rows of ``tables.CONTRASTS`` for each model. ``corpus`` is the log of the evidence's quantile,
        so that it is a log-probability; -inf where no document supports the item.
    """
    columns = list(CONTRASTS.columns)
    texts = ["output_gram", "input_gram", "dropped"]
    return [
        pd.DataFrame(items).astype(dict.fromkeys(texts, "str"))[columns]
        for items in _drawn(design, examples, recall, seed)
    ]


def _drawn(
    design: Design, examples: int, recall: Sequence[float], seed: int | Sequence[int]
) -> list[dict[str, NDArray]]:
    """The columns that :func:`draw` makes tables of; s_y is a number."""
    random = np.random.default_rng(seed)
    example, answer = _items(design, examples, random)
    normal = random.standard_normal
    count, tokens = normal((2, round(design.answers)))[:, answer]
    similarity = normal(examples)[example]

    def parts(of_example: float, of_answer: float) -> NDArray[np.float64]:
        own = max(0.0, 1 - of_example - of_answer)
        return (
            math.sqrt(of_example) * normal(examples)[example]
            + math.sqrt(of_answer) * normal(round(design.answers))[answer]
            + math.sqrt(own) * normal(len(example))
        )

    beside = parts(design.corpus_example, design.corpus_answer)
    by_count = design.corpus_count
    evidence = by_count * count + _rest(by_count) * beside
    least = scipy.stats.norm.ppf(design.zeros)
    supported = evidence > least
    # Of what no document supports there is nothing to recall, more or less.
    recalled = np.maximum(evidence, least) - by_count * count
    recalled = (recalled - recalled.mean()) / recalled.std()
    weights = design.contrast_count, design.contrast_tokens, design.contrast_similarity
    held = weights[0] * count + weights[1] * tokens + weights[2] * similarity
    beyond = _rest(*weights)
    own = normal(round(design.answers))[answer]
    expected = (
        design.prior_count * count
        + design.prior_tokens * tokens
        + _rest(design.prior_count, design.prior_tokens) * own
    )
    items = {
        "example": example,
        "output_gram": answer,
        "input_gram": np.where(supported, "premise", ""),
        "output_documents": _whole(np.exp(design.count_mean + design.count_sd * count)),
        "corpus": (conditional := np.where(supported, scipy.stats.norm.logcdf(evidence), -np.inf)),
        "shrunk": conditional,  # evidence without counts is not shrunk
        "similarity": design.similarity_mean + design.similarity_sd * similarity,
        "tokens": _whole(design.tokens_mean + design.tokens_sd * tokens).astype(np.int32),
        "dropped": np.full(len(example), ""),
    }
    within = design.model_example, design.model_answer
    together = parts(*within)
    found = []
    for share in recall:
        other = math.sqrt(design.shared) * together
        other += math.sqrt(1 - design.shared) * parts(*within)
        contrast = beyond * (share * recalled + _rest(share) * other) + held
        found.append({**items, "model": expected + contrast, "contrast": contrast})
    return found


def _items(
    design: Design, examples: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Example and answer of every item; an example has no answer twice."""
    sizes = _whole(random.normal(design.items, design.items_sd, examples))
    example = np.repeat(np.arange(examples), sizes)
    edges = np.cumsum(design.law())
    answer = np.searchsorted(edges / edges[-1], random.random(len(example)), side="right")
    kept = np.unique(example * len(edges) + answer)
    return kept // len(edges), kept % len(edges)


def _rest(*weights: float) -> float:
    """Weight of what is left of a sum of variance 1."""
    return math.sqrt(max(0.0, 1 - sum(weight**2 for weight in weights)))


def _whole(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.maximum(np.round(values), 1).astype(np.int64)


def measure(items: Mapping[str, Any], resampling: Resampling = _ALONE) -> Correlation:
    """Contrastive memorization of ``tables.CONTRASTS``; what nothing supports ranks lowest."""
    corpus = np.asarray(items["corpus"])
    return statistics.partial_spearman(
        np.where(np.isinf(corpus), np.finfo(float).min, corpus),
        items["contrast"],
        [np.log(items["output_documents"]), items["tokens"], items["similarity"]],
        items["example"],
        items["output_gram"],
        resampling,
    )


def dial(design: Design, effect: float) -> float:
    """The dial at which the measure has a value, to .002, in the mean over draws.

    Many small draws and no large one, for the answers of one draw are related by chance, however
    many examples they have; the same draws at a dial of 0 say how far, and that is taken off.

    Raises:
        ValueError: no model of this design has so large a value.
    """

    def value(recall: float) -> float:
        drawn = (_drawn(design, _EXAMPLES, [recall], seed=(0, k))[0] for k in range(_DRAWS))
        return float(np.mean([measure(items).value for items in drawn]))

    if not effect:
        return 0.0
    low, high, chance = 0.0, 1.0, value(0.0)
    if value(high) - chance < effect:
        raise ValueError(f"effect: found {effect:.3g}; allowed: up to {value(high) - chance:.3g}")
    while high - low > 0.002:
        middle = (low + high) / 2
        low, high = (middle, high) if value(middle) - chance < effect else (low, middle)
    return high


def power(
    design: Design,
    examples: int,
    effect: float,
    tests: int = 1,
    base: float | None = None,
    draws: int = 200,
    seed: int = 1,
) -> float:
    """How often an effect is found, of so many draws; of an effect of 0, the false positive rate.

    Args:
        design: of the task.
        examples: test examples.
        effect: the measure's value; or, with ``base``, how far it lies above another model's.
        tests: of the family: each is held to the strictest step of Holm's correction.
        base: value of the other model, which answers the same examples.
        draws: studies that are drawn.
        seed: of all of them.
    """
    dials = [dial(design, effect + (base or 0))]
    if base is not None:
        dials.append(dial(design, base))
    found = 0
    for number in range(draws):
        items = _drawn(design, examples, dials, seed=(seed, number))
        scores = [measure(one, _ALONE if base is None else _PAIRED) for one in items]
        if base is None:
            p = _p(scores[0], len(np.unique(items[0]["output_gram"])))
        else:
            p = pairing.difference(*(vars(score) for score in scores))["p"]
        found += p < LEVEL / tests
    return found / draws


def _p(score: Correlation, answers: int) -> float:
    """Two-sided p of a correlation by its clustered interval, which takes no permutations."""
    freedom = min(score.examples, answers) - 1
    middle = math.atanh(score.value)
    reach = float(scipy.stats.t.ppf((1 + statistics.CONFIDENCE) / 2, freedom))
    error = (math.atanh(score.ci_high) - middle) / reach
    return float(2 * scipy.stats.t.sf(abs(middle) / error, freedom))

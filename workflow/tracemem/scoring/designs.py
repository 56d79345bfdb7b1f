"""What the items of a task are like, and how small a memorization so many examples can tell.

A rank correlation over n independent items has, on the scale of Fisher's z, a standard error of
1 / sqrt(n - 3 - columns held fixed). Items of one example, and items of one answer (s_y), are not
independent; where nothing is related, n items are worth

    n / (1 + (m_e - 1) c_e + (m_a - 1) c_a)

with m the items that an item finds in its own cluster, itself among them, and c the product of the
corpus' and the model's intraclass correlations (Kish 1965, for a product of two columns). Answers
recur in proportion to n, so that more examples of the same answers tell ever less.

:mod:`tracemem.scoring.simulating` draws items of such a design, and its tests hold these formulas
to what is detected there.
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import NormalDist

PATH = Path(__file__).with_name("designs.csv")
LEVEL, POWER = 0.05, 0.8
"""Level of a task's family of tests, and how often an effect is to be found."""
HELD = 3
"""Columns held fixed: log C(s_y), tokens of s_y, similarity of the neighbours."""
_MOST = 1 << 40


@dataclass(frozen=True)
class Design:
    """The items of a task at one n.

    ``designs.csv`` holds one for each kind of task, from the contrasts of the generated world:
    ``workflow/bench/study/fit_designs.py`` writes it. Weights and correlations are of ranks.

    Attributes:
        items, items_sd: of an example, mean and standard deviation.
        answers: different answers (s_y) there are.
        exponent: of Zipf's law, by which they recur.
        count_mean, count_sd: of ln C(s_y).
        tokens_mean, tokens_sd: of s_y.
        similarity_mean, similarity_sd: of the neighbours' mean similarity.
        zeros: share of items that no document supports.
        corpus_count: correlation of the corpus' side with ln C(s_y).
        prior_count, prior_tokens: weights of ln C(s_y) and tokens in what the model expects anyway.
        contrast_count, contrast_tokens, contrast_similarity: weights of the columns held fixed in
            what the input adds to that.
        corpus_example, corpus_answer: intraclass correlations of the corpus' side, less its fit on
            the columns held fixed, within examples and within answers.
        model_example, model_answer: the same of the contrast, less its fit on the corpus' side too.
        shared: correlation of what two sizes' contrasts leave.
    """

    items: float
    items_sd: float
    answers: float
    exponent: float
    count_mean: float
    count_sd: float
    tokens_mean: float
    tokens_sd: float
    similarity_mean: float
    similarity_sd: float
    zeros: float
    corpus_count: float
    prior_count: float
    prior_tokens: float
    contrast_count: float
    contrast_tokens: float
    contrast_similarity: float
    corpus_example: float
    corpus_answer: float
    model_example: float
    model_answer: float
    shared: float

    def law(self) -> list[float]:
        """Probability of each answer."""
        weights = [rank**-self.exponent for rank in range(1, round(self.answers) + 1)]
        whole = math.fsum(weights)
        return [weight / whole for weight in weights]


def read() -> dict[str, Design]:
    """The design of each kind of task."""
    with PATH.open(newline="", encoding="utf-8") as rows:
        held = list(csv.DictReader(rows))
    kinds = [name for name in held[0] if name != "parameter"]
    return {kind: Design(**{row["parameter"]: float(row[kind]) for row in held}) for kind in kinds}


def write(designs: Mapping[str, Design], path: Path = PATH) -> None:
    """The designs as a table: a row a parameter, a column a kind of task."""
    with path.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["parameter", *designs])
        for field in fields(Design):
            values = (getattr(design, field.name) for design in designs.values())
            rows.writerow([field.name, *(f"{value:.4g}" for value in values)])


def scatter(design: Design, examples: float) -> float:
    """Standard error of a correlation of nothing, on the scale of Fisher's z; inf with no item."""
    items = examples * design.items
    others = design.items - 1 + design.items_sd**2 / design.items
    alike = (items - 1) * math.fsum(share * share for share in design.law())
    worth = items / (
        1
        + others * design.corpus_example * design.model_example
        + alike * design.corpus_answer * design.model_answer
    )
    return 1 / math.sqrt(worth - 3 - HELD) if worth > 3 + HELD else math.inf


def smallest(design: Design, examples: float, tests: int = 1, between: bool = False) -> float:
    """The smallest memorization that is told from 0 with a probability of ``POWER``.

    Args:
        design: of the task.
        examples: test examples.
        tests: of the family, at ``LEVEL`` together: each is held to the strictest step of Holm's.
        between: the smallest difference between two sizes instead, which answer the same examples
            and memorize little; where both memorize much it is smaller.
    """
    normal = NormalDist()
    away = normal.inv_cdf(1 - LEVEL / 2 / tests) + normal.inv_cdf(POWER)
    error = scatter(design, examples)
    if between:
        return 2 * math.tanh(away * error * math.sqrt(2 * (1 - design.shared)) / 2)
    return math.tanh(away * error)


def needed(design: Design, effect: float, tests: int = 1, between: bool = False) -> float:
    """Test examples from which ``effect`` is told; inf where no number of them is enough."""
    if smallest(design, _MOST, tests, between) > effect:
        return math.inf
    low, high = 1, _MOST
    while low < high:
        middle = (low + high) // 2
        if smallest(design, middle, tests, between) > effect:
            low = middle + 1
        else:
            high = middle
    return low

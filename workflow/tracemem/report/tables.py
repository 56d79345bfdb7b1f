"""What the report is made of: its figures in their order, and the note each leaves."""

from dataclasses import dataclass

from tracemem.counterfactual.tables import EFFECTS
from tracemem.generation.tables import GENERATED_COSINES
from tracemem.jobs.declared import TEXT, Table
from tracemem.mining.tables import ALIGNMENT, COVERAGE
from tracemem.scoring.tables import (
    CONTROLS,
    INSTRUCT,
    MEMORIZATION,
    NOVELTY,
    SUPPORT,
    THRESHOLDS,
)  # fmt: skip

FIGURE = Table(
    "figures/{name}.csv",
    "Whether a figure has something to show; where it has not, its PNG and PDF say so in words.",
    {
        "figure": (TEXT, "the figure's name"),
        "reason": (TEXT, "why nothing is drawn; empty where something is"),
    },
)


@dataclass(frozen=True)
class Figure:
    """One figure of the report.

    Attributes:
        name: its files' name, ``figures/{name}.png``, and that of what draws it.
        title: heading in the report.
        caption: what is to be seen, in words.
        tables: what it is drawn from.
        needs: what of the study there must be for it to be drawn, as in ``Table``.
    """

    name: str
    title: str
    caption: str
    tables: tuple[Table, ...]
    needs: tuple[str, ...] = ()


FIGURES = (
    Figure(
        "coverage",
        "Test examples by what the corpus holds of them",
        "An example is supported where some document holds both n-grams of one of its pairs, "
        "whatever their order and distance; its support is the number of such documents, "
        "summed over its pairs. No model takes part in this.",
        (COVERAGE,),
    ),
    Figure(
        "performance_support",
        "Performance against support",
        "Support is the number of documents that hold an example's pairs, summed; examples "
        "without support stand apart at the left. Of each task the first metric at the "
        "smallest n; of a task of reasoning that is the share of right final answers. Bars: "
        "95 % intervals, Wilson's of shares, else bootstrap over examples.",
        (SUPPORT,),
        ("models",),
    ),
    Figure(
        "memorization",
        "Memorization against size, beside what it must be read against",
        "Rank correlation with the model's log-probability. First column: the task-gram LM "
        "(solid) and the ∞-gram LM (dashed), as published. Second: how often the corpus holds"
        " the answer, whatever the input. Third: the first column given the second. Fourth: "
        "contrastive memorization, of the strongest premise of each answer with what the input "
        "adds to the model's expectation of it; with the truth dotted where the study knows it. A "
        "filled marker: p < .05 by permutation of examples, after Holm over a task's models and n; "
        "a grey star: p ≥ .05, which is no evidence of absence. Bars: 95 % intervals, clustered by "
        "example and s_y.",
        (
            MEMORIZATION,
            CONTROLS,
        ),
        ("models",),
    ),
    Figure(
        "counterfactual",
        "Measures against the counterfactual effect",
        "Each point is a task and a size. Right: what the model loses of the log-probability of "
        "the answers where the documents behind them are left out of its corpus and it is trained "
        "again. Up: what each measure says of the model that saw all. A measure of memory is zero "
        "where the effect is, and rises with it. Crosses: models that saw another world, which "
        "have nothing to lose. Bars: 95 % intervals.",
        (EFFECTS, MEMORIZATION),
        ("models", "counterfactual"),
    ),
    Figure(
        "kendall",
        "Kendall distance against size",
        "(1 − τ)/2 between the corpus' ranking and the model's: 0 the same order, 0.5 "
        "unrelated, 1 reversed. Task-gram LM solid, ∞-gram LM dashed; markers and bars as "
        "above.",
        (MEMORIZATION,),
        ("models",),
    ),
    Figure(
        "novelty",
        "Novelty against size",
        "Distinct pairs of a source n-gram and a generated n-gram that no document of the "
        "corpus holds: their share of all generated pairs with 95 % intervals, and their "
        "number. Diamonds: the same share among the pairs whose generated n-gram stands in the "
        "gold target. What is wrong is seldom in a document, so bars alone reward it.",
        (NOVELTY,),
        ("models", "novelty_tasks"),
    ),
    Figure(
        "generated_cosines",
        "How near what models write is to its source",
        "Density of the cosine between a source n-gram and an n-gram generated for it, over "
        "the distinct pairs of the smallest model (dashed) and the largest (solid), embedded "
        "as the task's pairs were mined. Pairs of which the embedder knows no word on one "
        "side have no cosine and are left out.",
        (GENERATED_COSINES,),
        ("models", "novelty_tasks"),
    ),
    Figure(
        "emergence",
        "Performance against size at several support levels",
        "Each line holds the examples of one support bin; the bins' ranges are in the table "
        "of performance by support. Of each task the first metric at the smallest n. Bars: 95"
        " % intervals.",
        (SUPPORT,),
        ("models",),
    ),
    Figure(
        "thresholds",
        "Pairs that each threshold keeps",
        "Distinct pairs of n-grams of one example that the corpus holds, those with a cosine "
        "above γ, and of them those that some document holds together. Where the true "
        "alignments are known: precision and recall of the kept pairs.",
        (ALIGNMENT,),
    ),
    Figure(
        "memorization_by_threshold",
        "Memorization against size at each threshold",
        "Mem as published, over the pairs whose cosine is above γ; the lowest γ of a task is "
        "the one its other scores are taken at. Bars: 95 % intervals, clustered by example "
        "and s_y.",
        (THRESHOLDS,),
        ("models", "swept_tasks"),
    ),
    Figure(
        "instruct",
        "Instruct models against their base models",
        "Difference of each rank correlation, instruct less base model. Filled: the 95 % "
        "interval of the difference, over the same resamples of both models, leaves out "
        "zero. Open: it includes zero, so a difference is not settled.",
        (INSTRUCT,),
        ("tuned_models",),
    ),
)

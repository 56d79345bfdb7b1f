"""Tables of counterfactual training."""

from tracemem.jobs.declared import F64, I32, I64, I64S, SERIES, TEXT, Table

UNITS = Table(
    "counterfactual/units.parquet",
    "What is left out of the corpus as a whole: the documents behind a fact or a pair.",
    {
        "unit": (I64, "number, from 0"),
        "kind": (TEXT, "facts, or the task whose pair it is"),
        "input_gram": (TEXT, "s_x of the pair; of a fact its entity"),
        "output_gram": (TEXT, "s_y of the pair; of a fact its answer"),
        "documents": (I64S, "places of its documents in the corpus, in order"),
    },
    needs=("counterfactual",),
)
TESTED = Table(
    "counterfactual/tested.parquet",
    "The test examples behind each unit.",
    {
        "task": (TEXT, "task of the world"),
        "example": (I64, "row number in the test split, from 0"),
        "unit": (I64, "unit that is left out to test it"),
    },
    needs=("counterfactual",),
)
SUBSETS = Table(
    "counterfactual/subsets.parquet",
    "The units each subset of the corpus keeps; a document is kept with all units it belongs to.",
    {"subset": (TEXT, "its name"), "units": (I64S, "units kept, in order")},
    needs=("counterfactual",),
)
ANSWERED = Table(
    "counterfactual/answers/{trained}.parquet",
    "How likely a model that was trained again finds the target of every test example.",
    {
        "task": (TEXT, "task of the study"),
        "example": (I64, "test example"),
        "tokens": (I32, "tokens of the target that were scored"),
        "log_probability": (F64, "ln P_LLM(y given x), nats"),
    },
    needs=("counterfactual",),
)
COUNTERFACTUAL = Table(
    "counterfactual/counterfactual.parquet",
    "Counterfactual memorization of every tested example: ln P(y given x) with its documents in "
    "the corpus, less without them (Feldman and Zhang 2020; Zhang et al. 2023).",
    {
        **SERIES,
        "seed": (I64, "seed of the weights"),
        "example": (I64, "test example"),
        "documents": (I64, "documents that are in or out"),
        "effect": (F64, "mean over complementary pairs of subsets, nats"),
        "ci_low": (F64, "lower end of its 95 % interval, Student's t over those pairs"),
        "ci_high": (F64, "upper end of the same interval"),
        "pairs": (I64, "complementary pairs of subsets"),
        "even": (F64, "mean over the even pairs alone, nats"),
        "odd": (F64, "mean over the odd pairs alone, nats"),
    },
    needs=("counterfactual",),
)

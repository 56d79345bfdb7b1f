"""Tables of counterfactual training."""

from tracemem.jobs.declared import (
    F64,
    I32,
    I64,
    I64S,
    INTERVAL,
    PAIR,
    REASON,
    SERIES,
    TEXT,
    Table,
)

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
    "How likely a model that was trained again, or a checkpoint, finds the target of every test "
    "example.",
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

CHECKPOINTS = Table(
    "profiles/checkpoints.parquet",
    "The checkpoints that are followed, in the order of training.",
    {"checkpoint": (I64, "number, from 1"), "step": (I64, "steps done")},
    needs=("profiles",),
)
FOLLOWED = Table(
    "profiles/followed.parquet",
    "The pair by which each example is followed through training: the rarest of the strongest "
    "premises of its answers.",
    {
        "task": (TEXT, "task name"),
        "n": (I64, "words of an n-gram"),
        "example": (I64, "test example"),
        **{name: (kind, f"{meaning}; empty for none") for name, (kind, meaning) in PAIR.items()},
        "documents": (I64, "documents that hold both"),
    },
    needs=("profiles",),
)
PAIR_INTERVALS = Table(
    "profiles/intervals/{shard}.parquet",
    "Documents of a shard that hold a followed pair, by the interval that trained on them.",
    {
        **PAIR,
        "interval": (
            I64,
            "of the steps before the checkpoint of that number and after the one before it; after "
            "the last for steps later than all, and for documents never trained on",
        ),
        "documents": (I64, "documents that hold both, at least one"),
    },
    needs=("profiles",),
)
_TREATMENT = {
    **SERIES,
    "n": (I64, "words of an n-gram"),
    "treatment": (
        TEXT,
        "when an example counts as treated: first, in the interval of the first document of its "
        "pair; bulk, in the one by whose end half of them had been read",
    ),
}
ATT = Table(
    "profiles/att.parquet",
    "Effect of having been trained on the documents of a pair, by difference-in-differences over "
    "checkpoints (Callaway and Sant'Anna 2021; Lesci et al. 2024).",
    {
        **_TREATMENT,
        "cohort": (I64, "interval of treatment: g"),
        "checkpoint": (I64, "checkpoint: t"),
        "since": (I64, "checkpoints since treatment, t - g; -2 and less: before it, should be 0"),
        **INTERVAL,
        "examples": (I64, "examples of the cohort"),
        "controls": (I64, "examples of which no document was read by then"),
    },
    needs=("profiles",),
)
PROFILES = Table(
    "scores/profiles.csv",
    "Memorization profile: the mean effect over cohorts by the checkpoints since treatment.",
    {
        **_TREATMENT,
        "since": (I64, "checkpoints since treatment; -2 and less: before it, should be 0"),
        **INTERVAL,
        "cohorts": (I64, "cohorts it is the mean of"),
        "examples": (I64, "their examples"),
    },
    needs=("profiles",),
    section="scores",
    title="What was gained once a pair's documents were trained on",
    missing="No model was followed over its checkpoints.",
)
EFFECTS = Table(
    "profiles/effects.parquet",
    "Effect of its documents on each example: its own change since the checkpoint before them, less "
    "the mean change of the examples not yet treated.",
    {
        **_TREATMENT,
        "example": (I64, "test example"),
        "cohort": (I64, "interval of treatment; after the last for none"),
        "checkpoint": (I64, "up to which it is taken: the last one with controls; 0 for none"),
        "effect": (F64, "difference of differences of ln P(y given x), nats"),
        **REASON,
    },
    needs=("profiles",),
)

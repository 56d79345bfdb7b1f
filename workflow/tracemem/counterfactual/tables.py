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
ALONE = Table(
    "scores/alone.csv",
    "Facts of one document added alone to the first subset, beside their effect over all subsets.",
    {
        **SERIES,
        "example": (I64, "test example that asks for the fact"),
        "subset": (TEXT, "the subset with its document"),
        "alone": (F64, "ln P(y given x) with the one document, less without it, nats"),
        "effect": (F64, "its counterfactual effect, nats"),
        "ci_low": (F64, "lower end of the effect's 95 % interval"),
        "ci_high": (F64, "upper end of the same interval"),
    },
    needs=("alone",),
    section="scores",
    title="Single documents",
    missing="No document was added by itself.",
)
EFFECTS = Table(
    "scores/effects.csv",
    "Mean counterfactual effect of a task, size and seed, and how far its examples' can be trusted.",
    {
        **SERIES,
        "seed": (I64, "seed of the weights"),
        "examples": (I64, "tested examples"),
        "effect": (F64, "mean effect over them, nats"),
        "ci_low": (F64, "lower end of its 95 % interval, over examples and pairs of subsets"),
        "ci_high": (F64, "upper end of the same interval"),
        "pairs": (I64, "complementary pairs of subsets"),
        "halves": (F64, "Spearman's correlation of the examples' effects from two halves of them"),
        "ceiling": (
            F64,
            "what a perfect measure would agree with the effect: root of the reliability of all "
            "pairs, by Spearman and Brown; empty where the halves do not agree",
        ),
    },
    needs=("counterfactual",),
    section="scores",
    title="Counterfactual effect",
    missing="Nothing was left out of this study's corpus, so no effect is known.",
)
CANDIDATES = Table(
    "scores/candidates.csv",
    "Every candidate for a measure: its value in each cell, and how it ranks the examples.",
    {
        **SERIES,
        "n": (I64, "words of an n-gram"),
        "corpus_side": (TEXT, "what the corpus says of an answer"),
        "model_side": (TEXT, "what the model says of it"),
        "held": (TEXT, "what is held fixed"),
        "value": (F64, "rank correlation of the two sides given what is held fixed"),
        "bound": (F64, "95 % of its size where nothing is related"),
        "units": (I64, "answers, or pairs of the published measure"),
        "agreement": (
            F64,
            "Spearman's correlation of both sides together with the effect, over tested examples; "
            "empty where there is no effect to hold them to",
        ),
        "ci_low": (F64, "lower end of its 95 % interval, bootstrap over examples"),
        "ci_high": (F64, "upper end of the same interval"),
        "agreement_corpus": (F64, "the same of the corpus' side alone"),
        "agreement_model": (F64, "the same of the model's side alone"),
        "tested": (I64, "tested examples"),
        **REASON,
    },
    needs=("counterfactual",),
    merged=True,
)
AGREEMENT = Table(
    "scores/agreement.csv",
    "How every candidate for a measure agrees with the counterfactual effect.",
    {
        "corpus_side": (TEXT, "as in candidates.csv"),
        "model_side": (TEXT, "as in candidates.csv"),
        "held": (TEXT, "as in candidates.csv"),
        "n": (I64, "words of an n-gram"),
        "level": (
            TEXT,
            "item: rank agreement with the effect over the examples of a cell (task, size, world); "
            "apart: area under the curve that tells cells with an effect above zero from the "
            "others; cells: rank agreement with the mean effect over the cells above zero; "
            "examples: mean of the item level over those cells, as a share of what the effect's "
            "noise allows; nothing: share of the cells where nothing is memorized within the bound "
            "of chance",
        ),
        "task": (TEXT, "task of an item-level row; else empty"),
        "model": (TEXT, "model of an item-level row; else empty"),
        "value": (F64, "the agreement, area or share"),
        "ci_low": (
            F64,
            "lower end of its 95 % interval: bootstrap over examples, or over cells (worlds)",
        ),
        "ci_high": (F64, "upper end of the same interval; of nothing Wilson's"),
        "allowed": (F64, "item: what the effect's own noise allows; else empty"),
        "cells": (I64, "cells it is taken over"),
        **REASON,
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
FOLLOWED_EFFECTS = Table(
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

"""Tables of what models write."""

from tracemem.jobs.declared import (
    F32S,
    F64,
    F64S,
    I32,
    I32S,
    I64,
    PAIR,
    SERIES,
    TEXT,
    TOKENS,
    Table,
)

CHUNKS = Table(
    "chunks/{model}.parquet",
    "The chunks that a model has answered; each lies in a folder beside this table, under its key.",
    {
        "task": (TEXT, "task name"),
        "chunk": (I64, "number of the chunk in the task, from 0"),
        "key": (TEXT, "digest of what was asked, of the model and of how it was run"),
        "examples": (I64, "test examples in it"),
        "sha256": (TEXT, "checksum of the chunk's file, a part of generations/{task}/{model}"),
    },
)
GENERATIONS = Table(
    "generations/{task}/{model}.parquet",
    "What a model writes, and the probability it gives to the gold target and to each option.",
    {
        "example": (I64, "test example"),
        "generation": (TEXT, "greedy continuation of the prompt up to the stop rule; null if none"),
        "generated_tokens": (I32, "tokens generated"),
        "prompt_tokens": (I32, "tokens of the prompt"),
        **TOKENS,
        "token_log_probabilities": (F32S, "ln P(token given prompt and target before it), nats"),
        "contrast_log_probabilities": (
            F32S,
            "ln P of the same tokens after the prompt of each neighbour in turn, nats: neighbours "
            "times tokens; empty where the model is not asked",
        ),
        "option_log_probabilities": (F64S, "ln P(option given prompt), nats; empty if no options"),
        "option_tokens": (I32S, "tokens of each option"),
    },
)
GENERATED_PAIRS = Table(
    "novelty/pairs/{task}.parquet",
    "Every pair of an input n-gram and an n-gram that some model generated for it, once.",
    {**PAIR},
)
GENERATED_COUNTS = Table(
    "novelty/counts.parquet",
    "Co-occurrence of every (source n-gram, generated n-gram) pair; novelty/shards/ per shard.",
    {**PAIR, "documents": (I64, "documents that hold both")},
)
GENERATED_COSINES = Table(
    "novelty/cosines/{task}.parquet",
    "Cosines of the pairs that the smallest and the largest model generate, as a histogram.",
    {
        **SERIES,
        "n": (I64, "words of an n-gram"),
        "cosine_low": (F64, "lower end of the bin"),
        "cosine_high": (F64, "upper end of the bin, part of the last bin only"),
        "pairs": (I64, "distinct (source n-gram, generated n-gram) pairs in the bin"),
        "without_vector": (
            I64,
            "pairs in no bin, for the embedder knows no word of one side; the same in every row",
        ),
    },
    of="novelty_tasks",
)

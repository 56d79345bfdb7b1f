"""Tables of n-grams and pairs of them, and how often the corpus holds each."""

from tracemem.jobs.declared import I8, I64, PAIR, TEXT, Table

CANDIDATES = Table(
    "ngrams/candidates.parquet",
    "Every n-gram of any task that has to be counted, once: for pairs, and for contamination.",
    {"ngram": (TEXT, "words joined by one space"), "n": (I8, "words in it")},
)
COUNTS = Table(
    "ngrams/counts.parquet",
    "Counts of every candidate n-gram in the corpus; ngrams/shards/ holds the same per shard.",
    {
        "ngram": (TEXT, "words joined by one space"),
        "n": (I8, "words in it"),
        "documents": (I64, "documents that hold it"),
        "occurrences": (I64, "places where it stands"),
    },
)
DISTINCT_PAIRS = Table(
    "pairs/distinct.parquet",
    "Every pair that has to be counted, once, sorted; novelty/distinct.parquet for generated ones.",
    {**PAIR},
)
PAIR_COUNTS = Table(
    "pairs/counts.parquet",
    "Exact co-occurrence of every mined pair; pairs/shards/ holds the same per shard.",
    {**PAIR, "documents": (I64, "documents that hold both, any distance, any order")},
)
SAMPLES = Table(
    "pairs/samples.parquet",
    "A reproducible sample of the documents that hold a pair, or its output n-gram only.",
    {
        **PAIR,
        "document": (TEXT, "the document: 128-bit hash of its text, hexadecimal"),
        "shard": (TEXT, "a shard that holds it"),
        "record": (I64, "its record in that shard: line, row or file number, from 1"),
    },
)

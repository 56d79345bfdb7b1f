"""Tables of mining: pairs, and where they stand in the test examples."""

from tracemem.jobs.declared import F32, F32S, F64, I32, I64, PAIR, TEXT, Table

VECTORS = Table(
    "embedders/vectors/{task}.n{n}.parquet",
    "Vectors of a task's n-grams that the corpus holds, where the embedder is not trained here.",
    {
        "side": (TEXT, "input or output"),
        "ngram": (TEXT, "words joined by one space"),
        "vector": (F32S, "unit vector"),
    },
)
MINED = Table(
    "pairs/mined/{task}.n{n}.parquet",
    "Pairs above the threshold whose n-grams the corpus holds, before co-occurrence is known.",
    {**PAIR, "cosine": (F32, "cosine of the embeddings of s_x and s_y")},
)
PAIRS = Table(
    "pairs/{task}.n{n}.parquet",
    "The task-gram table H_n(T) with its counts.",
    {
        **PAIR,
        "cosine": (F32, "cosine of the embeddings of s_x and s_y"),
        "pair_documents": (I64, "C((s_x, s_y), D): documents that hold both"),
        "input_documents": (I64, "C(s_x, D): documents"),
        "input_occurrences": (I64, "C(s_x, D): occurrences"),
        "output_documents": (I64, "C(s_y, D): documents"),
    },
)
ALIGNMENT = Table(
    "pairs/alignment.csv",
    "How many candidate pairs each threshold keeps, and how well they align where truth is known.",
    {
        "task": (TEXT, "task name"),
        "n": (I64, "words of an n-gram"),
        "gamma": (F64, "threshold of the cosine"),
        "candidates": (I64, "distinct pairs of n-grams of the same example"),
        "in_corpus": (I64, "of them, both n-grams stand in the corpus"),
        "kept": (I64, "of them, cosine above gamma"),
        "non_zero": (I64, "of them, some document holds both"),
        "precision": (F64, "share of kept pairs that are true; empty without truth"),
        "recall": (
            F64,
            "share of true pairs in the corpus that are kept; empty without truth",
        ),
        "reason": (TEXT, "why no pair is kept, or none has a document; empty where some have"),
    },
    section="scores",
    title="Pairs by threshold, and how well they align",
    missing="No alignment table: a task with mined pairs would provide it.",
)
COVERAGE = Table(
    "pairs/coverage.csv",
    "How much of each task the corpus holds: the support of its test examples, model or no model.",
    {
        "task": (TEXT, "task name"),
        "n": (I64, "words of an n-gram"),
        "examples": (I64, "test examples"),
        "with_pairs": (I64, "of them, with a pair above gamma whose n-grams the corpus holds"),
        "supported": (I64, "of them, with a pair that some document holds: support above 0"),
        "pairs": (I64, "distinct pairs of the test examples that some document holds"),
        "median_support": (F64, "median support of the supported examples, documents"),
        "largest_support": (F64, "largest support of an example, documents"),
        "reason": (TEXT, "why no example is supported; empty where some are"),
    },
    section="coverage",
    title="What the corpus holds of the tasks",
    missing="The support of the test examples was not measured.",
)
PREMISES = Table(
    "items/premises/{task}.n{n}.parquet",
    "Every n-gram s_y of every target, and the n-gram of the input that predicts it best.",
    {
        "example": (I64, "test example"),
        "output_gram": (TEXT, "s_y: n-gram of the target, or the whole target"),
        "target_start": (I32, "first character of s_y in the target"),
        "target_end": (I32, "character after s_y in the target"),
        "output_documents": (I64, "C(s_y, D): documents"),
        "input_gram": (TEXT, "the premise, s_x with the largest P_{n,D}; empty where none has any"),
        "pair_documents": (I64, "C((s_x, s_y), D) of the premise: documents that hold both"),
        "input_documents": (I64, "C(s_x, D) of the premise: documents"),
        "corpus": (F64, "ln C((s_x, s_y)) / C(s_x) of the premise, nats; -inf where it has none"),
        "shrunk": (
            F64,
            "the largest ln C((s_x, s_y)) / (C(s_x) + 10) of any s_x: the same where few documents "
            "say little, nats; -inf where there is none",
        ),
    },
    needs=("contrasted",),
)
ITEMS = Table(
    "items/{task}.n{n}.parquet",
    "Phi: every pair of a test example that H_n(T) holds, with the place of s_y in the target.",
    {
        "example": (I64, "test example"),
        **PAIR,
        "target_start": (I32, "first character of s_y in the target; -1 where it is not found"),
        "target_end": (I32, "character after s_y in the target; -1 where it is not found"),
        "pair_documents": (I64, "C((s_x, s_y), D): documents that hold both"),
        "input_documents": (I64, "C(s_x, D): documents"),
        "input_occurrences": (I64, "C(s_x, D): occurrences"),
        "output_documents": (I64, "C(s_y, D): documents"),
    },
)

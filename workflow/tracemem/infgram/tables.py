"""Table of the infinity-gram LM."""

from tracemem.jobs.declared import I32S, I64, I64S, TOKENS, Table

INFGRAM = Table(
    "infgram/{task}.parquet",
    "The infinity-gram LM over the gold targets, in the index's own tokens.",
    {
        "example": (I64, "test example"),
        **TOKENS,
        "suffix_lengths": (I32S, "tokens of the longest context suffix that occurs in D"),
        "suffix_counts": (I64S, "its occurrences"),
        "continued_counts": (I64S, "occurrences followed by the token; 0 means P_inf = 0"),
    },
)

"""Every table that two stages share: its columns, their types, units and meaning.

Writers and readers go through :func:`write` and :func:`read`; ``docs/tables.md`` is generated from
this module, and a test holds the two together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tracemem.jobs.drafts import replacing

I8, I32, I64 = pa.int8(), pa.int32(), pa.int64()
F32, F64 = pa.float32(), pa.float64()
TEXT, FLAG = pa.string(), pa.bool_()
TEXTS, I32S, I64S = pa.list_(TEXT), pa.list_(I32), pa.list_(I64)
F32S, F64S = pa.list_(F32), pa.list_(F64)


@dataclass(frozen=True)
class Table:
    """One table at rest: where it lies under the study's folder, what it holds, its columns."""

    path: str
    meaning: str
    columns: Mapping[str, tuple[pa.DataType, str]]

    @property
    def schema(self) -> pa.Schema:
        """The columns as an Arrow schema."""
        return pa.schema([(name, kind) for name, (kind, _) in self.columns.items()])


_PAIR = {
    "input_gram": (TEXT, "s_x: n-gram of the input, words joined by one space"),
    "output_gram": (TEXT, "s_y: n-gram of the target, or the whole target"),
}
_SERIES = {
    "task": (TEXT, "task name"),
    "model": (TEXT, "model name"),
    "parameters": (I64, "parameters of the model"),
}
_REASON = {"reason": (TEXT, "why there is no value, or no interval; empty where both are there")}
_INTERVAL = {
    "value": (F64, "the statistic"),
    "ci_low": (F64, "lower end of the 95 % interval, bootstrap over examples"),
    "ci_high": (F64, "upper end of the same interval"),
    **_REASON,
}
# Tables written before these columns were declared are read with nothing in them.
_ADDED = tuple(_REASON)
_CORRELATION = {
    **_INTERVAL,
    "p_value": (
        F64,
        "two-sided p-value by formula, items taken as independent; partial: t, items - 3 d.f.",
    ),
    "p_permutation": (F64, "two-sided p-value by permutation of examples"),
    "p_holm": (F64, "p_permutation after Holm's correction over the rows of the same statistic"),
    "items": (I64, "items the statistic is taken over"),
    "examples": (I64, "examples those items come from"),
    "dropped": (I64, "items left out, all reasons together"),
    "dropped_zero_count": (I64, "left out: C((s_x, s_y), D) = 0"),
    "dropped_zero_denominator": (I64, "left out: C(s_x, D) = 0"),
    "dropped_no_span": (I64, "left out: s_y not found in the target, or cut by the context length"),
    "dropped_zero_infgram": (I64, "left out: every token of s_y has P_inf = 0"),
}
_SKIPPED = {"skipped_tokens": (I64, "tokens with P_inf = 0 passed over within the items kept")}
_TOKENS = {
    "token_ids": (I32S, "tokens of the gold target, in the model's vocabulary"),
    "token_starts": (I32S, "first character of each token in the target"),
    "token_ends": (I32S, "character after each token in the target"),
}

MANIFEST = Table(
    "corpus/manifest.parquet",
    "The corpus: one row a shard.",
    {
        "shard": (TEXT, "shard name, unique in the study"),
        "path": (TEXT, "file or folder as the config found it"),
        "documents": (I64, "documents read"),
        "skipped": (I64, "bad records passed over under on_bad_record: skip"),
        "bytes": (I64, "bytes at rest"),
        "text_bytes": (I64, "bytes of document text in UTF-8"),
        "sha256": (TEXT, "checksum of the bytes at rest"),
    },
)
EXAMPLES = Table(
    "tasks/{task}.{split}.parquet",
    "A task's examples in one form, whatever file they came from.",
    {
        "example": (I64, "row number in the split, from 0"),
        "group": (TEXT, "what results may be split by: subject, language pair; '' if nothing"),
        "input": (TEXT, "x, in NFC"),
        "target": (TEXT, "y, the gold answer as the model should write it, in NFC"),
        "aliases": (TEXTS, "answers that count as exact, the target among them"),
        "options": (TEXTS, "options of a multiple-choice item, else empty"),
        "prompt": (TEXT, "u with x filled in; the target follows it directly"),
    },
)
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
MINED = Table(
    "pairs/mined/{task}.n{n}.parquet",
    "Pairs above the threshold whose n-grams the corpus holds, before co-occurrence is known.",
    {**_PAIR, "cosine": (F32, "cosine of the embeddings of s_x and s_y")},
)
PAIR_COUNTS = Table(
    "pairs/counts.parquet",
    "Exact co-occurrence of every mined pair; pairs/shards/ holds the same per shard.",
    {**_PAIR, "documents": (I64, "documents that hold both, any distance, any order")},
)
SAMPLES = Table(
    "pairs/samples.parquet",
    "A reproducible sample of the documents that hold a pair, or its output n-gram only.",
    {
        **_PAIR,
        "document": (TEXT, "the document: 128-bit hash of its text, hexadecimal"),
        "shard": (TEXT, "a shard that holds it"),
        "record": (I64, "its record in that shard: line, row or file number, from 1"),
    },
)
PAIRS = Table(
    "pairs/{task}.n{n}.parquet",
    "The task-gram table H_n(T) with its counts.",
    {
        **_PAIR,
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
)
ITEMS = Table(
    "items/{task}.n{n}.parquet",
    "Phi: every pair of a test example that H_n(T) holds, with the place of s_y in the target.",
    {
        "example": (I64, "test example"),
        **_PAIR,
        "target_start": (I32, "first character of s_y in the target; -1 where it is not found"),
        "target_end": (I32, "character after s_y in the target; -1 where it is not found"),
        "pair_documents": (I64, "C((s_x, s_y), D): documents that hold both"),
        "input_documents": (I64, "C(s_x, D): documents"),
        "input_occurrences": (I64, "C(s_x, D): occurrences"),
        "output_documents": (I64, "C(s_y, D): documents"),
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
        **_TOKENS,
        "token_log_probabilities": (F32S, "ln P(token given prompt and target before it), nats"),
        "option_log_probabilities": (F64S, "ln P(option given prompt), nats; empty if no options"),
        "option_tokens": (I32S, "tokens of each option"),
    },
)
INFGRAM = Table(
    "infgram/{task}.parquet",
    "The infinity-gram LM over the gold targets, in the index's own tokens.",
    {
        "example": (I64, "test example"),
        **_TOKENS,
        "suffix_lengths": (I32S, "tokens of the longest context suffix that occurs in D"),
        "suffix_counts": (I64S, "its occurrences"),
        "continued_counts": (I64S, "occurrences followed by the token; 0 means P_inf = 0"),
    },
)
GENERATED_PAIRS = Table(
    "novelty/pairs/{task}.parquet",
    "Every pair of an input n-gram and an n-gram that some model generated for it, once.",
    {**_PAIR},
)
GENERATED_COUNTS = Table(
    "novelty/counts.parquet",
    "Co-occurrence of every (source n-gram, generated n-gram) pair; novelty/shards/ per shard.",
    {**_PAIR, "documents": (I64, "documents that hold both")},
)
GENERATED_COSINES = Table(
    "novelty/cosines/{task}.parquet",
    "Cosines of the pairs that the smallest and the largest model generate, as a histogram.",
    {
        **_SERIES,
        "n": (I64, "words of an n-gram"),
        "cosine_low": (F64, "lower end of the bin"),
        "cosine_high": (F64, "upper end of the bin, part of the last bin only"),
        "pairs": (I64, "distinct (source n-gram, generated n-gram) pairs in the bin"),
        "without_vector": (
            I64,
            "pairs in no bin, for the embedder knows no word of one side; the same in every row",
        ),
    },
)
MEMORIZATION = Table(
    "scores/memorization.csv",
    "Distributional memorization: rank statistics between the corpus' and the model's probability.",
    {
        **_SERIES,
        "n": (I64, "words of an n-gram"),
        "measure": (TEXT, "task-gram, task-gram-keyed or infini-gram"),
        "statistic": (TEXT, "spearman, kendall-distance or partial-spearman (given log C(s_y))"),
        **_CORRELATION,
        **_SKIPPED,
    },
)
CONTROLS = Table(
    "scores/controls.csv",
    "What the measures must be read against: answer frequency alone, and the truth where known.",
    {
        **_SERIES,
        "n": (I64, "words of an n-gram; 0 where the control does not depend on it"),
        "measure": (TEXT, "output-count, truth-probability or truth-documents"),
        "statistic": (TEXT, "spearman or partial-spearman (given log C(s_y))"),
        **_CORRELATION,
    },
)
VARIANTS = Table(
    "scores/variants.csv",
    "Task-gram memorization under every unit, aggregation and denominator.",
    {
        **_SERIES,
        "n": (I64, "words of an n-gram"),
        "unit": (TEXT, "pair (the paper's text), or answer: one item for each (example, s_y)"),
        "aggregation": (TEXT, "none, or how the pairs of an answer are put together"),
        "denominator": (TEXT, "C(s_x, D) in documents or occurrences"),
        "statistic": (TEXT, "spearman or partial-spearman (given log C(s_y))"),
        **_CORRELATION,
    },
)
THRESHOLDS = Table(
    "scores/thresholds.csv",
    "Mem of the task-gram LM, as published, over the pairs above each threshold that is swept.",
    {
        **_SERIES,
        "n": (I64, "words of an n-gram"),
        "gamma": (F64, "threshold of the cosine"),
        **_INTERVAL,
        "items": (I64, "items the statistic is taken over"),
        "examples": (I64, "examples those items come from"),
        "dropped": (I64, "items above the threshold that were left out"),
    },
)
PERFORMANCE = Table(
    "scores/performance.csv",
    "How well each model does each task.",
    {
        **_SERIES,
        "group": (TEXT, "'' for the whole task, else the part of it"),
        "metric": (TEXT, "bleu, exact-match, accuracy, ..."),
        **_INTERVAL,
        "examples": (I64, "examples scored"),
        "signature": (TEXT, "how the metric was computed, as its library states it"),
    },
)
SUPPORT = Table(
    "scores/support.csv",
    "Performance by support: the sum of C((s_x, s_y), D) over an example's pairs.",
    {
        **_SERIES,
        "n": (I64, "words of an n-gram"),
        "bin": (I64, "bin number, from 0; bin 0 holds the examples without support"),
        "support_low": (F64, "smallest support in the bin, documents"),
        "support_high": (F64, "largest support in the bin, documents"),
        "group": (TEXT, "the group that the bin is, where bins are groups; else empty"),
        "metric": (TEXT, "as in performance.csv"),
        **_INTERVAL,
        "examples": (I64, "examples in the bin"),
    },
)
NOVELTY = Table(
    "scores/novelty.csv",
    "Distinct (source n-gram, generated n-gram) pairs that no document holds.",
    {
        **_SERIES,
        "n": (I64, "words of an n-gram"),
        "generated_pairs": (I64, "distinct pairs generated"),
        "novel_pairs": (I64, "of them, held by no document"),
        "share": (F64, "novel_pairs / generated_pairs"),
        "ci_low": (F64, "lower end of the share's 95 % interval, bootstrap over examples"),
        "ci_high": (F64, "upper end of the same interval"),
        **_REASON,
        "examples": (I64, "examples with a generation"),
    },
)
INSTRUCT = Table(
    "scores/instruct.csv",
    "Each instruct model beside the base model it is tuned from.",
    {
        "task": (TEXT, "task name"),
        "n": (I64, "words of an n-gram; 0 for performance"),
        "measure": (TEXT, "as in memorization.csv, or performance"),
        "statistic": (TEXT, "as in memorization.csv; of performance its first metric"),
        "base": (TEXT, "base model"),
        "instruct": (TEXT, "model tuned from it"),
        "base_value": (F64, "the statistic of the base model"),
        "base_ci_low": (F64, "lower end of its 95 % interval"),
        "base_ci_high": (F64, "upper end of the same interval"),
        "instruct_value": (F64, "the statistic of the instruct model"),
        "instruct_ci_low": (F64, "lower end of its 95 % interval"),
        "instruct_ci_high": (F64, "upper end of the same interval"),
        "difference": (F64, "instruct_value - base_value"),
        "ci_low": (F64, "lower end of the difference's 95 % interval, from the two (MOVER)"),
        "ci_high": (F64, "upper end of the same interval"),
        **_REASON,
    },
)
PUBLISHED = Table(
    "scores/published.csv",
    "Published numbers, none measured here, each beside this study's own of the same quantity.",
    {
        "quantity": (TEXT, "metric, or mem-n3, mem-n5, mem, mem-infgram"),
        "task": (TEXT, "task of this study"),
        "part": (TEXT, "what the published number is of: language, subjects, support; '' if all"),
        "source": (TEXT, "figure or table it comes from"),
        "published_model": (TEXT, "its model; '' where it is said of the models as a whole"),
        "relation": (TEXT, "=, > or < the published number, or not significant, which has none"),
        "published": (F64, "the published number"),
        "model": (TEXT, "model of this study"),
        "value": (F64, "this study's number"),
        "ci_low": (F64, "lower end of its 95 % interval, bootstrap over examples"),
        "ci_high": (F64, "upper end of the same interval"),
        "match": (TEXT, "model: both are of the same model; task: of the same task only"),
        "caveat": (TEXT, "how the published number is known"),
        "note": (TEXT, "what else differs between the two"),
    },
)
CONTAMINATION = Table(
    "scores/contamination.csv",
    "Test examples with an n-gram, of the input or of the target, that the corpus holds.",
    {
        "task": (TEXT, "task name"),
        "n": (I64, "words of an n-gram; stop words are words like others here"),
        "examples": (I64, "test examples"),
        "searched": (I64, "of them, long enough to have an n-gram"),
        "contaminated": (I64, "of them, with an n-gram that some document holds"),
    },
)
DECONTAMINATED = Table(
    "scores/decontaminated.csv",
    "Performance and memorization over all, the clean and the contaminated test examples.",
    {
        "task": (TEXT, "task name"),
        "contamination_n": (I64, "words of the n-grams that contaminate, n in contamination.csv"),
        "model": (TEXT, "model name"),
        "parameters": (I64, "parameters of the model"),
        "measure": (TEXT, "performance, of the task's first metric, or task-gram"),
        "statistic": (TEXT, "the metric as in performance.csv, or spearman"),
        "n": (I64, "words of the task-gram LM's n-grams; 0 for performance"),
        "subset": (TEXT, "all, clean (without an n-gram in the corpus) or contaminated (with one)"),
        "examples": (I64, "examples of the subset the statistic is taken over"),
        "items": (I64, "their items; examples for performance"),
        **_INTERVAL,
    },
)
CLAIMS = Table(
    "scores/claims.csv",
    "The study's claims against this run.",
    {
        "claim": (TEXT, "C1 to C8 of the paper, K1 of this project"),
        "statement": (TEXT, "what is claimed"),
        "verdict": (TEXT, "holds, fails or cannot tell"),
        "numbers": (TEXT, "the numbers the verdict rests on"),
    },
)
FIGURE = Table(
    "figures/{name}.csv",
    "Whether a figure has something to show; where it has not, its PNG and PDF say so in words.",
    {
        "figure": (TEXT, "the figure's name"),
        "reason": (TEXT, "why nothing is drawn; empty where something is"),
    },
)

FACTS = Table(
    "world/truth/facts.parquet",
    "Every fact of the generated world and how often its corpus states it.",
    {
        "fact": (I64, "fact number, from 0"),
        "entity": (TEXT, "full name of the entity"),
        "relation": (TEXT, "name of the relation"),
        "answer": (TEXT, "the answer as it stands in documents"),
        "documents": (I64, "documents that state the fact"),
        "question_documents": (I64, "of them, in question and answer form"),
        "probability": (F64, "documents / documents that hold the entity; NaN where none does"),
    },
)
FACT_EXAMPLES = Table(
    "world/truth/examples.parquet",
    "The fact behind each test example of a task about facts.",
    {
        "task": (TEXT, "questions or choices"),
        "example": (I64, "row number in the test split, from 0"),
        "fact": (I64, "fact number"),
        "documents": (I64, "documents that state the fact"),
        "probability": (F64, "P(answer given entity), as in facts.parquet"),
    },
)
LEXICON = Table(
    "world/truth/lexicon.parquet",
    "The lexicon of the generated language.",
    {
        "source": (TEXT, "English word, or will and a verb"),
        "target": (TEXT, "the word it becomes"),
    },
)
TRUE_PAIRS = Table(
    "world/truth/alignments.parquet",
    "Every truly aligned pair of n-grams of any example, train or test.",
    {
        "task": (TEXT, "task name"),
        "n": (I8, "words of the n-gram"),
        "input_gram": (TEXT, "s_x: n-gram of the input, words joined by one space"),
        "output_gram": (TEXT, "s_y: n-gram of the target, or the whole answer"),
    },
)

TABLES: tuple[Table, ...] = tuple(value for value in globals().values() if isinstance(value, Table))


def gather(table: Table, paths: Iterable[Path | str]) -> pd.DataFrame:
    """The parts of a table one after another; a frame without rows where there is no part."""
    empty = pd.DataFrame({name: [] for name in table.columns})
    parts = [part for path in paths if len(part := read(table, path))]
    return pd.concat(parts, ignore_index=True) if parts else empty


def conform(table: Table, data: pa.Table | pd.DataFrame | Mapping[str, Iterable]) -> pa.Table:
    """``data`` as an Arrow table with exactly the columns of ``table``, in its order and types.

    Raises:
        ValueError: a column is missing or not declared.
    """
    if isinstance(data, pd.DataFrame):
        found = list(data.columns)
    else:
        found = data.column_names if isinstance(data, pa.Table) else list(data)
    wrong = sorted(set(found) ^ set(table.columns))
    if wrong:
        raise ValueError(
            f"{table.path}: columns {wrong} are missing or not declared, found {found}"
        )
    if isinstance(data, pd.DataFrame):
        return pa.Table.from_pandas(
            data[list(table.columns)], schema=table.schema, preserve_index=False
        )
    if isinstance(data, pa.Table):
        return data.select(list(table.columns)).cast(table.schema).replace_schema_metadata(None)
    # Arrow's own go as they are: pa.array would make a Python object of each value.
    own = (pa.Array, pa.ChunkedArray)
    return pa.table(
        {
            name: data[name].cast(kind)
            if isinstance(data[name], own)
            else pa.array(data[name], kind)
            for name, (kind, _) in table.columns.items()
        },
        schema=table.schema,
    )


def write(table: Table, data, path: Path | str) -> None:
    """Write ``data`` to ``path`` (Parquet or CSV by its ending), whole or not at all."""
    arrow = conform(table, data).replace_schema_metadata(None)
    with replacing(path) as draft:
        if str(path).endswith(".csv"):
            arrow.to_pandas().to_csv(draft, index=False, float_format="%.6g")
        else:
            pq.write_table(arrow, draft, compression="zstd")


def read(table: Table, path: Path | str) -> pd.DataFrame:
    """Read a table back and hold it to its declaration.

    Raises:
        ValueError: the file's columns are not those declared.
    """
    if str(path).endswith(".csv"):
        texts = [name for name, (kind, _) in table.columns.items() if kind == TEXT]
        numbers = [name for name in table.columns if name not in texts]
        frame = pd.read_csv(
            path,
            dtype=dict.fromkeys(texts, "str"),
            keep_default_na=False,
            na_values={name: [""] for name in numbers},
        )
        if frame.empty:  # nothing to tell the type of a number by
            frame = frame.astype({name: "float64" for name in numbers if name in frame})
    else:
        frame = pq.read_table(path).to_pandas()
    absent = [name for name in _ADDED if name in table.columns and name not in frame]
    frame = frame.assign(**dict.fromkeys(absent, ""))
    wrong = sorted(set(frame.columns) ^ set(table.columns))
    if wrong:
        raise ValueError(f"{path}: columns {wrong} are missing or not declared for {table.path}")
    return frame

"""Distributional memorization: do corpus counts and a model's probabilities rank items alike?

An item is a pair (s_x, s_y) of a test example (Phi of arXiv 2407.14985). Its two sides are

    corpus   ln P_{n,D}(s_y given s_x) = ln C((s_x, s_y), D) / C(s_x, D)
    model    ln P_LLM(s_y given x), summed over the tokens that overlap the span of s_y

and Mem_n is their rank correlation. A frequent answer is likely whatever the question, and a pair
whose s_x is a piece of template carries nothing else; so besides the published measure there are
its partial correlation given ln C(s_y), and the keyed measure, which keeps of each
(example, s_y) only the key: the s_x with the smallest non-zero C(s_x), the most specific evidence.

Items that have no value are kept in the table with the reason, so that every score counts them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tracemem.infgram import index as infinity_gram
from tracemem.jobs import tables
from tracemem.ngrams.words import words
from tracemem.scoring import statistics
from tracemem.scoring.statistics import Correlation, Resampling

Denominator = Literal["documents", "occurrences"]
Aggregation = Literal["mean-log", "log-sum", "max", "key"]
REASONS = ("no_span", "zero_denominator", "zero_count", "zero_infgram")
# Why a measure of a task and n has no value at all; pairs/coverage.csv says why there is no pair.
NO_PAIR = "no mined pair stands in a test example"
AGGREGATIONS: tuple[Aggregation, ...] = ("mean-log", "log-sum", "max", "key")


@dataclass(frozen=True)
class Series:
    """Whose scores they are: a task, a model and its number of parameters."""

    task: str
    model: str
    parameters: int


def span_log_probabilities(spans: pd.DataFrame, generations: pd.DataFrame) -> NDArray[np.float64]:
    """The model's ln P_LLM of each span of the gold target, summed over the tokens it overlaps.

    Args:
        spans: columns example, target_start and target_end (characters of the target).
        generations: ``tables.GENERATIONS`` of one model.

    Returns:
        float64, [spans], nats; NaN where the start is -1 or the tokens do not reach over the span,
        the target having been cut.

    Raises:
        ValueError: an example is missing, or a token of a span has no finite log-probability.
    """
    values = np.full(len(spans), np.nan)
    column = "token_log_probabilities"
    for number, example, tokens, row in _spans(spans, generations, [column], "generations"):
        value = float(np.sum(np.asarray(row[column][tokens], np.float64)))
        if not np.isfinite(value):
            raise ValueError(
                f"generations: example {example} has a token log-probability that is not finite"
            )
        values[number] = value
    return values


def infgram_log_probabilities(
    spans: pd.DataFrame, infgram: pd.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The infinity-gram LM's ln P_inf of each span, and how many tokens it skipped as impossible.

    Args:
        spans: columns example, target_start and target_end (characters of the target).
        infgram: ``tables.INFGRAM`` of the task.

    Returns:
        (float64 [spans], nats, NaN where the span is not found or every token has P_inf = 0;
        int64 [spans], tokens skipped).

    Raises:
        ValueError: an example is missing or its tokens do not reach over a span.
    """
    values = np.full(len(spans), np.nan)
    skipped = np.zeros(len(spans), np.int64)
    answered = np.zeros(len(spans), bool)
    columns = ["suffix_counts", "continued_counts"]
    for number, _, tokens, row in _spans(spans, infgram, columns, "infgram"):
        value, skipped[number] = infinity_gram.log_probability(
            *(row[column][tokens] for column in columns)
        )
        values[number] = np.nan if value is None else value
        answered[number] = True
    lost = spans[~answered & (spans["target_start"] >= 0).to_numpy()]
    if len(lost):
        raise ValueError(
            f"infgram: the tokens of example {lost['example'].iloc[0]} do not reach over characters"
            f" {lost['target_start'].iloc[0]} to {lost['target_end'].iloc[0]} of the target"
        )
    return values, skipped


def measure(
    items: pd.DataFrame,
    generations: pd.DataFrame,
    infgram: pd.DataFrame | None = None,
    denominator: Denominator = "documents",
) -> pd.DataFrame:
    """Both sides of every item, and why an item has none.

    Args:
        items: ``tables.ITEMS`` of one task and n.
        generations: ``tables.GENERATIONS`` of the task and one model.
        infgram: ``tables.INFGRAM`` of the task, or None where there is no index.
        denominator: C(s_x) in documents, which makes P_{n,D} a probability, or in occurrences as
            the paper words it.

    Returns:
        One row an item: example, input_gram, output_gram, pair_documents, input_count (C(s_x) in
        the unit of the denominator), corpus, model and output (ln C(s_y)), in nats, and dropped:
        '' or the first of ``REASONS`` that applies. With an infgram table also infgram (ln P_inf,
        nats) and skipped_tokens (of P_inf).

    Raises:
        ValueError: counts that no corpus has, such as more documents with the pair than with s_x,
            or an example that a table lacks.
    """
    _check_counts(items)
    pair_documents = items["pair_documents"].to_numpy(np.float64)
    input_count = items[f"input_{denominator}"].to_numpy(np.float64)
    model = span_log_probabilities(items, generations)
    dropped = np.select(
        [np.isnan(model), input_count == 0, pair_documents == 0],
        ["no_span", "zero_denominator", "zero_count"],
        "",
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        corpus = np.log(pair_documents / input_count)
        output = np.log(items["output_documents"].to_numpy(np.float64))
    unusable = dropped != ""
    measured = {
        "example": items["example"].to_numpy(),
        "input_gram": items["input_gram"].to_numpy(),
        "output_gram": items["output_gram"].to_numpy(),
        "pair_documents": pair_documents,
        "input_count": input_count,
        "corpus": np.where(unusable, np.nan, corpus),
        "model": np.where(unusable, np.nan, model),
        "output": np.where(unusable, np.nan, output),
        "dropped": dropped,
    }
    if infgram is not None:
        measured["infgram"], measured["skipped_tokens"] = infgram_log_probabilities(items, infgram)
    return pd.DataFrame(measured)


def per_answer(measured: pd.DataFrame, aggregation: Aggregation) -> pd.DataFrame:
    """One row for each (example, s_y), its pairs put together, as :func:`measure` returns them.

    ``mean-log`` is the mean of ln P_{n,D} over s_x, as the paper's released code has it;
    ``log-sum`` the log of the sum of P_{n,D}; ``max`` the largest. ``key`` takes the row of the
    key, the s_x with the smallest non-zero C(s_x); among equals the largest C((s_x, s_y)), then the
    first s_x in alphabetical order. An answer none of whose pairs has a value is dropped for the
    reason of the pair that came furthest.
    """
    if aggregation not in AGGREGATIONS:
        raise ValueError(f"aggregation {aggregation!r}, allowed: {', '.join(AGGREGATIONS)}")
    stage = measured["dropped"].map({reason: i for i, reason in enumerate(REASONS)}).fillna(9)
    ordered = measured.assign(stage=stage.astype(int)).sort_values(
        ["example", "output_gram", "stage", "input_count", "pair_documents", "input_gram"],
        ascending=[True, True, False, True, False, True],
        kind="stable",
        ignore_index=True,
    )
    answer = ["example", "output_gram"]
    # Usable pairs stand first, the key foremost; else the pair that came furthest.
    rows = ordered.drop_duplicates(answer).drop(columns="stage").reset_index(drop=True)
    if aggregation == "key":
        return rows
    usable = ordered[ordered["dropped"] == ""]
    values = usable["corpus"] if aggregation == "mean-log" else np.exp(usable["corpus"])
    how = {"mean-log": "mean", "log-sum": "sum", "max": "max"}[aggregation]
    combined = values.groupby([usable["example"], usable["output_gram"]]).agg(how)
    if aggregation != "mean-log":
        combined = np.log(combined)
    aligned = combined.reindex(pd.MultiIndex.from_frame(rows[answer])).to_numpy()
    return rows.assign(corpus=aligned, input_gram="")


def score(measured: pd.DataFrame, series: Series, n: int, resampling: Resampling) -> pd.DataFrame:
    """Rows of ``tables.MEMORIZATION`` for one task, model and n; ``p_holm`` is left empty.

    The infinity-gram LM is measured over the same items as the task-gram LM, less those all of
    whose tokens it gives no probability, which ``dropped_zero_infgram`` counts.

    Args:
        measured: what :func:`measure` returns; rows for the infinity-gram LM if it was measured.
        series: whose scores they are.
        n: words of an n-gram.
        resampling: draws and seed.
    """
    measures = {
        "task-gram": (measured, "corpus"),
        "task-gram-keyed": (per_answer(measured, "key"), "corpus"),
    }
    if "infgram" in measured:
        empty = (measured["dropped"] == "") & measured["infgram"].isna()
        reasons = measured["dropped"].mask(empty, "zero_infgram")
        measures["infini-gram"] = (measured.assign(dropped=reasons), "infgram")
    rows = []
    for measure, (frame, column) in measures.items():
        kept = frame["dropped"] == ""
        skipped = int(frame["skipped_tokens"][kept].sum()) if column == "infgram" else 0
        for statistic in ("spearman", "kendall-distance", "partial-spearman"):
            row = _row(frame, column, statistic, series, n, measure, resampling)
            rows.append({**row, "skipped_tokens": skipped})
    return pd.DataFrame(rows, columns=list(tables.MEMORIZATION.columns))


def output_control(
    measured: pd.DataFrame, series: Series, n: int, resampling: Resampling
) -> pd.DataFrame:
    """The row of ``tables.CONTROLS`` for ln C(s_y) alone against ln P_LLM, over the same items."""
    row = _row(measured, "output", "spearman", series, n, "output-count", resampling)
    return pd.DataFrame([row], columns=list(tables.CONTROLS.columns))


def truth_controls(
    truth: pd.DataFrame,
    examples: pd.DataFrame,
    generations: pd.DataFrame,
    counts: pd.DataFrame,
    series: Series,
    resampling: Resampling,
) -> pd.DataFrame:
    """Rows of ``tables.CONTROLS`` for the known truth against ln P_LLM of the whole answer.

    One item an example. ``truth-probability`` is P(answer given entity), ``truth-documents`` the
    documents that state the fact; each as Spearman and as partial Spearman given C(answer). An
    entity that no document holds has no probability: its item is dropped as a zero denominator.

    Args:
        truth: columns example, probability (NaN where undefined) and documents, one task's.
        examples: ``tables.EXAMPLES`` of the test split.
        generations: ``tables.GENERATIONS`` of the model.
        counts: ``tables.COUNTS``, which must hold every whole answer.
        series: whose scores they are.
        resampling: draws and seed.

    Raises:
        ValueError: an example is missing or an answer was never counted.
    """
    known = truth.merge(examples[["example", "target"]], on="example", how="left")
    if known["target"].isna().any():
        lost = known.loc[known["target"].isna(), "example"].iloc[0]
        raise ValueError(f"truth: example {lost} is not among the task's examples")
    answers = [" ".join(words(target)) for target in known["target"]]
    documents = pd.Series(answers).map(_lookup(counts, answers)).to_numpy(np.float64)
    lead = known["target"].map(lambda target: len(target) - len(target.lstrip())).to_numpy()
    spans = pd.DataFrame(
        {
            "example": known["example"],
            "target_start": lead,
            "target_end": known["target"].map(lambda target: len(target.rstrip())).to_numpy(),
        }
    )
    model = span_log_probabilities(spans, generations)
    rows = []
    for measure, column in (("truth-probability", "probability"), ("truth-documents", "documents")):
        corpus = known[column].to_numpy(np.float64)
        dropped = np.select(
            [np.isnan(model), np.isnan(corpus)], ["no_span", "zero_denominator"], ""
        )
        # Ranks need no logarithm, so that answers which no document holds can stay.
        frame = pd.DataFrame(
            {"example": known["example"], "corpus": corpus, "model": model, "output": documents}
        ).assign(dropped=dropped)
        for statistic in ("spearman", "partial-spearman"):
            rows.append(_row(frame, "corpus", statistic, series, 0, measure, resampling))
    return pd.DataFrame(rows, columns=list(tables.CONTROLS.columns))


def variants(
    items: pd.DataFrame,
    generations: pd.DataFrame,
    series: Series,
    n: int,
    resampling: Resampling,
) -> pd.DataFrame:
    """Mem under every unit, aggregation and denominator, so that readers can compare them.

    ``unit`` pair is the paper's text; answer with ``mean-log`` and ``occurrences`` is its released
    code; answer with ``key`` and ``documents`` is the keyed measure.

    Returns:
        Rows of ``tables.VARIANTS``.
    """
    rows = []
    for denominator in ("documents", "occurrences"):
        measured = measure(items, generations, denominator=denominator)
        frames = {"none": measured}
        frames.update({name: per_answer(measured, name) for name in AGGREGATIONS})
        for aggregation, frame in frames.items():
            for statistic in ("spearman", "partial-spearman"):
                row = _row(frame, "corpus", statistic, series, n, "task-gram", resampling)
                del row["measure"]
                unit = "pair" if aggregation == "none" else "answer"
                rows.append(
                    {"unit": unit, "aggregation": aggregation, "denominator": denominator, **row}
                )
    return pd.DataFrame(rows, columns=list(tables.VARIANTS.columns))


def correct(scores: pd.DataFrame) -> pd.DataFrame:
    """``scores`` with ``p_holm``: Holm's correction of ``p_permutation`` over each statistic."""
    corrected = scores.groupby("statistic")["p_permutation"].transform(
        lambda family: statistics.holm(family.to_numpy())
    )
    return scores.assign(p_holm=corrected)


def _spans(
    spans: pd.DataFrame, tokens: pd.DataFrame, columns: list[str], table: str
) -> Iterator[tuple[NDArray[np.int64], int, slice, Mapping[str, NDArray]]]:
    """Rows of ``spans`` that stand on one span, its example, its tokens and the example's columns.

    Spans not found, and spans that the tokens do not reach over, are left out.
    """
    if tokens["example"].duplicated().any():
        twice = tokens.loc[tokens["example"].duplicated(), "example"].iloc[0]
        raise ValueError(f"{table}: example {twice} stands there more than once")
    place = {example: row for row, example in enumerate(tokens["example"])}
    absent = sorted(set(spans["example"]) - place.keys())
    if absent:
        raise ValueError(f"{table}: {len(absent)} examples are missing, the first is {absent[0]}")
    lists = {
        name: tokens[name].to_numpy(dtype=object)
        for name in ("token_starts", "token_ends", *columns)
    }
    groups = spans.groupby(["example", "target_start", "target_end"], sort=False).indices
    for (example, start, end), numbers in groups.items():
        row = {name: values[place[example]] for name, values in lists.items()}
        lengths = {len(values) for values in row.values()}
        if len(lengths) > 1:
            raise ValueError(f"{table}: example {example} has lists of lengths {sorted(lengths)}")
        overlap = np.flatnonzero((row["token_starts"] < end) & (row["token_ends"] > start))
        if start < 0 or len(overlap) == 0:
            continue
        inside = slice(overlap[0], overlap[-1] + 1)
        if row["token_starts"][inside].min() <= start and row["token_ends"][inside].max() >= end:
            yield numbers, int(example), inside, row


def _check_counts(items: pd.DataFrame) -> None:
    pair, inputs = items["pair_documents"], items["input_documents"]
    wrong = {
        "more documents hold the pair than s_x": pair > inputs,
        "more documents hold the pair than s_y": pair > items["output_documents"],
        "more documents hold s_x than it has occurrences": inputs > items["input_occurrences"],
        "a count is negative": (pair < 0) | (inputs < 0),
    }
    for what, rows in wrong.items():
        if rows.any():
            pair = items.loc[rows, ["input_gram", "output_gram"]].iloc[0].tolist()
            raise ValueError(f"items: {what}, in {int(rows.sum())} rows; the first is {pair}")


def _lookup(counts: pd.DataFrame, grams: Iterable[str]) -> dict[str, int]:
    wanted = set(grams)
    found = counts[counts["ngram"].isin(wanted)]
    documents = dict(zip(found["ngram"], found["documents"], strict=True))
    absent = sorted(wanted - documents.keys())
    if absent:
        raise ValueError(f"counts: {len(absent)} answers were never counted, e.g. {absent[0]!r}")
    return documents


def _correlate(
    frame: pd.DataFrame, column: str, statistic: str, resampling: Resampling
) -> Correlation:
    example = frame["example"].to_numpy()
    x, y = frame[column].to_numpy(), frame["model"].to_numpy()
    if statistic == "spearman":
        return statistics.spearman(x, y, example, resampling)
    if statistic == "kendall-distance":
        return statistics.kendall_distance(x, y, example, resampling)
    z = frame["output"].to_numpy()
    return statistics.partial_spearman(x, y, z, example, resampling)


def _row(
    frame: pd.DataFrame,
    column: str,
    statistic: str,
    series: Series,
    n: int,
    measure: str,
    resampling: Resampling,
) -> dict:
    """A row of scores over the items of ``frame`` that were not dropped."""
    reasons = frame["dropped"].value_counts()
    kept = frame[frame["dropped"] == ""]
    result = _correlate(kept, column, statistic, resampling)
    reason = result.reason
    if frame.empty:
        reason = NO_PAIR
    elif kept.empty:
        reason = f"each of the {len(frame):,} items was left out, for the reasons counted"
    return {
        "task": series.task,
        "model": series.model,
        "parameters": series.parameters,
        "n": n,
        "measure": measure,
        "statistic": statistic,
        "value": result.value,
        "ci_low": result.ci_low,
        "ci_high": result.ci_high,
        "reason": reason,
        "p_value": result.p_value,
        "p_permutation": result.p_permutation,
        "p_holm": np.nan,
        "items": result.items,
        "examples": result.examples,
        "dropped": len(frame) - len(kept),
        **{f"dropped_{reason}": int(reasons.get(reason, 0)) for reason in REASONS},
    }

"""Items measured once: what the corpus and a model say of every pair of every test example.

An item is a pair (s_x, s_y) of a test example (Phi of arXiv 2407.14985). Its sides are

    corpus   ln P_{n,D}(s_y given s_x) = ln C((s_x, s_y), D) / C(s_x, D)
    infgram  ln P_inf(s_y given x), and
    model    ln P_LLM(s_y given x), both summed over the tokens that overlap the span of s_y.

Whatever is known of an item is kept: ``dropped`` marks the items that have no place in a rank
correlation, with the reason, since a count of zero is evidence for other measures.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tracemem.infgram import index
from tracemem.jobs.declared import PAIR_COLUMNS
from tracemem.ngrams.counts import look_up
from tracemem.scoring.tables import CONTRASTS, MEASURED

REASONS = ("no_span", "no_neighbour", "zero_denominator", "zero_count", "zero_infgram")


def span_log_probabilities(
    spans: pd.DataFrame, generations: pd.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """The model's ln P_LLM of each span of the gold target, summed over the tokens it overlaps.

    Args:
        spans: columns example, target_start and target_end (characters of the target).
        generations: ``tables.GENERATIONS`` of one model.

    Returns:
        (float64 [spans], nats, NaN where the start is -1 or the tokens do not reach over the span,
        the target having been cut; int32 [spans], tokens, 0 there).

    Raises:
        ValueError: an example is missing, or a token of a span has no finite log-probability.
    """
    values, counts = np.full(len(spans), np.nan), np.zeros(len(spans), np.int32)
    column = "token_log_probabilities"
    for number, example, tokens, row in _spans(spans, generations, [column], "generations"):
        value = float(np.sum(np.asarray(row[column][tokens], np.float64)))
        if not np.isfinite(value):
            raise ValueError(
                f"generations: example {example} has a token log-probability that is not finite"
            )
        values[number], counts[number] = value, tokens.stop - tokens.start
    return values, counts


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
        value, skipped[number] = index.log_probability(*(row[column][tokens] for column in columns))
        values[number] = np.nan if value is None else value
        answered[number] = True
    lost = spans[~answered & (spans["target_start"] >= 0).to_numpy()]
    if len(lost):
        raise ValueError(
            f"infgram: the tokens of example {lost['example'].iloc[0]} do not reach over characters"
            f" {lost['target_start'].iloc[0]} to {lost['target_end'].iloc[0]} of the target"
        )
    return values, skipped


def corpus_side(
    items: pd.DataFrame, mined: pd.DataFrame, infgram: pd.DataFrame | None = None
) -> pd.DataFrame:
    """What the corpus says of every item, whatever the model.

    Args:
        items: ``tables.ITEMS`` of one task and n.
        mined: ``tables.MINED`` of the same, which has the cosine of every item.
        infgram: ``tables.INFGRAM`` of the task, or None where there is no such LM.

    Returns:
        The columns of ``tables.MEASURED`` but those of the model's side and ``dropped``.

    Raises:
        ValueError: counts that no corpus has, such as more documents with the pair than with s_x,
            an example that a table lacks, or an item that was not mined.
    """
    _check_counts(items)
    cosine = look_up(
        mined.set_index(PAIR_COLUMNS)["cosine"], items[PAIR_COLUMNS], "mined pairs", "mined"
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        corpus = np.log(
            items["pair_documents"].to_numpy(np.float64)
            / items["input_documents"].to_numpy(np.float64)
        )
    values, skipped = np.full(len(items), np.nan), np.zeros(len(items), np.int64)
    if infgram is not None:
        values, skipped = infgram_log_probabilities(items, infgram)
    return items.assign(cosine=cosine, corpus=corpus, infgram=values, skipped_tokens=skipped)


def measure(side: pd.DataFrame, generations: pd.DataFrame) -> pd.DataFrame:
    """Both sides of every item, and why a rank correlation has to leave one out.

    Args:
        side: from :func:`corpus_side`.
        generations: ``tables.GENERATIONS`` of the task and one model.

    Returns:
        Rows of ``tables.MEASURED``; ``dropped`` is '' or the first of ``REASONS`` that applies.

    Raises:
        ValueError: an example has no generation, or a token no finite log-probability.
    """
    model, tokens = span_log_probabilities(side, generations)
    dropped = np.select(
        [np.isnan(model), side["input_documents"] == 0, side["pair_documents"] == 0],
        ["no_span", "zero_denominator", "zero_count"],
        "",
    )
    return side.assign(tokens=tokens, model=model, dropped=dropped)[list(MEASURED.columns)]


def contrast(
    premises: pd.DataFrame, neighbours: pd.DataFrame, generations: pd.DataFrame
) -> pd.DataFrame:
    """What the input adds to what a model expects of every answer anyway.

        contrast = ln P_LLM(s_y given x) - ln (1/J) sum over x' of P_LLM(s_y given x')

    over the J neighbours x' of x, both given the target before s_y.

    Args:
        premises: ``tables.PREMISES`` of one task and n.
        neighbours: ``tables.NEIGHBOURS`` of the task.
        generations: ``tables.GENERATIONS`` of the task and one model that was asked after them.

    Returns:
        Rows of ``tables.CONTRASTS``.

    Raises:
        ValueError: an example is missing, or its tokens do not fit its neighbours.
    """
    model, tokens = span_log_probabilities(premises, generations)
    similarities = neighbours.set_index("example")["similarities"]
    means = similarities.map(lambda each: np.mean(each, dtype=np.float64) if len(each) else np.nan)
    others = np.full(len(premises), np.nan)
    column = "contrast_log_probabilities"
    for number, example, inside, row in _spans(premises, generations, [], "generations", column):
        count, length = len(similarities[example]), len(row["token_starts"])
        if len(row[column]) != count * length:
            raise ValueError(
                f"generations: example {example} has {len(row[column])} contrasts; allowed: "
                f"{count} neighbours times {length} tokens"
            )
        if count:
            values = np.asarray(row[column], np.float64).reshape(count, length)
            others[number] = np.logaddexp.reduce(values[:, inside].sum(axis=1)) - np.log(count)
    dropped = np.select([np.isnan(model), np.isnan(others)], ["no_span", "no_neighbour"], "")
    return premises.assign(
        similarity=means[premises["example"]].to_numpy(),
        tokens=tokens,
        model=model,
        contrast=model - others,
        dropped=dropped,
    )[list(CONTRASTS.columns)]


def _spans(
    spans: pd.DataFrame, tokens: pd.DataFrame, columns: list[str], table: str, *beside: str
) -> Iterator[tuple[NDArray[np.int64], int, slice, Mapping[str, NDArray]]]:
    """Rows of ``spans`` that stand on one span, its example, its tokens and the example's columns.

    ``columns`` have one value a token; those ``beside`` them may have any number.
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
        for name in ("token_starts", "token_ends", *columns, *beside)
    }
    groups = spans.groupby(["example", "target_start", "target_end"], sort=False).indices
    for (example, start, end), numbers in groups.items():
        row = {name: values[place[example]] for name, values in lists.items()}
        lengths = {len(row[name]) for name in ("token_starts", "token_ends", *columns)}
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
            pair = items.loc[rows, PAIR_COLUMNS].iloc[0].tolist()
            raise ValueError(f"items: {what}, in {int(rows.sum())} rows; the first is {pair}")

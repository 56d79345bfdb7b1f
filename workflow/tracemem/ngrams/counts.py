"""Looking counts up: what was never counted is an error, never a count of zero."""

from collections.abc import Iterable

import numpy as np
import pandas as pd


def look_up(
    counted: "pd.Series | pd.DataFrame",
    wanted: "Iterable[str] | pd.DataFrame",
    table: str,
    done: str = "counted",
) -> np.ndarray:
    """What a table holds of each n-gram, or of each pair.

    Args:
        counted: values by n-gram, or by pair as a MultiIndex; one value a key, or several columns.
        wanted: n-grams, or a frame of the columns of the pair.
        table: what is looked up in, for the message.
        done: what was not done to a key that is missing.

    Returns:
        [wanted] or [wanted, columns], in the type of ``counted``.

    Raises:
        ValueError: a key is missing, or stands there more than once; the first one is named.
    """
    if isinstance(wanted, pd.DataFrame):
        keys = pd.MultiIndex.from_frame(wanted)
    else:
        keys = pd.Index(list(wanted), dtype=object)
    if counted.index.has_duplicates:
        twice = counted.index[counted.index.duplicated()][0]
        raise ValueError(f"{table}: {_named(twice)} stands there more than once")
    places = counted.index.get_indexer(keys)
    lost = keys[places < 0].unique()
    if len(lost):
        what = "pairs" if keys.nlevels > 1 else "n-grams"
        were = f"{what} were" if len(lost) > 1 else f"{what.removesuffix('s')} was"
        raise ValueError(
            f"{table}: {len(lost):,} {were} never {done}, the first: {_named(lost[0])}"
        )
    return counted.to_numpy()[places]


def _named(key: object) -> str:
    return ", ".join(map(repr, key)) if isinstance(key, tuple) else repr(key)

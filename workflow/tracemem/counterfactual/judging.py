"""Every candidate for a measure held to the counterfactual effect, over the cells of some worlds.

A cell is a task, a size and a world. Four questions: does the measure tell the cells whose effect
is above zero from the others; does it rank those above zero as their effects do; within them, does
it rank the examples as far as the effect's own noise allows; and does it stay within the bound of
chance where nothing is memorized: in models that saw another world, in tasks whose answers are
permuted, and where leaving documents out had no effect above zero?
"""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import NDArray

from tracemem.counterfactual.tables import AGREEMENT

CANDIDATE = ["corpus_side", "model_side", "held", "n"]
CELL = ["world", "task", "model"]
_DRAWS = 1000


def cells(
    candidates: pd.DataFrame, effects: pd.DataFrame, nothing: Iterable[tuple[str, str]]
) -> pd.DataFrame:
    """What is known of every cell of every candidate, of one world.

    Args:
        candidates: ``tables.CANDIDATES``.
        effects: ``tables.EFFECTS`` of one seed.
        nothing: pairs (task, model) of which nothing can be memorized, by design.

    Returns:
        The candidates with effect (NaN where there is none), above (whether its interval lies
        above zero), null and ceiling.
    """
    known = effects.set_index(["task", "model"])[["effect", "ci_low", "ceiling"]]
    known = known.rename(columns={"ci_low": "effect_low"})
    found = candidates.join(known, on=["task", "model"])
    by_design = pd.MultiIndex.from_frame(found[["task", "model"]]).isin(list(nothing))
    above = (found["effect_low"] > 0).to_numpy()
    return found.assign(above=above, null=by_design | (found["effect"].notna() & ~above))


def judge(found: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Every candidate over the cells of one or several worlds: rows of ``tables.AGREEMENT``.

    Args:
        found: from :func:`cells`, with a column world where there are several.
        seed: of the bootstrap.
    """
    if "world" not in found:
        found = found.assign(world="")
    rows = []
    for key, every in found.groupby(CANDIDATE, sort=False):
        name = dict(zip(CANDIDATE, key, strict=True))
        for row in every[every["agreement"].notna()].itertuples():
            rows.append(
                {
                    **name,
                    "level": "item",
                    "task": row.task,
                    "model": row.model,
                    "value": row.agreement,
                    "ci_low": row.ci_low,
                    "ci_high": row.ci_high,
                    "allowed": row.ceiling,
                    "cells": 1,
                    "reason": "",
                }
            )
        held = every[every["effect"].notna() & every["value"].notna()]
        above = held[held["above"]]
        rows.append({**name, **_level("apart", held, _area, "above", seed)})
        rows.append({**name, **_level("cells", above, _ranked, "effect", seed)})
        within = above[above["agreement"].notna() & above["ceiling"].notna()]
        rows.append({**name, **_level("examples", within, _reached, "ceiling", seed, "agreement")})
        rows.append({**name, **_null(every[every["null"]])})
    return pd.DataFrame(rows).reindex(columns=list(AGREEMENT.columns))


def _level(
    level: str,
    held: pd.DataFrame,
    statistic: Callable[[NDArray[np.float64], NDArray[np.float64]], float],
    against: str,
    seed: int,
    of: str = "value",
) -> dict:
    """A statistic of two columns over cells; intervals draw whole worlds, of one world its cells."""
    values, other = held[of].to_numpy(np.float64), held[against].to_numpy(np.float64)
    row = {"level": level, "task": "", "model": "", "cells": len(held)}
    value = statistic(values, other)
    if np.isnan(value):
        return {**row, "reason": f"{len(held)} cells, {int(held['above'].sum())} above zero"}
    generator = np.random.default_rng([seed, len(held)])
    worlds = list(held.groupby("world").indices.values())
    if len(worlds) == 1:
        worlds = list(np.arange(len(held))[:, None])
    drawn = []
    for _ in range(_DRAWS):
        chosen = generator.integers(0, len(worlds), len(worlds))
        rows = np.concatenate([worlds[place] for place in chosen])
        drawn.append(statistic(values[rows], other[rows]))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return {**row, "value": value, "ci_low": low, "ci_high": high, "reason": ""}


def _area(values: NDArray[np.float64], above: NDArray[np.float64]) -> float:
    """Area under the receiver operating characteristic of the measure for cells above zero."""
    inside = above > 0
    positives, negatives = int(inside.sum()), int((~inside).sum())
    if not positives or not negatives:
        return float("nan")
    ranks = scipy.stats.rankdata(values)
    return float((ranks[inside].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def _ranked(values: NDArray[np.float64], effect: NDArray[np.float64]) -> float:
    """Spearman's correlation of the measure with the mean effect over cells."""
    if min(len(np.unique(values)), len(np.unique(effect))) < 3:
        return float("nan")
    ranks = scipy.stats.rankdata([values, effect], axis=1)
    return float(np.corrcoef(ranks)[0, 1])


def _reached(agreement: NDArray[np.float64], ceiling: NDArray[np.float64]) -> float:
    """Mean agreement over the examples of a cell, as a share of what the effect's noise allows."""
    return float(agreement.sum() / ceiling.sum()) if len(agreement) else float("nan")


def _null(cells: pd.DataFrame) -> dict:
    kept = cells[cells["value"].notna() & cells["bound"].notna()]
    inside = int((kept["value"].abs() <= kept["bound"]).sum())
    row = {"level": "nothing", "task": "", "model": "", "cells": len(kept)}
    if kept.empty:
        return {**row, "value": np.nan, "reason": "no cell where nothing is memorized"}
    interval = scipy.stats.binomtest(inside, len(kept)).proportion_ci(method="wilson")
    return {
        **row,
        "value": inside / len(kept),
        "ci_low": interval.low,
        "ci_high": interval.high,
        "reason": "",
    }

"""P-values corrected for their number, a family at a time."""

from collections.abc import Collection

import pandas as pd

from tracemem.scoring import statistics


def correct(scores: pd.DataFrame, permuted: Collection[str] = ()) -> pd.DataFrame:
    """``scores`` with ``p_holm``: Holm's correction of ``p_permutation`` over each statistic.

    Args:
        scores: rows with task, statistic and p_permutation.
        permuted: tasks whose answers are permuted: no tests of the study, and a family of their own.
    """
    chance = scores["task"].isin(permuted)
    families = [scores["statistic"], chance]
    corrected = scores.groupby(families)["p_permutation"].transform(
        lambda family: statistics.holm(family.to_numpy())
    )
    return scores.assign(p_holm=corrected)

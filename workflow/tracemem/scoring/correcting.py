"""P-values corrected for their number, a family at a time."""

from collections.abc import Sequence

import pandas as pd

from tracemem.scoring import statistics


def correct(scores: pd.DataFrame, family: Sequence[str]) -> pd.DataFrame:
    """``scores`` with ``p_holm``: Holm's correction of ``p_permutation`` over each family.

    Args:
        scores: rows with p_permutation.
        family: columns that tell families apart.
    """
    corrected = scores.groupby(list(family))["p_permutation"].transform(
        lambda p: statistics.holm(p.to_numpy())
    )
    return scores.assign(p_holm=corrected)

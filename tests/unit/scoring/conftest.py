"""What tests of scores share: items measured as a study measures them."""

from collections.abc import Callable

import pandas as pd
import pytest

from tracemem.mining.tables import MINED
from tracemem.scoring import measuring


@pytest.fixture
def measure() -> Callable:
    """Measures tables.ITEMS: tables.MEASURED, every pair mined with one cosine or the given ones."""

    def measured(
        items: pd.DataFrame,
        generations: pd.DataFrame,
        infgram: pd.DataFrame | None = None,
        mined: pd.DataFrame | None = None,
    ) -> pd.DataFrame:
        if mined is None:
            pairs = items[["input_gram", "output_gram"]].drop_duplicates()
            mined = pairs.assign(cosine=0.5)[list(MINED.columns)]
        return measuring.measure(measuring.corpus_side(items, mined, infgram), generations)

    return measured

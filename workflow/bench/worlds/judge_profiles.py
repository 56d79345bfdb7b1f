"""Hold what checkpoints alone tell of each example to what it loses without its documents.

    python workflow/bench/worlds/judge_profiles.py

Reads the finished study of ``config/validity-steps.yaml`` with its counterfactual table, writes
``agreement.csv`` into its results.
"""

import numpy as np
import pandas as pd
import scipy.stats

from bench.worlds.run_worlds import ROOT
from tracemem.counterfactual.candidates import PUBLISHED
from tracemem.counterfactual.tables import (
    CANDIDATES,
    COUNTERFACTUAL,
    EFFECTS,
    FOLLOWED_EFFECTS,
)
from tracemem.jobs import files
from tracemem.scoring.statistics import percentiles

FOLDER = ROOT / "results" / "validity-steps"
BESIDE = {
    "published Mem": (PUBLISHED, "log-probability", "nothing"),
    "contrastive Mem": ("strongest", "contrast", "prior"),
}
_DRAWS = 1000


def agreement(followed: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Rank agreement of the two effects, over the examples that have both.

    Args:
        followed: ``tables.FOLLOWED_EFFECTS``.
        known: ``tables.COUNTERFACTUAL``, of one seed.

    Returns:
        A row a task, model, n and treatment: examples, followed and lost (mean effects of the two,
        nats), value and its interval (percentiles over resampled examples); without a value where
        fewer than three examples have both.
    """
    both = followed.dropna(subset="effect").merge(
        known, on=["task", "model", "example"], suffixes=("", "_lost")
    )
    rows = []
    for key, found in both.groupby(["task", "model", "n", "treatment"], sort=False):
        one, other = found["effect"].to_numpy(), found["effect_lost"].to_numpy()
        value = low = high = np.nan
        if len(found) > 2:
            value = scipy.stats.spearmanr(one, other)[0]
            draws = np.random.default_rng(0).integers(len(found), size=(_DRAWS, len(found)))
            drawn = [scipy.stats.spearmanr(one[draw], other[draw])[0] for draw in draws]
            low, high, _ = percentiles(np.array(drawn))
        rows.append(
            {
                **dict(zip(["task", "model", "n", "treatment"], key, strict=True)),
                "examples": len(found), "followed": one.mean(), "lost": other.mean(),
                "value": value, "ci_low": low, "ci_high": high,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


if __name__ == "__main__":
    known = files.read(COUNTERFACTUAL, FOLDER / COUNTERFACTUAL.path)
    found = agreement(files.read(FOLLOWED_EFFECTS, FOLDER / FOLLOWED_EFFECTS.path), known)
    found.insert(0, "measure", "difference-in-differences, " + found.pop("treatment"))
    candidates = files.read(CANDIDATES, FOLDER / CANDIDATES.path)
    for measure, sides in BESIDE.items():
        names = ["corpus_side", "model_side", "held"]
        own = candidates[(candidates[names] == list(sides)).all(axis=1)]
        own = own.rename(columns={"agreement": "agrees", "tested": "examples"})
        own = own.drop(columns="value").rename(columns={"agrees": "value"})
        columns = ["task", "model", "n", "examples", "value", "ci_low", "ci_high"]
        found = pd.concat([found, own[columns].assign(measure=measure)])
    effects = files.read(EFFECTS, FOLDER / EFFECTS.path)
    found = found.merge(effects[["task", "model", "effect", "ceiling"]], on=["task", "model"])
    found.to_csv(FOLDER / "agreement.csv", index=False, float_format="%.4g")
    print(found.to_string())

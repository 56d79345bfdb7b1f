r"""Memorization profiles: difference-in-differences over the checkpoints of one training.

The order of training is a natural experiment (Lesci et al. 2024, arXiv 2406.04327). Y_t is
ln P(y given x) at checkpoint t, and cohort g the examples whose documents were trained on in
interval g, between checkpoints g - 1 and g:

    ATT(g, t) = E[Y_t - Y_{g-1} | cohort g] - E[Y_t - Y_{g-1} | no document read by max(g, t)]

which is the estimator of Callaway and Sant'Anna (2021) with not yet treated controls and without
covariates. It is the effect of having read the documents where, without them, both groups would
have changed alike (parallel trends) and where nothing was learned of them before (no anticipation).
At t < g - 1 it should be zero: there the two can be looked at. The profile is the mean over cohorts,
weighted by their examples, at the same number of checkpoints since treatment, t - g.

Intervals are percentile bootstraps over pairs: the examples of one pair are treated together. What
cannot be estimated is NaN with a reason.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tracemem.jobs.declared import PAIR_COLUMNS
from tracemem.scoring.statistics import Resampling, percentiles

TREATMENTS = ("first", "bulk")
_NO_BASELINE = "no checkpoint before the documents of the cohort"
_NO_EXAMPLE = "no example was treated in this interval"
_NO_CONTROL = "no example is left whose documents were not read yet"


@dataclass(frozen=True)
class Panel:
    """A task's examples over the checkpoints of a model.

    Attributes:
        example: int64, [examples].
        values: float64, [checkpoints, examples], Y_t, nats.
        cohort: int64, [examples], interval of treatment, checkpoints + 1 for none.
        first: int64, [examples], interval of the first document: what makes an example a control.
        weights: float64, [resamples, examples], how often the pair of each is drawn.
    """

    example: NDArray[np.int64]
    values: NDArray[np.float64]
    cohort: NDArray[np.int64]
    first: NDArray[np.int64]
    weights: NDArray[np.float64]

    @classmethod
    def of(
        cls, treated: pd.DataFrame, values: NDArray, treatment: str, resampling: Resampling
    ) -> "Panel":
        """A panel from :func:`tracemem.counterfactual.timing.treated` and the values beside it."""
        pair = treated.groupby(PAIR_COLUMNS, sort=True).ngroup().to_numpy()
        # An example without a document shares its treatment with none.
        alone = treated["documents"].to_numpy() == 0
        pair = np.where(alone, len(pair) + np.arange(len(pair)), pair)
        drawn, cluster = np.unique(pair, return_inverse=True)
        generator = np.random.default_rng([resampling.seed, 0])
        weights = generator.multinomial(
            len(drawn), np.full(len(drawn), 1 / max(1, len(drawn))), resampling.bootstrap
        )
        return cls(
            treated["example"].to_numpy(),
            np.asarray(values, np.float64),
            treated[treatment].to_numpy(),
            treated["first"].to_numpy(),
            weights[:, cluster].astype(np.float64),
        )

    @property
    def checkpoints(self) -> int:
        """How many there are."""
        return len(self.values)

    def controls(self, cohort: int, checkpoint: int) -> NDArray[np.bool_]:
        """Examples of which no document was read by a checkpoint, nor in a cohort's interval."""
        return self.first > max(cohort, checkpoint)

    def last(self, cohort: int) -> int:
        """The last checkpoint at which a cohort has controls; 0 for none."""
        after = range(cohort, self.checkpoints + 1)
        return max((t for t in after if self.controls(cohort, t).any()), default=0)

    def changes(self, cohort: int, checkpoint: int) -> NDArray[np.float64]:
        """Y_t - Y_{g-1} of every example, nats."""
        return self.values[checkpoint - 1] - self.values[cohort - 2]


@dataclass(frozen=True)
class _Cell:
    """ATT of a cohort at a checkpoint, its resampled values, and those of the cohort's size."""

    value: float
    drawn: NDArray[np.float64]
    examples: int
    drawn_examples: NDArray[np.float64]
    controls: int
    reason: str = ""


def _cell(panel: Panel, cohort: int, checkpoint: int) -> _Cell:
    members = panel.cohort == cohort
    others = panel.controls(cohort, checkpoint)
    examples, controls = int(members.sum()), int(others.sum())
    drawn = panel.weights[:, members].sum(axis=1)
    reason = ""
    if not examples:
        reason = _NO_EXAMPLE
    elif cohort == 1:
        reason = _NO_BASELINE
    elif not controls:
        reason = _NO_CONTROL
    if reason:
        return _Cell(np.nan, np.full_like(drawn, np.nan), examples, drawn, controls, reason)
    change = panel.changes(cohort, checkpoint)
    with np.errstate(invalid="ignore"):  # a resample without a member or a control is undefined
        resampled = panel.weights[:, members] @ change[members] / drawn - panel.weights[
            :, others
        ] @ change[others] / panel.weights[:, others].sum(axis=1)
    value = change[members].mean() - change[others].mean()
    return _Cell(value, resampled, examples, drawn, controls)


def _row(value: float, drawn: NDArray[np.float64], reason: str) -> dict:
    low, high, undefined = (np.nan, np.nan, reason) if reason else percentiles(drawn)
    return {"value": value, "ci_low": low, "ci_high": high, "reason": reason or undefined}


def estimate(panel: Panel) -> tuple[pd.DataFrame, pd.DataFrame]:
    """ATT of every cohort at every checkpoint but its baseline, and the profile.

    Returns:
        cohort, checkpoint, since (checkpoints since treatment), value, ci_low, ci_high, reason,
        examples and controls; and since, value, ci_low, ci_high, reason, cohorts and examples (of
        those cohorts).
    """
    cells = {
        (cohort, checkpoint): _cell(panel, cohort, checkpoint)
        for cohort in range(1, panel.checkpoints + 1)
        for checkpoint in range(1, panel.checkpoints + 1)
        if checkpoint != cohort - 1
    }
    att = [
        {
            "cohort": cohort,
            "checkpoint": checkpoint,
            "since": checkpoint - cohort,
            **_row(cell.value, cell.drawn, cell.reason),
            "examples": cell.examples,
            "controls": cell.controls,
        }
        for (cohort, checkpoint), cell in cells.items()
    ]
    profile = []
    for since in sorted({checkpoint - cohort for cohort, checkpoint in cells}):
        several = [cell for (g, t), cell in cells.items() if t - g == since]
        known = [cell for cell in several if not cell.reason]
        profile.append(
            {
                "since": since,
                **_mean(known, "; ".join(dict.fromkeys(cell.reason for cell in several))),
                "cohorts": len(known),
                "examples": sum(cell.examples for cell in known),
            }
        )
    return pd.DataFrame(att), pd.DataFrame(profile)


def _mean(cells: list[_Cell], reason: str) -> dict:
    """The mean of cells weighted by their examples; in a resample, of those it has."""
    if not cells:
        return _row(np.nan, np.zeros(0), reason)
    value = np.average([cell.value for cell in cells], weights=[cell.examples for cell in cells])
    drawn = np.stack([cell.drawn for cell in cells])
    weights = np.where(np.isnan(drawn), 0.0, np.stack([cell.drawn_examples for cell in cells]))
    with np.errstate(invalid="ignore"):
        resampled = np.nansum(drawn * weights, axis=0) / weights.sum(axis=0)
    return _row(value, resampled, "")


def by_example(panel: Panel) -> pd.DataFrame:
    """The effect of each example: its own change less the mean change of those not yet treated.

    It is taken from the checkpoint before its treatment to the last one that has controls, so its
    mean over a cohort is the cohort's ATT there.

    Returns:
        example, cohort, checkpoint, effect (nats) and reason; NaN and checkpoint 0 with a reason.
    """
    rows = []
    for cohort in np.unique(panel.cohort).tolist():
        members = np.flatnonzero(panel.cohort == cohort)
        reason, checkpoint = "", 0
        effect = np.full(len(members), np.nan)
        if cohort > panel.checkpoints:
            reason = "none of its documents was read by the last checkpoint"
        elif cohort == 1:
            reason = _NO_BASELINE
        elif not (checkpoint := panel.last(cohort)):
            reason = _NO_CONTROL
        else:
            change = panel.changes(cohort, checkpoint)
            effect = change[members] - change[panel.controls(cohort, checkpoint)].mean()
        rows.append(
            pd.DataFrame(
                {
                    "example": panel.example[members],
                    "cohort": cohort,
                    "checkpoint": checkpoint,
                    "effect": effect,
                    "reason": reason,
                }
            )
        )
    return pd.concat(rows).sort_values("example", ignore_index=True)

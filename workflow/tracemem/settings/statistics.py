"""Settings of intervals and p-values."""

from pydantic import Field

from tracemem.settings.section import Section


class StatisticsSettings(Section):
    """Intervals and p-values."""

    bootstrap: int = Field(
        default=1000,
        ge=100,
        description="Resamples of a task's examples; every score is drawn over the same ones.",
    )
    permutations: int = Field(
        default=1000,
        ge=100,
        description="Permutations of examples for a p-value; 200 times the models and n of its "
        "task where that is more, so that the correction for their number can be passed.",
    )
    capability: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Least performance above chance, as a share of the metric's range, that a task's "
        "best model must reach, at the lower end of its interval, for claims to be judged on the "
        "task. It is also the most that a small model may reach where a claim calls it near zero.",
    )
    support_bins: int = Field(
        default=4, ge=2, description="Quantile bins of the support, besides the bin without any."
    )

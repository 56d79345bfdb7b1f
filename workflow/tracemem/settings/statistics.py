"""Settings of intervals and p-values."""

from pydantic import Field

from tracemem.settings.section import Section


class ResamplingSettings(Section):
    """How often intervals and p-values draw."""

    bootstrap: int = Field(default=1000, ge=100, description="Resamples of examples.")
    permutations: int = Field(default=1000, ge=100, description="Permutations of examples.")


class StatisticsSettings(ResamplingSettings):
    """Intervals and p-values."""

    support_bins: int = Field(
        default=4, ge=2, description="Quantile bins of the support, besides the bin without any."
    )

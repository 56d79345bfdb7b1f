"""Settings of the contrast: how likely the same answer is after other inputs."""

from pydantic import Field

from tracemem.settings.section import Section


class ContrastSettings(Section):
    """Contrastive memorization: what an input adds to what a model expects of its answer anyway."""

    neighbours: int = Field(
        default=12,
        ge=1,
        le=1000,
        description="Other inputs of the task, the nearest with another answer, that each answer "
        "is scored after: as many scorings an example.",
    )
    largest: int = Field(
        default=3_000_000_000,
        ge=0,
        description="Parameters of the largest model that is asked; larger ones have no contrast.",
    )

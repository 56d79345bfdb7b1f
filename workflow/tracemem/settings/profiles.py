"""Settings of memorization profiles: models that are followed over the checkpoints of a training."""

from pydantic import Field, model_validator

from tracemem.settings.section import Name, Section


class TimingSettings(Section):
    """When each document was trained on: what decides the interval of checkpoints it falls in."""

    records_a_step: int = Field(
        default=0,
        ge=0,
        description="Of published models: the corpus stands in the order of training, its shards by "
        "name and their records as they are, and every step read so many (Pythia's sequences: "
        "1024); 0: the ladder's own order.",
    )
    checkpoints: list[int] = Field(
        default=[],
        description="Of published models: steps done at the checkpoints that are asked, ascending. "
        "The ladder has all of its own.",
    )


class ProfilesSettings(TimingSettings):
    """Memorization profiles: what a model gains when the documents of a pair are trained on."""

    models: list[Name] = Field(
        default=[],
        description="Models that are followed; empty: every size of the ladder, or without one "
        "every model.",
    )
    evidence: float = Field(
        default=0.1,
        gt=0,
        le=1,
        description="Smallest P(s_y given s_x) of a premise by which an example is followed; one "
        "without such a premise is never treated.",
    )
    revision: str = Field(
        default="step{step}", description="Of published models: the revision of a checkpoint."
    )

    @model_validator(mode="after")
    def _consistent(self):
        if bool(self.records_a_step) != bool(self.checkpoints):
            raise ValueError(
                "give both records_a_step and checkpoints (published models), or neither (the "
                "ladder)"
            )
        if self.checkpoints and (
            len(self.checkpoints) < 2 or self.checkpoints != sorted(set(self.checkpoints))
        ):
            raise ValueError(
                f"checkpoints: found {self.checkpoints}; allowed: two steps or more, ascending"
            )
        if "{step}" not in self.revision:
            raise ValueError(f"revision: found {self.revision!r}; allowed: a text with {{step}}")
        return self

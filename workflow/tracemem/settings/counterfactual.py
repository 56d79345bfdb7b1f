"""Settings of counterfactual training: subsets of the generated corpus, each trained on again."""

from pydantic import Field, model_validator

from tracemem.settings.ladder import Made
from tracemem.settings.section import Name, Section

STRANGER = "stranger"
"""Subset of a model that saw none of the corpus: it is trained on another world of the same shape."""


class LeavingSettings(Section):
    """What is left out of the corpus: what decides the subsets."""

    subsets: int = Field(
        default=16,
        ge=4,
        le=512,
        description="Subsets of the corpus, in complementary pairs: one keeps the documents of a "
        "random half of what is tested, the other those of the other half.",
    )
    translation: int = Field(
        default=60,
        ge=0,
        description="Translations tested, each by the documents that hold its rarest aligned pair.",
    )
    arithmetic: int = Field(default=40, ge=0, description="The same of word problems.")
    alone: int = Field(
        default=0,
        ge=0,
        description="Facts of one document tested alone as well: the first subset, and that one "
        "document.",
    )

    @model_validator(mode="after")
    def _consistent(self):
        if self.subsets % 2:
            raise ValueError(f"subsets: found {self.subsets}; allowed: an even number")
        return self

    def names(self) -> list[str]:
        """Names of the subsets; two that follow each other complement each other."""
        width = max(2, len(str(self.subsets - 1)))
        return [f"s{number:0{width}d}" for number in range(self.subsets)]

    def alone_names(self) -> list[str]:
        """Names of the subsets that add one document to the first."""
        return [f"alone{number}" for number in range(self.alone)]


class CounterfactualSettings(LeavingSettings):
    """Counterfactual training: the ladder again on subsets of the corpus."""

    sizes: list[Name] = Field(default=[], description="Sizes that are trained again; empty: all.")
    further_seeds: list[int] = Field(
        default=[], description="Seeds of weights and order, besides the study's."
    )
    further_subsets: int = Field(
        default=4, ge=4, description="Subsets, the first ones, trained on from each further seed."
    )
    alone_size: Name | None = Field(
        default=None, description="Size trained on the subsets of single facts; null: the first."
    )
    stranger: bool = Field(
        default=True,
        description="Train every size on another world of the same shape too: models that saw "
        "nothing of this one, of which every measure must be zero.",
    )

    @model_validator(mode="after")
    def _subsets_enough(self):
        if self.further_subsets % 2 or self.further_subsets > self.subsets:
            raise ValueError(
                f"further_subsets: found {self.further_subsets}; allowed: an even number up to "
                f"subsets ({self.subsets})"
            )
        return self

    def made(self, sizes: list[str], seed: int) -> list[Made]:
        """What makes every model that is trained again.

        Args:
            sizes: the ladder's.
            seed: of the study.
        """
        chosen, names = self.sizes or sizes, self.names()
        models = [Made(size, name, seed) for size in chosen for name in names]
        models += [
            Made(size, name, other)
            for other in self.further_seeds
            for size in chosen
            for name in names[: self.further_subsets]
        ]
        models += [Made(self.alone_size or chosen[0], name, seed) for name in self.alone_names()]
        if self.stranger:
            models += [Made(size, STRANGER, seed) for size in chosen]
        return models

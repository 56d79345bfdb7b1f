"""Settings of the model ladder, and how many parameters a size has."""

from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from tracemem.settings.limits import LARGEST_VOCABULARY
from tracemem.settings.section import Name, Section


def parameters(vocabulary: int, hidden: int, layers: int, intermediate: int) -> int:
    """Parameters of a GPT-NeoX model with untied embeddings, as Pythia has.

    Args:
        vocabulary: rows of the input and of the output embedding.
        hidden: width of the residual stream.
        layers: transformer blocks.
        intermediate: width inside the feed-forward part.
    """
    attention = 4 * hidden * hidden + 4 * hidden
    feed_forward = 2 * hidden * intermediate + intermediate + hidden
    norms = 4 * hidden
    return 2 * vocabulary * hidden + layers * (attention + feed_forward + norms) + 2 * hidden


class SizeSettings(Section):
    """One size of the ladder."""

    hidden: int = Field(ge=4, description="Width of the residual stream.")
    layers: int = Field(ge=1, description="Transformer blocks.")
    heads: int = Field(ge=1, description="Attention heads; divides hidden.")
    intermediate: int = Field(
        default=0, ge=0, description="Width inside the feed-forward part; 0: four times hidden."
    )
    learning_rate: float = Field(
        default=3e-3, gt=0, le=1, description="Peak learning rate of AdamW."
    )
    micro_batch: int = Field(
        default=0,
        ge=0,
        description="Rows in one forward pass, for a step that does not fit in memory: their "
        "gradients are added up; 0: all rows of the step.",
    )
    pieces: int = Field(
        default=1,
        ge=1,
        le=1000,
        description="Jobs the training is cut into, each going on from the one before, for "
        "machines that limit a job's time; the weights do not depend on it.",
    )

    @model_validator(mode="after")
    def _consistent(self):
        if self.hidden % (2 * self.heads):
            raise ValueError(
                f"heads: found {self.heads}; allowed: a number that divides hidden "
                f"({self.hidden}) into even parts"
            )
        return self

    @property
    def width(self) -> int:
        """Width inside the feed-forward part."""
        return self.intermediate or 4 * self.hidden

    def parameters(self, vocabulary: int) -> int:
        """Parameters of this size with a vocabulary."""
        return parameters(vocabulary, self.hidden, self.layers, self.width)


class Made(NamedTuple):
    """What made a model that was trained here: it is named by this, not by its size alone.

    Attributes:
        size: name of its size.
        subset: name of the part of the corpus it saw; '' for all of it.
        seed: of its weights and of the order of the rows.
        checkpoint: number of the checkpoint, from 1; 0 for the final weights.
    """

    size: str
    subset: str = ""
    seed: int = 0
    checkpoint: int = 0

    def name(self, seed: int) -> str:
        """Its name in tables and paths: the size, and what differs from a study of this seed."""
        parts = [
            self.size,
            self.subset,
            f"seed{self.seed}" if self.seed != seed else "",
            f"checkpoint{self.checkpoint}" if self.checkpoint else "",
        ]
        return "-".join(filter(None, parts))


class RecipeSettings(Section):
    """How a model of the ladder is trained, whatever its size: what decides its weights."""

    vocabulary: int = Field(
        default=1024,
        ge=257,
        le=LARGEST_VOCABULARY,
        description="Tokens of the byte-level BPE tokenizer, <|endoftext|> among them.",
    )
    tokenizer_documents: int = Field(
        default=0,
        ge=0,
        description="Documents the tokenizer is trained on, at least, taken evenly from the whole "
        "corpus; 0: all.",
    )
    context: int = Field(default=128, ge=8, le=8192, description="Tokens a row.")
    batch: int = Field(default=8, ge=1, description="Rows a step.")
    epochs: float = Field(default=5, gt=0, description="Passes over the corpus.")
    warmup: float = Field(
        default=0.03, ge=0, lt=1, description="Share of the steps in which the rate rises."
    )
    final_rate: float = Field(
        default=0.1, ge=0, le=1, description="Share of the peak rate left at the end of the cosine."
    )
    weight_decay: float = Field(default=0.1, ge=0, description="Weight decay of the matrices.")
    beta2: float = Field(default=0.95, gt=0, lt=1, description="Second moment's decay of AdamW.")
    clip: float = Field(default=1.0, gt=0, description="Largest norm of the gradient.")
    rotary_share: float = Field(
        default=0.25, gt=0, le=1, description="Share of a head's dimensions that rotate."
    )
    checkpoints: int = Field(
        default=4, ge=1, description="Evenly spaced checkpoints, the final weights among them."
    )
    dtype: Literal["float32", "bfloat16"] = Field(
        default="float32", description="Type of the forward pass; weights stay float32."
    )
    threads: int = Field(
        default=1, ge=1, description="CPU threads a model; another number rounds differently."
    )
    gpus: int = Field(default=0, ge=0, le=1, description="GPUs a model.")


class LadderSettings(RecipeSettings):
    """A ladder of GPT-NeoX models trained from scratch on the corpus, one recipe for all sizes."""

    sizes: dict[Name, SizeSettings] = Field(
        # Heads of 32 dimensions, the narrowest that vLLM runs, but for the smallest size.
        default={
            "39k": SizeSettings(hidden=16, layers=2, heads=2),
            "91k": SizeSettings(hidden=32, layers=2, heads=1),
            "231k": SizeSettings(hidden=64, layers=2, heads=2),
            "857k": SizeSettings(hidden=128, layers=3, heads=4),
        },
        min_length=1,
        description="Sizes by name.",
    )
    mem_mb: int = Field(default=2000, ge=100, description="Memory of a training job, MB.")
    runtime: int = Field(default=240, ge=1, description="Time limit of a training job, minutes.")

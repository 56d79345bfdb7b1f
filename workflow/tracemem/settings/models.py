"""Settings of the models under study: which they are, how they are run, and on what machine."""

from typing import Literal

from pydantic import Field

from tracemem.settings.section import Section


class RunSettings(Section):
    """Which model, and how it is run: what decides its answers."""

    path: str = Field(min_length=1, description="Local folder, or name on the model hub.")
    revision: str = Field(
        default="",
        description="Hub revision, or the sub-folder of a local folder; empty: the final weights.",
    )
    engine: Literal["", "auto", "transformers", "vllm"] = Field(
        default="", description="Overrides the study's engine."
    )
    dtype: Literal["float32", "bfloat16", "float16", "auto"] = Field(
        default="float32", description="Weights' type."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="Where it runs.")
    context_length: int = Field(
        default=0, ge=0, description="Tokens of context, where fewer than the model's are wanted."
    )
    max_batch_tokens: int = Field(
        default=16_384,
        ge=16,
        description="Tokens in one forward pass, padding included; halved when memory runs out.",
    )
    max_batch_sequences: int = Field(default=256, ge=1, description="Texts in one forward pass.")
    tensor_parallel_size: int = Field(
        default=1, ge=1, description="GPUs one model is split over; more than one needs vllm."
    )
    gpu_memory_utilization: float = Field(
        default=0.9, gt=0, le=1, description="Share of a GPU's memory that vllm takes."
    )
    chat_template: bool = Field(
        default=False, description="Wrap the prompt in the tokenizer's chat template."
    )


class NamedModel(RunSettings):
    """A model to be run, under its name in the study."""

    name: str = Field(min_length=1, description="Name in the study's tables.")
    engine: Literal["auto", "transformers", "vllm"] = Field(
        default="auto", description="Engine it runs in."
    )

    def __str__(self) -> str:
        at = f" revision {self.revision!r}" if self.revision else ""
        place = "" if self.path == self.name else f" ({self.path})"
        return f"model {self.name!r}{place}{at}"


class ModelSettings(RunSettings):
    """One model under study."""

    parameters: int = Field(
        default=0,
        ge=0,
        description="Parameters, for the axis of the figures; 0: counted from its files.",
    )
    family: str = Field(default="", description="Models compared by size share a family.")
    instruct_of: str = Field(
        default="", description="Model of the study that this one is tuned from."
    )
    mem_mb: int = Field(default=4000, ge=100, description="Memory of its jobs, MB.")
    runtime: int = Field(default=120, ge=1, description="Time limit of its jobs, minutes a task.")
    gpus: int = Field(default=0, ge=0, description="GPUs its jobs ask for.")
    threads: int = Field(default=1, ge=1, description="CPU threads of its jobs.")


class GenerationSettings(Section):
    """How models are run."""

    engine: Literal["auto", "transformers", "vllm"] = Field(
        default="transformers",
        description="auto: vllm where the package and a GPU are there, else transformers.",
    )
    python: str = Field(
        default="",
        description="Python of the environment that models run in, e.g. .venv-vllm/bin/python; "
        "empty: the one Snakemake runs in.",
    )
    chunk: int = Field(
        default=512, ge=1, description="Examples a chunk; a killed job goes on after the last one."
    )

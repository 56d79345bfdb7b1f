"""The study's settings: every key, its type, default and meaning, checked before any job starts.

``config/schema.json`` and the tables of ``config/README.md`` are generated from these classes.
Nothing here imports more than pydantic: Snakemake reads the settings again in every job.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tracemem.settings.fetch import FetchSettings
from tracemem.settings.ladder import LadderSettings
from tracemem.settings.tasks import TaskSettings, Texts, default_gammas, kind_of
from tracemem.settings.world import WorldSettings, shard_names

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
Name = Annotated[str, Field(pattern=NAME)]

# Rules whose needs grow with the corpus or the tasks; every other rule's needs stand elsewhere.
SIZED_RULES = (
    "fetch_shard", "inspect_shard", "train_tokenizer", "pack_shard", "pack_corpus", "load_task",
    "list_candidates", "count_ngrams", "merge_ngrams", "index_shard", "score_infgram",
    "fit_embedder", "mine_pairs", "count_pairs", "merge_pairs", "tabulate_pairs",
    "measure_alignment", "list_generated_pairs", "count_generated_pairs", "merge_generated_pairs",
    "score_memorization", "score_performance", "score_novelty",
)  # fmt: skip
_NEEDS_ELSEWHERE = {
    "generate": "models, under mem_mb, runtime, threads and gpus",
    "train_model": "ladder, under mem_mb, runtime, threads and gpus",
    "train_piece": "ladder, under mem_mb, runtime, threads and gpus",
}


class SettingsError(ValueError):
    """The config is wrong; each key has its line: what was found, what is allowed."""


class Section(BaseModel):
    """A section of the config: unknown keys are refused, nothing changes after it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CorpusSettings(Section):
    """The pretraining corpus."""

    shards: Texts = Field(
        default=[],
        description="Files, folders of .txt, or globs: .jsonl, .json, both also .gz or .zst, "
        ".parquet. Left out where shards are downloaded or the study makes its own world.",
    )
    fetch: dict[Name, FetchSettings] = Field(
        default={}, description="Shards to download, by a name for each of their sources."
    )
    text_field: str = Field(default="text", min_length=1, description="Field that holds the text.")
    on_bad_record: Literal["stop", "skip"] = Field(
        default="stop",
        description="A record that cannot be read stops the run, or is skipped and counted in the "
        "manifest.",
    )


class InfgramSettings(Section):
    """The infinity-gram LM."""

    tokenizer: str = Field(
        default="",
        description="Folder or hub name of the tokenizer of the index (at most 65,535 tokens); "
        "empty: the ladder's, else that of the first of models; where that one does not serve, "
        "there is no infinity-gram LM and the report says so.",
    )
    index: str = Field(
        default="",
        description="Folder of an existing infini-gram index (u16) over the same corpus, used "
        "instead of building one.",
    )


class EmbedderSettings(Section):
    """What turns an n-gram into a vector when pairs are mined."""

    kind: Literal["lsa", "sentence-transformers", "laser"] = Field(
        default="lsa",
        description="lsa: latent semantic analysis of the corpus itself, offline; "
        "sentence-transformers: any of its models; laser: LASER through laser_encoders.",
    )
    name: str = Field(
        default="",
        description="Hub name or folder of the model; for laser a language code such as deu_Latn "
        "may be left empty.",
    )
    revision: str = Field(default="", description="Hub revision; empty: the default branch.")
    input_prefix: str = Field(
        default="", description="Put before every input n-gram; 'query: ' for E5."
    )
    output_prefix: str = Field(
        default="", description="Put before every output n-gram; 'passage: ' for E5."
    )
    dimensions: int = Field(default=300, ge=2, description="Dimensions of the lsa embedding.")
    documents: int = Field(
        default=100_000, ge=1, description="Documents, chosen by hash, the lsa embedding is fit on."
    )
    window: int = Field(
        default=48,
        ge=2,
        description="Words of a passage: words align that stand in the same passages (lsa).",
    )
    batch_size: int = Field(default=256, ge=1, description="Texts embedded at once.")

    @model_validator(mode="after")
    def _named(self):
        if self.kind == "sentence-transformers" and not self.name:
            raise ValueError("kind sentence-transformers needs a name")
        return self


class ModelSettings(Section):
    """One model under study."""

    path: str = Field(min_length=1, description="Local folder, or name on the model hub.")
    revision: str = Field(
        default="",
        description="Hub revision, or the sub-folder of a local folder; empty: the final weights.",
    )
    parameters: int = Field(
        default=0,
        ge=0,
        description="Parameters, for the axis of the figures; 0: counted from its files.",
    )
    family: str = Field(default="", description="Models compared by size share a family.")
    dtype: Literal["float32", "bfloat16", "float16", "auto"] = Field(
        default="float32", description="Weights' type."
    )
    engine: Literal["", "auto", "transformers", "vllm"] = Field(
        default="", description="Overrides the study's engine."
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
    instruct_of: str = Field(
        default="", description="Model of the study that this one is tuned from."
    )
    mem_mb: int = Field(default=4000, ge=100, description="Memory of its jobs, MB.")
    runtime: int = Field(default=120, ge=1, description="Time limit of its jobs, minutes.")
    gpus: int = Field(default=0, ge=0, description="GPUs its jobs ask for.")
    threads: int = Field(default=1, ge=1, description="CPU threads of its jobs.")

    def run(self) -> dict:
        """The keys that decide what the model answers, without those of scheduling and drawing."""
        drawn = {"parameters", "family", "instruct_of", "mem_mb", "runtime", "gpus", "threads"}
        return self.model_dump(mode="json", exclude=drawn)


# Embedders a task may name without a section of their own.
EMBEDDERS = {
    "lsa": EmbedderSettings(),
    "e5": EmbedderSettings(
        kind="sentence-transformers",
        name="intfloat/e5-base-v2",
        revision="5073c803f20bc837aefac7d3c77233d4635bfb30",
        input_prefix="query: ",
        output_prefix="passage: ",
    ),
    "laser": EmbedderSettings(kind="laser", name="laser2"),
}


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


class StatisticsSettings(Section):
    """Intervals and p-values."""

    bootstrap: int = Field(default=1000, ge=100, description="Resamples of examples.")
    permutations: int = Field(default=1000, ge=100, description="Permutations of examples.")
    support_bins: int = Field(
        default=4, ge=2, description="Quantile bins of the support, besides the bin without any."
    )


class ResourceSettings(Section):
    """What every job of one rule asks of the machine; what is left out is the rule's default."""

    mem_mb: int | None = Field(default=None, ge=100, description="Memory, MB.")
    runtime: int | None = Field(default=None, ge=1, description="Time limit, minutes.")
    threads: int | None = Field(default=None, ge=1, description="CPU threads.")


class Settings(Section):
    """A study."""

    title: str = Field(
        min_length=1, description="Title of the report. Default: the name of the config file."
    )
    results: str = Field(
        pattern=r"^[^{}\s]+$",
        description="Folder everything is written to, e.g. results/demo. Default: results/ and the "
        "name of the config file.",
    )
    seed: int = Field(default=0, ge=0, description="Seed of every resampling.")
    corpus: CorpusSettings = Field(default=CorpusSettings(), description="Pretraining corpus.")
    world: WorldSettings | None = Field(
        default=None, description="Generate a closed world: corpus, task files and truth."
    )
    ladder: LadderSettings | None = Field(
        default=None, description="Train a ladder of models on the corpus."
    )
    tasks: dict[Name, TaskSettings] = Field(min_length=1, description="Tasks by name.")
    embedders: dict[Name, EmbedderSettings] = Field(
        default={}, description="Embedders by name, besides lsa, e5 and laser, which are known."
    )
    infgram: InfgramSettings | None = Field(
        default=InfgramSettings(), description="Infinity-gram LM; null: none."
    )
    models: dict[Name, ModelSettings] = Field(
        default={}, description="Models by name, besides the ladder's."
    )
    generation: GenerationSettings = Field(
        default=GenerationSettings(), description="Engine and chunks of generation."
    )
    statistics: StatisticsSettings = Field(
        default=StatisticsSettings(), description="Resamples of every interval and p-value."
    )
    samples: int = Field(
        default=50, ge=0, description="Documents kept per pair (R of the paper), for tracing."
    )
    decontamination: list[Annotated[int, Field(ge=1, le=14)]] = Field(
        default=[8, 14],
        description="Words of the n-grams of test examples that are looked for in the corpus, to "
        "score with and without the examples it holds one of; empty: none.",
    )
    resources: dict[str, ResourceSettings] = Field(
        default={}, description="Memory, time and threads of rules by name, for a larger study."
    )

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        """Fill in the known embedders that tasks name, and thresholds that suit the embedder."""
        tasks = given.get("tasks") if isinstance(given, dict) else None
        if not isinstance(tasks, dict):
            return given
        own = given.get("embedders") or {}
        asked = [task.get("embedder", "lsa") for task in tasks.values() if isinstance(task, dict)]
        known = {name: section for name, section in EMBEDDERS.items() if name in asked}
        embedders = {**known, **own} if isinstance(own, dict) else own
        filled = {}
        for name, task in tasks.items():
            filled[name] = task
            if isinstance(task, dict) and "gamma" not in task and kind_of(task):
                sizes = task.get("n", TaskSettings.model_fields["n"].default)
                sizes = sizes if isinstance(sizes, list) else [sizes]
                used = dict(embedders or {}).get(str(task.get("embedder", "lsa")), {})
                embedder = used.get("kind", "lsa") if isinstance(used, dict) else used.kind
                if all(isinstance(size, int) for size in sizes):
                    gammas = default_gammas(kind_of(task), embedder, sizes)
                    filled[name] = {**task, "gamma": gammas}
        return {**given, "embedders": embedders, "tasks": filled}

    @model_validator(mode="after")
    def _consistent(self):
        if sum(map(bool, (self.corpus.shards, self.corpus.fetch, self.world))) != 1:
            raise ValueError("give either corpus.shards, corpus.fetch or world, one of them")
        for rule in self.resources:
            self._check_sized(rule)
        for name, task in self.tasks.items():
            if task.embedder not in self.embedders:
                raise ValueError(
                    f"tasks.{name}.embedder: found {task.embedder!r}, allowed: "
                    f"{', '.join({**EMBEDDERS, **self.embedders})} (known ones and the keys of "
                    "embedders)"
                )
            if task.permuted_of and (
                task.permuted_of not in self.tasks or self.tasks[task.permuted_of].permuted_of
            ):
                raise ValueError(
                    f"tasks.{name}.permuted_of: found {task.permuted_of!r}, allowed: a task of "
                    f"{', '.join(self.tasks)} that is no control itself"
                )
        if len(set(self.decontamination)) < len(self.decontamination):
            raise ValueError(
                f"decontamination: found {self.decontamination}, allowed: different numbers"
            )
        clash = set(self.models) & set(self.ladder.sizes if self.ladder else ())
        if clash:
            raise ValueError(f"models.{min(clash)}: the ladder has a size of the same name")
        names = [*(self.ladder.sizes if self.ladder else ()), *self.models]
        for name, model in self.models.items():
            others = [other for other in names if other != name]
            if model.instruct_of and model.instruct_of not in others:
                raise ValueError(
                    f"models.{name}.instruct_of: found {model.instruct_of!r}, allowed: another "
                    f"model of the study ({', '.join(others) or 'there is none'})"
                )
        return self

    @staticmethod
    def _check_sized(rule: str) -> None:
        if rule in _NEEDS_ELSEWHERE:
            raise ValueError(f"resources.{rule}: its needs stand in {_NEEDS_ELSEWHERE[rule]}")
        if rule not in SIZED_RULES:
            close = difflib.get_close_matches(rule, SIZED_RULES, n=1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            raise ValueError(
                f"resources.{rule}: no rule whose needs can be set{hint}; allowed: "
                f"{', '.join(SIZED_RULES)}"
            )

    def study_models(self) -> dict[str, ModelSettings]:
        """Every model of the study by name, the ladder's first, in order of size."""
        ladder = {}
        if self.ladder:
            for name, size in self.ladder.sizes.items():
                ladder[name] = ModelSettings(
                    path=f"{self.results}/ladder/{name}",
                    parameters=size.parameters(self.ladder.vocabulary),
                    family="ladder",
                    # Heads narrower than 32 dimensions are beyond vllm.
                    engine="" if size.hidden // size.heads >= 32 else "transformers",
                    dtype=self.ladder.dtype,
                    gpus=self.ladder.gpus,
                    # Room for an engine besides what training takes.
                    mem_mb=self.ladder.mem_mb + 2000,
                )
        models = {**ladder, **self.models}
        return dict(sorted(models.items(), key=lambda item: item[1].parameters))

    def world_shards(self) -> list[str]:
        """Names of the shards the study generates itself, known before they exist."""
        return shard_names(self.world) if self.world else []


def _walk(schema: type[BaseModel], location: tuple) -> type[BaseModel] | None:
    """The section a key stands in, or None where it is not in one."""
    for part in location:
        field = schema.model_fields.get(part) if isinstance(part, str) else None
        if field is None:
            return None
        schema = next(iter(_sections(field.annotation)), None)
        if schema is None:
            return None
    return schema


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _sections(inner)


def _line(error: dict) -> str:
    location = error["loc"]
    key = ".".join(str(part) for part in location if part != "[key]") or "config"
    if error["type"] == "extra_forbidden":
        *above, last = location
        # Names of tasks, models and the like are not fields: step over them.
        section = Settings
        for part in above:
            section = _walk(section, (part,)) or section
        allowed = sorted(section.model_fields)
        close = difflib.get_close_matches(str(last), allowed, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        return f"{key}: unknown key{hint}; allowed: {', '.join(allowed)}"
    if error["type"] == "missing":
        return f"{key}: missing; it is required"
    message = re.sub(r"^Value error, ", "", error["msg"])
    if error["type"] == "value_error":
        return message if key == "config" else f"{key}: {message}"
    return f"{key}: found {error['input']!r}; allowed: {message}"


def named(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A config with the title and the folder of results that its name gives where it has none."""
    folder = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "study"
    return {"title": name, "results": f"results/{folder}", **config}


def load(config: Mapping[str, Any]) -> Settings:
    """The settings a config stands for.

    Raises:
        SettingsError: a key is missing, unknown or wrong; every such key has its own line.
    """
    try:
        return Settings.model_validate(dict(config))
    except ValidationError as wrong:
        found = wrong.errors()
        # A task without a kind lacks all that its kind would give it: say the kind alone.
        kindless = {error["loc"][:-1] for error in found if error["loc"][-1:] == ("kind",)}
        lines = [
            _line(error)
            for error in found
            if error["type"] != "missing"
            or error["loc"][-1] == "kind"
            or error["loc"][:-1] not in kindless
        ]
        raise SettingsError("the config is wrong:\n  " + "\n  ".join(lines)) from None

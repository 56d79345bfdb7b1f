"""The study's settings: every section, checked before any job starts.

``config/schema.json`` and the tables of ``config/README.md`` are generated from these classes.
Nothing here imports more than pydantic: Snakemake reads the settings again in every job.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from tracemem.settings import rules
from tracemem.settings.contrast import ContrastSettings
from tracemem.settings.corpus import CorpusSettings
from tracemem.settings.counterfactual import STRANGER, CounterfactualSettings
from tracemem.settings.infgram import InfgramSettings
from tracemem.settings.ladder import LadderSettings, Made
from tracemem.settings.mining import EMBEDDERS, EmbedderSettings, default_gammas
from tracemem.settings.models import GenerationSettings, ModelSettings
from tracemem.settings.profiles import ProfilesSettings
from tracemem.settings.rules import ResourceSettings
from tracemem.settings.section import Name, Section
from tracemem.settings.statistics import StatisticsSettings
from tracemem.settings.tasks import TaskSettings, embedder_of, kind_of
from tracemem.settings.world import SPLITS, WorldSettings, shard_names


class SettingsError(ValueError):
    """The config is wrong; each key has its line: what was found, what is allowed."""


def _of_world(name: str, task: dict, results: Any) -> dict:
    """A task with the files of the world's task that it names."""
    if not task.get("world"):
        return task
    places = {split: f"{results}/world/tasks/{task['world']}.{split}.jsonl" for split in SPLITS}
    if any(task.get(key, place) not in (place, [place]) for key, place in places.items()):
        raise ValueError(f"tasks.{name}: give either world, or test and train")
    return {**task, **places}


def _with_gamma(task: dict, embedders: dict) -> dict:
    """A task with thresholds that suit its kind and its embedder."""
    if "gamma" in task or not kind_of(task):
        return task
    sizes = task.get("n", TaskSettings.model_fields["n"].default)
    sizes = sizes if isinstance(sizes, list) else [sizes]
    used = embedders.get(embedder_of(task), {})
    embedder = used.get("kind", "lsa") if isinstance(used, dict) else used.kind
    if not all(isinstance(size, int) for size in sizes):
        return task
    return {**task, "gamma": default_gammas(kind_of(task), embedder, sizes)}


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
        default={}, description="Embedders by name, besides those known: lsa, wordllama, e5, laser."
    )
    counterfactual: CounterfactualSettings | None = Field(
        default=None,
        description="Train the ladder again on subsets of the generated corpus: what each model "
        "loses without the documents behind an answer.",
    )
    profiles: ProfilesSettings | None = Field(
        default=None,
        description="Follow models over the checkpoints of one pass: what they gain when the "
        "documents of a pair are trained on.",
    )
    contrast: ContrastSettings | None = Field(
        default=ContrastSettings(),
        description="Score every answer after other inputs too, for contrastive memorization; "
        "null: never.",
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
        """Fill in known embedders, thresholds that suit them, and the files of a world's tasks."""
        tasks = given.get("tasks") if isinstance(given, dict) else None
        if not isinstance(tasks, dict):
            return given
        own = given.get("embedders") or {}
        asked = [embedder_of(task) for task in tasks.values() if isinstance(task, dict)]
        known = {name: section for name, section in EMBEDDERS.items() if name in asked}
        embedders = {**known, **own} if isinstance(own, dict) else own
        filled = {}
        for name, task in tasks.items():
            filled[name] = task
            if isinstance(task, dict):
                task = _of_world(name, task, given.get("results"))
                filled[name] = _with_gamma(task, dict(embedders or {}))
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
            if task.world and not self.world:
                raise ValueError(
                    f"tasks.{name}.world: found {task.world!r}, but the study generates no world"
                )
        self._check_counterfactual()
        self._check_profiles()
        if len(set(self.decontamination)) < len(self.decontamination):
            raise ValueError(
                f"decontamination: found {self.decontamination}, allowed: different numbers"
            )
        clash = set(self.models) & set(self.trained())
        if clash:
            raise ValueError(f"models.{min(clash)}: the ladder has a size of the same name")
        names = [*self.trained(), *self.models]
        for name, model in self.models.items():
            others = [other for other in names if other != name]
            if model.instruct_of and model.instruct_of not in others:
                raise ValueError(
                    f"models.{name}.instruct_of: found {model.instruct_of!r}, allowed: another "
                    f"model of the study ({', '.join(others) or 'there is none'})"
                )
        return self

    def _check_counterfactual(self) -> None:
        again = self.counterfactual
        if not again:
            return
        if not (self.world and self.ladder):
            raise ValueError(
                "counterfactual: needs a world and a ladder in the same config, whose corpus it "
                "changes and whose sizes it trains again"
            )
        if not self.contrast:
            raise ValueError(
                "counterfactual: needs contrast, whose scores are held to it; found null"
            )
        sizes = list(self.ladder.sizes)
        for key, found in (
            ("sizes", again.sizes),
            ("alone_size", [again.alone_size] if again.alone_size else []),
        ):
            for size in found:
                if size not in (again.sizes or sizes if key == "alone_size" else sizes):
                    raise ValueError(
                        f"counterfactual.{key}: found {size!r}; allowed: a size of the ladder that "
                        f"is trained again ({', '.join(again.sizes or sizes)})"
                    )

    def _check_profiles(self) -> None:
        profiles = self.profiles
        if not profiles:
            return
        if not profiles.records_a_step:
            if not self.ladder:
                raise ValueError(
                    "profiles.records_a_step: missing; it is required without a ladder, whose "
                    "order is known"
                )
            if self.ladder.epochs > 1:
                raise ValueError(
                    f"ladder.epochs: found {self.ladder.epochs}; allowed with profiles: at most 1, "
                    "as a second reading treats again"
                )
        elif not self.models:
            raise ValueError("models: missing; profiles.records_a_step is of published models")
        allowed = self.models if profiles.records_a_step or not self.ladder else self.ladder.sizes
        for model in profiles.models:
            if model not in allowed:
                raise ValueError(
                    f"profiles.models: found {model!r}; allowed: {', '.join(allowed) or 'none'}"
                )

    @staticmethod
    def _check_sized(name: str) -> None:
        rule = rules.BY_NAME.get(name)
        if rule and rule.elsewhere:
            raise ValueError(
                f"resources.{name}: its needs stand in {rule.elsewhere}, under mem_mb, runtime, "
                "threads and gpus"
            )
        if name not in rules.SIZED:
            close = difflib.get_close_matches(name, rules.SIZED, n=1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            raise ValueError(
                f"resources.{name}: no rule whose needs can be set{hint}; allowed: "
                f"{', '.join(rules.SIZED)}"
            )

    def trained(self) -> dict[str, Made]:
        """What makes each model that is trained here, by the model's name, as the ladder has it."""
        sizes = list(self.ladder.sizes) if self.ladder else []
        made = [Made(size, seed=self.seed) for size in sizes]
        if self.counterfactual:
            made += self.counterfactual.made(sizes, self.seed)
        return {one.name(self.seed): one for one in made}

    def study_models(self) -> dict[str, ModelSettings]:
        """Every model of the study by name, the ladder's first, in order of size."""
        trained = {}
        if ladder := self.ladder:
            for name, made in self.trained().items():
                if made.subset not in ("", STRANGER):
                    continue
                size = ladder.sizes[made.size]
                trained[name] = ModelSettings(
                    path=f"{self.results}/ladder/{name}",
                    parameters=size.parameters(ladder.vocabulary),
                    family=made.subset or "ladder",
                    # Heads narrower than 32 dimensions are beyond vllm.
                    engine="" if size.hidden // size.heads >= 32 else "transformers",
                    dtype=ladder.dtype,
                    gpus=ladder.gpus,
                    # Room for an engine besides what training takes.
                    mem_mb=ladder.mem_mb + 2000,
                )
        models = {**trained, **self.models}
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
        inner = next(_sections(field.annotation), None)
        if inner is None:
            return None
        schema = inner
    return schema


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _sections(inner)


def _line(error: Mapping[str, Any]) -> str:
    location = error["loc"]
    key = ".".join(str(part) for part in location if part != "[key]") or "config"
    if error["type"] == "extra_forbidden":
        *above, last = location
        # Names of tasks, models and the like are not fields: step over them.
        section: type[BaseModel] = Settings
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

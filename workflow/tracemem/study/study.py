"""What the rules ask of a study: its shards, models and tasks, its products, what a job is given.

Paths begin with ``<results>``, which the workflow puts the study's folder in place of.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tracemem.corpus.fetch import Remote
from tracemem.corpus.fetch import find as find_remotes
from tracemem.corpus.shards import find_shards
from tracemem.generation.tables import GENERATIONS
from tracemem.jobs import source
from tracemem.jobs.declared import Table
from tracemem.mining.tables import VECTORS
from tracemem.report.products import DRAWN, MERGED, REPORTED, TABLES
from tracemem.scoring.tables import CONTRASTS, MEASURED, REPLICATES
from tracemem.settings import mmlu, rules
from tracemem.settings.answering import MetricSettings, WritingSettings
from tracemem.settings.corpus import ReadingSettings
from tracemem.settings.counterfactual import STRANGER, CounterfactualSettings
from tracemem.settings.examples import ExamplesSettings
from tracemem.settings.ladder import LadderSettings, Made, RecipeSettings
from tracemem.settings.mining import EmbedderSettings, GramSettings
from tracemem.settings.models import ModelSettings, RunSettings
from tracemem.settings.profiles import ProfilesSettings, TimingSettings
from tracemem.settings.study import Settings
from tracemem.settings.tasks import TaskSettings
from tracemem.study.published import published_as
from tracemem.tasks.tables import NEIGHBOURS


@dataclass(frozen=True)
class Job:
    """What a rule takes from its declaration and from the config.

    Attributes:
        log: path, with the wildcards of a job.
        benchmark: the same.
        threads: CPU threads.
        resources: mem_mb (MB) and runtime (minutes).
        code: digest of the library behind its script.
    """

    log: str
    benchmark: str
    threads: int
    resources: dict[str, int]
    code: str


@dataclass(frozen=True)
class Study:
    """A study as the rules see it.

    Attributes:
        settings: checked and completed.
        notes: what the config left to the files and what they filled in.
        scripts: where the script of a name lies.
    """

    settings: Settings
    notes: Sequence[str] = ()
    scripts: Callable[[str], Path] = field(default=lambda name: Path(f"{name}.py"))

    @cached_property
    def remotes(self) -> dict[str, Remote]:
        """Shards that are downloaded, by the name of their file."""
        return {remote.file: remote for remote in find_remotes(self.settings.corpus.fetch)}

    @cached_property
    def shards(self) -> dict[str, str]:
        """Path of every shard of the corpus by name, whether it is there yet or not.

        Raises:
            CorpusError: a file or pattern of corpus.shards leads to no shard.
        """
        results = self.settings.results
        if self.settings.world:
            names = self.settings.world_shards()
            return {name: f"{results}/world/corpus/{name}.jsonl.zst" for name in names}
        if self.remotes:
            return {
                remote.name: f"{results}/corpus/fetched/{file}"
                for file, remote in self.remotes.items()
            }
        return {shard.name: str(shard.path) for shard in find_shards(self.settings.corpus.shards)}

    @cached_property
    def models(self) -> dict[str, ModelSettings]:
        """Every model by name, in order of size."""
        return self.settings.study_models()

    @cached_property
    def trained(self) -> dict[str, Made]:
        """What makes each model that is trained here, by name."""
        return self.settings.trained()

    @property
    def tasks(self) -> dict[str, TaskSettings]:
        """Every task by name."""
        return self.settings.tasks

    @property
    def decontamination(self) -> list[int]:
        """Words of the n-grams of test examples that are looked for in the corpus."""
        return self.settings.decontamination

    @cached_property
    def task_n(self) -> dict[str, list]:
        """Task and n of every task-gram table, side by side."""
        pairs = [(task, n) for task, settings in self.tasks.items() for n in settings.n]
        return {"task": [task for task, _ in pairs], "n": [n for _, n in pairs]}

    @cached_property
    def novelty_tasks(self) -> list[str]:
        """Tasks whose generations are searched for pairs that no document holds."""
        return [name for name, task in self.tasks.items() if task.kind == "translation"]

    @cached_property
    def swept_tasks(self) -> list[str]:
        """Tasks that have a threshold above gamma to be scored at."""
        return [
            name
            for name, task in self.tasks.items()
            if any(len(task.thresholds(n)) > 1 for n in task.n)
        ]

    @cached_property
    def permuted_tasks(self) -> dict[str, str]:
        """Tasks whose answers are permuted, each with the task it controls for."""
        return {name: task.permuted_of for name, task in self.tasks.items() if task.permuted_of}

    @cached_property
    def mined_splits(self) -> list[tuple[str, str]]:
        """Task and split of every table of examples whose n-grams are counted, whatever the order
        of the tasks.
        """
        return sorted(
            (name, split)
            for name, task in self.tasks.items()
            for split in {"test", task.pairs_from}
        )

    @cached_property
    def tuned_models(self) -> dict[str, str]:
        """The base model of each instruct model."""
        return {name: model.instruct_of for name, model in self.models.items() if model.instruct_of}

    @cached_property
    def ends(self) -> dict[str, int]:
        """Parameters of the smallest and the largest model of the family that has most."""
        sizes: dict[str, list[str]] = {}
        for name, model in self.models.items():
            sizes.setdefault(model.family, []).append(name)
        family = max(sizes.values(), key=len, default=[])
        return {name: self.models[name].parameters for name in [*family[:1], *family[-1:]]}

    @property
    def series(self) -> dict[str, int]:
        """Parameters of every model, in order of size."""
        return {name: model.parameters for name, model in self.models.items()}

    @property
    def contrasted(self) -> list[str]:
        """Models that score every answer after other inputs too."""
        contrast = self.settings.contrast
        return [
            name
            for name, model in self.models.items()
            if contrast and model.parameters <= contrast.largest
        ]

    def neighbours(self, model: str) -> list[str]:
        """The neighbours of every task where a model is asked after them, else none."""
        if model not in self.contrasted:
            return []
        return [f"<results>/{NEIGHBOURS.path.format(task=task)}" for task in self.tasks]

    @property
    def families(self) -> dict[str, str]:
        """Models that are compared by size, by the family they share."""
        return {name: model.family for name, model in self.models.items()}

    def has(self, needs: Iterable[str]) -> bool:
        """Whether there is all that a product needs: attributes of a study that are not empty."""
        return all(getattr(self, need) for need in needs)

    @cached_property
    def scores(self) -> dict[str, str]:
        """Path of every table of scores by name."""
        return {
            table.name: f"<results>/{table.path}"
            for table in TABLES
            if table.path.startswith("scores/") and self.has(table.needs)
        }

    @cached_property
    def reported(self) -> dict[str, str]:
        """Path of every table that the report shows by name."""
        return {
            name: f"<results>/{table.path}"
            for name, table in REPORTED.items()
            if self.has(table.needs)
        }

    @cached_property
    def figures(self) -> list[str]:
        """Every figure the study gives data for."""
        return [name for name, figure in DRAWN.items() if self.has(figure.needs)]

    def parts(self, name: str) -> list[str]:
        """Paths of the parts of a table, in the study's order of tasks."""
        table = MERGED[name]
        return [f"<results>/{table.part.format(task=task)}" for task in getattr(self, table.of)]

    def replicates(self, *scores: str) -> list[str]:
        """Paths of the replicates of some tables' scores, all tasks of each."""
        return [
            f"<results>/{REPLICATES.path.format(scores=name, task=task)}"
            for name in scores
            for task in getattr(self, MERGED[name].of)
        ]

    def drawn_from(self, figure: str) -> dict[str, list[str]]:
        """Paths of the tables that a figure is drawn from, by the table's name."""
        return {table.name: self._files(table) for table in DRAWN[figure].tables}

    def _files(self, table: Table) -> list[str]:
        """Paths of a table: its one file, or that of each task it is of."""
        if "{task}" not in table.path:
            return [f"<results>/{table.path}"]
        return [f"<results>/{table.path.format(task=task)}" for task in getattr(self, table.of)]

    def items(self, task: str, table: Table) -> list[str]:
        """Paths of a table of a task and n, for each n of the task."""
        return [f"<results>/{table.path.format(task=task, n=n)}" for n in self.tasks[task].n]

    def given(self, rule: str) -> dict[str, Callable[[Any], Any]]:
        """Params of a rule whose jobs are of one task, by name: functions of the wildcards."""
        return {key: self._of_wildcards(key) for key in _GIVEN[rule]}

    def _of_wildcards(self, key: str) -> Callable[[Any], Any]:
        return lambda wildcards: self._value(key, wildcards.task)

    def _value(self, key: str, task: str) -> Any:
        return _VALUES[key](self, task)

    def noted(self, rule: str, task: str) -> dict[str, Any]:
        """All that decides what a job of such a rule makes, besides its inputs."""
        params = {key: self._value(key, task) for key in _GIVEN[rule]}
        return {**params, "code": self.job(rule).code}

    def note(self, rule: str) -> str:
        """Path of the note that a job of such a rule waits for.

        Where a job runs, Snakemake does not ask those that come after it for reasons of their own,
        and what puts answers together leaves the times of chunks aside. So jobs after ``generate``
        wait for a note that is made anew when anything that they are given changes.
        """
        return f"<results>/notes/{rule}/{{task}}"

    def job(self, name: str) -> Job:
        """What the rule of a name takes from its declaration and from the config."""
        rule = rules.BY_NAME[name]
        own = self.settings.resources.get(name)
        each = f"/{rule.each}" if rule.each else ""
        return Job(
            f"<logs>/{name}{each}.log",
            f"<benchmarks>/{name}{each}.tsv",
            (own and own.threads) or 1,
            {
                "mem_mb": (own and own.mem_mb) or rule.mem_mb,
                "runtime": (own and own.runtime) or rule.runtime,
            },
            source.digest(self.scripts(rule.script or name)),
        )

    @property
    def reading(self) -> dict[str, Any]:
        """How a script reads every shard."""
        return self.settings.corpus.plain(ReadingSettings)

    @property
    def resampling(self) -> dict[str, Any]:
        """Draws and seed of every interval."""
        return {"bootstrap": self.settings.statistics.bootstrap, "seed": self.settings.seed}

    def permutations(self, task: str) -> int:
        """Permutations of every p-value of a task: enough for its family of all models and n.

        The smallest p is then at most 1 / 200 after any correction of the family.
        """
        family = len(self.models) * len(self.tasks[task].n)
        return max(self.settings.statistics.permutations, 200 * family)

    @property
    def _ladder(self) -> LadderSettings:
        assert self.settings.ladder is not None  # it alone has models that are trained here
        return self.settings.ladder

    def training(self, trained: str) -> dict[str, Any]:
        """What decides the weights of a model that is trained here: recipe, size and seed."""
        made, ladder = self.trained[trained], self._ladder
        return {
            "ladder": ladder.plain(RecipeSettings),
            "size": ladder.sizes[made.size].plain(),
            "seed": made.seed,
        }

    def stream(self, trained: str) -> str:
        """Path of the tokens that a model trains on: of the whole corpus, or of a subset."""
        subset = self.trained[trained].subset
        return f"<results>/{f'counterfactual/tokens/{subset}' if subset else 'ladder/tokens'}.npy"

    def priority(self, trained: str) -> int:
        """The larger a model, the earlier it starts; those of the whole corpus first."""
        made, sizes = self.trained[trained], list(self._ladder.sizes)
        return 1 + sizes.index(made.size) + (0 if made.subset else len(sizes))

    @property
    def counterfactual(self) -> CounterfactualSettings | None:
        """Settings of counterfactual training, where the study has it."""
        return self.settings.counterfactual

    @property
    def subsets(self) -> list[str]:
        """Names of the subsets of the corpus, those of a single fact after the others."""
        again = self.counterfactual
        return [*again.names(), *again.alone_names()] if again else []

    @property
    def alone(self) -> list[str]:
        """Models trained on the first subset of the corpus and one document more."""
        names = self.counterfactual.alone_names() if self.counterfactual else []
        return [name for name, made in self.trained.items() if made.subset in names]

    @property
    def beside_alone(self) -> list[str]:
        """Those, after the model of the same size that was trained on the first subset alone."""
        if not (self.counterfactual and self.alone):
            return []
        made = self.trained[self.alone[0]]
        first = made._replace(subset=self.counterfactual.names()[0])
        return [first.name(self.settings.seed), *self.alone]

    @property
    def nothing_memorized(self) -> list[tuple[str, str]]:
        """Tasks and models of which nothing can be memorized: strangers, and permuted answers."""
        return [
            (task, model)
            for task in self.tasks
            for model in self.models
            if task in self.permuted_tasks or self.families[model] == STRANGER
        ]

    @property
    def world_tasks(self) -> dict[str, str]:
        """Task of the world behind each task that has one and whose answers are its own."""
        return {
            name: task.world
            for name, task in self.tasks.items()
            if task.world and not task.permuted_of
        }

    @property
    def trained_again(self) -> list[str]:
        """Models trained on a subset of the corpus."""
        return [name for name, made in self.trained.items() if made.subset in self.subsets]

    @property
    def again_by_subset(self) -> dict[str, Any]:
        """Names of the models trained again, and those of one size and seed, subset by subset."""
        pairs = set(self.counterfactual.names()) if self.counterfactual else set()
        series: dict[tuple[str, int], dict[str, Any]] = {}
        for name in self.trained_again:
            made = self.trained[name]
            if made.subset not in pairs:
                continue
            one = series.setdefault(
                (made.size, made.seed),
                {
                    "model": made.size,
                    "parameters": self.models[made.size].parameters,
                    "seed": made.seed,
                    "names": [],
                    "subsets": [],
                },
            )
            one["names"].append(name)
            one["subsets"].append(made.subset)
        return {"names": self.trained_again, "series": list(series.values())}

    def again(self, trained: str) -> dict[str, Any]:
        """How a model that was trained again is run: as its size is."""
        run = self.running(self.trained[trained].size)
        return {**run, "name": trained, "path": f"{self.settings.results}/ladder/{trained}"}

    @property
    def profiles(self) -> ProfilesSettings | None:
        """Settings of memorization profiles, where the study has them."""
        return self.settings.profiles

    @property
    def profiled(self) -> list[str]:
        """Models that are followed over their checkpoints."""
        if not self.profiles:
            return []
        published = self.profiles.records_a_step
        every = self.settings.models if published else self._ladder.sizes
        return [name for name in self.models if name in (self.profiles.models or every)]

    @cached_property
    def followed(self) -> dict[str, dict[str, Any]]:
        """Model and number of every checkpoint that is followed, by its name."""
        if not self.profiles:
            return {}
        seed = self.settings.seed
        count = len(self.profiles.checkpoints) or self._ladder.checkpoints
        return {
            Made(model, seed=seed, checkpoint=number).name(seed): {
                "model": model,
                "checkpoint": number,
            }
            for model in self.profiled
            for number in range(1, count + 1)
        }

    def timing(self) -> dict[str, Any]:
        """What decides when each document is trained on, besides the stream of tokens."""
        assert self.profiles is not None  # nobody else asks
        if self.profiles.records_a_step:
            return self.profiles.plain(TimingSettings)
        return {"ladder": self._ladder.plain(RecipeSettings), "seed": self.settings.seed}

    def at_checkpoint(self, followed: str) -> dict[str, Any]:
        """How a checkpoint is run, as its model is, and which it is."""
        assert self.profiles is not None  # nobody else has names of checkpoints
        one = self.followed[followed]
        return {
            "run": {**self.running(one["model"]), "name": followed},
            "checkpoint": one["checkpoint"],
            "revision": "step{step}" if one["model"] in self.trained else self.profiles.revision,
        }

    @property
    def profiled_series(self) -> list[dict[str, Any]]:
        """Every model that is followed, with the names of its checkpoints in order."""
        return [
            {
                "model": model,
                "parameters": self.models[model].parameters,
                "names": [name for name, one in self.followed.items() if one["model"] == model],
            }
            for model in self.profiled
        ]

    def pieces(self, trained: str) -> int:
        """Jobs that the training of a model is cut into."""
        return self._ladder.sizes[self.trained[trained].size].pieces

    def folder(self, model: str) -> list[str]:
        """Folder of a model that is trained here; none of another: a hub has no file to wait for."""
        return [f"<results>/ladder/{model}"] if model in self.trained else []

    def piece_before(self, trained: str, piece: int) -> list[str]:
        """The folder that a piece of a model's training goes on from; the first has none."""
        return [f"<results>/ladder/pieces/{trained}.{piece - 1}"] if piece > 1 else []

    @property
    def index_tokenizer(self) -> list[str]:
        """Folder of the infinity-gram LM's tokenizer where it is trained here."""
        own = self.settings.infgram and self.settings.infgram.tokenizer
        return [] if own else ["<results>/ladder/tokenizer"]

    def mined_from(self, task: str) -> str:
        """The examples that a task's pairs are mined from."""
        return f"<results>/tasks/{task}.{self.tasks[task].pairs_from}.parquet"

    def generations(self, task: str) -> list[str]:
        """What every model wrote for a task."""
        return [f"<results>/{GENERATIONS.path.format(task=task, model=m)}" for m in self.models]

    def contrasts(self, task: str) -> list[str]:
        """The contrasts of a task: of every model that has them, and of every n in turn."""
        return [
            f"<results>/{CONTRASTS.path.format(task=task, model=model, n=n)}"
            for model in self.contrasted
            for n in self.tasks[task].n
        ]

    def measured(self, task: str) -> list[str]:
        """The measured items of a task: of every model, and of every n in turn."""
        return [
            f"<results>/{MEASURED.path.format(task=task, model=model, n=n)}"
            for model in self.models
            for n in self.tasks[task].n
        ]

    def examples(self, task: str) -> dict[str, Any]:
        """What decides a task's examples."""
        return self.tasks[task].plain(ExamplesSettings)

    def grams(self, task: str) -> dict[str, Any]:
        """What decides which n-grams of a text of a task count, whatever n."""
        return self.tasks[task].plain(GramSettings)

    def writing(self, task: str) -> dict[str, Any]:
        """What decides how much a model may write."""
        return {"kind": self.tasks[task].kind, **self.tasks[task].plain(WritingSettings)}

    def metrics(self, task: str) -> dict[str, Any]:
        """How a task's answers are scored."""
        return self.tasks[task].plain(MetricSettings)

    def thresholds(self, task: str) -> dict[int, list[float]]:
        """Of each n of a task gamma, then the thresholds that are swept above it."""
        return {n: self.tasks[task].thresholds(n) for n in self.tasks[task].n}

    def embedder(self, task: str) -> EmbedderSettings:
        """Settings of the embedder that mines a task's pairs."""
        return self.settings.embedders[self.tasks[task].embedder]

    def fitted(self, task: str) -> list[str]:
        """The file of a task's embedder where it is trained here, else none."""
        name = self.tasks[task].embedder
        lsa = self.settings.embedders[name].kind == "lsa"
        return [f"<results>/embedders/{name}.npz"] if lsa else []

    def vectors(self, task: str, n: str) -> list[str]:
        """Vectors of a task's n-grams where the embedder is none that is trained here."""
        if self.fitted(task):
            return []
        return [f"<results>/{VECTORS.path.format(task=task, n=n)}"]

    def running(self, model: str) -> dict[str, Any]:
        """What decides the answers of a model; the study's engine where it has none of its own."""
        run = self.models[model].plain(RunSettings)
        return {"name": model, **run, "engine": run["engine"] or self.settings.generation.engine}

    def published_tasks(self) -> dict[str, list[list[str]]]:
        """What each task is in the published study: its task, the part of it, our group."""
        return {
            name: [list(known) for known in published_as(task)]
            for name, task in self.tasks.items()
            if not task.permuted_of
        }

    def kinds(self) -> dict[str, str]:
        """The kind of each task whose answers are its own."""
        return {name: task.kind for name, task in self.tasks.items() if not task.permuted_of}

    def mmlu_tasks(self) -> dict[str, str]:
        """What each MMLU task asks for: knowledge, reasoning, or '' where its subjects are mixed."""
        return {
            name: mmlu.asks_for(task.groups)
            for name, task in self.tasks.items()
            if task.format == "mmlu"
        }

    def about(self, configfiles: Sequence[str]) -> dict[str, Any]:
        """What the report says of the study besides its tables."""
        here = Path.cwd()
        files = [Path(file).absolute() for file in configfiles]
        names = [str(f.relative_to(here) if f.is_relative_to(here) else f) for f in files]
        run = f"snakemake --cores all --configfile {' '.join(names)}"
        return {
            "title": self.settings.title,
            "settings": self.settings.plain(),
            "families": self.families,
            "tasks": list(self.tasks),
            "notes": list(self.notes),
            "answered": bool(self.models),
            "commands": [["run everything", run]],
        }


# What jobs of one task are given, by the name of the param.
_VALUES: dict[str, Callable[[Study, str], Any]] = {
    "n": lambda study, task: study.tasks[task].n,
    "grams": lambda study, task: study.grams(task),
    "thresholds": lambda study, task: study.thresholds(task),
    "metrics": lambda study, task: study.metrics(task),
    "writing": lambda study, task: study.writing(task),
    "embedder": lambda study, task: study.embedder(task).plain(),
    "models": lambda study, _: study.series,
    "seed": lambda study, _: study.settings.seed,
    "contrasted": lambda study, _: study.contrasted,
    "ends": lambda study, _: study.ends,
    "running": lambda study, _: [study.running(model) for model in study.models],
    "chunk": lambda study, _: study.settings.generation.chunk,
    "answering": lambda study, _: study.job("generate").code,
    "infgram": lambda study, _: bool(study.settings.infgram),
    "contamination_n": lambda study, _: study.decontamination,
    "bins": lambda study, _: study.settings.statistics.support_bins,
    "resampling": lambda study, _: study.resampling,
    "permutations": lambda study, task: study.permutations(task),
}
# Rules after generate whose jobs are of one task.
_GIVEN: dict[str, tuple[str, ...]] = {
    "assemble_generations": ("writing", "running", "chunk", "answering"),
    "list_generated_pairs": ("n", "grams"),
    "measure_items": (),
    "measure_contrasts": (),
    "score_candidates": ("n", "models", "seed"),
    "embed_generated_pairs": ("n", "grams", "ends", "embedder"),
    "score_memorization": ("n", "infgram", "models", "contrasted", "resampling", "permutations"),
    "score_thresholds": ("thresholds", "models", "resampling"),
    "score_evidence": ("n", "models"),
    "score_performance": ("n", "metrics", "bins", "models", "resampling"),
    "score_novelty": ("n", "grams", "models", "resampling"),
    "score_contamination": ("n", "contamination_n", "metrics", "models", "resampling"),
}
NOTED = tuple(_GIVEN)
"""Rules whose jobs wait for a note of what they are given."""

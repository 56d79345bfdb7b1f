# What the rules ask of the study: names, paths and parameters that several of them share.


def code(script):
    """Digest of the library behind a script, a parameter of its rule."""
    return source.digest(Path(workflow.source_path(f"../scripts/{script}.py")))


def needs(rule, key, default):
    """Memory, time or threads of every job of a rule, the study's own or else the default."""
    own = study.resources.get(rule)
    return getattr(own, key, None) or default


def corpus_reading():
    """How a script reads every shard."""
    return study.corpus.model_dump(mode="json", exclude={"shards", "fetch"})


def piece_before(size, piece):
    """The folder that a piece of a size's training goes on from; the first has none."""
    return f"<results>/ladder/pieces/{size}.{piece - 1}" if piece > 1 else []


def task_n():
    """Task and n of every task-gram table, side by side."""
    pairs = [(task, n) for task, settings in study.tasks.items() for n in settings.n]
    return {"task": [task for task, _ in pairs], "n": [n for _, n in pairs]}


def novelty_tasks():
    """Tasks whose generations are searched for pairs that no document holds."""
    return [name for name, task in study.tasks.items() if task.kind == "translation"]


def swept_tasks():
    """Tasks that have a threshold above gamma to be scored at."""
    return [
        name
        for name, task in study.tasks.items()
        if any(len(task.thresholds(n)) > 1 for n in task.n)
    ]


def mmlu_tasks():
    """What each MMLU task asks for: knowledge, reasoning, or '' where it is not one of them."""
    return {
        name: task.asks_for()
        for name, task in study.tasks.items()
        if task.format == "mmlu"
    }


def permuted_tasks():
    """Tasks whose answers are permuted, each with the task it controls for."""
    return {
        name: task.permuted_of for name, task in study.tasks.items() if task.permuted_of
    }


def published_tasks():
    """What each task is in the published study: its task, the part of it, our group."""
    return {
        name: [list(known) for known in task.published_as()]
        for name, task in study.tasks.items()
        if not task.permuted_of
    }


def examples_of(task, split="test"):
    """The table of a task's examples."""
    return f"{study.results}/tasks/{task}.{split}.parquet"


def reading(task):
    """What decides a task's examples: its keys less those of mining, generation and scoring."""
    keys = {"kind", "format", "test", "train", "hub", "test_set", "fields", "languages"}
    keys |= {
        "directions",
        "groups",
        "test_limit",
        "train_limit",
        "permuted_of",
        "prompt",
    }
    return study.tasks[task].model_dump(mode="json", include=keys)


def grams(task):
    """What decides which n-grams of a text count, whatever n."""
    return study.tasks[task].model_dump(
        mode="json", include={"output_gram", "stop_words"}
    )


def mining_split(task):
    """The split a task's pairs are mined from."""
    return study.tasks[task].pairs_from


def mined_splits():
    """Task and split of every table of examples whose n-grams are counted."""
    return [
        (task, split)
        for task in study.tasks
        for split in sorted({"test", mining_split(task)})
    ]


def index_tokenizer():
    """The tokenizer's folder where it is trained here: a hub has no file to wait for."""
    return [] if study.infgram.tokenizer else rules.train_tokenizer.output[0]


def embedder_of(task):
    """Settings of the embedder that mines a task's pairs."""
    return study.embedders[study.tasks[task].embedder]


def thresholds(wildcards):
    """Gamma of one task and n, then the thresholds that are swept above it."""
    return study.tasks[wildcards.task].thresholds(int(wildcards.n))


def fitted(task):
    """The file of a task's embedder where it is trained here, else nothing."""
    name = study.tasks[task].embedder
    return (
        f"{study.results}/embedders/{name}.npz"
        if embedder_of(task).kind == "lsa"
        else []
    )


def model_folder(name):
    """The folder of a model trained here, else nothing: a hub has no file to wait for."""
    trained = study.ladder and name in study.ladder.sizes
    return f"<results>/ladder/{name}" if trained else []


def running(name):
    """What decides the answers of a model: its keys, and the study's engine where it has none."""
    model = models[name].run()
    return {
        **model,
        "name": name,
        "revision": model["revision"] or None,
        "engine": model["engine"] or study.generation.engine,
    }


def tuned_models():
    """The base model of each instruct model."""
    return {
        name: model.instruct_of for name, model in models.items() if model.instruct_of
    }


def ends():
    """The smallest and the largest model of the family that has most."""
    sizes = {}
    for name, model in models.items():
        sizes.setdefault(model.family, []).append(name)
    family = max(sizes.values(), key=len, default=[])
    return list(dict.fromkeys([*family[:1], *family[-1:]]))


def score_names():
    """Every table of scores: those that need a model only where there is one."""
    names = [
        "memorization",
        "controls",
        "variants",
        "performance",
        "support",
        "novelty",
        "thresholds",
        "claims",
        "instruct",
        "published",
    ]
    if study.decontamination:
        names += ["contamination", "decontaminated"]
    # Which examples the corpus holds is known without one.
    return names if models else [name for name in names if name == "contamination"]


def score_tables():
    """The files of every table of scores."""
    return [f"<results>/scores/{name}.csv" for name in score_names()]


def report_tables():
    """The tables that the report shows, by name."""
    return {
        "manifest": "<results>/corpus/manifest.parquet",
        "coverage": "<results>/pairs/coverage.csv",
        "alignment": "<results>/pairs/alignment.csv",
        **dict(zip(score_names(), score_tables())),
    }


def resampling():
    """Draws and seed of every interval and p-value."""
    draws = study.statistics.model_dump(
        mode="json", include={"bootstrap", "permutations"}
    )
    return {**draws, "seed": study.seed}


def series():
    """Model and parameters of every series of a figure, in order of size."""
    return {name: model.parameters for name, model in models.items()}


def families():
    """Models that are compared by size, by the family they share."""
    return {name: model.family for name, model in models.items()}


def figure_names():
    """Every figure the study's tasks give data for."""
    names = ["coverage", "thresholds"]
    if models:
        names += ["performance_support", "memorization", "kendall", "emergence"]
    if models and novelty_tasks():
        names += ["novelty", "generated_cosines"]
    if models and swept_tasks():
        names.append("memorization_by_threshold")
    if tuned_models():
        names.append("instruct")
    return names


def figure_files(endings=("png", "pdf")):
    """Every file of every figure."""
    return expand(
        "<results>/figures/{name}.{ending}", name=figure_names(), ending=endings
    )


def configfiles():
    """The config files of this run, for the command that reproduces it from the same folder."""
    here = Path.cwd()
    files = [Path(file).absolute() for file in workflow.configfiles]
    return " ".join(
        str(file.relative_to(here) if file.is_relative_to(here) else file)
        for file in files
    )

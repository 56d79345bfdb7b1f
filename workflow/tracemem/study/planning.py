"""Every job of a study, counted from its settings, with the amount of work in each.

The jobs are those of ``workflow/rules``, stage by stage. Work is in units of its own: MB of text,
n-grams, pairs, tokens, floating-point operations. A training step takes 6 operations for every
parameter and token, a forward pass 2 (Kaplan et al., arXiv 2001.08361).
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tracemem.report.products import MERGED
from tracemem.settings.answering import new_tokens
from tracemem.settings.rules import BY_NAME
from tracemem.settings.study import Settings
from tracemem.settings.tasks import TaskSettings
from tracemem.study.rates import Rates
from tracemem.study.sizes import Sizes, Split
from tracemem.study.study import Study

_MEGA, _TERA = 1e6, 1e12
_INDEXER_MB = 8000  # that index_shard may take where no config says otherwise
_FIT_MB = 40.0  # of text of which the passages have all the pairs of words an LSA embedder takes
_LARGE = 10_000.0  # MB of text above which the corpus is taken to hold every n-gram it is asked for
_VOCABULARY = 50_277  # of a tokenizer nobody has looked at; Pythia's
_GRAM_TOKENS = 8  # of an n-gram, in a sentence embedder
# Parameters that a token passes in the embedders of each kind: none, E5 base, and LASER's BiLSTM.
_EMBEDDER = {"lsa": 0.0, "wordllama": 0.0, "sentence-transformers": 1.1e8, "laser": 4.5e7}
_BERTSCORE = 3.55e8  # roberta-large
_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2, "auto": 4}


@dataclass(frozen=True)
class Job:
    """One job, before rates are put to it.

    Attributes:
        rule: its rule.
        work: amounts by kind of work.
        name: what tells it from others of its rule, as in its benchmark's path; '' for jobs of
            shards, which are taken to be alike.
        cores: cores it uses at a time.
        gpus: GPUs it asks for.
        memory_mb: memory its settings alone decide, over what any job of its rule takes.
        disk_mb: what it leaves on disk, as far as sizes decide it without a measured rate.
        precision: of a model that runs in it.
    """

    rule: str
    work: Mapping[str, float] = field(default_factory=dict)
    name: str = ""
    cores: int = 1
    gpus: int = 0
    memory_mb: float = 0.0
    disk_mb: float = 0.0
    precision: str = "float32"


def plan(study: Settings, sizes: Sizes, rates: Rates) -> dict[str, list[Job]]:
    """Every job of a study up to its report, by stage.

    Without a model nothing is generated, and of the scores contamination alone is left. A corpus of
    unknown size is planned as an empty one.
    """
    amounts = _Amounts(study, sizes, rates)
    planned = {stage: list(found(amounts)) for stage, found in _STAGES.items()}
    return {stage: jobs for stage, jobs in planned.items() if jobs}


def count(planned: Mapping[str, Iterable[Job]]) -> dict[str, int]:
    """Jobs by rule."""
    return dict(Counter(job.rule for jobs in planned.values() for job in jobs))


class _Amounts:
    """Amounts that several stages share."""

    def __init__(self, study: Settings, sizes: Sizes, rates: Rates):
        self.study, self.sizes, self.rates = study, sizes, rates
        self.product = Study(study)
        self.models = study.study_models()
        self.shards = sizes.corpus.shards
        self.text_mb = (sizes.corpus.text_bytes or 0.0) / _MEGA
        self.documents = sizes.corpus.documents or 0.0
        self.ngrams = sum(
            sum(grams.inputs + grams.outputs for grams in split.grams.values())
            + sum(split.looked_for.values())
            for split in sizes.splits.values()
        )

    def threads(self, rule: str) -> int:
        """Threads a rule is given."""
        own = self.study.resources.get(rule)
        return (own and own.threads) or 1

    def of_shard(self) -> dict[str, float]:
        """Work of reading a shard and looking its n-grams up.

        The more n-grams there are to find, the slower is each look-up: that stretches the text.
        """
        slower = self.rates.along("ratio", "look-up", max(self.ngrams, 1.0), logarithmic=True)
        text_mb = self.text_mb / self.shards
        return {"MB of text": text_mb, "MB looked up": text_mb * max(0.1, slower)}

    def tokens(self, text_bytes: float, vocabulary: int = _VOCABULARY) -> float:
        """Tokens of so much text."""
        ratio = self.rates.along("ratio", "bytes of a token", vocabulary, logarithmic=True)
        return text_bytes / max(1.0, ratio)

    def index_vocabulary(self) -> int:
        """Tokens of the infinity-gram LM."""
        assert self.study.infgram is not None  # nobody else has its tokens
        own = self.study.infgram.tokenizer
        return self.study.ladder.vocabulary if self.study.ladder and not own else _VOCABULARY

    def split(self, task: str) -> Split:
        """The split a task's pairs are mined from."""
        return self.sizes.splits[task, self.study.tasks[task].pairs_from]

    def test(self, task: str) -> Split:
        """The test split of a task."""
        return self.sizes.splits[task, "test"]

    def kept(self, task: TaskSettings, n: int, gamma: float) -> float:
        """Share of the candidate pairs that are mined: in the corpus, and above gamma."""
        held = 1.0
        if not self.study.world and self.text_mb < _LARGE:
            held = _share(self.rates.along("ratio", "pairs held", n))
        if self.study.embedders[task.embedder].kind == "sentence-transformers":
            # Cosines of E5 lie above every threshold in use.
            return held
        return held * _share(self.rates.along("ratio", "pairs above", gamma))

    def pairs(self, task: str) -> dict[int, float]:
        """Mined pairs of a task by n."""
        own = self.study.tasks[task]
        return {
            n: grams.pairs * self.kept(own, n, own.gamma_of(n))
            for n, grams in self.split(task).grams.items()
        }

    def items(self, task: str, place: int = 0) -> dict[int, float]:
        """Items of a task by n, above the threshold that stands at ``place`` of the sweep."""
        own = self.study.tasks[task]
        found = {}
        for n, grams in self.test(task).grams.items():
            thresholds = own.thresholds(n)
            if place < len(thresholds):
                found[n] = grams.items * self.kept(own, n, thresholds[place])
        return found

    def written_pairs(self, task: str) -> float:
        """Pairs of a source and a generation: one has about as many n-grams as the gold target."""
        return sum(grams.items for grams in self.test(task).grams.values())

    def embedding(self, task: str, grams: float) -> dict[str, float]:
        """Work of embedding n-grams of a task."""
        kind = self.study.embedders[self.study.tasks[task].embedder].kind
        operations = 2 * _EMBEDDER[kind] * _GRAM_TOKENS * grams
        return {"n-grams embedded": grams, "TFLOP": operations / _TERA}

    def trained_embedder(self, task: str) -> bool:
        """Whether the embedder of a task is trained on the corpus."""
        return self.product.embedder(task).kind == "lsa"


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


def _corpus(amounts: _Amounts) -> Iterator[Job]:
    study, shards = amounts.study, amounts.shards
    at_rest = (amounts.sizes.corpus.bytes or 0.0) / _MEGA / shards
    if study.world:
        yield Job("generate_world", {"facts": study.world.facts})
        work = {"documents": amounts.documents / shards}
        yield from [Job("generate_shard", work, disk_mb=at_rest)] * shards
    elif study.corpus.fetch:
        yield from [Job("fetch_shard", disk_mb=at_rest)] * shards
    yield from [Job("inspect_shard", {"MB of text": amounts.text_mb / shards})] * shards
    yield Job("write_manifest")


def _ladder(amounts: _Amounts) -> Iterator[Job]:
    ladder = amounts.study.ladder
    if not ladder:
        return
    share = 1.0
    if ladder.tokenizer_documents and amounts.documents:
        share = _share(ladder.tokenizer_documents / amounts.documents)
    yield Job("train_tokenizer", {"MB of text": amounts.text_mb * share})
    shard = Job("pack_shard", {"MB of text": amounts.text_mb / amounts.shards})
    yield from [shard] * amounts.shards
    # One token more a document, which ends it.
    tokens = amounts.tokens(amounts.text_mb * _MEGA, ladder.vocabulary) + amounts.documents
    yield Job("pack_corpus", {"tokens": tokens}, disk_mb=2 * tokens / _MEGA)
    rows = ladder.epochs * max(0.0, tokens / ladder.context - 1)
    steps = max(1.0, rows // ladder.batch)
    for name, made in amounts.product.trained.items():
        size = ladder.sizes[made.size]
        parameters = size.parameters(ladder.vocabulary)
        at_once = min(size.micro_batch or ladder.batch, ladder.batch)
        operations = 6 * parameters * steps * ladder.batch * ladder.context
        work = {
            "passes": steps * math.ceil(ladder.batch / at_once) / size.pieces,
            "TFLOP": operations / _TERA / size.pieces,
        }
        # Weights, gradients and both moments of Adam; logits, their softmax and its gradient.
        memory = 16 * parameters + 12 * at_once * ladder.context * ladder.vocabulary
        # The checkpoints and the final weights; of pieces nothing stays but what the last hands on.
        disk = (ladder.checkpoints + 1) * 4 * parameters
        for piece in range(1, size.pieces + 1):
            last = piece == size.pieces
            yield Job(
                "train_model" if last else "train_piece",
                work,
                name if last else f"{name}.{piece}",
                cores=ladder.threads,
                gpus=ladder.gpus,
                memory_mb=memory / _MEGA,
                disk_mb=disk / _MEGA if last else 0.0,
                precision=ladder.dtype,
            )


def _tasks(amounts: _Amounts) -> Iterator[Job]:
    for (task, split), sizes in amounts.sizes.splits.items():
        yield Job("load_task", {"examples": sizes.read}, f"{task}.{split}")
    # Nobody is asked where no model answers.
    for task in amounts.study.tasks if amounts.models else ():
        yield Job("write_prompts", {"examples": amounts.test(task).examples}, task)
    for task in amounts.study.tasks if amounts.product.contrasted else ():
        yield Job("find_neighbours", {"examples": amounts.test(task).examples}, task)


def _index(amounts: _Amounts) -> Iterator[Job]:
    study, shards, ngrams = amounts.study, amounts.shards, amounts.ngrams
    yield Job("list_candidates", {"n-grams": ngrams})
    work = {**amounts.of_shard(), "n-grams": ngrams}
    yield from [Job("count_ngrams", work, cores=amounts.threads("count_ngrams"))] * shards
    yield Job("merge_ngrams", {"n-grams of all shards": ngrams * shards, "n-grams": ngrams})
    # Without a model there is nothing to hold the infinity-gram LM against.
    if not (study.infgram and amounts.models):
        return
    vocabulary = amounts.index_vocabulary()
    if not study.infgram.index:
        tokens = amounts.tokens(amounts.text_mb * _MEGA, vocabulary) / shards
        given = study.resources.get("index_shard")
        most = (given and given.mem_mb) or _INDEXER_MB
        # Two bytes a token, and a pointer into them for each; eight bytes a document.
        pointer = max(1, math.ceil(math.log2(max(2.0, 2 * tokens)) / 8))
        job = Job(
            "index_shard",
            {"MB of text": amounts.text_mb / shards},
            # Twelve bytes a byte of tokens, or as many parts as the memory asks for.
            memory_mb=min(24 * tokens / _MEGA, most),
            disk_mb=((2 + pointer) * tokens + 8 * amounts.documents / shards) / _MEGA,
        )
        yield from [job] * shards
    for task in study.tasks:
        test = amounts.test(task)
        places = test.examples * amounts.tokens(test.target_bytes, vocabulary)
        work = {"examples": test.examples, "places in all shards": places * shards}
        yield Job("score_infgram", work, task, amounts.threads("score_infgram"))


def _mining(amounts: _Amounts) -> Iterator[Job]:
    study, shards = amounts.study, amounts.shards
    used = {task.embedder for task in study.tasks.values()}
    for name in sorted(name for name in used if study.embedders[name].kind == "lsa"):
        share = _share(study.embedders[name].documents / max(amounts.documents, 1.0))
        sampled = min(amounts.text_mb * share, _FIT_MB)
        yield Job("fit_embedder", {"MB of text": amounts.text_mb, "MB fit on": sampled}, name)
    mined = {task: amounts.pairs(task) for task in study.tasks}
    for task in study.tasks:
        for n, grams in amounts.split(task).grams.items():
            embedding = amounts.embedding(task, grams.inputs + grams.outputs)
            work = {"candidate pairs": grams.pairs, "pairs": mined[task][n]}
            if amounts.trained_embedder(task):
                work |= embedding
            else:
                cores = amounts.threads("embed_ngrams")
                yield Job("embed_ngrams", embedding, f"{task}.n{n}", cores)
            yield Job("mine_pairs", work, f"{task}.n{n}")
    pairs = sum(sum(by_n.values()) for by_n in mined.values())
    yield Job("list_pairs", {"pairs": pairs})
    work = {**amounts.of_shard(), "pairs": pairs, "samples": pairs * study.samples}
    yield from [Job("count_pairs", work, cores=amounts.threads("count_pairs"))] * shards
    yield Job("merge_pairs", {"pairs of all shards": pairs * shards, "pairs": pairs})
    for task in study.tasks:
        items = amounts.items(task)
        for n in study.tasks[task].n:
            work = {"n-grams": amounts.ngrams, "pairs": pairs, "items": items[n]}
            yield Job("tabulate_pairs", work, f"{task}.n{n}")
    yield Job("measure_alignment", {"pairs": pairs})
    every = sum(sum(amounts.items(task).values()) for task in study.tasks)
    yield Job("measure_coverage", {"items": every})
    if not (study.profiles or amounts.product.contrasted):
        return
    yield Job("list_premises")
    work = amounts.of_shard()
    yield from [Job("count_premises", work, cores=amounts.threads("count_premises"))] * shards
    yield Job("merge_premises")
    for task in study.tasks:
        yield from (Job("tabulate_premises", name=f"{task}.n{n}") for n in study.tasks[task].n)


def _counterfactual(amounts: _Amounts) -> Iterator[Job]:
    study, product = amounts.study, amounts.product
    if not study.counterfactual:
        return
    yield Job("draw_subsets", {"documents": amounts.documents})
    yield from (Job("pack_subset", name=subset) for subset in product.subsets)
    if study.counterfactual.stranger:
        yield Job("pack_stranger", {"MB of text": amounts.text_mb})
    for name in product.trained_again:
        size = product.trained[name].size
        model, known = amounts.models[size], amounts.sizes.models[size]
        tokens = sum(
            amounts.tokens(test.prompt_bytes + test.target_bytes, known.vocabulary) * test.examples
            for test in map(amounts.test, product.world_tasks)
        )
        work = {"scored tokens": tokens, "TFLOP": 2 * (model.parameters or 0) * tokens / _TERA}
        yield Job("answer_without", work, name, cores=model.threads, gpus=model.gpus,
                  precision=model.dtype)  # fmt: skip
    yield Job("score_counterfactual")
    if product.alone:
        yield Job("score_alone")
    yield Job("judge_candidates")


def _profiles(amounts: _Amounts) -> Iterator[Job]:
    study, product = amounts.study, amounts.product
    if not study.profiles:
        return
    examples = sum(amounts.test(task).examples * len(study.tasks[task].n) for task in study.tasks)
    yield Job("list_followed", {"examples": examples})
    yield Job("time_documents", {"documents": amounts.documents})
    cores = amounts.threads("count_intervals")
    # One pair an example: few beside the n-grams of the other counts.
    work = {"MB of text": amounts.text_mb / amounts.shards}
    yield from [Job("count_intervals", work, cores=cores)] * amounts.shards
    for name, one in product.followed.items():
        model, known = amounts.models[one["model"]], amounts.sizes.models[one["model"]]
        weights = (model.parameters or 0) * _BYTES[model.dtype]
        tokens = sum(
            amounts.tokens(test.prompt_bytes + test.target_bytes, known.vocabulary) * test.examples
            for test in map(amounts.test, study.tasks)
        )
        yield Job(
            "answer_at",
            {
                "scored tokens": tokens,
                "TFLOP": 2 * (model.parameters or 0) * tokens / _TERA,
                "GB of weights": weights / 1e9,
            },
            name,
            cores=model.threads,
            gpus=model.gpus,
            memory_mb=weights / _MEGA,
            precision=model.dtype,
        )
    yield Job("score_profiles", {"examples": examples * len(product.profiled)})


def _generation(amounts: _Amounts) -> Iterator[Job]:
    for name, model in amounts.models.items():
        weights = (model.parameters or 0) * _BYTES[model.dtype]
        scored = written = 0.0
        for task in amounts.study.tasks:
            more = _tokens_of(amounts, task, name)
            scored, written = scored + more[0], written + more[1]
            if name in amounts.product.contrasted:
                scored += _contrasted_tokens(amounts, task, name)
        work = {
            "scored tokens": scored,
            "written tokens": written,
            "TFLOP": 2 * (model.parameters or 0) * (scored + written) / _TERA,
            "GB of weights": weights / 1e9,
        }
        yield Job(
            "generate",
            work,
            name,
            cores=model.threads,
            gpus=model.gpus,
            memory_mb=weights / _MEGA,
            precision=model.dtype,
        )
    for task in amounts.study.tasks if amounts.models else ():
        scored = sum(_tokens_of(amounts, task, name)[0] for name in amounts.models)
        yield Job("assemble_generations", {"scored tokens": scored}, task)


def _tokens_of(amounts: _Amounts, task: str, model: str) -> tuple[float, float]:
    """Tokens of a task that a model scores, and those that it writes."""
    own, known, test = amounts.study.tasks[task], amounts.sizes.models[model], amounts.test(task)
    prompt, target, options = (
        test.examples * amounts.tokens(size, known.vocabulary)
        for size in (test.prompt_bytes, test.target_bytes, test.option_bytes)
    )
    if test.options:
        return prompt + options, 0.0
    share = amounts.rates.of("ratio", "share of max_new_tokens written")
    most = new_tokens(own.kind, own.max_new_tokens, known.context)
    # What is generated goes through the prompt once more.
    return 2 * prompt + target, share * test.examples * most


def _contrasted_tokens(amounts: _Amounts, task: str, model: str) -> float:
    """Tokens of a task that a model scores after its neighbours: targets, and prompts once more."""
    assert amounts.study.contrast is not None  # only then is a model contrasted
    known, test = amounts.sizes.models[model], amounts.test(task)
    prompt, target = (
        test.examples * amounts.tokens(size, known.vocabulary)
        for size in (test.prompt_bytes, test.target_bytes)
    )
    return prompt + amounts.study.contrast.neighbours * target


def _novelty(amounts: _Amounts) -> Iterator[Job]:
    novel, shards, models = amounts.product.novelty_tasks, amounts.shards, len(amounts.models)
    if not (novel and models):
        return
    each = {task: amounts.written_pairs(task) for task in novel}
    for task in novel:
        yield Job("list_generated_pairs", {"pairs": each[task] * models}, task)
    pairs = sum(each.values()) * models
    yield Job("gather_generated_pairs", {"pairs": pairs})
    work = {**amounts.of_shard(), "pairs": pairs}
    cores = amounts.threads("count_generated_pairs")
    yield from [Job("count_generated_pairs", work, cores=cores)] * shards
    yield Job("merge_generated_pairs", {"pairs of all shards": pairs * shards})
    # Of the smallest and the largest model.
    ends = min(2, models)
    for task in novel:
        grams = ends * sum(g.inputs + g.outputs for g in amounts.test(task).grams.values())
        work = {"pairs": each[task] * ends, **amounts.embedding(task, grams)}
        yield Job("embed_generated_pairs", work, task)


_RECKONED = {
    f"score_{name}"
    for name in ("memorization", "performance", "thresholds", "novelty", "contamination")
}


def _scoring(amounts: _Amounts) -> Iterator[Job]:
    study, models = amounts.study, len(amounts.models)
    for task in study.tasks if models else ():
        for n, items in amounts.items(task).items():
            yield Job("measure_items", {"items": items * models}, f"{task}.n{n}")
            if amounts.product.contrasted:
                yield Job("measure_contrasts", name=f"{task}.n{n}")
        yield Job("score_memorization", _memorization(amounts, task), task)
        yield Job("score_performance", _performance(amounts, task), task)
    for task in amounts.product.swept_tasks if models else ():
        yield Job("score_thresholds", _thresholds(amounts, task), task)
    for task in amounts.product.novelty_tasks if models else ():
        yield Job("score_novelty", {"pairs": amounts.written_pairs(task) * models}, task)
    for task in study.tasks if study.decontamination else ():
        yield Job("score_contamination", _contamination(amounts, task), task)
    for name in amounts.product.scores:
        if name not in MERGED:
            continue
        yield Job("merge_scores", name=name)
        # A table of a rule of its own, of which nobody has reckoned the work yet.
        if f"score_{name}" in BY_NAME and f"score_{name}" not in _RECKONED:
            tasks = getattr(amounts.product, MERGED[name].of)
            yield from (Job(f"score_{name}", name=task) for task in tasks)
    for rule in ("judge_claims", "compare_instruct", "compare_published") if models else ():
        yield Job(rule)


def _resampled(statistics: int, items: float, each: int) -> dict[str, float]:
    """Work of so many statistics, each of so many resamples, over items of all of them."""
    return {"resamples": statistics * each, "resampled items": items * each}


def _memorization(amounts: _Amounts, task: str) -> dict[str, float]:
    """Scores of all models."""
    items, examples = amounts.items(task), amounts.test(task).examples
    statistics = len(items) * len(amounts.models)
    over = sum(items.values()) * len(amounts.models) + statistics * examples
    return _resampled(statistics, over, amounts.product.permutations(task))


def _thresholds(amounts: _Amounts, task: str) -> dict[str, float]:
    """Scores of all models."""
    own, models = amounts.study.tasks[task], len(amounts.models)
    found = [amounts.items(task, k) for k in range(max(len(own.thresholds(n)) for n in own.n))]
    statistics = sum(map(len, found)) * models
    items = sum(sum(by_n.values()) for by_n in found) * models
    items += statistics * amounts.test(task).examples
    return _resampled(statistics, items, amounts.study.statistics.bootstrap)


def _performance(amounts: _Amounts, task: str) -> dict[str, float]:
    """Scores of all models: as a whole, by group, and by support for every n."""
    own, test = amounts.study.tasks[task], amounts.test(task)
    ways = 1 + len(own.n) + (test.groups > 1)
    statistics = len(amounts.models) * len(own.metrics) * ways
    each = amounts.study.statistics.bootstrap
    work = _resampled(statistics, statistics * test.examples, each)
    if "bertscore-precision" in own.metrics:
        tokens = 2 * test.examples * amounts.tokens(test.target_bytes)
        work["TFLOP"] = 2 * _BERTSCORE * tokens * len(amounts.models) / _TERA
    return work


def _contamination(amounts: _Amounts, task: str) -> dict[str, float]:
    """Scores and Mem of all models over all, the clean and the contaminated examples."""
    items, examples = amounts.items(task), amounts.test(task).examples
    subsets = 2 * len(amounts.study.decontamination) * len(amounts.models)
    work = _resampled(
        subsets * (1 + len(items)),
        subsets * (sum(items.values()) + (1 + len(items)) * examples),
        amounts.study.statistics.bootstrap,
    )
    return {**work, "n-grams": amounts.ngrams}


def _figures(amounts: _Amounts) -> Iterator[Job]:
    yield from (Job("plot_figure", name=name) for name in amounts.product.figures)
    yield Job("write_report")


_STAGES = {
    "corpus": _corpus, "ladder": _ladder, "tasks": _tasks, "index": _index, "mining": _mining,
    "counterfactual": _counterfactual, "profiles": _profiles, "generation": _generation, "novelty": _novelty,
    "scoring": _scoring, "figures": _figures,
}  # fmt: skip

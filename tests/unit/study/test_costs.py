"""What a study will cost: counted jobs, hand-computed work, and how costs grow."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from bench.study.gather_rates import growth
from tracemem.settings import study as settings
from tracemem.study import costs, rates, sizes
from tracemem.study import planning as jobs
from tracemem.study.planning import Job
from tracemem.study.rates import Rates

ROOT = Path(__file__).resolve().parents[3]

CONFIG = {
    "title": "Mine",
    "results": "results/mine",
    "corpus": {"shards": ["a.jsonl", "b.jsonl"]},
    "infgram": {"tokenizer": "models/small"},
    "tasks": {
        "capitals": {
            "kind": "question-answering", "test": "t.jsonl", "n": [2, 3], "gamma": 0.0,
            "max_new_tokens": 10,
        }
    },
    "models": {
        "small": {"path": "models/small", "parameters": 1_000_000},
        "large": {"path": "models/large", "parameters": 4_000_000, "dtype": "bfloat16"},
    },
    "statistics": {"bootstrap": 100, "permutations": 300},
}  # fmt: skip
GRAMS = sizes.Grams(inputs=400, outputs=100, pairs=1000, items=1200)
TEST = sizes.Split(
    examples=200, read=200, prompt_bytes=90, target_bytes=10, options=0, option_bytes=0, groups=1,
    grams={2: GRAMS, 3: GRAMS}, looked_for={8: 50, 14: 10}, source="by hand",
)  # fmt: skip
KNOWN = sizes.Sizes(
    sizes.Corpus(shards=2, bytes=40e6, text_bytes=100e6, documents=50_000, source="by hand"),
    {("capitals", "test"): TEST},
    {name: sizes.Model(vocabulary=50_000, context=2048) for name in ("small", "large")},
)


def study(**changes) -> settings.Settings:
    return settings.load({**CONFIG, **changes})


def known(**changes) -> sizes.Sizes:
    return replace(KNOWN, corpus=replace(KNOWN.corpus, **changes))


@pytest.fixture(scope="module")
def measured() -> Rates:
    """The committed rates, with ratios that are easy to reckon with."""
    ratios = {
        ("ratio", "look-up", "10000"): 1.0, ("ratio", "look-up", "1000000"): 3.0,
        ("ratio", "bytes of a token", "1000"): 2.0, ("ratio", "bytes of a token", "50000"): 5.0,
        ("ratio", "pairs held", "2"): 0.5, ("ratio", "pairs held", "3"): 0.25,
        ("ratio", "pairs above", "-1"): 1.0, ("ratio", "pairs above", "1"): 0.0,
        ("ratio", "share of max_new_tokens written", ""): 0.5,
    }  # fmt: skip
    committed = {key: value for key, value in rates.read().values.items() if key[0] != "ratio"}
    return Rates({**committed, **ratios})


def of_rule(planned: dict[str, list[Job]], rule: str) -> list[Job]:
    return [job for several in planned.values() for job in several if job.rule == rule]


def test_every_job_has_a_measured_start(measured):
    for name in ("demo", "real-mini", "pythia-pile", "olmo-dolma", "world-large"):
        config = yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())
        started = settings.load(config)
        planned = jobs.plan(started, everything(started), measured)
        for job in (job for several in planned.values() for job in several):
            assert measured.seconds(job.rule, {}) > 0.1
            assert measured.memory(job.rule, {}) > 10


def everything(started: settings.Settings) -> sizes.Sizes:
    """Some sizes for any study, without looking at a file."""
    splits = {}
    for name, task in started.tasks.items():
        grams = dict.fromkeys(task.n, GRAMS)
        for split in sorted({"test", task.pairs_from}):
            splits[name, split] = replace(TEST, grams=grams)
    models = dict.fromkeys(started.study_models(), sizes.Model(50_000, 2048))
    return sizes.Sizes(KNOWN.corpus, splits, models)


def test_work_is_that_reckoned_by_hand(measured):
    planned = jobs.plan(study(), KNOWN, measured)
    # Of both n, and 60 n-grams that show contamination.
    ngrams = 2 * 500 + 60
    (candidates,) = of_rule(planned, "list_candidates")
    assert candidates.work == {"n-grams": ngrams}
    shard, other = of_rule(planned, "count_ngrams")
    assert shard == other
    assert shard.work["MB of text"] == 50
    assert shard.work["MB looked up"] == 50
    mined = {job.name: job.work for job in of_rule(planned, "mine_pairs")}
    # Half of the pairs have a cosine above 0; of n = 3 a quarter is in the corpus.
    assert mined["capitals.n2"]["pairs"] == 1000 * 0.5 * 0.5
    assert mined["capitals.n3"]["pairs"] == 1000 * 0.25 * 0.5
    assert mined["capitals.n3"]["candidate pairs"] == 1000
    asked = {job.name: job for job in of_rule(planned, "generate")}
    # 90 and 10 bytes are 18 and 2 tokens at 5 bytes each; the prompt is read twice, and once more
    # by the targets of the examples that it is a neighbour of.
    work = asked["small"].work
    assert work["scored tokens"] == pytest.approx(200 * (3 * 18 + 2 + 12 * 2))
    assert work["written tokens"] == 200 * 10 * 0.5
    assert work["TFLOP"] == pytest.approx(2 * 1e6 * (16_000 + 1000) / 1e12)
    assert asked["large"].work["TFLOP"] == pytest.approx(4 * work["TFLOP"])
    assert asked["large"].memory_mb == 8
    # One job a task, of two models.
    (scored,) = of_rule(planned, "score_memorization")
    items = 2 * (1200 * 0.5 * (0.5 + 0.25) + 2 * 200)
    assert scored.work == {"resamples": 4 * 800, "resampled items": pytest.approx(items * 800)}
    assert {job.name: job.work["items"] for job in of_rule(planned, "measure_items")} == {
        "capitals.n2": pytest.approx(2 * 1200 * 0.25),
        "capitals.n3": pytest.approx(2 * 1200 * 0.125),
    }


def test_look_ups_slow_down_with_the_n_grams(measured):
    many = replace(TEST, grams=dict.fromkeys((2, 3), replace(GRAMS, inputs=24_970)))
    size = replace(KNOWN, splits={("capitals", "test"): many})
    (shard, _) = of_rule(jobs.plan(study(decontamination=[]), size, measured), "count_ngrams")
    # 50,200 n-grams: log(5.02) / log(100) of the way from 1 to 3.
    assert shard.work["MB looked up"] == pytest.approx(50 * (1 + 2 * 0.35035), rel=1e-3)


def test_an_index_takes_two_bytes_a_token_and_a_pointer(measured):
    (shard, _) = of_rule(jobs.plan(study(), KNOWN, measured), "index_shard")
    # 50 MB are 10 million tokens, 20 MB: a pointer of 25 bits takes four bytes; 25,000 documents.
    tokens = 50e6 / measured.along("ratio", "bytes of a token", 50_277, logarithmic=True)
    assert tokens == pytest.approx(10e6, rel=1e-2)
    assert shard.disk_mb == pytest.approx((6 * tokens + 8 * 25_000) / 1e6)
    assert shard.memory_mb == pytest.approx(24 * tokens / 1e6)
    small = study(resources={"index_shard": {"mem_mb": 100}})
    assert of_rule(jobs.plan(small, KNOWN, measured), "index_shard")[0].memory_mb == 100


LADDER = {
    "vocabulary": 1000, "context": 100, "batch": 10, "epochs": 2, "checkpoints": 3,
    "sizes": {"tiny": {"hidden": 8, "layers": 1, "heads": 1, "micro_batch": 4, "pieces": 2}},
}  # fmt: skip


def test_training_takes_six_operations_a_parameter_and_token(measured):
    trained = study(ladder=LADDER, infgram=None, models={})
    size = known(text_bytes=2e6, documents=1000)
    size = replace(size, models={"tiny": sizes.Model(1000, 100)})
    planned = jobs.plan(trained, size, measured)
    # Two bytes a token and one token a document: 1,001,000 tokens, 10,009 rows twice over.
    steps = 2001
    parameters = trained.ladder.sizes["tiny"].parameters(1000)
    (last,), (first,) = of_rule(planned, "train_model"), of_rule(planned, "train_piece")
    for job in (first, last):
        assert job.work["passes"] == steps * 3 / 2
        assert job.work["TFLOP"] == pytest.approx(6 * parameters * steps * 1000 / 1e12 / 2)
    assert (first.name, last.name) == ("tiny.1", "tiny")
    assert (first.disk_mb, last.disk_mb) == (0, pytest.approx(4 * 4 * parameters / 1e6))


def seconds(started: settings.Settings, size: sizes.Sizes, measured: Rates) -> dict[str, float]:
    reckoned = costs.reckon(started, size, measured, cores=2)
    return {stage.name: stage.core_seconds for stage in reckoned.stages}


def test_twice_the_corpus_costs_twice_the_reading(measured):
    sizes_of = [1e9, 2e9, 4e9]
    found = [seconds(study(), known(text_bytes=size, documents=size / 2000), measured)
             for size in sizes_of]  # fmt: skip
    for stage in ("corpus", "index", "mining"):
        once, twice, fourfold = (one[stage] for one in found)
        # What is not linear is the start of jobs, which does not grow.
        assert fourfold - twice == pytest.approx(2 * (twice - once), rel=1e-6)
        assert twice > once and (stage == "mining" or twice > 1.5 * once), stage
    for stage in ("tasks", "generation", "figures"):
        assert found[0][stage] == found[2][stage]


@pytest.mark.parametrize(
    ("key", "more"),
    [("models", {**CONFIG["models"], "third": CONFIG["models"]["large"]}),
     ("statistics", {"bootstrap": 1000, "permutations": 3000})],
)  # fmt: skip
def test_more_models_and_more_resamples_cost_more(measured, key, more):
    size = replace(KNOWN, models={**KNOWN.models, "third": sizes.Model(50_000, 2048)})
    little, much = (seconds(one, size, measured) for one in (study(), study(**{key: more})))
    assert much["scoring"] > little["scoring"]
    assert (much["generation"] > little["generation"]) == (key == "models")
    assert all(much[stage] >= little[stage] for stage in little)


def test_without_a_model_there_is_nothing_but_counts(measured):
    planned = jobs.plan(study(models={}), replace(KNOWN, models={}), measured)
    assert not {"generation", "novelty"} & planned.keys()
    assert {job.rule for job in planned["scoring"]} == {
        "score_contamination", "merge_scores",
    }  # fmt: skip
    assert not of_rule(planned, "index_shard")
    assert of_rule(planned, "merge_pairs") and of_rule(planned, "write_report")


def test_a_job_on_a_gpu_is_reckoned_from_the_assumed_share_of_its_peak(measured):
    job = Job("generate", {"TFLOP": 1560.0, "GB of weights": 3.0}, gpus=1, precision="bfloat16")
    rates_of = {**measured.values, ("seconds", "generate", "start"): 8.0}
    # 312 TFLOP/s, of which 5 %: 100 s; three more to read the weights.
    assert costs.seconds(job, Rates(rates_of)) == pytest.approx(8 + 3 + 100)
    assert costs.seconds(replace(job, precision="float32"), Rates(rates_of)) > 1500
    on_gpu = {**CONFIG["models"]["small"], "gpus": 1}
    reckoned = costs.reckon(study(models={"small": on_gpu}), KNOWN, measured, cores=1)
    assert reckoned.total.gpu_seconds > 0
    (said,) = [remark for remark in reckoned.remarks if "GPU" in remark]
    assert "not measured" in said and "A100" in said
    assert not any("GPU" in r for r in costs.reckon(study(), KNOWN, measured, 1).remarks)


def test_a_corpus_of_unknown_size_is_said_to_be_in_no_number(measured):
    unknown = known(bytes=None, text_bytes=None, documents=None)
    (said,) = [r for r in costs.reckon(study(), unknown, measured, 1).remarks if "--corpus-gb" in r]
    assert "in none of these numbers" in said


ONE_SECOND = Rates({("seconds", rule, "start"): 1.0 for rule in
                    ("load_task", "list_candidates", "generate", "train_model", "train_piece",
                     "write_report")})  # fmt: skip


@pytest.mark.parametrize(
    ("planned", "cores", "wall"),
    [
        # Five jobs side by side, then one that needs them all, then the report.
        ([*[Job("load_task")] * 5, Job("list_candidates")], 1, 7),
        ([*[Job("load_task")] * 5, Job("list_candidates")], 2, 5),
        ([*[Job("load_task")] * 5, Job("list_candidates")], 100, 3),
        # A job of four cores is four times as fast where there are four.
        ([Job("load_task", cores=4)], 4, 1.25),
        ([Job("load_task", cores=4)], 2, 1.5),
        # The pieces of one size follow each other, however many cores.
        ([Job("train_piece", name="a.1"), Job("train_piece", name="a.2"),
          Job("train_model", name="a"), Job("train_model", name="b")], 100, 4),
    ],
)  # fmt: skip
def test_time_on_the_clock_is_that_of_jobs_played_through(planned, cores, wall):
    jobs_of = {"all": planned, "figures": [Job("write_report")]}
    assert costs.wall_seconds(jobs_of, ONE_SECOND, cores) == pytest.approx(wall)


def test_one_gpu_serves_one_job_at_a_time():
    on_gpu = [Job("generate", {"TFLOP": 0.0}, gpus=1, precision="float16")] * 3
    assumed = {("assumed", "TFLOP/s of a GPU", "float16"): 1.0,
               ("assumed", "share of peak", "generate"): 1.0}  # fmt: skip
    known_rates = Rates({**ONE_SECOND.values, **assumed})
    jobs_of = {"generation": on_gpu, "figures": [Job("write_report")]}
    assert costs.wall_seconds(jobs_of, known_rates, cores=8, gpus=1) == 4
    assert costs.wall_seconds(jobs_of, known_rates, cores=8, gpus=3) == 2


def test_between_two_measurements_lies_a_line(measured):
    along = Rates({("ratio", "x", "1"): 1.0, ("ratio", "x", "100"): 3.0, ("ratio", "y", "5"): 7.0})
    assert along.along("ratio", "x", 10, logarithmic=True) == pytest.approx(2)
    assert along.along("ratio", "x", 1000, logarithmic=True) == pytest.approx(4)
    assert along.along("ratio", "x", 50.5) == pytest.approx(2)
    assert along.along("ratio", "x", 0.01, logarithmic=True) == 1
    assert along.along("ratio", "y", 50.5) == 7
    with pytest.raises(KeyError):
        along.along("ratio", "z", 1)
    with pytest.raises(KeyError):
        along.seconds("no_such_rule", {})
    # A rule that nobody has measured yet is like most others.
    starts = {
        ("seconds", rule, "start"): seconds for rule, seconds in zip("abc", (1, 2, 9), strict=True)
    }
    assert Rates(starts).seconds("new", {}) == 2 and Rates(starts).seconds("c", {}) == 9


def test_memory_grows_by_what_jobs_of_different_size_differ_by():
    work = np.array([1000.0, 2000.0, 10_000.0])
    # All share 400 MB that a small job has not, and take 2 kB a unit beyond it.
    assert growth(work, 400 + 0.002 * work, base=100) == pytest.approx(0.002)
    assert growth(work, 400 - 0.002 * work, base=100) == 0
    # Of jobs of one size nothing tells them apart: their memory counts once it has doubled.
    assert growth(np.full(2, 1000.0), np.array([150.0, 300.0]), base=100) == pytest.approx(0.2)
    assert growth(np.full(2, 1000.0), np.array([150.0, 180.0]), base=100) == 0

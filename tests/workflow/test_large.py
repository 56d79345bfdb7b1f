"""The study of a billion tokens: its plan, and a small copy of it that is really trained."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from test_study import rules_to_run, snakemake
from transformers import AutoModelForCausalLM

from tracemem.generation.tables import GENERATIONS
from tracemem.jobs import files
from tracemem.settings import study as settings
from tracemem.world.generator import World

LARGE = Path(__file__).resolve().parents[2] / "config" / "world-large.yaml"
SMALL = Path(__file__).with_name("large-tiny.yaml")
QUESTIONS = [
    f"results/large-tiny/generations/questions/{size}.parquet" for size in ("small", "large")
]


def keys(config, above=()):
    """Every key with those above it; sizes of a ladder have names of their own."""
    if not isinstance(config, dict):
        return set()
    sizes = above == ("ladder", "sizes")
    found = set()
    for key, value in config.items():
        place = (*above, "*" if sizes else key)
        found |= {place} | keys(value, place)
    return found


def test_the_small_copy_has_the_keys_of_the_large_study():
    large, small = (yaml.safe_load(path.read_text()) for path in (LARGE, SMALL))
    assert keys(small) == keys(large)
    assert small["ladder"]["dtype"] == large["ladder"]["dtype"] == "bfloat16"


def test_the_large_study_has_the_size_it_says():
    study = settings.load(yaml.safe_load(LARGE.read_text()))
    # A document has about 20 tokens.
    assert 45e6 < World(study.world).size < 55e6
    counts = {name: model.parameters / 1e6 for name, model in study.study_models().items()}
    assert min(counts.values()) < 1.5 and max(counts.values()) > 100
    for name, count in counts.items():
        assert float(name.removesuffix("M")) == pytest.approx(count, rel=0.05)
    for size in study.ladder.sizes.values():
        assert study.ladder.batch % size.micro_batch == 0
    assert all(model.gpus == 1 for model in study.study_models().values())


def test_the_large_study_is_planned_in_pieces(tmp_path):
    said = snakemake(tmp_path, "-n", config=LARGE)
    study = settings.load(yaml.safe_load(LARGE.read_text()))
    jobs, pieces = rules_to_run(said), [size.pieces for size in study.ladder.sizes.values()]
    assert jobs["train_model"] == len(pieces)
    assert jobs["train_piece"] == sum(pieces) - len(pieces)
    assert jobs["generate"] == len(pieces)
    assert jobs["generate_shard"] == jobs["pack_shard"] == study.world.shards


def test_a_small_copy_trains_in_pieces_and_generates(tmp_path):
    ladder = tmp_path / "results/large-tiny/ladder"
    logs = tmp_path / "results/large-tiny/logs"
    # As if the time of a machine were over after the second piece of three.
    snakemake(tmp_path, "results/large-tiny/ladder/pieces/large.2", config=SMALL)
    assert not (ladder / "large").exists()
    jobs = rules_to_run(snakemake(tmp_path, *QUESTIONS, "-n", config=SMALL))
    assert (jobs["train_piece"], jobs["train_model"]) == (1, 2)
    snakemake(tmp_path, *QUESTIONS, config=SMALL)
    told = [
        (logs / log).read_text()
        for log in ("train_piece/large.1.log", "train_piece/large.2.log", "train_model/large.log")
    ]
    reached = [re.findall(r"step (\d+) of (\d+), loss", text)[-1] for text in told]
    steps = int(reached[0][1])
    assert [int(step) for step, _ in reached] == [steps // 3, steps * 2 // 3, steps]
    assert f"going on from step {steps * 2 // 3}" in told[2]
    assert len(list((ladder / "large").glob("step*"))) == 3
    assert not list((ladder / "pieces").glob("*")) and not list(ladder.glob("tokens/*"))
    study = settings.load(yaml.safe_load(SMALL.read_text()))
    for path, model in zip(QUESTIONS, study.study_models().values(), strict=True):
        table = files.read(GENERATIONS, tmp_path / path)
        assert len(table) == study.world.test_examples
        assert np.isfinite(np.concatenate(table["token_log_probabilities"])).all()
        trained = AutoModelForCausalLM.from_pretrained(tmp_path / model.path)
        assert trained.num_parameters() == model.parameters

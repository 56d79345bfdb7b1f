"""A model followed over its checkpoints, from the corpus to the profile, through Snakemake."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from forked import ROOT, Run, Server

from tracemem.corpus.reading import texts
from tracemem.counterfactual.tables import (
    ANSWERED,
    ATT,
    CHECKPOINTS,
    FOLLOWED,
    FOLLOWED_EFFECTS,
    PROFILES,
)
from tracemem.jobs import files
from tracemem.models import ladder
from tracemem.ngrams import words
from tracemem.settings.study import load

STEPS = Path(__file__).parent / "steps.yaml"


def study(server: Server, folder: Path, config: Path, target: str) -> Run:
    return server.run(
        folder, target, "--snakefile", str(ROOT / "workflow/Snakefile"), "--configfile", str(config)
    )


@pytest.fixture(scope="module")
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="module")
def results(server, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("steps")
    run = study(server, folder, STEPS, "results/steps/scores/profiles.csv")
    assert run.code == 0, run.said
    return folder / "results/steps"


def corpus(results: Path) -> list[str]:
    shards = sorted((results / "world/corpus").glob("*.jsonl.zst"))
    return list(texts({path.name: str(path) for path in shards}))


def steps_of(results: Path, count: int) -> np.ndarray:
    """The step that first reads each document: by the rows themselves."""
    settings = load(yaml.safe_load(STEPS.read_text()))
    tokens = files.read_array(results / "ladder/tokens.npy")
    document = np.searchsorted(np.flatnonzero(tokens == 0), np.arange(len(tokens)))
    first = np.full(count, 10**6)
    last = files.read(CHECKPOINTS, results / "profiles/checkpoints.parquet")["step"].iloc[-1]
    for step in reversed(range(last)):
        rows = ladder.rows(document, step * settings.ladder.batch, settings.ladder, settings.seed)
        first[rows[:, 1:].ravel()] = step
    return first


def test_examples_are_treated_when_their_documents_are_first_read(results):
    documents = corpus(results)
    steps = steps_of(results, len(documents))
    checkpoints = files.read(CHECKPOINTS, results / "profiles/checkpoints.parquet")
    folders = (results / "ladder/large").glob("step*")
    assert set(checkpoints["step"]) == {int(path.name[4:]) for path in folders}
    followed = files.read(FOLLOWED, results / "profiles/followed.parquet")
    effects = files.read(FOLLOWED_EFFECTS, results / "profiles/effects.parquet")
    known = effects[effects["treatment"] == "first"].set_index(["n", "example"])
    held = {
        n: [set(words.ngrams(text, n)) | {gram for k in (1, 2) for gram in words.ngrams(text, k)}
            for text in documents]
        for n in (1, 2)
    }  # fmt: skip
    checked = set()
    for row in followed.itertuples():
        places = [
            place
            for place, grams in enumerate(held[row.n])
            if row.documents and {row.input_gram, row.output_gram} <= grams
        ]
        assert len(places) == row.documents
        step = min(steps[places], default=10**6)
        cohort = 1 + (checkpoints["step"] <= step).sum()
        assert known.loc[(row.n, row.example), "cohort"] == cohort
        checked.add(int(cohort))
    assert checked == {1, 2, 3, 4, 5}


def test_effects_are_differences_of_what_the_checkpoints_find_likely(results):
    answers = [
        files.read(ANSWERED, results / f"counterfactual/answers/large-checkpoint{k}.parquet")
        .set_index("example")["log_probability"]
        for k in (1, 2, 3, 4)
    ]  # fmt: skip
    assert not np.allclose(answers[0], answers[3])
    effects = files.read(FOLLOWED_EFFECTS, results / "profiles/effects.parquet")
    rows = effects[(effects["n"] == 2) & (effects["treatment"] == "first")].set_index("example")
    controls = rows.index[rows["cohort"] == 5]
    one = rows[rows["cohort"] == 3].iloc[0]
    change = answers[3] - answers[1]
    assert one["effect"] == pytest.approx(change[one.name] - change[controls].mean())
    att = files.read(ATT, results / "profiles/att.parquet")
    profiles = files.read(PROFILES, results / "scores/profiles.csv")
    for table in (att, profiles):
        assert set(table["treatment"]) == {"first", "bulk"} and set(table["model"]) == {"large"}
        assert (table["value"].isna() <= (table["reason"].fillna("") != "")).all()
    assert sorted(set(profiles["since"])) == [-3, -2, 0, 1, 2, 3]


def test_a_published_model_is_followed_by_the_order_of_the_records(server, results, tmp_path):
    """The ladder's own checkpoints as if from a hub, on a corpus that stands in training order."""
    steps = files.read(CHECKPOINTS, results / "profiles/checkpoints.parquet")["step"].tolist()
    documents = len(corpus(results))
    a_step = -(-documents // steps[-1])
    tasks = results / "world/tasks"
    config = {
        "title": "steps",
        "results": "results/steps",
        "corpus": {"shards": [str(results / "world/corpus/*.jsonl.zst")]},
        "models": {"m": {"path": str(results / "ladder/large"), "revision": f"step{steps[-1]}"}},
        "profiles": {"records_a_step": a_step, "checkpoints": [steps[0], steps[2]]},
        "tasks": {
            "questions": {
                "kind": "question-answering",
                "test": str(tasks / "questions.test.jsonl"),
                "train": str(tasks / "questions.train.jsonl"),
                "n": 1,
            }
        },
        "infgram": None,
    }
    path = tmp_path / "published.yaml"
    path.write_text(yaml.safe_dump(config))
    run = study(server, tmp_path, path, "results/steps/scores/profiles.csv")
    assert run.code == 0, run.said
    found = tmp_path / "results/steps"
    bounds = [0, steps[0] * a_step, steps[2] * a_step]
    intervals = files.read_array(found / "profiles/intervals.npy")
    assert intervals.tolist() == [
        int(np.searchsorted(bounds, place, side="right")) for place in range(documents)
    ]
    answers = [
        files.read(ANSWERED, folder / "counterfactual/answers" / name)
        for folder, name in (
            (found, "m-checkpoint2.parquet"), (results, "large-checkpoint3.parquet"),
        )
    ]  # fmt: skip
    pd.testing.assert_frame_equal(*answers)

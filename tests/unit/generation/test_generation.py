import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tiny_model import build_model

from tracemem.generation import answering as generation
from tracemem.generation.tables import GENERATIONS
from tracemem.jobs import files
from tracemem.models import encoding
from tracemem.models.engines import ModelSettings, load

ASKED = {"max_new_tokens": 12, "stop": ["\n"], "chunk_size": 4}


def frame(rows) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "example": k,
                "group": "",
                "input": prompt,
                "target": target,
                "aliases": [target],
                "options": options,
                "prompt": prompt,
            }
            for k, (prompt, target, options) in enumerate(rows)
        ]
    )


@pytest.fixture(scope="module")
def engine(tiny_model):
    return load(
        ModelSettings("tiny", str(tiny_model), engine="transformers", dtype="float32", device="cpu")
    )


@pytest.fixture(scope="module")
def examples() -> pd.DataFrame:
    return frame(
        [(f"Question: {k} Who wrote it? Answer: ", f"the author {k} é", []) for k in range(10)]
        + [("Which? ", "river", ["town", "river", "the old mountain"])]
        + [("Which? ", "none of them", ["town", "river"])]
    )


@pytest.fixture(scope="module")
def whole(engine, examples, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    generation.run(engine, examples, folder / "t.parquet", folder / "chunks", **ASKED)
    return folder / "t.parquet"


def test_table_holds_what_the_engine_gives_one_example_at_a_time(engine, examples, whole):
    found = files.read(GENERATIONS, whole)
    assert found["example"].tolist() == examples["example"].tolist()
    for row, example in zip(found.itertuples(), examples.itertuples(), strict=True):
        gold = encoding.encode(engine.tokenizer, example.prompt, example.target)
        assert row.token_ids.tolist() == gold.target_ids
        assert row.token_starts.tolist() == gold.starts
        assert row.token_ends.tolist() == gold.ends
        scores = engine.score([gold.prompt_ids], [[gold.target_ids]])[0][0]
        np.testing.assert_allclose(row.token_log_probabilities, scores, atol=2e-5)
        assert row.prompt_tokens == len(gold.prompt_ids)
        options = list(example.options)
        one = encoding.encode_options(engine.tokenizer, example.prompt, [*options, "x"])[:-1]
        assert row.option_tokens.tolist() == [len(o.target_ids) for o in one]
        expected = [engine.score([o.prompt_ids], [[o.target_ids]])[0][0].sum() for o in one]
        np.testing.assert_allclose(row.option_log_probabilities, expected, atol=1e-4)
        if options:
            assert row.generation is None or pd.isna(row.generation)
            assert row.generated_tokens == 0
        else:
            written = engine.generate([gold.prompt_ids], 12, ["\n"])[0]
            assert row.generation == written.text.lstrip(" ")
            assert row.generated_tokens == len(written.token_ids)


def test_finished_table_leaves_no_chunks(whole):
    assert list((whole.parent / "chunks").glob("*")) == []


class Killed(BaseException):
    """Stands for a signal: nothing between here and the test catches it."""


def kill_at(engine, monkeypatch, call):
    calls = []
    generate = engine.generate

    def counted(*args):
        calls.append(len(args[0]))
        if len(calls) == call:
            raise Killed
        return generate(*args)

    monkeypatch.setattr(engine, "generate", counted)
    return calls


@pytest.mark.parametrize("call", [1, 2, 3])
def test_killed_job_goes_on_to_the_same_bytes(
    engine, examples, whole, tmp_path, monkeypatch, caplog, call
):
    caplog.set_level(logging.INFO)
    arguments = (engine, examples, tmp_path / "t.parquet", tmp_path / "chunks")
    with monkeypatch.context() as patch:
        kill_at(engine, patch, call)
        with pytest.raises(Killed):
            generation.run(*arguments, **ASKED)
    assert not (tmp_path / "t.parquet").exists()
    calls = kill_at(engine, monkeypatch, 99)
    generation.run(*arguments, **ASKED)
    assert len(calls) == 3 - (call - 1)
    assert (tmp_path / "t.parquet").read_bytes() == whole.read_bytes()
    if call > 1:
        assert f"{call - 1} of 3 chunks are there already" in caplog.text
    assert "12 of 12 examples" in caplog.text
    assert "0:00:00 left" in caplog.text


@pytest.mark.parametrize("change", ["prompt", "target", "weights", "setting", "length"])
def test_chunks_of_another_run_are_not_taken(
    engine, examples, tmp_path, monkeypatch, change, tmp_path_factory
):
    place = (tmp_path / "t.parquet", tmp_path / "chunks")
    with monkeypatch.context() as patch:
        kill_at(engine, patch, 3)
        with pytest.raises(Killed):
            generation.run(engine, examples, *place, **ASKED)
    now, changed, asked = engine, examples.copy(), dict(ASKED)
    if change == "prompt":
        changed.loc[0, "prompt"] = "Answer: "
    elif change == "target":
        changed.loc[0, "target"] = "a river"
    elif change == "weights":
        folder = build_model(tmp_path_factory.mktemp("other"), seed=1)
        now = load(replace(engine.settings, path=str(folder)))
    elif change == "setting":
        now = load(replace(engine.settings, max_batch_tokens=64))
    else:
        asked["max_new_tokens"] = 5
    calls = kill_at(now, monkeypatch, 99)
    generation.run(now, changed, *place, **asked)
    assert len(calls) == 3


def test_what_exceeds_the_context_is_cut_and_counted(tiny_model, tmp_path, caplog):
    small = load(ModelSettings("tiny", str(tiny_model), engine="transformers", context_length=32))
    prompt, target = "Who wrote the book? " * 20 + "Answer: ", "the author of the novel " * 20
    rows = [("Who? ", "the author", []), (prompt, "the author", []), ("Who? ", target, [])]
    rows += [(prompt, "town", ["town", "river"])]
    generation.run(small, frame(rows), tmp_path / "t.parquet", tmp_path / "c", max_new_tokens=10)
    found = files.read(GENERATIONS, tmp_path / "t.parquet")
    tokens = found["token_ids"].map(len)
    assert found["prompt_tokens"].iloc[1] == 22
    assert found["prompt_tokens"].iloc[3] + max(found["option_tokens"].iloc[3]) == 31
    # The target that does not fit keeps its first tokens: later characters have none.
    assert tokens.iloc[2] == 30
    assert found["token_ends"].iloc[2][-1] < len(target)
    assert "3 prompts cut to the context of 32 tokens" in caplog.text
    assert "1 gold targets cut to the context of 32 tokens" in caplog.text
    with pytest.raises(ValueError, match=r"max_new_tokens is 32; .* allowed is 1 to 31"):
        generation.run(
            small, frame([("Who? ", "town", [])]), tmp_path / "u", tmp_path / "c", max_new_tokens=32
        )


def test_an_option_that_does_not_fit_leaves_its_example_without_a_score(tiny_model, tmp_path):
    small = load(ModelSettings("tiny", str(tiny_model), engine="transformers", context_length=32))
    long = "the author of the novel " * 20
    rows = [("Which? ", "town", ["town", long]), ("Which? ", "town", ["town", "river"])]
    generation.run(small, frame(rows), tmp_path / "t.parquet", tmp_path / "c", max_new_tokens=0)
    found = files.read(GENERATIONS, tmp_path / "t.parquet")
    assert np.isnan(found["option_log_probabilities"].iloc[0]).tolist() == [True, True]
    assert len(found["token_ids"].iloc[0]) == 0
    assert np.isfinite(found["option_log_probabilities"].iloc[1]).all()


def test_no_example_is_an_error(engine, examples, tmp_path):
    with pytest.raises(ValueError, match="no examples"):
        generation.run(engine, examples[:0], tmp_path / "t", tmp_path / "c", **ASKED)


def test_probability_that_is_not_finite_is_an_error(engine, examples, tmp_path, monkeypatch):
    score = engine.score

    def overflowing(*args):
        found = score(*args)
        found[2][0][0] = np.nan
        return found

    monkeypatch.setattr(engine, "score", overflowing)
    with pytest.raises(ValueError, match=r"example 2: model 'tiny'.*not finite"):
        generation.run(engine, examples, tmp_path / "t", tmp_path / "c", **ASKED)


def test_chat_template_is_used_when_set(tiny_model, examples, tmp_path):
    talker = load(ModelSettings("tiny", str(tiny_model), engine="transformers", chat_template=True))
    talker.tokenizer.chat_template = "<user>{{ messages[0].content }}<assistant>"
    rows = [("Who wrote it? ", "the author", [])]
    generation.run(talker, frame(rows), tmp_path / "t.parquet", tmp_path / "c", **ASKED)
    found = files.read(GENERATIONS, tmp_path / "t.parquet").iloc[0]
    text = "<user>Who wrote it?<assistant>"
    one = encoding.encode(talker.tokenizer, text, "the author")
    assert found.prompt_tokens == len(one.prompt_ids)
    scores = talker.score([one.prompt_ids], [[one.target_ids]])[0][0]
    np.testing.assert_allclose(found.token_log_probabilities, scores, atol=2e-5)

import json
import logging

import numpy as np
import pandas as pd
import pytest
from tiny_model import build_model

from tracemem.generation import answering as generation
from tracemem.generation.answering import Asked
from tracemem.generation.tables import CHUNKS, GENERATIONS
from tracemem.jobs import files
from tracemem.models import encoding
from tracemem.models.engines import load
from tracemem.settings.models import NamedModel
from tracemem.tasks.tables import EXAMPLES, PROMPTS

ASKED = {"max_new_tokens": 12, "stop": ["\n"]}


def frame(rows, neighbours: int = 0) -> pd.DataFrame:
    """Questions of (prompt, target, options), each with the prompts of the rows after it."""
    asked = [prompt for prompt, _, _ in rows] * 2
    return pd.DataFrame(
        [
            {
                "example": k,
                "prompt": prompt,
                "target": target,
                "options": options,
                "neighbours": asked[k + 1 : k + 1 + neighbours],
            }
            for k, (prompt, target, options) in enumerate(rows)
        ]
    )


def settings(path, **changes) -> NamedModel:
    given = {"engine": "transformers", "dtype": "float32", "device": "cpu", **changes}
    return NamedModel(name="tiny", path=str(path), **given)


def answer(engine, questions, folder, task="questions", chunk_size=4, **asked) -> pd.DataFrame:
    """What a model answers of one task, as it is put together."""
    asked = Asked(task, questions, **{**ASKED, **asked})
    chunks = generation.run(engine, [asked], folder, chunk_size)
    files.conform(CHUNKS, chunks)
    table = generation.assemble(chunks, folder, task, questions)
    return files.conform(GENERATIONS, table).to_pandas()


def names(folder) -> set[str]:
    """Whatever lies in a folder."""
    return {path.name for path in folder.glob("*")}


@pytest.fixture(scope="module")
def engine(tiny_model):
    return load(settings(tiny_model))


@pytest.fixture(scope="module")
def examples() -> pd.DataFrame:
    return frame(
        [(f"Question: {k} Who wrote it? Answer: ", f"the author {k} é", []) for k in range(10)]
        + [("Which? ", "river", ["town", "river", "the old mountain"])]
        + [("Which? ", "none of them", ["town", "river"])],
        neighbours=3,
    )


@pytest.fixture(scope="module")
def whole(engine, examples, tmp_path_factory):
    """The chunks of a run that nothing stopped, and their folder."""
    folder = tmp_path_factory.mktemp("whole")
    return generation.run(engine, [Asked("questions", examples, **ASKED)], folder, 4), folder


def test_table_holds_what_the_engine_gives_one_example_at_a_time(engine, examples, whole, tmp_path):
    table = generation.assemble(*whole, "questions", examples)
    files.write(GENERATIONS, table, tmp_path / "t.parquet")
    found = files.read(GENERATIONS, tmp_path / "t.parquet")
    assert found["example"].tolist() == examples["example"].tolist()
    for row, example in zip(found.itertuples(), examples.itertuples(), strict=True):
        gold = encoding.encode(engine.tokenizer, example.prompt, example.target)
        assert row.token_ids.tolist() == gold.target_ids
        assert row.token_starts.tolist() == gold.starts
        assert row.token_ends.tolist() == gold.ends
        scores = engine.score([gold.prompt_ids], [[gold.target_ids]])[0][0]
        np.testing.assert_allclose(row.token_log_probabilities, scores, atol=2e-5)
        assert row.prompt_tokens == len(gold.prompt_ids)
        others = [encoding.encode_prompt(engine.tokenizer, asked) for asked in example.neighbours]
        each = [engine.score([prefix], [[gold.target_ids]])[0][0] for prefix in others]
        assert len(each) == 3
        np.testing.assert_allclose(row.contrast_log_probabilities, np.concatenate(each), atol=2e-5)
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


def test_the_folder_holds_the_chunks_that_are_listed_and_nothing_else(whole, tmp_path):
    chunks, folder = whole
    files.write(CHUNKS, chunks, tmp_path / "chunks.parquet")
    pd.testing.assert_frame_equal(files.read(CHUNKS, tmp_path / "chunks.parquet"), chunks)
    assert chunks["task"].tolist() == ["questions"] * 3
    assert chunks["chunk"].tolist() == [0, 1, 2] and chunks["examples"].tolist() == [4, 4, 4]
    assert names(folder) == {f"{key}.parquet" for key in chunks["key"]}
    assert chunks["sha256"].tolist() == [
        files.checksum(folder / f"{key}.parquet") for key in chunks["key"]
    ]


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
    arguments = (engine, [Asked("questions", examples, **ASKED)], tmp_path / "chunks", 4)
    with monkeypatch.context() as patch:
        kill_at(engine, patch, call)
        with pytest.raises(Killed):
            generation.run(*arguments)
    assert len(names(tmp_path)) == (call > 1)
    assert len(list(tmp_path.glob("chunks/*"))) == call - 1
    caplog.clear()
    calls = kill_at(engine, monkeypatch, 99)
    chunks = generation.run(*arguments)
    assert len(calls) == 3 - (call - 1)
    # The checksums of the chunks among them.
    pd.testing.assert_frame_equal(chunks, whole[0])
    for place in whole[1].glob("*"):
        assert (tmp_path / "chunks" / place.name).read_bytes() == place.read_bytes()
    if call > 1:
        assert f"{call - 1} of 3 chunks are there already" in caplog.text
    left = 4 * len(calls)
    assert f"questions: chunk {len(calls)} of {len(calls)}, {left} of {left} exam" in caplog.text
    assert "0:00:00 left" in caplog.text


@pytest.mark.parametrize(
    ("change", "calls_left"),
    # The chunk of the changed example and the one that was never answered; or all.
    [("prompt", 2), ("target", 2), ("weights", 3), ("setting", 3), ("length", 3), ("stop", 3)],
)
def test_chunks_of_another_run_are_not_taken(
    engine, examples, tmp_path, monkeypatch, change, calls_left, tmp_path_factory
):
    with monkeypatch.context() as patch:
        kill_at(engine, patch, 3)
        with pytest.raises(Killed):
            answer(engine, examples, tmp_path)
    before = names(tmp_path)
    now, changed, asked = engine, examples.copy(), dict(ASKED)
    if change == "prompt":
        changed.loc[0, "prompt"] = "Answer: "
    elif change == "target":
        changed.loc[0, "target"] = "a river"
    elif change == "weights":
        folder = build_model(tmp_path_factory.mktemp("other"), seed=1)
        now = load(engine.settings.model_copy(update={"path": str(folder)}))
    elif change == "setting":
        now = load(engine.settings.model_copy(update={"max_batch_tokens": 64}))
    elif change == "stop":
        asked["stop"] = ["\n", "."]
    else:
        asked["max_new_tokens"] = 5
    calls = kill_at(now, monkeypatch, 99)
    found = answer(now, changed, tmp_path, **asked)
    assert len(calls) == calls_left
    # What nothing asks for any more is gone, and so is its answer.
    assert len(names(tmp_path)) == 3 and len(names(tmp_path) & before) == 3 - calls_left
    fresh = answer(now, changed, tmp_path / "anew", **asked)
    pd.testing.assert_frame_equal(found, fresh)


def test_a_model_is_asked_all_tasks_and_of_a_changed_one_its_own_chunks_alone(
    engine, examples, tmp_path, monkeypatch
):
    other = frame([(f"Which river? {k} ", f"river {k}", []) for k in range(6)])

    def run(**several):
        tasks = [Asked(task, questions, **ASKED) for task, questions in several.items()]
        return generation.run(engine, tasks, tmp_path, 4)

    first = run(rivers=other, questions=examples)
    assert first["task"].tolist() == ["rivers"] * 2 + ["questions"] * 3
    assert first["chunk"].tolist() == [0, 1, 0, 1, 2]
    assert first["examples"].tolist() == [4, 2, 4, 4, 4]
    before = names(tmp_path)
    changed = other.copy()
    changed.loc[5, "prompt"] = "Which mountain? "
    # Until all is answered nothing is removed.
    with monkeypatch.context() as patch:
        kill_at(engine, patch, 1)
        with pytest.raises(Killed):
            run(rivers=changed, questions=examples)
    assert names(tmp_path) == before
    calls = kill_at(engine, monkeypatch, 99)
    second = run(rivers=changed, questions=examples)
    assert calls == [2]
    assert (first["key"] == second["key"]).tolist() == [True, False, True, True, True]
    assert (first["sha256"] == second["sha256"]).tolist() == [True, False, True, True, True]
    assert names(tmp_path) == {f"{key}.parquet" for key in second["key"]}
    assert len(before - names(tmp_path)) == 1
    # A task that goes takes its chunks along, and leaves those of the others.
    third = run(rivers=changed)
    assert len(calls) == 1
    pd.testing.assert_frame_equal(third, second[:2])
    assert names(tmp_path) == {f"{key}.parquet" for key in third["key"]}
    rivers = generation.assemble(third, tmp_path, "rivers", changed).to_pandas()
    pd.testing.assert_frame_equal(rivers, answer(engine, changed, tmp_path / "alone"))


def test_tasks_that_ask_the_same_share_their_chunks(engine, examples, tmp_path):
    tasks = [Asked(task, examples, **ASKED) for task in ("one", "other")]
    chunks = generation.run(engine, tasks, tmp_path, 4)
    assert chunks["key"].tolist() == chunks["key"].tolist()[:3] * 2 and len(names(tmp_path)) == 3
    one, other = (generation.assemble(chunks, tmp_path, a.task, examples) for a in tasks)
    assert one.equals(other)


def copied(whole, folder):
    for place in whole[1].glob("*"):
        (folder / place.name).write_bytes(place.read_bytes())
    return whole[0]


def test_a_chunk_that_was_changed_is_refused(whole, examples, tmp_path):
    chunks = copied(whole, tmp_path)
    place = tmp_path / f"{chunks['key'][1]}.parquet"
    table = files.read(GENERATIONS, place)
    files.write(GENERATIONS, table.assign(prompt_tokens=table["prompt_tokens"] + 1), place)
    with pytest.raises(ValueError, match=rf"{place.name}: not the file that .* --forcerun gen"):
        generation.assemble(chunks, tmp_path, "questions", examples)
    place.unlink()
    with pytest.raises(ValueError, match=rf"{place.name}: not there; run again with --forcerun"):
        generation.assemble(chunks, tmp_path, "questions", examples)


def test_answers_of_other_examples_are_refused(whole, examples, tmp_path):
    chunks = copied(whole, tmp_path)
    for wrong in (examples[:-1], examples.assign(example=examples["example"] + 1)):
        with pytest.raises(ValueError, match=f"12 answers of questions, .* its {len(wrong)} ex"):
            generation.assemble(chunks, tmp_path, "questions", wrong)
    with pytest.raises(ValueError, match=r"found 0 answers of rivers, .* its 12 examples"):
        generation.assemble(chunks, tmp_path, "rivers", examples)
    with pytest.raises(ValueError, match="found 8 answers of questions"):
        generation.assemble(chunks[:2], tmp_path, "questions", examples)
    # In another order they are not those either.
    with pytest.raises(ValueError, match="not those to its 12 examples"):
        generation.assemble(chunks[::-1], tmp_path, "questions", examples)


def test_questions_are_of_the_same_examples_as_the_prompts(examples):
    prompts = examples[["example", "prompt"]].assign(prompt="Why? ")
    given = examples.drop(columns=["prompt", "neighbours"]).assign(group="")
    asked = generation.questions(given, prompts)
    assert list(asked.columns) == ["example", "prompt", "target", "options", "neighbours"]
    assert not any(asked["neighbours"])
    prompts["prompt"] = [f"{k}? " for k in prompts["example"]]
    others = pd.DataFrame({"example": prompts["example"], "neighbours": [[2, 0]] * len(prompts)})
    found = generation.questions(given, prompts, others)
    assert found["neighbours"].tolist() == [["2? ", "0? "]] * len(prompts)
    with pytest.raises(ValueError, match="neighbours: found other examples"):
        generation.questions(given, prompts, others[1:])
    prompts["prompt"] = "Why? "
    assert set(asked["prompt"]) == {"Why? "}
    assert asked["target"].tolist() == examples["target"].tolist()
    for wrong in (prompts[:-1], prompts[::-1].reset_index(drop=True)):
        with pytest.raises(ValueError, match="prompts: found other examples"):
            generation.questions(examples, wrong)


def test_a_job_answers_every_task_and_each_is_put_together(
    tiny_model, examples, tmp_path, run_script
):
    """What the rules do: one job a model over all tasks, then one job a task over all models."""
    tasks = {
        "questions": {"kind": "question-answering", "max_new_tokens": 5, "stop": ["\n"]},
        "choices": {"kind": "multiple-choice", "max_new_tokens": None, "stop": []},
    }
    asked = {"questions": examples[:5], "choices": examples[10:].reset_index(drop=True)}
    paths = {"examples": [], "prompts": []}
    for task, rows in asked.items():
        rows["neighbours"] = [[] for _ in range(len(rows))]
        filled = rows.assign(group="", input="", aliases=[[text] for text in rows["target"]])
        for table, name in ((EXAMPLES, "examples"), (PROMPTS, "prompts")):
            paths[name].append(str(tmp_path / f"{task}.{name}.parquet"))
            files.write(table, filled[list(table.columns)], paths[name][-1])
    output = tmp_path / "chunks" / "tiny.parquet"
    job = {"model": settings(tiny_model).plain(), "tasks": tasks, "chunk": 4, **paths, "neighbours": [],
           "output": str(output), "log": str(tmp_path / "logs" / "generate.log")}  # fmt: skip
    # The rules' params are plain values, and the job a text.
    generation.main(json.loads(json.dumps(job)))
    chunks = files.read(CHUNKS, output)
    assert chunks["task"].tolist() == ["questions", "questions", "choices"]
    assert names(tmp_path / "chunks" / "tiny") == {f"{key}.parquet" for key in chunks["key"]}
    assert "choices: chunk 3 of 3" in (tmp_path / "logs" / "generate.log").read_text()
    engine = load(settings(tiny_model))
    for (task, rows), path in zip(asked.items(), paths["examples"], strict=True):
        table = tmp_path / f"{task}.parquet"
        given = {"chunks": [output], "examples": path}
        run_script("assemble_generations", given, [table], wildcards={"task": task})
        asked_here = {"questions": {"max_new_tokens": 5}, "choices": {"stop": []}}[task]
        expected = answer(engine, rows, tmp_path / "alone" / task, task, **asked_here)
        pd.testing.assert_frame_equal(files.read(GENERATIONS, table), expected)


def test_what_exceeds_the_context_is_cut_and_counted(tiny_model, tmp_path, caplog):
    small = load(settings(tiny_model, context_length=32))
    prompt, target = "Who wrote the book? " * 20 + "Answer: ", "the author of the novel " * 20
    rows = [("Who? ", "the author", []), (prompt, "the author", []), ("Who? ", target, [])]
    rows += [(prompt, "town", ["town", "river"])]
    found = answer(small, frame(rows), tmp_path, chunk_size=512, max_new_tokens=10, stop=())
    tokens = found["token_ids"].map(len)
    assert found["prompt_tokens"].iloc[1] == 22
    assert found["prompt_tokens"].iloc[3] + max(found["option_tokens"].iloc[3]) == 31
    # The target that does not fit keeps its first tokens: later characters have none.
    assert tokens.iloc[2] == 30
    assert found["token_ends"].iloc[2][-1] < len(target)
    assert "questions: 3 prompts cut to the context of 32 tokens" in caplog.text
    assert "questions: 1 gold targets cut to the context of 32 tokens" in caplog.text
    before = names(tmp_path)
    with pytest.raises(ValueError, match=r"^more: max_new_tokens is 32; .* allowed is 1 to 31"):
        answer(small, frame([("Who? ", "town", [])]), tmp_path, "more", max_new_tokens=32)
    assert names(tmp_path) == before


def test_an_option_that_does_not_fit_leaves_its_example_without_a_score(tiny_model, tmp_path):
    small = load(settings(tiny_model, context_length=32))
    long = "the author of the novel " * 20
    rows = [("Which? ", "town", ["town", long]), ("Which? ", "town", ["town", "river"])]
    found = answer(small, frame(rows), tmp_path, max_new_tokens=0, stop=())
    assert np.isnan(found["option_log_probabilities"].iloc[0]).tolist() == [True, True]
    assert len(found["token_ids"].iloc[0]) == 0
    assert np.isfinite(found["option_log_probabilities"].iloc[1]).all()


def test_no_example_is_an_error(engine, examples, tmp_path):
    with pytest.raises(ValueError, match="no examples"):
        answer(engine, examples[:0], tmp_path)


def test_probability_that_is_not_finite_is_an_error(engine, examples, tmp_path, monkeypatch):
    score = engine.score

    def overflowing(*args):
        found = score(*args)
        found[2][0][0] = np.nan
        return found

    monkeypatch.setattr(engine, "score", overflowing)
    with pytest.raises(ValueError, match=r"example 2: model 'tiny'.*not finite"):
        answer(engine, examples, tmp_path)


def test_chat_template_is_used_when_set(tiny_model, examples, tmp_path):
    talker = load(settings(tiny_model, chat_template=True))
    talker.tokenizer.chat_template = "<user>{{ messages[0].content }}<assistant>"
    rows = [("Who wrote it? ", "the author", [])]
    found = answer(talker, frame(rows), tmp_path).iloc[0]
    text = "<user>Who wrote it?<assistant>"
    one = encoding.encode(talker.tokenizer, text, "the author")
    assert found.prompt_tokens == len(one.prompt_ids)
    scores = talker.score([one.prompt_ids], [[one.target_ids]])[0][0]
    np.testing.assert_allclose(found.token_log_probabilities, scores, atol=2e-5)

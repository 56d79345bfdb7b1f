import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from tracemem.settings.mmlu import (
    MMLU_GROUPS,
    MMLU_KNOWLEDGE,
    MMLU_REASONING,
    MMLU_SUBJECTS,
    asks_for,
)
from tracemem.settings.tasks import TaskSettings

PLAIN = {"kind": "question-answering", "test": "test.jsonl", "n": 3, "gamma": 0.5}


def test_mmlu_subjects():
    assert len(MMLU_SUBJECTS) == 57
    assert len(MMLU_KNOWLEDGE) == 34 and len(MMLU_REASONING) == 22
    assert not set(MMLU_KNOWLEDGE) & set(MMLU_REASONING)
    assert "formal_logic" not in (*MMLU_KNOWLEDGE, *MMLU_REASONING)
    assert MMLU_GROUPS["formal_logic"] == ("formal_logic",)


def test_mmlu_subjects_are_those_of_the_data(real_data):
    files = {path.name.removesuffix("_test.csv") for path in (real_data / "mmlu/test").iterdir()}
    assert files == set(MMLU_SUBJECTS)


@pytest.mark.parametrize(
    ("given", "kind", "prompt", "metrics", "output_gram"),
    [
        (PLAIN, "question-answering", "Question: {input}\nAnswer: ", ["exact-match"], "target"),
        (
            {"format": "mmlu", "test": "{subject}_test.csv", "n": [3, 5], "gamma": [0.75, 0.65]},
            "multiple-choice",
            "Question: {input} ",
            ["accuracy", "accuracy-per-character", "accuracy-per-token"],
            "ngram",
        ),
        (
            {"format": "gsm8k", "test": "test.jsonl", "n": 3, "gamma": 0.7},
            "reasoning",
            "Question: {input}\nAnswer: ",
            ["final-answer"],
            "ngram",
        ),
        (
            {
                "format": "parallel-text",
                "test": "newstest2009.{language}",
                "languages": ["de", "en"],
                "n": 2,
                "gamma": 0.8,
            },
            "translation",
            "{input_language} text: {input}\n{language} translation: ",
            ["bleu"],
            "ngram",
        ),
    ],
)
def test_what_is_left_out_is_filled_in_and_survives_a_dump(
    given, kind, prompt, metrics, output_gram
):
    task = TaskSettings(**given)
    assert (task.kind, task.prompt, task.metrics) == (kind, prompt, metrics)
    assert task.output_gram == output_gram
    assert TaskSettings(**task.model_dump(mode="json")) == task


def test_files():
    pair = {"format": "parallel-text", "languages": ["de", "en"], "n": 2, "gamma": 0.8}
    one = TaskSettings(test="dev/news-{side}.{language}.sgm", **pair)
    assert one.files("test") == ["dev/news-src.de.sgm", "dev/news-ref.en.sgm"]
    assert TaskSettings(test=["a", "b"], **pair).files("test") == ["a", "b"]
    several = TaskSettings(
        format="parallel-text", directions=["de-en", "en-de"], train="eu.{pair}.{language}",
        test="news.{language}", n=2, gamma=0.8,
    )  # fmt: skip
    assert several.files("test") == ["news.de", "news.en"]
    assert several.sides("train") == {
        "de-en": ["eu.de-en.de", "eu.de-en.en"],
        "en-de": ["eu.de-en.en", "eu.de-en.de"],
    }
    assert several.stop_words.input == several.stop_words.output == "direction"
    mmlu = {"format": "mmlu", "test": "mmlu/{subject}_test.csv", "n": 3, "gamma": 0.7}
    assert len(TaskSettings(**mmlu).files("test")) == 57
    assert len(TaskSettings(groups=["knowledge"], **mmlu).files("test")) == 34
    assert TaskSettings(groups=["formal_logic"], **mmlu).files("test") == [
        "mmlu/formal_logic_test.csv"
    ]
    hub = TaskSettings(format="gsm8k", hub={"name": "openai/gsm8k"}, n=3, gamma=0.7)
    assert hub.files("test") == []


def test_stop_words_follow_the_languages():
    task = TaskSettings(kind="translation", languages=["de", "Talvic"], **_without("kind"))
    assert (task.stop_words.input, task.stop_words.output) == ("de", None)
    assert TaskSettings(**PLAIN).stop_words.output == "en"
    chosen = TaskSettings(stop_words={"input": ["the"], "output": None}, **PLAIN).stop_words
    assert (chosen.input, chosen.output) == (["the"], None)


def test_thresholds():
    task = TaskSettings(**{**PLAIN, "n": [3, 5], "gamma": [0.75, 0.65], "sweep": [0.8, 0.7]})
    assert task.thresholds(3) == [0.75, 0.8]
    assert task.thresholds(5) == [0.65, 0.7, 0.8]


def _without(key):
    return {name: value for name, value in PLAIN.items() if name != key}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prompt": "Question: "}, r"prompt: .*input required"),
        ({"prompt": "{input} {language}"}, r"prompt: .*need languages"),
        ({"prompt": "{input"}, r"prompt: .*stray brace"),
        ({"languages": ["de", "en"]}, r"languages: .*none with question-answering"),
        ({"metrics": "accuracy"}, r"metrics: found 'accuracy', allowed with question-answering"),
        ({"gamma": [0.5, 0.6]}, r"gamma: found 2 values, allowed: 1"),
        ({"gamma": 1.0}, r"gamma: found 1.0"),
        ({"n": [3, 3]}, r"n: found \[3, 3\]"),
        ({"n": 0}, r"n: found \[0\]"),
        ({"pairs_from": "train"}, r"pairs_from: .*train names no file"),
        ({"max_new_tokens": 0}, r"max_new_tokens: found 0"),
        ({"stop_words": {"input": "xx"}}, r"found 'xx', allowed: null, a list of words"),
        ({"test": []}, r"test: missing"),
        ({"hub": {"name": "a/b"}}, r"hub: give either"),
        ({"format": "gsm8k"}, r"kind: found 'question-answering', allowed with gsm8k: reasoning"),
        ({"test": "a.{subject}"}, r"test: found placeholder 'subject'"),
        ({"kind": "multiple-choice", "max_new_tokens": 0}, r"fields.options: missing"),
        ({"promt": "x"}, r"promt"),
    ],
)
def test_wrong_settings_say_what_was_found_and_what_is_allowed(change, said):
    with pytest.raises(ValidationError, match=said):
        TaskSettings(**{**PLAIN, **change})


def test_wrong_places():
    with pytest.raises(ValidationError, match=r"a path with {subject}"):
        TaskSettings(format="mmlu", test="test.csv", n=3, gamma=0.7)
    with pytest.raises(ValidationError, match="groups: found 'history', allowed: knowledge"):
        TaskSettings(format="mmlu", test="{subject}.csv", groups=["history"], n=3, gamma=0.7)
    pair = {"format": "parallel-text", "n": 2, "gamma": 0.8}
    with pytest.raises(ValidationError, match=r"one path with {language}, or two"):
        TaskSettings(test="newstest2009.de", languages=["de", "en"], **pair)
    with pytest.raises(ValidationError, match="languages: found 'xx'"):
        TaskSettings(test=["a", "b"], languages=["xx", "en"], **pair)
    with pytest.raises(ValidationError, match=r"languages: .*two"):
        TaskSettings(test=["a", "b"], **pair)
    with pytest.raises(ValidationError, match=r"directions: found 'de', allowed: two different"):
        TaskSettings(test="{language}", directions=["de"], **pair)
    with pytest.raises(ValidationError, match=r"directions: .*each one once"):
        TaskSettings(test="{language}", directions=["de-en", "de-en"], **pair)
    with pytest.raises(ValidationError, match=r"directions: .*without languages"):
        TaskSettings(test="{language}", directions=["de-en"], languages=["de", "en"], **pair)
    with pytest.raises(ValidationError, match=r"test: .*one path with {language}"):
        TaskSettings(test=["a.de", "a.en"], directions=["de-en"], **pair)
    with pytest.raises(ValidationError, match=r"'direction', allowed: only with directions"):
        TaskSettings(**{**PLAIN, "stop_words": {"input": "direction"}})


def test_settings_import_nothing_heavy():
    code = (
        "import sys, tracemem.settings.tasks\n"
        "print({'numpy', 'pandas', 'pyarrow', 'datasets', 'torch'} & set(sys.modules) or 'light')"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3] / "workflow",
    )
    assert found.stdout.strip() == "light"


@pytest.mark.parametrize(
    ("groups", "asked"),
    [
        (["knowledge"], "knowledge"),
        (["anatomy", "virology"], "knowledge"),
        (["reasoning"], "reasoning"),
        (["formal_logic"], ""),
        (["anatomy", "formal_logic"], ""),
        ([], ""),
    ],
)
def test_an_mmlu_task_asks_for_knowledge_or_reasoning_only_where_all_its_subjects_do(groups, asked):
    task = TaskSettings(format="mmlu", test="test/{subject}.csv", groups=groups, n=3, gamma=0.7)
    assert asks_for(task.groups) == asked


@pytest.mark.parametrize(
    "given",
    [
        {**PLAIN, "test_set": "wmt09"},
        {"format": "parallel-text", "test_set": "wmt09", "test": "news.{language}",
         "languages": ["de", "en"], "n": 2, "gamma": 0.5},
    ],
)  # fmt: skip
def test_a_test_set_stands_in_place_of_test_in_translations(given):
    with pytest.raises(ValidationError, match="test_set: found 'wmt09', allowed with parallel"):
        TaskSettings(**given)

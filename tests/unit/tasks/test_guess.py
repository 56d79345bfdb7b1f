"""What a task file is taken for, and what is said where it cannot be told."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tracemem import tasks
from tracemem.settings.mmlu import MMLU_SUBJECTS
from tracemem.settings.tasks import TaskSettings
from tracemem.tasks import TaskError
from tracemem.tasks.guess import guess


@pytest.fixture
def jsonl(tmp_path):
    """Write records to a file and give its path."""

    def write(*records, name="own.jsonl"):
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


QUESTION = {"input": "question", "target": "answer"}
OWN = {
    "names": (
        [{"id": "1", "question": "Who wrote it?", "answer": "Jane Austen"}],
        "question-answering", QUESTION,
    ),
    "aliases": (
        [{"Question": "Who?", "Answer": "Austen", "Aliases": ["Jane"], "topic": topic}
         for topic in ("art", "art")],
        "question-answering",
        {"input": "Question", "target": "Answer", "aliases": "Aliases", "group": "topic"},
    ),
    "parts of names": (
        [{"qid": "a", "question_text": f"Who {i}?", "answer_text": "x y", "question_id": "b"}
         for i in range(2)],
        "question-answering", {"input": "question_text", "target": "answer_text"},
    ),
    "wrong answers are no aliases": (
        [{"question": f"Who {i}?", "best_answer": "x", "incorrect_answers": ["y"],
          "correct_answers": ["x", "z"]} for i in range(2)],
        "question-answering",
        {"input": "question", "target": "best_answer", "aliases": "correct_answers"},
    ),
    "a list of answers": (
        [{"question": "who", "answer": ["a", "b"]}, {"question": "what", "answer": ["c"]}],
        "question-answering", QUESTION,
    ),
    "odd names, one asks": (
        [{"a b": "Bern", "Frage: {1}": "Welche Stadt?"}, {"a b": "Rom", "Frage: {1}": "Welche?"}],
        "question-answering", {"input": "Frage: {1}", "target": "a b"},
    ),
    "odd names, the first is longer": (
        [{"u": "capital of France", "v": "Paris"}, {"u": "capital of Italy", "v": "Rome"}],
        "question-answering", {"input": "u", "target": "v"},
    ),
    "Chinese": (
        [{"问题": "法国的首都是哪里？", "答案": "巴黎"}, {"问题": "中国的首都是哪里？", "答案": "北京"}],
        "question-answering", {"input": "问题", "target": "答案"},
    ),
    "the instruction beside an empty input": (
        [{"instruction": f"Do {i}", "input": "", "output": "It is done"} for i in range(2)],
        "question-answering", {"input": "instruction", "target": "output"},
    ),
    "options by text": (
        [{"question": "Which?", "choices": ["a b", "c d"], "answer": "c d"}],
        "multiple-choice", {**QUESTION, "options": "choices"},
    ),
    "options by number": (
        [{"question": f"Which {i}?", "choices": ["a", "b"], "answer": i} for i in range(2)],
        "multiple-choice", {**QUESTION, "options": "choices"},
    ),
    "options by letter": (
        [{"stem": "Which?", "options": ["a b", "c d"], "answerKey": "B"},
         {"stem": "What?", "options": ["A", "c d"], "answerKey": "A"},
         {"stem": "Who?", "options": ["e", "f"], "answerKey": "A"}],
        "multiple-choice", {"input": "stem", "target": "answerKey", "options": "options"},
    ),
    "options by a number in quotes": (
        [{"ctx": "He", "endings": ["goes", "runs", "lies"], "label": str(i)} for i in range(3)],
        "multiple-choice", {"input": "ctx", "target": "label", "options": "endings"},
    ),
    "options under an unknown name": (
        [{"question": "Which?", "foo": ["a", "b"], "answer": answer} for answer in "ab"],
        "multiple-choice", {**QUESTION, "options": "foo"},
    ),
    "worked answers": (
        [{"problem": "1 and 2?", "solution": "1 + 2 = 3\n#### 3"}],
        "reasoning", {"input": "problem", "target": "solution"},
    ),
    "languages by name": (
        [{"en": "the house", "German": "das Haus", "id": "1"},
         {"en": "the dog", "German": "der Hund", "id": "2"}],
        "translation", {"input": "German", "target": "en"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OWN)
def test_own_records(jsonl, case):
    records, kind, fields = OWN[case]
    found = guess(jsonl(*records))
    assert (found.format, found.kind, found.fields) == ("jsonl", kind, fields)
    told = " ".join(found.said)
    assert kind in told and all(name in told for name in fields.values())
    # What is guessed is what the study reads.
    given = {**found.settings(), "test": found.test, "n": found.n, "gamma": 0.5}
    assert len(tasks.load(TaskSettings(**given), "test")) == len(records)


@pytest.mark.parametrize(
    ("golds", "options", "right"),
    [
        ([1, 0], [["a", "b"], ["c", "d"]], ["b", "c"]),
        (["B", "a"], [["x", "y"], ["z", "w"]], ["y", "z"]),
        (["1", "0"], [["x", "y"], ["z", "w"]], ["y", "z"]),
        # Options that are letters and numbers themselves.
        (["B", "A"], [["A", "B"], ["B", "A"]], ["B", "A"]),
        (["B", "B", "B"], [["x", "y"], ["z", "w"], ["B", "A"]], ["y", "w", "A"]),
        (["3", "1"], [["1", "3"], ["1", "0"]], ["3", "1"]),
        ([1, 1], [["1", "3"], ["7", "0"]], ["3", "0"]),
    ],
)
def test_which_option_is_right(jsonl, golds, options, right):
    rows = [
        {"input": "which", "target": gold, "options": choices}
        for gold, choices in zip(golds, options, strict=True)
    ]
    task = {"kind": "multiple-choice", "fields": {"options": "options"}, "n": 1, "gamma": 0.5}
    frame = tasks.load(TaskSettings(test=jsonl(*rows), **task), "test")
    assert list(frame["target"]) == right


@pytest.mark.parametrize(
    ("golds", "said"),
    [
        ([0, 2], r":2: field 'target' is 2, allowed: 0, the first option, to 1"),
        ([0, -1], r":2: field 'target' is -1, allowed: 0"),
        ([0, "b"], r":2: field 'target' is 'b', allowed: 0"),
        ([0, True], r":2: field 'target' is True, allowed: a text"),
        ([0, 1.0], r":2: field 'target' is 1.0, allowed: a text"),
        (["B", "A", "C"], r":3: field 'target' is 'C', allowed: A, the first option, to B"),
        (["x", "B"], r":2: target 'B', allowed: an option, \['x', 'y'\]"),
    ],
)
def test_an_answer_that_names_no_option(jsonl, golds, said):
    rows = [{"input": "which", "target": gold, "options": ["x", "y"]} for gold in golds]
    task = {"kind": "multiple-choice", "fields": {"options": "options"}, "n": 1, "gamma": 0.5}
    with pytest.raises(TaskError, match=said):
        tasks.load(TaskSettings(test=jsonl(*rows), **task), "test")


def test_of_a_list_of_answers_the_first_is_the_gold_answer(jsonl):
    path = jsonl({"input": "who", "target": ["b", "a"], "more": ["c", "a"]})
    given = {"kind": "question-answering", "fields": {"aliases": "more"}, "n": 1, "gamma": 0.5}
    frame = tasks.load(TaskSettings(test=path, **given), "test")
    assert frame["target"][0] == "b" and list(frame["aliases"][0]) == ["b", "a", "c"]
    path = jsonl({"input": "who", "target": [], "more": []})
    with pytest.raises(TaskError, match=r":1: field 'target' is an empty list"):
        tasks.load(TaskSettings(test=path, **given), "test")


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([], r"own.jsonl: no record in it; allowed: records such as"),
        (
            [{"question": "1+1?", "answer": 2}],
            r":1: field 'answer' is 2, allowed: .* quotes: \"2\"",
        ),
        ([{"u": 1, "v": 2}], r"input and the gold answer cannot be told; found: u \(number\), v"),
        ([{"question": "a"}], r"which field is the gold answer cannot be told.* set kind"),
        ([{"u": "Rome", "v": "the capital"}], r"which of u and v is the input"),
        ([{"u": "a b c", "v": "a b", "w": "a"}], r"cannot be told; found: u \(text\), v \(text\)"),
        (
            [{"question": "Which?", "A": "a", "B": "b", "answer": "B"}],
            r"answer holds single letters, and no field holds the options",
        ),
        (
            [{"question": "Which?", "choices": {"text": ["a"], "label": ["A"]}, "answerKey": "A"}],
            r"choices looks like the options.* choices \(object\)",
        ),
        (
            [{"question": "Which?", "choices": ["a", "b"], "answer": "c"}],
            r"choices looks like the options, but no field says which",
        ),
        (
            [{"question": "Who?", "answer": "a"}, {"question": "Who?"}],
            r"answer \(text, missing in 1 of 2\)",
        ),
        ([{"question": "Who?", "answers": {"text": ["a"]}}], r"answers \(object\)"),
    ],
)
def test_what_cannot_be_told_is_said_with_the_fields_there_are(jsonl, records, said):
    with pytest.raises(TaskError, match=said):
        guess(jsonl(*records))


def test_what_is_known_is_kept(jsonl):
    path = jsonl({"u": "Rome", "v": "the capital", "choices": ["Rome", "Bern"]})
    fields = {"input": "v", "target": "u"}
    assert guess(path, fields=fields).fields == {**fields, "options": "choices"}
    asked = guess(path, "question-answering", fields)
    assert (asked.kind, asked.fields) == ("question-answering", fields)
    with pytest.raises(TaskError, match=r"no field 'w', found: u, v, choices"):
        guess(path, fields={"input": "w"})
    worked = jsonl({"question": "1 and 2?", "answer": "It is 3\n#### 3"})
    assert guess(worked).format == "gsm8k"
    assert guess(worked, "question-answering").format == "jsonl"
    sides = jsonl({"source": "das Haus", "target": "the house"})
    assert guess(sides).kind == "question-answering"
    assert guess(sides, "translation").fields == {"input": "source", "target": "target"}


@pytest.mark.parametrize(
    ("record", "name", "languages"),
    [
        ({}, "news.de-en.jsonl", ("de", "en")),
        ({}, "dev_en_to_fr.jsonl", ("en", "fr")),
        ({"source_lang": "de_DE", "target_lang": "English"}, "own.jsonl", ("de", "en")),
        ({"src_language": "hu", "tgt_language": "de"}, "own.jsonl", ("hu", "de")),
    ],
)
def test_languages_of_two_sides(jsonl, record, name, languages):
    pair = {"source": "das Haus steht", "target": "the house stands", **record}
    if "src_language" in record:
        pair = {"src": "a", "tgt": "b", **record}
    found = guess(jsonl(pair, name=name))
    assert (found.kind, found.languages) == ("translation", languages)
    assert guess(jsonl({"question": "a", "answer": "b"}, name=name)).kind == "question-answering"


def test_every_kind_of_file_reads_the_same(tmp_path, jsonl):
    rows = [{"question": f"Who is {i}?", "answer": f"number {i}"} for i in range(5)]
    plain = jsonl(*rows)
    (tmp_path / "own.jsonl.gz").write_bytes(gzip.compress((tmp_path / "own.jsonl").read_bytes()))
    (tmp_path / "folder").mkdir()
    for place in ("own.parquet", "folder/part.parquet"):
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / place)
    expected = guess(plain)
    for name in ("own.jsonl.gz", "own.parquet", "folder"):
        found = guess(str(tmp_path / name))
        assert (found.fields, found.said) == (expected.fields, expected.said)
        assert [example.input for example in found.sample] == [row["question"] for row in rows]


def test_only_the_first_records_are_read(tmp_path, jsonl):
    rows = [{"question": f"Who is {i}?", "answer": f"number {i}"} for i in range(300)]
    assert len(guess(jsonl(*rows)).sample) == 200


def test_official_records(jsonl, tmp_path):
    asked = {"context": "Question: Which city?\nAnswer:", "answer": "Rome", "aliases": ["Roma"]}
    nested = {"question": "Which city?", "answer": {"value": "Rome", "aliases": ["Roma"]}}
    official = {"Question": "Which city?", "Answer": {"Value": "Rome", "Aliases": ["Roma"]}}
    (tmp_path / "t.json").write_text(json.dumps({"Data": [official]}))
    places = (jsonl(asked, name="a.jsonl"), jsonl(nested, name="n.jsonl"), tmp_path / "t.json")
    for path in places:
        found = guess(str(path))
        assert found.settings() == {"kind": "question-answering", "format": "triviaqa"}
        assert (found.sample[0].input, found.sample[0].aliases) == ("Which city?", ["Rome", "Roma"])
    found = guess(jsonl({"question": "How many?", "answer": "2 + 2 = 4\n#### 4"}))
    assert found.settings() == {"kind": "reasoning", "format": "gsm8k"}
    row = {"question": "Which?", "subject": "virology", "choices": ["a", "b"], "answer": 1}
    assert guess(jsonl(row)).format == "mmlu"
    assert guess(jsonl({**row, "subject": "cooking"})).fields["target"] == "answer"
    pair = {"translation": {"en": "house", "de": "Haus"}}
    found = guess(jsonl(pair))
    assert (found.format, found.languages) == ("parallel-text", ("de", "en"))
    with pytest.raises(TaskError, match=r"translation holds en, de, fr; set format: parallel-text"):
        guess(jsonl({"translation": {"en": "a", "de": "b", "fr": "c"}}))


def test_json_that_is_not_triviaqa(tmp_path):
    for text, said in (("[]", "an object with 'Data'"), ("{", "t.json:1: not JSON")):
        (tmp_path / "t.json").write_text(text)
        with pytest.raises(TaskError, match=said):
            guess(str(tmp_path / "t.json"))


def test_mmlu_files(tmp_path):
    for subject in ("virology", "anatomy"):
        (tmp_path / f"{subject}_test.csv").write_text("Which is it?,1 a,2 b,3 c,4 d,A\n")
    place = str(tmp_path / "{subject}_test.csv")
    for path in (place, str(tmp_path), str(tmp_path / "virology_test.csv")):
        found = guess(path)
        assert (found.test, found.groups) == (place, ("anatomy", "virology"))
        assert {example.group for example in found.sample} == {"anatomy", "virology"}
    for subject in MMLU_SUBJECTS:
        (tmp_path / f"{subject}_test.csv").write_text("Which is it?,1 a,2 b,3 c,4 d,A\n")
    assert "groups" not in guess(place).settings()
    with pytest.raises(TaskError, match=r"no such file for any of the 57 subjects"):
        guess(str(tmp_path / "dev" / "{subject}.csv"))
    (tmp_path / "own.csv").write_text("question,answer\n")
    with pytest.raises(TaskError, match=r"own.csv: .csv is read for MMLU.* allowed.* JSONL"):
        guess(str(tmp_path / "own.csv"))


def test_parallel_files(tmp_path):
    for code in ("de", "en"):
        (tmp_path / f"my news.{code}").write_text(f"a line of {code}\n")
    place = str(tmp_path / "my news.{language}")
    for path, languages in (
        (place, ("de", "en")),
        (str(tmp_path / "my news.de"), ("de", "en")),
        (str(tmp_path / "my news.en"), ("en", "de")),
    ):
        found = guess(path)
        assert (found.format, found.test, found.languages) == ("parallel-text", place, languages)
    (tmp_path / "my news.fr").write_text("a line of fr\n")
    assert guess(str(tmp_path / "my news.fr")).languages == ("fr", "en")
    for path in (place, str(tmp_path / "my news.en")):
        with pytest.raises(TaskError, match=r"more than two languages, de, en, fr; set languages"):
            guess(path)


def test_parallel_files_with_sides(tmp_path):
    for name in ("t-src.de.sgm", "t-ref.en.sgm"):
        (tmp_path / name).write_text('<doc docid="d">\n<seg id="1">a b</seg>\n</doc>\n')
    for path in ("t-src.de.sgm", "t-ref.en.sgm", "t-{side}.{language}.sgm"):
        found = guess(str(tmp_path / path))
        assert found.test == str(tmp_path / "t-{side}.{language}.sgm")
        assert found.languages == ("de", "en")


def test_files_that_are_no_task(tmp_path):
    (tmp_path / "own.txt").write_text("a\n")
    with pytest.raises(TaskError, match=r"own.txt: not a kind of task file; allowed: .jsonl"):
        guess(str(tmp_path / "own.txt"))
    for name in ("none.jsonl", "none.de", "none.csv", "none"):
        with pytest.raises(TaskError, match=rf"{name}: no such file"):
            guess(str(tmp_path / name))
    with pytest.raises(TaskError, match=r"a brace in the name"):
        guess(str(tmp_path / "{a}.jsonl"))


@pytest.mark.parametrize(
    ("asked", "answered", "n", "output_gram"),
    [
        ("which city is it", "Rome", [1, 2, 3], None),
        ("which city", "Rome", [1, 2], None),
        ("法国的首都是哪里？", "巴黎", [1], None),
        ("which city is it", "a b c d e f g h i j k", [1, 2, 3], "ngram"),
    ],
)
def test_n_fits_the_inputs_and_answers(jsonl, asked, answered, n, output_gram):
    found = guess(jsonl({"question": asked, "answer": answered}))
    assert found.n == n
    assert found.settings().get("output_gram") == output_gram
    assert found.settings().get("metrics") == (["bleu"] if output_gram else None)


@pytest.mark.parametrize(
    ("options", "n", "output_gram"),
    [(["one", "two"], [1, 2, 3], "target"), (["a b", "c d"], [1, 2], None)],
)
def test_options_of_one_word_are_taken_whole(jsonl, options, n, output_gram):
    found = guess(jsonl({"question": "which of these", "options": options, "answer": options[1]}))
    assert (found.n, found.settings().get("output_gram")) == (n, output_gram)


def test_real_files(real_data):
    formats = {
        "gsm8k/test.jsonl": ("gsm8k", ()),
        "triviaqa/triviaqa_3000.jsonl": ("triviaqa", ()),
        "mmlu/test": ("mmlu", ()),
        "wmt09/newstest2009.hu": ("parallel-text", ("hu", "en")),
    }
    for name, (format, languages) in formats.items():
        found = guess(str(real_data / name))
        assert (found.format, found.languages, found.n) == (format, languages, [1, 2, 3])


def test_a_field_that_holds_nothing_in_any_record_is_passed_over(tmp_path):
    path = tmp_path / "t.jsonl"
    rows = [{"id": f"q{k}", "input": f"Who is {k}?", "target": "me", "aliases": ["me", "I"],
             "options": [], "subject": None} for k in range(3)]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = guess(str(path))
    assert (found.kind, "options" in found.fields) == ("question-answering", False)
    rows[1]["options"] = ["me", "you"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(TaskError, match="options looks like the options"):
        guess(str(path))

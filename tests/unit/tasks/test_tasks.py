import gzip
import json
import unicodedata

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from tracemem import tasks
from tracemem.jobs import files
from tracemem.ngrams.words import words
from tracemem.settings.tasks import TaskSettings
from tracemem.tasks import TaskError, prompts
from tracemem.tasks.tables import EXAMPLES, PROMPTS

MINING = {"n": 2, "gamma": 0.5}


def jsonl(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


def load(split="test", **settings):
    """Examples of a task, with what models are asked."""
    task = TaskSettings(**MINING, **settings)
    frame = tasks.load(task, split)
    files.conform(EXAMPLES, frame)
    asked = prompts.fill(frame, task.prompt, task.languages_by_direction())
    files.conform(PROMPTS, asked)
    assert list(asked["example"]) == list(frame["example"])
    return frame.assign(prompt=asked["prompt"])


def own(path, **more):
    return load(kind="question-answering", test=str(path), **more)


def test_own_task(tmp_path):
    path = jsonl(
        tmp_path / "own.jsonl",
        {
            "q": "Where is the Cafe\u0301?",
            "a": "Paris",
            "other": ["Lutetia", "Paris"],
            "kind": "geo",
        },
        {"q": "Who {really}?", "a": "The Who", "other": [], "kind": "music"},
    )
    fields = {"input": "q", "target": "a", "aliases": "other", "group": "kind"}
    frame = own(path, fields=fields)
    assert list(frame["example"]) == [0, 1]
    assert frame["input"][0] == "Where is the Café?"
    assert unicodedata.is_normalized("NFC", frame["prompt"][0])
    assert frame["aliases"][0] == ["Paris", "Lutetia"]
    assert frame["prompt"][1] == "Question: Who {really}?\nAnswer: "
    assert list(frame["group"]) == ["geo", "music"]
    assert list(own(path, fields=fields, groups=["music"])["target"]) == ["The Who"]
    with pytest.raises(TaskError, match=r"own.jsonl: no group 'art', found: geo, music"):
        own(path, fields=fields, groups=["art"])


def test_packed_files_read_the_same(tmp_path):
    text = json.dumps({"input": "a b", "target": "c"}).encode() + b"\n"
    (tmp_path / "a.jsonl").write_bytes(text * 3)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(text * 3))
    pack = zstandard.ZstdCompressor().compress
    (tmp_path / "a.jsonl.zst").write_bytes(pack(text) + pack(text * 2))
    pq.write_table(pa.Table.from_pylist([json.loads(text)] * 3), tmp_path / "a.parquet")
    frames = [own(tmp_path / f"a.{kind}") for kind in ("jsonl", "jsonl.gz", "jsonl.zst", "parquet")]
    assert all(frame.equals(frames[0]) and len(frame) == 3 for frame in frames)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"input": "a", "target": "b"}\n{"input": \n', r"own.jsonl:2: not JSON"),
        (b'{"input": "a", "target": "b"}\n\n', r"own.jsonl:2: not JSON"),
        (b"[1]\n", r"own.jsonl:1: list, allowed: a JSON object"),
        (b'{"input": "a"}\n', r"own.jsonl:1: no field 'target', found: input"),
        (b'{"input": "a", "target": 3}\n', r"own.jsonl:1: field 'target' is 3, allowed: a text"),
        (b'{"input": "a", "target": " "}\n', r"own.jsonl:1: empty target"),
        (b'{"input": "a", "target": "b"}\n{"input": "\xff"}', r"own.jsonl:2: not UTF-8"),
        (b"", r"own.jsonl: no example in the test split"),
    ],
)
def test_bad_input_names_file_and_line(tmp_path, content, said):
    (tmp_path / "own.jsonl").write_bytes(content)
    with pytest.raises(TaskError, match=said):
        own(tmp_path / "own.jsonl")


def test_missing_and_truncated_files(tmp_path):
    with pytest.raises(TaskError, match=r"none.jsonl: no such file"):
        own(tmp_path / "none.jsonl")
    lines = b"".join(json.dumps({"input": f"a {i}", "target": "b"}).encode() for i in range(99))
    for name, pack in (("gz", gzip.compress), ("zst", zstandard.ZstdCompressor().compress)):
        whole = pack(lines)
        (tmp_path / f"a.jsonl.{name}").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(TaskError, match=rf"a.jsonl.{name}: damaged or cut short"):
            own(tmp_path / f"a.jsonl.{name}")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(TaskError, match=r"a.txt: allowed: .jsonl"):
        own(tmp_path / "a.txt")


def test_multiple_choice_needs_its_target_among_the_options(tmp_path):
    path = jsonl(tmp_path / "c.jsonl", {"input": "q", "target": "x", "options": ["a", "b"]})
    with pytest.raises(TaskError, match=r"c.jsonl:1: target 'x', allowed: an option"):
        load(kind="multiple-choice", test=path, fields={"options": "options"})


def test_limit_keeps_the_same_examples_whatever_their_order(tmp_path):
    records = [{"input": f"question {i}", "target": "t"} for i in range(50)]
    one = own(jsonl(tmp_path / "a.jsonl", *records), test_limit=7)
    other = own(jsonl(tmp_path / "b.jsonl", *records[::-1]), test_limit=7)
    assert len(one) == 7
    assert list(one["input"]) == list(other["input"])[::-1]


def test_gsm8k(tmp_path):
    path = jsonl(
        tmp_path / "t.jsonl",
        {"question": "How many?", "answer": "She sold 48/2 = <<48/2=24>>24 clips.\n#### 24"},
    )
    frame = load(format="gsm8k", test=path)
    assert frame["target"][0] == "She sold 48/2 = 24 clips.\n#### 24"
    assert words(frame["target"][0])[-2:] == ["clips", "24"]
    bad = jsonl(tmp_path / "b.jsonl", {"question": "q", "answer": "24"})
    with pytest.raises(TaskError, match=r"b.jsonl:1: no '####'"):
        load(format="gsm8k", test=bad)


def test_mmlu_csv(tmp_path):
    (tmp_path / "virology_test.csv").write_text(
        '"What, if\nanything?",NA,none,"a ""b""",4,C\nSecond?,1,2,3,4,A\n'
    )
    place = str(tmp_path / "{subject}_test.csv")
    frame = load(format="mmlu", test=place, groups=["virology"])
    assert list(frame["group"]) == ["virology"] * 2
    assert frame["options"][0] == ["NA", "none", 'a "b"', "4"]
    assert frame["target"][0] == 'a "b"'
    assert frame["prompt"][1] == "Question: Second? "
    (tmp_path / "virology_test.csv").write_text('"Two\nlines?",1,2,3,4,A\nq,1,2,3,A\n')
    with pytest.raises(TaskError, match=r"virology_test.csv:3: found 5 columns"):
        load(format="mmlu", test=place, groups=["virology"])


def test_mmlu_records(tmp_path):
    rows = [
        {"question": "q", "subject": subject, "choices": ["a", "b", "c", "d"], "answer": 1}
        for subject in ("virology", "econometrics")
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "mmlu.parquet")
    frame = load(format="mmlu", test=str(tmp_path / "mmlu.parquet"), groups=["reasoning"])
    assert frame[["group", "target"]].values.tolist() == [["econometrics", "b"]]


OFFICIAL = {
    "Data": [
        {
            "Question": "Which city?",
            "QuestionId": "tc_1",
            "Answer": {"Value": "Paris", "Aliases": ["Paris", "City of Light"]},
        }
    ]
}


def test_triviaqa_in_all_its_forms(tmp_path):
    import datasets

    (tmp_path / "official.json").write_text(json.dumps(OFFICIAL))
    answer = {"value": "Paris", "aliases": ["Paris", "City of Light"], "normalized_aliases": []}
    rows = [{"question": "Which city?", "question_id": "tc_1", "answer": answer}]
    datasets.Dataset.from_list(rows).save_to_disk(tmp_path / "saved")
    (tmp_path / "hub").mkdir()
    datasets.Dataset.from_list(rows).to_parquet(tmp_path / "hub" / "validation.parquet")
    jsonl(
        tmp_path / "plain.jsonl",
        {
            "context": "Question: Which city?\nAnswer:",
            "answer": "Paris",
            "aliases": ["City of Light", "Paris"],
        },
    )
    frames = [
        load(format="triviaqa", test=str(tmp_path / name))
        for name in ("official.json", "saved", "hub", "plain.jsonl")
    ]
    frames.append(
        load(format="triviaqa", hub={"name": str(tmp_path / "hub"), "test": "validation"})
    )
    for frame in frames:
        assert frame["aliases"][0] == ["Paris", "City of Light"]
        assert frame["prompt"][0] == "Question: Which city?\nAnswer: "
        assert frame.equals(frames[0])


def test_triviaqa_errors(tmp_path):
    (tmp_path / "t.json").write_text(json.dumps({"Data": [{"Question": "q"}]}))
    with pytest.raises(TaskError, match=r"t.json: Data\[0\]: no field 'Answer'"):
        load(format="triviaqa", test=str(tmp_path / "t.json"))
    path = jsonl(tmp_path / "t.jsonl", {"context": "q?", "answer": "a", "aliases": []})
    with pytest.raises(TaskError, match=r"t.jsonl:1: context 'q\?', allowed: 'Question"):
        load(format="triviaqa", test=path)
    with pytest.raises(TaskError, match=r"hub .*absent.*cannot be loaded"):
        load(format="triviaqa", hub={"name": str(tmp_path / "absent")})


def test_saved_folder_of_several_splits_names_them(tmp_path):
    import datasets

    split = datasets.Dataset.from_list([{"input": "a", "target": "b"}])
    datasets.DatasetDict({"test": split, "train": split}).save_to_disk(tmp_path / "saved")
    with pytest.raises(TaskError, match=r"allowed: one of .*saved/test"):
        own(tmp_path / "saved")
    assert len(own(tmp_path / "saved" / "test")) == 1


def parallel(tmp_path, source, target, split="test", **settings):
    (tmp_path / "news.de").write_bytes(source.encode())
    (tmp_path / "news.en").write_bytes(target.encode())
    settings = {"test": str(tmp_path / "news.{language}"), "languages": ["de", "en"], **settings}
    return load(split, format="parallel-text", **settings)


def test_parallel_text(tmp_path):
    frame = parallel(tmp_path, "Das Haus\u2028steht.\r\nZwei\n", "The house.\nTwo\n")
    assert list(frame["input"]) == ["Das Haus\u2028steht.", "Zwei"]
    assert list(frame["group"]) == ["de-en"] * 2
    assert frame["prompt"][1] == "German text: Zwei\nEnglish translation: "
    own_prompt = parallel(tmp_path, "a\n", "b\n", prompt="{input} in {language}: ")
    assert own_prompt["prompt"][0] == "a in English: "
    with pytest.raises(TaskError, match=r"not aligned: 2 and 1 segments"):
        parallel(tmp_path, "a\nb\n", "a\n")
    with pytest.raises(TaskError, match=r"news.de:1: empty target"):
        parallel(tmp_path, "a\nb\n", "\nb\n")


def test_the_control_permutes_answers_within_a_group(tmp_path):
    rows = [
        {"q": f"{g}{i}", "a": f"{g}-{i}", "g": g, "l": [f"{g}{i}!"]} for g in "xy" for i in range(5)
    ]
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    fields = {"input": "q", "target": "a", "group": "g", "aliases": "l"}
    kept, permuted = (
        load(kind="question-answering", test=str(path), fields=fields, permuted_of=control)
        for control in ("", "kept")
    )
    assert list(permuted["input"]) == list(kept["input"])
    assert sorted(permuted["target"]) == sorted(kept["target"])
    assert (permuted["target"] != kept["target"]).all()
    assert [target[0] for target in permuted["target"]] == list(permuted["group"])
    for target, aliases in zip(permuted["target"], permuted["aliases"], strict=True):
        assert list(aliases) == [target, target.replace("-", "") + "!"]


def test_options_and_the_gold_one_move_together(tmp_path):
    """The guess rate and how often each answer is right stay; no question keeps its answer."""
    rows = [
        {"q": f"{g}: question {i}", "o": [f"{g} {(i + k) % 7}" for k in range(2 + i % 3)],
         "a": i % 2, "g": g}
        for g in ("art", "law") for i in range(30)
    ]  # fmt: skip
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    fields = {"input": "q", "target": "a", "options": "o", "group": "g"}
    kept, permuted = (
        load(kind="multiple-choice", test=str(path), fields=fields, permuted_of=control)
        for control in ("", "kept")
    )

    def moved(frame):
        return sorted(
            (row.group, row.target, list(row.aliases), list(row.options))
            for row in frame.itertuples()
        )

    assert moved(permuted) == moved(kept)
    assert permuted[["input", "group"]].equals(kept[["input", "group"]])
    assert (permuted["target"] != kept["target"]).all()
    assert all(row.target in row.options for row in permuted.itertuples())


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        (["Yes", "yes.", "no", "No"], 0),
        (["a"] * 5 + ["b"] * 3 + ["c"] * 2, 0),
        (["a"] * 7 + ["b", "c"], 5),
        ([f"{k % 3}" for k in range(31)], 0),
    ],
)  # fmt: skip
def test_as_few_examples_as_can_be_keep_their_answer(tmp_path, caplog, answers, kept):
    path = tmp_path / "own.jsonl"
    rows = [{"input": f"question {i}", "target": a} for i, a in enumerate(answers)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = load(kind="question-answering", test=str(path), permuted_of="kept")
    again = load(kind="question-answering", test=str(path), permuted_of="kept")
    assert found.equals(again) and sorted(found["target"]) == sorted(answers)
    pairs = zip(found["target"].str.strip(".").str.lower(), answers, strict=True)
    assert sum(target == own.strip(".").lower() for target, own in pairs) == kept
    said = f"one answer in more than half of its examples, so that {kept} of {len(answers)}"
    assert (said in caplog.text) == (kept > 0)


def test_groups_that_cannot_be_permuted_are_named(tmp_path, caplog):
    path = tmp_path / "own.jsonl"
    rows = [("a", "1", "alone"), ("b", "2", "same"), ("c", "2", "same")]

    def control():
        lines = [json.dumps({"input": i, "target": t, "g": g}) + "\n" for i, t, g in rows]
        path.write_text("".join(lines))
        fields = {"group": "g"}
        return load(kind="reasoning", test=str(path), fields=fields, permuted_of="kept")

    with pytest.raises(TaskError, match="found no group with two different answers"):
        control()
    rows += [("d", "3", "well"), ("e", "4", "well")]
    caplog.clear()
    assert list(control()["target"]) == ["1", "2", "2", "4", "3"]
    assert "group 'alone' has one example, so that 1 of 1 examples keep" in caplog.text
    assert "group 'same' has one answer, so that 2 of 2 examples keep" in caplog.text
    assert "'well'" not in caplog.text


def test_every_kind_of_task_has_its_control(tmp_path):
    """Translations within their direction, chains of thought with their result, MMLU's options."""
    for language in ("de", "en"):
        lines = "".join(f"{language} {k}\n" for k in range(4))
        (tmp_path / f"news.{language}").write_text(lines)
    sums = [{"question": f"{k} and {k}?", "answer": f"{k} + {k}\n#### {2 * k}"} for k in range(4)]
    (tmp_path / "gsm8k.jsonl").write_text("".join(json.dumps(one) + "\n" for one in sums))
    (tmp_path / "virology_test.csv").write_text(
        "".join(f"q{k},w{k},x{k},y,z,A\n" for k in range(4))
    )
    asked = {
        "translation": {"format": "parallel-text", "test": str(tmp_path / "news.{language}"),
                        "directions": ["de-en", "en-de"]},
        "reasoning": {"format": "gsm8k", "test": str(tmp_path / "gsm8k.jsonl")},
        "choices": {"format": "mmlu", "test": str(tmp_path / "{subject}_test.csv"),
                    "groups": ["virology"]},
    }  # fmt: skip
    for settings in asked.values():
        kept, permuted = load(**settings), load(**settings, permuted_of="kept")
        assert (permuted["target"] != kept["target"]).all() and len(kept) > 3
        for column in ("group", "target"):
            key = ["group", "target"]
            expected = kept.sort_values(key)[column]
            assert list(permuted.sort_values(key)[column]) == list(expected)
        assert list(permuted["input"]) == list(kept["input"])


def test_several_directions_in_one_task(tmp_path):
    for language, line in {"de": "Haus", "en": "house", "fr": "maison"}.items():
        (tmp_path / f"news.{language}").write_text(f"{line}\n")
    frame = load(
        format="parallel-text",
        test=str(tmp_path / "news.{language}"),
        directions=["de-en", "en-fr"],
    )
    assert frame[["group", "input", "target"]].to_numpy().tolist() == [
        ["de-en", "Haus", "house"],
        ["en-fr", "house", "maison"],
    ]
    assert list(frame["prompt"]) == [
        "German text: Haus\nEnglish translation: ",
        "English text: house\nFrench translation: ",
    ]


def test_each_direction_has_its_own_subset_of_a_data_set_of_the_hub(monkeypatch):
    def of_subset(hub, split):
        one, other = hub.subset.split("-")
        yield f"{hub.name}:1", {"translation": {one: f"in {one}", other: f"in {other}"}}

    monkeypatch.setattr(tasks.parallel_text, "hub_records", of_subset)
    frame = load(
        format="parallel-text",
        hub={"name": "pairs", "subset": "{sorted_pair}"},
        directions=["es-en", "en-de"],
    )
    assert frame[["group", "input", "target"]].to_numpy().tolist() == [
        ["es-en", "in es", "in en"],
        ["en-de", "in en", "in de"],
    ]
    with pytest.raises(ValueError, match=r"hub.subset: found placeholder 'language'"):
        load(
            format="parallel-text", hub={"name": "x", "subset": "{language}"}, directions=["es-en"]
        )


def test_empty_sides_of_training_text_are_passed_over_and_logged(tmp_path, caplog):
    place = str(tmp_path / "news.{language}")
    frame = parallel(tmp_path, "a\nb\n\n", "\nb\nc\n", "train", train=place)
    assert list(frame["input"]) == ["b"]
    assert "2 of 3 lines have an empty side" in caplog.text


def test_sgm(tmp_path):
    def sgm(name, kind, lines):
        body = "\n".join(f'<seg id="{i}">{line}</seg>' for i, line in lines)
        (tmp_path / name).write_text(
            f'<{kind} setid="t" srclang="any">\n<DOC sysid="x" docid="d/1" genre="news">\n<hl>\n'
            f"{body}\n</hl>\n</DOC>\n</{kind}>\n"
        )

    sgm("src.de.sgm", "srcset", [(1, " Haus &amp; Hof "), (2, "Zwei")])
    sgm("ref.en.sgm", "refset", [(1, "House &amp; yard"), (2, "Two")])
    place = str(tmp_path / "{side}.{language}.sgm")
    frame = load(format="parallel-text", test=place, languages=["de", "en"])
    assert frame[["input", "target"]].values.tolist() == [
        ["Haus & Hof", "House & yard"],
        ["Zwei", "Two"],
    ]
    sgm("ref.en.sgm", "refset", [(1, "House"), (3, "Three")])
    with pytest.raises(TaskError, match=r"not aligned.*\('d/1', '2'\)"):
        load(format="parallel-text", test=place, languages=["de", "en"])
    (tmp_path / "ref.en.sgm").write_text('<doc docid="d/1">\n<seg id="1">House\n')
    with pytest.raises(TaskError, match=r"ref.en.sgm:2: a <seg> without id or without </seg>"):
        load(format="parallel-text", test=place, languages=["de", "en"])


def test_translation_records(tmp_path):
    rows = [{"translation": {"de": "Haus", "en": "house"}}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "pairs.parquet")
    frame = load(
        format="parallel-text", test=str(tmp_path / "pairs.parquet"), languages=["en", "de"]
    )
    assert frame[["input", "target", "group"]].values.tolist() == [["house", "Haus", "en-de"]]


def test_real_files(real_data):
    trivia = next((real_data / "triviaqa").iterdir())
    sizes = {
        "gsm8k": len(load(format="gsm8k", test=str(real_data / "gsm8k/test.jsonl"))),
        "mmlu": len(load(format="mmlu", test=str(real_data / "mmlu/test/{subject}_test.csv"))),
        "triviaqa": len(load(format="triviaqa", test=str(trivia))),
        "wmt09": len(
            load(
                format="parallel-text",
                test=str(real_data / "wmt09/newstest2009.{language}"),
                languages=["hu", "en"],
            )
        ),
    }
    assert sizes == {"gsm8k": 1319, "mmlu": 14042, "triviaqa": 3000, "wmt09": 2525}


def test_a_test_set_of_sacrebleu_beside_training_pairs_of_the_hub(tmp_path, monkeypatch, caplog):
    import datasets
    from sacrebleu.dataset import DATASETS

    known = DATASETS["wmt09"]
    assert len(known.langpairs) == 12
    monkeypatch.setattr(known, "_outdir", str(tmp_path))
    for field in known.fieldnames("de-en"):
        (tmp_path / f"wmt09.de-en.{field}").write_text(
            "ein Haus\nzwei\n" * (field == "src") or "a\nb\n"
        )
    pairs = [{"de": "drei Tage", "en": "three days"}, {"de": "", "en": "four"}]
    (tmp_path / "hub").mkdir()
    rows = datasets.Dataset.from_list([{"translation": pair} for pair in pairs])
    rows.to_parquet(tmp_path / "hub" / "train.parquet")
    task = {
        "format": "parallel-text",
        "test_set": "wmt09",
        "hub": {"name": str(tmp_path / "hub")},
        "languages": ["de", "en"],
    }
    test, train = load(**task), load("train", **task)
    assert test[["input", "target"]].values.tolist() == [["ein Haus", "a"], ["zwei", "b"]]
    assert train[["input", "target", "group"]].values.tolist() == [
        ["drei Tage", "three days", "de-en"]
    ]
    assert "1 of 2 lines have an empty side" in caplog.text
    with pytest.raises(TaskError, match=r"sacrebleu wmt09: no direction 'de-fr', allowed: cs-en, "):
        load(**{**task, "languages": ["de", "fr"]})
    with pytest.raises(TaskError, match=r"sacrebleu wmt-09: no such test set; allowed: .*wmt09"):
        load(**{**task, "test_set": "wmt-09"})


def test_a_test_set_that_cannot_be_downloaded_says_so(tmp_path, monkeypatch):
    from sacrebleu.dataset import DATASETS

    known = DATASETS["wmt09"]
    monkeypatch.setattr(known, "_outdir", str(tmp_path))
    monkeypatch.setattr(known, "_rawdir", str(tmp_path / "raw"))
    monkeypatch.setattr(known, "data", [(tmp_path / "absent.tgz").as_uri()])
    with pytest.raises(TaskError, match=r"sacrebleu wmt09: cannot be had \("):
        load(format="parallel-text", test_set="wmt09", languages=["de", "en"])

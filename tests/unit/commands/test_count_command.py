"""``tracemem count``: what plain Python counts, from any list, in any shards, to any table."""

import csv
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemem.commands import main
from tracemem.corpus.bad_records import CorpusError
from tracemem.corpus.reading import Reader
from tracemem.corpus.shards import find_shards
from tracemem.jobs import files
from tracemem.ngrams import concordance, queries, words
from tracemem.ngrams.samples import document_hash

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = [sys.executable, "-c", "from tracemem.commands import main; main()"]
ODD = ["Straße", "STRASSE", "ΟΔΟΣ", "οδος", "naïve", "nai\u0308ve", "漢字", "İzmir", "x_1", "007"]


def texts_of(size, seed=0):
    """Documents of few words in many writings; some are empty, some stand there twice."""
    draw = random.Random(seed)
    lexicon = [*"abcdefg", "The", "the", "cat", "Cat", "null", "NA", "1e5", *ODD]
    texts = ["", "no word of the list, 42 times"]
    for _ in range(size):
        chosen = draw.choices(lexicon, k=draw.randrange(25))
        texts.append("".join(word + draw.choice([" ", ", ", "\n", "-"]) for word in chosen))
        if draw.random() < 0.1:
            texts.append(draw.choice(texts))
    return texts


TEXTS = texts_of(300)
NGRAMS = [
    "The cat", "the  CAT!", "cat", "null", "NA", "1e5", "007", "a b", "A. B?", "nai\u0308ve", "naïve",
    "ΟΔΟΣ", "οδος", "straße cat", "İzmir", "x_1", "not there", "漢字", "a, b", 'say "a"', "a b c", "cat",
]  # fmt: skip
PAIRS = [(first, second) for first in NGRAMS[:8] for second in [*NGRAMS[6:14], "not there", first]]


def form(text):
    return " ".join(words.words(text))


def holds(text, gram):
    """Places of a text where an n-gram stands."""
    return Counter(words.ngrams(text, len(gram.split(" "))))[gram]


def plain_ngrams(texts, ngrams):
    rows = []
    for query in ngrams:
        places = [holds(text, form(query)) for text in texts]
        row = [query, form(query), form(query).count(" ") + 1, sum(map(bool, places)), sum(places)]
        rows.append(row)
    return rows


def plain_pairs(texts, pairs):
    rows = []
    for pair in pairs:
        first, second = ([holds(text, form(side)) for text in texts] for side in pair)
        both = sum(a > 0 and b > 0 for a, b in zip(first, second, strict=True))
        sides = [
            total for places in (first, second) for total in (sum(map(bool, places)), sum(places))
        ]
        rows.append([*pair, *map(form, pair), both, *sides])
    return rows


def write_lines(path, texts, field="text"):
    path.write_text("".join(json.dumps({field: text}) + "\n" for text in texts))
    return path


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """TEXTS in three shards of three kinds."""
    folder = tmp_path_factory.mktemp("corpus")
    first, second = len(TEXTS) // 3, len(TEXTS) // 2
    write_lines(folder / "a.jsonl", TEXTS[:first])
    pq.write_table(pa.table({"text": TEXTS[first:second]}), folder / "b.parquet")
    (folder / "c").mkdir()
    for number, text in enumerate(TEXTS[second:]):
        (folder / "c" / f"{number:05}.txt").write_text(text, newline="")
    return [folder / "a.jsonl", folder / "b.parquet", folder / "c"]


def count(*arguments):
    main(["count", *map(str, arguments)])


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file, strict=True)
    return header, [[int(cell) if k in NUMBERS[header[0]] else cell for k, cell in enumerate(row)]
                    for row in rows]  # fmt: skip


NUMBERS = {"query": range(2, 5), "input_query": range(4, 9)}


def failure(capsys, *arguments):
    """What a command that must fail says, and that it says nothing else."""
    with pytest.raises(SystemExit) as ended:
        count(*arguments)
    assert isinstance(ended.value.code, str) and ended.value.code.startswith("tracemem: ")
    assert capsys.readouterr().out == ""
    return ended.value.code.removeprefix("tracemem: ")


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_counts_of_ngrams_equal_plain_python(tmp_path, shards, threads):
    (tmp_path / "list.txt").write_text("\n".join(NGRAMS))
    output = tmp_path / "deep" / "counts.csv"
    count(tmp_path / "list.txt", "--shards", *shards, "--threads", threads, "--output", output)
    header, rows = rows_of(output)
    assert header == list(queries.NGRAMS.columns)
    assert rows == plain_ngrams(TEXTS, NGRAMS)
    assert [path.name for path in output.parent.iterdir()] == ["counts.csv"]


@pytest.mark.parametrize("threads", [1, 4])
def test_counts_of_pairs_equal_plain_python(tmp_path, shards, threads):
    (tmp_path / "list").write_text("".join(f"{a}\t{b}\r\n" for a, b in PAIRS), newline="")
    output = tmp_path / "counts.csv"
    count(tmp_path / "list", "--shards", *shards, "--threads", threads, "--output", output)
    header, rows = rows_of(output)
    assert header == list(queries.PAIRS.columns)
    assert rows == plain_pairs(TEXTS, PAIRS)
    assert any(row[4] for row in rows)


@pytest.mark.parametrize("threads", [1, 3])
def test_many_shards_of_many_batches(tmp_path, monkeypatch, threads):
    """More shards than threads and more threads than shards left, with batches of a few lines."""
    monkeypatch.setattr("tracemem.corpus.batches.BATCH_BYTES", 200)
    texts = texts_of(400, seed=1)
    paths = [write_lines(tmp_path / f"{k}.jsonl", texts[k::7]) for k in range(7)]
    found = queries.count(queries.ngrams(NGRAMS), find_shards(map(str, paths)), threads=threads)
    assert [list(row.values()) for row in found.table.to_pylist()] == plain_ngrams(texts, NGRAMS)
    assert found.reading.documents == len(texts) and found.reading.skipped == 0
    assert found.reading.text_bytes == sum(len(text.encode()) for text in texts)


@settings(deadline=None)
@given(st.lists(st.text(st.one_of(st.sampled_from("aA \n\r\t.,_ΣσÅ\u030a\u0301\u1100\u1161İ"),
                                  st.characters(exclude_categories=["Cs"]))), max_size=5))  # fmt: skip
def test_the_form_of_each_of_many_is_that_of_one(texts):
    assert queries.normal_forms(texts) == [form(text) for text in texts]


def plain_documents(texts_of_shards, grams, size):
    """The documents of each item: by smallest hash, of equal texts the first place."""
    first = {}
    for shard, texts in texts_of_shards.items():
        for record, text in enumerate(texts, 1):
            first.setdefault(text, (shard, record))
    rows = []
    for item in dict.fromkeys(grams):
        held = [text for text in first if all(holds(text, gram) for gram in item)]
        for text in sorted(held, key=document_hash)[:size]:
            rows.append([*item, document_hash(text), *first[text], text])
    return rows


@pytest.mark.parametrize(("threads", "size"), [(1, 3), (4, 3), (2, 1000)])
@pytest.mark.parametrize("of_pairs", [False, True])
def test_documents_are_those_of_the_smallest_hashes(tmp_path, shards, threads, size, of_pairs):
    first, second = len(TEXTS) // 3, len(TEXTS) // 2
    lying = {"a": TEXTS[:first], "b": TEXTS[first:second], "c": TEXTS[second:]}
    items = PAIRS if of_pairs else [(query,) for query in NGRAMS]
    queries_of = (queries.pairs if of_pairs else queries.ngrams)(PAIRS if of_pairs else NGRAMS)
    found = queries.count(queries_of, find_shards(map(str, shards)), threads=threads,
                          documents=size, texts=True)  # fmt: skip
    table = found.documents
    paths = dict(zip("abc", map(str, shards), strict=True))
    assert table["path"].to_pylist() == [paths[name] for name in table["shard"].to_pylist()]
    forms = [tuple(map(form, item)) for item in items]
    rows = [list(row.values()) for row in table.drop(["path"]).to_pylist()]
    assert rows == plain_documents(lying, forms, size)
    plain = (plain_pairs if of_pairs else plain_ngrams)(TEXTS, PAIRS if of_pairs else NGRAMS)
    assert [list(row.values()) for row in found.table.to_pylist()] == plain


def test_documents_are_written_beside_the_counts(tmp_path, shards):
    (tmp_path / "list.txt").write_text("cat\nnot there\n")
    output, documents = tmp_path / "c.jsonl", tmp_path / "d.parquet"
    count(tmp_path / "list.txt", "--shards", *shards, "--output", output, "--documents", 2,
          "--documents-output", documents)  # fmt: skip
    table = pq.read_table(documents)
    assert table.column_names == list(concordance.NGRAM_DOCUMENTS.columns)
    assert table["ngram"].to_pylist() == ["cat", "cat"]
    assert len(output.read_text().splitlines()) == 2


def test_no_document_is_named_where_none_holds_any(tmp_path, shards, capsys):
    (tmp_path / "list.txt").write_text("not there\n")
    documents = tmp_path / "d.jsonl"
    count(tmp_path / "list.txt", "--shards", *shards, "--documents", 2, "--documents-text",
          "--documents-output", documents)  # fmt: skip
    assert documents.read_bytes() == b""
    assert "1 of 1 n-grams stand in no document" in capsys.readouterr().err


def lists(folder):
    """The same n-grams in every kind of file, with the arguments that read them."""
    plain = folder / "plain.txt"
    plain.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([*NGRAMS, ""]).encode())
    table = folder / "table.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "ngram", "note"])
        writer.writerows([k, query, "x\ny"] for k, query in enumerate(NGRAMS))
    arrow, coded = folder / "table.parquet", folder / "coded.parquet"
    pq.write_table(pa.table({"ngram": NGRAMS, "count": [1] * len(NGRAMS)}), arrow)
    pq.write_table(pa.table({"my grams": pa.array(NGRAMS).dictionary_encode()}), coded)
    named = folder / "list.of.mine"
    named.write_text("\n".join(NGRAMS))
    return [
        (plain, []), (table, []), (arrow, []), (coded, ["--column", "my grams"]),
        (named, ["--input-format", "text"]),
    ]  # fmt: skip


def test_every_kind_of_list_of_ngrams_reads_the_same(tmp_path, shards):
    expected = plain_ngrams(TEXTS, NGRAMS)
    for path, more in lists(tmp_path):
        count(path, *more, "--shards", *shards, "--output", tmp_path / "counts.csv")
        assert rows_of(tmp_path / "counts.csv")[1] == expected, path


def test_every_kind_of_list_of_pairs_reads_the_same(tmp_path):
    sides = {"input_gram": [a for a, _ in PAIRS], "output_gram": [b for _, b in PAIRS]}
    pq.write_table(pa.table(sides), tmp_path / "a.parquet")
    with (tmp_path / "b.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("y", "x"), *((b, a) for a, b in PAIRS)])
    (tmp_path / "c.txt").write_text("\n".join(f"{a}\t{b}" for a, b in PAIRS))
    for name, columns in (("a.parquet", ()), ("b.csv", ("x", "y")), ("c.txt", ())):
        found = queries.read(tmp_path / name, columns=columns)
        assert found == queries.pairs(PAIRS) and found.are_pairs


@pytest.mark.parametrize(
    ("data", "more"),
    [("\n".join(NGRAMS), []), ("\n".join(["ngram", *NGRAMS[:12]]), ["--input-format", "csv"])],
)
def test_a_list_comes_from_standard_input(shards, monkeypatch, capsys, data, more):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data.encode())))
    count("-", *more, "--shards", *shards, "--format", "jsonl")
    printed = capsys.readouterr()
    rows = [list(json.loads(line).values()) for line in printed.out.splitlines()]
    assert rows == plain_ngrams(TEXTS, NGRAMS[:12] if more else NGRAMS)
    assert f"{len(TEXTS)} documents" in printed.err


def test_every_format_of_the_table_holds_the_same(tmp_path, shards, capfdbinary):
    odd = ["a,b", 'a"b', "a\nb", "a\rb", " a ", "a\u2028b", "a\0b", "=a", "cat"]
    pq.write_table(pa.table({"ngram": odd}), tmp_path / "list.parquet")
    expected = plain_ngrams(TEXTS, odd)
    for name in ("c.csv", "c.parquet", "c.jsonl"):
        count(tmp_path / "list.parquet", "--shards", *shards, "--output", tmp_path / name)
    assert rows_of(tmp_path / "c.csv")[1] == expected
    found = pq.read_table(tmp_path / "c.parquet")
    assert found.schema.equals(files.schema(queries.NGRAMS))
    assert [list(row.values()) for row in found.to_pylist()] == expected
    lines = (tmp_path / "c.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert [list(json.loads(line).values()) for line in lines] == expected
    for name in ("csv", "parquet", "jsonl"):
        capfdbinary.readouterr()
        count(tmp_path / "list.parquet", "--shards", *shards, "--format", name)
        assert capfdbinary.readouterr().out == (tmp_path / f"c.{name}").read_bytes()


def test_plain_texts_are_not_quoted(tmp_path, shards, capsys):
    (tmp_path / "list.txt").write_text("The cat!\nnull\n")
    count(tmp_path / "list.txt", "--shards", *shards)
    header, *rows = capsys.readouterr().out.splitlines()
    assert header == "query,ngram,n,documents,occurrences"
    assert [row.split(",")[:3] for row in rows] == [
        ["The cat!", "the cat", "2"],
        ["null", "null", "1"],
    ]


LONG = " ".join(["w"] * 128)


@pytest.mark.parametrize(
    ("name", "data", "more", "said"),
    [
        ("l.txt", "", [], "l.txt: no n-gram; allowed: at least one"),
        ("l.txt", "a\n\nb\n", [], "l.txt, line 2: no word in ''; allowed: 1 to 127 words"),
        ("l.txt", "a\n --\n", [], "l.txt, line 2: no word in ' --'"),
        ("l.txt", f"a\n{LONG}\n", [], "l.txt, line 2: 128 words in 'w w"),
        ("l.txt", "a\tb\nc\n", [], "l.txt, line 2: 0 tabs in 'c'; allowed: one, as in line 1"),
        ("l.txt", "a\nb\tc\n", [], "l.txt, line 2: 1 tabs in 'b\\tc'; allowed: none, as in line 1"),
        ("l.txt", "a\tb\tc\n", [], "l.txt, line 1: 2 tabs"),
        ("l.txt", "a\tb\nc\t?\n", [], "l.txt, line 2: no word in '?'"),
        ("l.txt", b"a\nb\n\xff\n", [], "l.txt, line 3: invalid UTF-8: byte 0xFF"),
        ("l.txt", "a\n", ["--column", "x"], "l.txt: a text file has no columns, found 'x'"),
        ("l.tsv", "a\tb\n", [], "l.tsv: not a kind of list; allowed: .txt, .csv, .parquet or no"),
        ("l.csv", "", [], "l.csv: empty; allowed: a header"),
        ("l.csv", "ngram\n", [], "l.csv: no n-gram"),
        ("l.csv", "the cat\na\n", [], "l.csv: columns 'the cat'; allowed: 'ngram' or 'input_gram'"),
        ("l.csv", "ngram,input_gram,output_gram\na,b,c\n", [], "allowed: 'ngram' or 'input_gram'"),
        ("l.csv", "ngram,ngram\na,b\n", [], "l.csv: columns 'ngram', 'ngram'"),
        ("l.csv", "a,b\n1,2\n", ["--column", "c"], "l.csv: columns 'a', 'b'; allowed: 'c'"),
        ("l.csv", "a,b\n1,2\n", ["--column", "a", "--column", "a"], "columns: found 'a', 'a'"),
        ("l.csv", 'id,ngram\n1,"a\nb"\n2,\n', [], "l.csv, line 4: no word in ''"),
        ("l.csv", "id,ngram\n1,a\n2\n", [], "l.csv, line 3: 1 columns; allowed: 2"),
        ("l.csv", "ngram\n\na\n", [], "l.csv, line 2: 0 columns; allowed: 1"),
        ("l.csv", 'ngram\n"a"b\n', [], "l.csv, line 2: not CSV"),
        ("l.csv", 'ngram\n"a\n', [], "l.csv, line 2: not CSV"),
        ("l.csv", b"ngram\n\xe9\n", [], "l.csv, line 2: invalid UTF-8"),
        ("l.parquet", "ngram\na\n", [], "l.parquet: not a Parquet file that can be read"),
        ("l.parquet", {"ngram": [1]}, [], "l.parquet: column 'ngram' is int64; allowed: string"),
        ("l.parquet", {"ngram": ["a", None]}, [], "l.parquet, row 2: column 'ngram' is null"),
        ("l.parquet", {"ngram": ["a", "."]}, [], "l.parquet, row 2: no word in '.'"),
        ("l.parquet", {"x": ["a"]}, [], "l.parquet: columns 'x'; allowed: 'ngram'"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_read_says_where_and_why(
    tmp_path, shards, capsys, monkeypatch, name, data, more, said
):
    monkeypatch.chdir(tmp_path)
    if isinstance(data, dict):
        pq.write_table(pa.table(data), name)
    else:
        Path(name).write_bytes(data if isinstance(data, bytes) else data.encode())
    Path("old.csv").write_text("old")
    message = failure(capsys, name, *more, "--shards", *shards, "--output", "old.csv")
    assert said in message and "Traceback" not in message
    assert Path("old.csv").read_text() == "old"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--threads", 0], "--threads: found 0; allowed: 1 or more"),
        (["--documents", -1], "--documents: found -1"),
        (["--documents", 1], "--documents and --documents-output: found one"),
        (["--documents-output", "d.csv"], "--documents and --documents-output: found one"),
        (["--documents-text"], "--documents-text: allowed with --documents only"),
        (["--output", "c.xlsx"], "--output c.xlsx: found the ending '.xlsx'; allowed: .csv"),
        (["--output", "c.csv", "--format", "jsonl"], "--format jsonl: allowed: --format csv"),
        (["--output", "list.txt", "--format", "csv"], "--output list.txt: is list.txt"),
        (["--output", "a.jsonl"], "--output a.jsonl: is "),
        (["--output", "c.csv", "--documents", 1, "--documents-output", "c.csv"], "is c.csv"),
        (["--output", "folder.csv"], "--output folder.csv: found no plain file"),
        (["--output", "/dev/null", "--format", "csv"], "--output /dev/null: found no plain file"),
        (["--shards", "nowhere/*.jsonl"], "'nowhere/*.jsonl' matches nothing"),
        (["--shards", "list.txt"], "list.txt: not a kind of shard"),
        (["--text-field", "body"], "a.jsonl, line 1: no field 'body', found 'text'"),
    ],
)
def test_an_argument_that_is_not_allowed(tmp_path, capsys, monkeypatch, more, said):
    monkeypatch.chdir(tmp_path)
    write_lines(Path("a.jsonl"), ["a cat"])
    Path("list.txt").write_text("cat\n")
    Path("folder.csv").mkdir()
    before = sorted(path.name for path in tmp_path.iterdir())
    assert said in failure(capsys, "list.txt", "--shards", "a.jsonl", *more)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert Path("list.txt").read_text() == "cat\n"


def test_no_such_list(tmp_path, shards, capsys):
    assert "nowhere.txt: no such file" in failure(capsys, "nowhere.txt", "--shards", *shards)


def test_a_bad_record_stops_or_is_counted(tmp_path, capsys):
    good = write_lines(tmp_path / "a.jsonl", ["a cat"] * 5)
    bad = tmp_path / "b.jsonl"
    bad.write_text('{"text": "cat"}\n{"txt": "cat"}\n{"text": 1}\n')
    (tmp_path / "list.txt").write_text("cat")
    arguments = [tmp_path / "list.txt", "--shards", good, bad, "--threads", 2]
    assert "b.jsonl, line 2: no field 'text'" in failure(capsys, *arguments)
    count(*arguments, "--on-bad-record", "skip")
    printed = capsys.readouterr()
    assert printed.out.splitlines()[1] == "cat,cat,1,6,6"
    assert "2 bad records passed over" in printed.err
    assert "skipped" in printed.err and "b.jsonl, line 3" in printed.err


@pytest.mark.parametrize("data", ["", '{"txt": "cat"}\n'])
def test_a_corpus_without_a_document_is_no_zero(tmp_path, capsys, data):
    (tmp_path / "a.jsonl").write_text(data)
    (tmp_path / "list.txt").write_text("cat")
    message = failure(capsys, tmp_path / "list.txt", "--shards", tmp_path / "a.jsonl",
                      "--on-bad-record", "skip")  # fmt: skip
    assert f"no document in {tmp_path / 'a.jsonl'} ({data.count('txt')} bad records" in message


def test_the_last_shard_s_schema_is_looked_at_first(tmp_path, monkeypatch):
    paths = [write_lines(tmp_path / "a.jsonl", ["cat"]), tmp_path / "z.parquet"]
    pq.write_table(pa.table({"body": ["cat"]}), paths[1])
    monkeypatch.setattr(Reader, "read", lambda *_: pytest.fail("a shard was read"))
    with pytest.raises(CorpusError, match=r"z\.parquet: no column 'text', found 'body'"):
        queries.count(queries.ngrams(["cat"]), find_shards(map(str, paths)))


def test_a_list_from_python_is_held_to_the_same():
    with pytest.raises(queries.QueryError, match="n-gram 2: no word in '!'"):
        queries.ngrams(["a", "!"])
    with pytest.raises(queries.QueryError, match="pair 1: no word"):
        queries.pairs([("a", "")])
    with pytest.raises(ValueError, match="no shard"):
        queries.count(queries.ngrams(["a"]), [])


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}


@pytest.mark.parametrize(("kind", "unbuffered"), [("csv", "1"), ("jsonl", "")])
def test_a_broken_pipe_ends_quietly(tmp_path, shards, kind, unbuffered):
    (tmp_path / "list.txt").write_text("cat\nnull\n" * 50_000)
    process = subprocess.Popen(
        [*PROGRAM, "count", "list.txt", "--format", kind, "--shards", *map(str, shards)],
        cwd=tmp_path, env={**environment(), "PYTHONUNBUFFERED": unbuffered},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.read(10)
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == 128 + signal.SIGPIPE, said
    assert "rror" not in said and "Traceback" not in said and "ipe" not in said


SLOW = """
import sys, time
from tracemem.corpus import batches
from tracemem.ngrams import counting
from tracemem.commands import main
batches.BATCH_BYTES = 100
def scan(*_):
    print("scanning", file=sys.stderr, flush=True)
    time.sleep(0.1)
counting.Scanner.scan = scan
main()
"""


def interruptible() -> None:
    """Let a child take an interrupt, as one in front of a terminal does: not all runs of tests do."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("threads", ["1", "3"])
def test_an_interrupted_count_stops_and_leaves_nothing(tmp_path, threads):
    write_lines(tmp_path / "a.jsonl", ["cat " * 50] * 3000)
    (tmp_path / "list.txt").write_text("cat\n")
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, "count", "list.txt", "--shards", "a.jsonl", "--threads", threads,
         "--output", "counts.csv"],
        cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True,
        preexec_fn=interruptible,
    )  # fmt: skip
    assert "scanning" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 130 and time.monotonic() - start < 20
    assert said.splitlines()[-1] == "tracemem: interrupted" and "Traceback" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "list.txt"]


def test_on_a_terminal_progress_is_one_line(tmp_path, shards):
    import fcntl
    import pty
    import struct
    import termios

    (tmp_path / "list.txt").write_text("cat\n")
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    slow = SLOW.replace('print("scanning", file=sys.stderr, flush=True)', "").replace("0.1", "0.3")
    process = subprocess.Popen(
        [sys.executable, "-c", slow, "count", "list.txt", "--threads", "1", "--output", "c.csv",
         "--shards", *map(str, shards[:2])],
        cwd=tmp_path, env=environment(), stderr=slave, preexec_fn=interruptible,
    )  # fmt: skip
    os.close(slave)
    said, stopped = b"", False
    while True:
        try:
            piece = os.read(master, 1 << 16)
        except OSError:
            break
        if not piece:
            break
        said += piece
        if said.count(b"s left") > 3 and not stopped:
            process.send_signal(signal.SIGINT)
            stopped = True
    os.close(master)
    process.wait()
    lines = said.decode().replace("\r\n", "\n").split("\n")
    passing = [part for part in lines[0].split("\r\x1b[K") if part]
    assert len(passing) > 3 and all(len(part) == 59 for part in passing)
    assert all(re.fullmatch(r"count 1 n-gram in 2 shards: .*\.\.\., \d+ s left", part)
               for part in passing)  # fmt: skip
    assert lines[1:] == ["tracemem: interrupted", ""]


def test_the_parser_imports_nothing_that_counts():
    code = "import sys; from tracemem.commands import parser; parser(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True,
                          text=True, check=True)  # fmt: skip
    assert not {"numpy", "numba", "pandas", "pyarrow", "torch"} & set(done.stdout.split())


def blocks(page):
    return re.findall(r"^```(\w*)\n(.*?)^```$", page, re.M | re.S)


def test_the_page_s_examples_give_what_it_shows(tmp_path):
    page = (ROOT / "docs" / "counting.md").read_text(encoding="utf-8")
    program = tmp_path / "bin" / "tracemem"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{PROGRAM[2]}' \"$@\"\n")
    program.chmod(0o755)
    there = {**environment(), "PATH": f"{program.parent}:{os.environ['PATH']}"}
    folder = tmp_path / "here"
    folder.mkdir()
    shown, printed = [], []
    for kind, text in blocks(page):
        if kind == "":
            shown.append(text)
            continue
        command = ["sh", "-e", "-c", text] if kind == "sh" else [sys.executable, "-c", text]
        done = subprocess.run(command, cwd=folder, env=there, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)
    *printed, of_python = printed
    assert shown == printed and len(shown) == 5
    assert "[2, 1]" in of_python and "The cat sat on the mat." in of_python


def test_the_page_has_every_column():
    page = (ROOT / "docs" / "counting.md").read_text(encoding="utf-8")
    for table in (queries.NGRAMS, queries.PAIRS):
        for name, (_, meaning) in table.columns.items():
            assert f"| `{name}` | {meaning} |" in page
    for name, (_, meaning) in concordance.NGRAM_DOCUMENTS.columns.items():
        assert name == "ngram" or f"| `{name}` | {meaning} |" in page

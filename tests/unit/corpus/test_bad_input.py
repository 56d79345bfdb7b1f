"""Bad and odd input, one row each: read whole, refused with file and record, or skipped and counted.

Every row is read twice, under ``on_bad_record: stop`` and ``skip``, by the reader, by the manifest
and by the counting engine with one thread and with two.
"""

import gzip
import io
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from tracemem.corpus.bad_records import CorpusError
from tracemem.corpus.manifest import manifest_row
from tracemem.corpus.reading import documents
from tracemem.corpus.shards import Shard
from tracemem.ngrams import counting, words

GOOD = b'{"text": "good one"}\n'
MANY = b"".join(b'{"text": "good one %d"}\n' % k for k in range(5000))


def line(raw: bytes) -> bytes:
    """A line between two good ones."""
    return GOOD + raw + b"\n" + GOOD


def parquet(column, name="text", **options) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({name: column}), file, **options)
    return file.getvalue()


def bytes_as_text(*values: bytes) -> pa.Array:
    """Strings that no check has looked at."""
    data = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(data), data.buffers())


@dataclass
class Case:
    """One kind of input.

    ``texts`` are what is read (``None``: whole file wrong in either mode), ``skipped`` the bad
    records, ``record`` and ``message`` what the error of the first one says.
    """

    what: str
    name: str
    data: bytes | dict[str, bytes]
    texts: list[str] | None
    skipped: int = 0
    record: int = 0
    message: str = ""


TWO = ["good one"] * 2


def bad(what: str, raw: bytes, message: str) -> Case:
    return Case(what, "a.jsonl", line(raw), TWO, 1, 2, f"line 2: {message}")


def odd(what: str, raw: bytes, text: str) -> Case:
    return Case(what, "a.jsonl", line(raw), ["good one", text, "good one"])


packed_gz, packed_zst = gzip.compress(MANY), zstandard.compress(MANY)
half_gz, half_zst = packed_gz[: len(packed_gz) // 2], packed_zst[: len(packed_zst) // 2]
broken = {"skipped": 1, "message": "the archive breaks off here"}
first = [f"good one {k}" for k in range(5000)]

CASES = [
    # lines that are refused
    bad("not JSON", b"not json", "not JSON"),
    bad("cut short", b'{"text": "a', "not JSON"),
    bad("two objects", b'{"text": "a"}{"text": "b"}', "not JSON"),
    bad("comma after the last member", b'{"text": "a",}', "not JSON"),
    bad("single quotes", b"{'text': 'a'}", "not JSON"),
    bad("NaN", b'{"n": NaN, "text": "a"}', "not JSON"),
    bad("number with a leading zero", b'{"n": 01, "text": "a"}', "not JSON"),
    bad("bracket closed by the other kind", b'{"n": [1}, "text": "a"}', "not JSON"),
    bad("number beyond double precision", b'{"n": 1e400, "text": "a"}', "not JSON (number is infinity"),
    bad("array", b'["text", "a"]', "an array where an object with 'text' is allowed"),
    bad("string", b'"text"', "a string where an object"),
    bad("field missing", b'{"Text": "a", "id": 1}', "no field 'text', found 'Text', 'id'"),
    bad("empty object", b"{}", "no field 'text', found no field"),
    bad("null", b'{"text": null}', "field 'text' is null; allowed: a string"),
    bad("number", b'{"text": 3}', "field 'text' is a number; allowed: a string"),
    bad("boolean", b'{"text": true}', "field 'text' is a boolean"),
    bad("list", b'{"text": ["a"]}', "field 'text' is an array"),
    bad("object", b'{"text": {"text": "a"}}', "field 'text' is an object"),
    bad("text only inside another object", b'{"meta": {"text": "a"}}', "no field 'text'"),
    bad("lone surrogate escape", rb'{"text": "a \ud800 b"}', "not JSON"),
    bad("surrogates the wrong way round", rb'{"text": "\ude00\ud83d"}', "not JSON"),
    bad("lone surrogate elsewhere", rb'{"id": "\udc00", "text": "a"}', "not JSON"),
    bad("surrogate in UTF-8", b'{"text": "a \xed\xa0\x80"}', "invalid UTF-8: byte 0xED at 12"),
    bad("invalid UTF-8", b'{"text": "caf\xe9"}', "invalid UTF-8: byte 0xE9 at 13 of the line"),
    bad("overlong UTF-8", b'{"text": "\xc0\xaf"}', "invalid UTF-8: byte 0xC0"),
    bad("beyond Unicode", b'{"text": "\xf4\x90\x80\x80"}', "invalid UTF-8: byte 0xF4"),
    bad("UTF-8 cut by the quote", b'{"text": "\xe6\xbc"}', "invalid UTF-8"),
    bad("invalid UTF-8 in another field", b'{"id": "\xff", "text": "a"}', "invalid UTF-8"),
    bad("NUL byte", b'{"text": "a\x00b"}', "not JSON"),
    bad("NUL bytes only, as after a crash", b"\x00" * 4096, "not JSON"),
    bad("tab in a string", b'{"text": "a\tb"}', "not JSON"),
    bad("unknown escape", rb'{"text": "\x41"}', "not JSON"),
    bad("short escape", rb'{"text": "\u12"}', "not JSON"),
    bad("byte order mark inside the file", b"\xef\xbb\xbf" + GOOD[:-1], "not JSON"),
    # lines that are odd and read whole
    odd("escaped NUL", rb'{"text": "a\u0000b"}', "a\0b"),
    odd("surrogate pair", rb'{"text": "\ud83d\ude00 a"}', "\U0001f600 a"),
    odd("every escape", rb'{"text": "\"\\\/\b\f\n\r\t\u00E9"}', '"\\/\b\f\n\r\té'),
    odd("empty text", b'{"text": ""}', ""),
    odd("key given twice", b'{"text": "a", "text": "b"}', "b"),
    odd("key in escapes", rb'{"te\u0078t": "a"}', "a"),
    odd("key also inside another object", b'{"m": {"text": "x"}, "text": "a"}', "a"),
    odd("space everywhere", b' {\t"text" : "a" , "n" : [ 1 , { } , [ ] ] } \r', "a"),
    odd("large and small numbers", b'{"n": [1e300, -0.0, 123456789012345678901], "text": "a"}', "a"),
    odd("deep nesting", b'{"n": ' + b"[" * 200 + b"]" * 200 + b', "text": "a"}', "a"),
    odd("capital and sharp s", '{"text": "İSTANBUL Straße ẞ"}'.encode(), "İSTANBUL Straße ẞ"),
    odd("combining marks", '{"text": "cafe\u0301 \u0301x"}'.encode(), "cafe\u0301 \u0301x"),
    odd("script without spaces", '{"text": "漢字かな交じり文"}'.encode(), "漢字かな交じり文"),
    odd("duplicate of another document", GOOD[:-1], "good one"),
    odd("word of 100,000 letters", b'{"text": "' + b"a" * 100_000 + b'"}', "a" * 100_000),
    # files
    Case("0 bytes", "a.jsonl", b"", []),
    Case("blank lines", "a.jsonl", b"\n \n" + GOOD + b"\t\r\n\r\n" + GOOD + b"\n", TWO),
    Case("no line feed at the end", "a.jsonl", GOOD + GOOD[:-1], TWO),
    Case("carriage returns and line feeds", "a.jsonl", GOOD.replace(b"\n", b"\r\n") * 2, TWO),
    Case("byte order mark", "a.jsonl", b"\xef\xbb\xbf" + GOOD * 2, TWO),
    Case("byte order mark only", "a.jsonl", b"\xef\xbb\xbf", []),
    Case("UTF-16", "a.jsonl", GOOD.decode().encode("utf-16-le"), [], 2, 1, "line 1: "),
    Case("carriage returns only", "a.jsonl", (GOOD * 2).replace(b"\n", b"\r"), [], 1, 1, "not JSON"),
    Case("one array over lines", "a.json", b'[\n{"text": "a"}\n]\n', ["a"], 2, 1, "line 1: not JSON"),
    Case("last line cut short", "a.jsonl", GOOD + GOOD[:-5], ["good one"], 1, 2, "line 2: not JSON"),
    # archives
    Case("gz of 0 bytes", "a.jsonl.gz", b"", [], record=1, **broken),
    Case("zst of 0 bytes", "a.jsonl.zst", b"", [], record=1, **broken),
    Case("empty gz", "a.jsonl.gz", gzip.compress(b""), []),
    Case("empty zst", "a.jsonl.zst", zstandard.compress(b""), []),
    Case("gz members, one empty", "a.json.gz", gzip.compress(GOOD) + gzip.compress(b"") * 2
         + gzip.compress(GOOD), TWO),
    Case("zst frames", "a.jsonl.zst", zstandard.compress(GOOD) * 2, TWO),
    Case("line over two frames", "a.jsonl.zst",
         zstandard.compress(GOOD + GOOD[:7]) + zstandard.compress(GOOD[7:]), TWO),
    Case("zst cut in its second frame", "a.jsonl.zst", zstandard.compress(GOOD) + half_zst[:9], [],
         record=1, **broken),
    Case("gz without its last bytes", "a.jsonl.gz", packed_gz[:-4], [], record=1, **broken),
    Case("gz cut in half", "a.jsonl.gz", half_gz, [], record=1, **broken),
    Case("zst cut in half", "a.jsonl.zst", half_zst, [], record=1, **broken),
    Case("gz with a wrong checksum", "a.jsonl.gz", packed_gz[:-8] + b"\0\0\0\0" + packed_gz[-4:], [],
         record=1, **broken),
    Case("garbage after a gz", "a.jsonl.gz", packed_gz + b"garbage", [], record=1, **broken),
    Case("garbage after a zst", "a.jsonl.zst", packed_zst + b"garbage", [], record=1, **broken),
    Case("not packed at all", "a.jsonl.zst", GOOD, [], record=1, **broken),
    Case("gz under the name of a zst", "a.jsonl.zst", gzip.compress(GOOD), [], record=1, **broken),
    # Parquet
    Case("null", "a.parquet", parquet(["a", None, "b"]), ["a", "b"], 1, 2, "row 2: field 'text': null"),
    Case("invalid UTF-8", "a.parquet", parquet(bytes_as_text(b"a", b"\xff", b"b")), ["a", "b"], 1, 2,
         "row 2: field 'text': invalid UTF-8 at byte 0"),
    Case("no rows", "a.parquet", parquet(pa.array([], pa.string())), []),
    Case("0 bytes", "a.parquet", b"", None, message="not a Parquet file that can be read"),
    Case("cut short", "a.parquet", parquet(["a"])[:-20], None, message="not a Parquet file"),
    Case("another column", "a.parquet", parquet(["a"], "body"), None,
         message="no column 'text', found 'body'"),
    Case("numbers", "a.parquet", parquet([1, 2]), None, message="column 'text' is int64; allowed"),
    # folders
    Case("invalid UTF-8", "folder", {"a.txt": b"a", "b.txt": b"\xff", "c.txt": b"c"}, ["a", "c"], 1, 2,
         "file 2: b.txt: invalid UTF-8 at byte 0"),
    Case("another kind of file", "folder", {"a.txt": b"a", "b.pdf": b"b"}, ["a"], 1, 2,
         "file 2: b.pdf: not a .txt file"),
    Case("byte order mark, empty file", "folder", {"a.txt": b"\xef\xbb\xbfa", "b.txt": b""}, ["a", ""]),
    Case("no text file", "folder", {"a.pdf": b"a"}, None, message="a folder without a .txt file"),
]  # fmt: skip


@pytest.fixture
def shard(tmp_path, request) -> Shard:
    case = request.param
    path = tmp_path / case.name
    if isinstance(case.data, dict):
        path.mkdir()
        for name, data in case.data.items():
            (path / name).write_bytes(data)
    else:
        path.write_bytes(case.data)
    return Shard("bad", path)


def with_shards(cases):
    return pytest.mark.parametrize(
        ("case", "shard"),
        [(case, case) for case in cases],
        indirect=["shard"],
        ids=[f"{case.name}: {case.what}" for case in cases],
    )


def readings(shard: Shard, on_bad_record: str):
    """Every way to read a shard."""
    grams = ["a", "good", "good one", "one good", "b"]
    pairs = pa.table({"input_gram": ["good", "a"], "output_gram": ["one", "b"]})
    yield lambda: list(documents(shard, "text", on_bad_record))
    yield lambda: manifest_row(shard, "text", on_bad_record)
    for threads in (1, 2):
        options = {"on_bad_record": on_bad_record, "threads": threads}
        yield lambda options=options: counting.count_ngrams(shard, grams, **options)
        yield lambda options=options: counting.count_pairs(shard, pairs, **options)[0]


def check_counts(shard, texts):
    _, row, *counted = [read() for read in readings(shard, "skip")]
    for table in counted:
        for entry in table.to_pylist():
            grams = (
                [entry["ngram"]]
                if "ngram" in entry
                else [entry["input_gram"], entry["output_gram"]]
            )
            held = [
                all(gram in set(words.ngrams(text, gram.count(" ") + 1)) for gram in grams)
                for text in texts
            ]
            assert entry["documents"] == sum(held)
    return row


@with_shards([case for case in CASES if case.message])
def test_bad_input_stops_with_file_and_record(case, shard):
    for read in readings(shard, "stop"):
        with pytest.raises(CorpusError) as caught:
            read()
        message = str(caught.value)
        assert message.startswith(str(shard.path))
        assert case.message in message
        if case.record and case.skipped and "archive" not in case.message:
            assert caught.value.record == case.record


@with_shards([case for case in CASES if case.texts is None])
def test_a_file_that_is_no_shard_is_refused_in_either_mode(case, shard):
    for read in readings(shard, "skip"):
        with pytest.raises(CorpusError, match=r"folder|column|Parquet"):
            read()


@with_shards([c for c in CASES if c.texts is not None and "archive" not in c.message])
def test_bad_records_are_skipped_and_counted(case, shard):
    found = list(documents(shard, "text", "skip"))
    assert [text for _, text in found] == case.texts
    assert case.record not in [record for record, _ in found] or not case.skipped
    row = check_counts(shard, case.texts)
    assert (row["documents"], row["skipped"]) == (len(case.texts), case.skipped)
    assert row["text_bytes"] == sum(len(text.encode()) for text in case.texts)


@with_shards([case for case in CASES if "archive" in case.message])
def test_what_came_before_a_break_is_read_and_the_rest_counted_as_one(case, shard, caplog):
    texts = [text for _, text in documents(shard, "text", "skip")]
    assert "the archive breaks off here" in caplog.text
    assert "the rest is lost" in caplog.text
    assert texts == first[: len(texts)] or texts == ["good one"]
    row = check_counts(shard, texts)
    assert (row["documents"], row["skipped"]) == (len(texts), 1)
    assert row["bytes"] == shard.path.stat().st_size


@pytest.mark.parametrize(("name", "compress"), [("a.jsonl.gz", gzip.compress),
                                                ("a.jsonl.zst", zstandard.compress)])  # fmt: skip
def test_little_is_lost_before_a_break(tmp_path, name, compress):
    data = compress(b"".join(b'{"text": "%d"}\n' % (k * 7919) for k in range(200_000)))
    path = tmp_path / name
    path.write_bytes(data[: len(data) * 3 // 4])
    shard = Shard("cut", path)
    texts = [text for _, text in documents(shard, "text", "skip")]
    assert texts == [str(k * 7919) for k in range(len(texts))]
    assert len(texts) > 130_000
    assert manifest_row(shard, "text", "skip")["documents"] == len(texts)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_first_of_several_bad_records_is_named(tmp_path, monkeypatch, threads):
    monkeypatch.setattr("tracemem.corpus.batches.BATCH_BYTES", 200)
    monkeypatch.setattr("tracemem.corpus.formats.json_lines._READ", 100)
    lines = [GOOD] * 500
    for k in (123, 124, 300, 499):
        lines[k] = b"bad\n"
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(lines))
    for _ in range(5):
        with pytest.raises(CorpusError, match=r"a\.jsonl, line 124: not JSON"):
            counting.count_ngrams(Shard("a", path), ["good"], threads=threads)


def test_damaged_parquet_pages_are_counted_by_row(tmp_path):
    path = tmp_path / "a.parquet"
    data = bytearray(parquet([f"text {k}" for k in range(3000)], row_group_size=1000,
                             use_dictionary=False))  # fmt: skip
    start = len(data) // 2
    data[start - 1000 : start] = b"\xff" * 1000
    path.write_bytes(data)
    shard = Shard("a", path)
    with pytest.raises(CorpusError, match=r"a\.parquet, row 1001: damaged"):
        list(documents(shard))
    row = manifest_row(shard, "text", "skip")
    assert (row["documents"], row["skipped"]) == (2000, 1000)


def test_many_bad_records_are_all_counted_and_some_named(tmp_path, caplog):
    path = tmp_path / "a.jsonl"
    path.write_bytes((b"bad\n" + GOOD) * 50)
    row = manifest_row(Shard("a", path), "text", "skip")
    assert (row["documents"], row["skipped"]) == (50, 50)
    assert caplog.text.count("skipped ") == 10
    assert "further bad records are only counted" in caplog.text


def test_no_such_file():
    shard = Shard("a", Path("no/such.jsonl"))
    with pytest.raises(CorpusError, match=r"no/such\.jsonl: no such file"):
        manifest_row(shard)


def test_unknown_way_with_bad_records(tmp_path):
    (tmp_path / "a.jsonl").touch()
    with pytest.raises(ValueError, match="found 'ignore'; allowed: stop, skip"):
        manifest_row(Shard("a", tmp_path / "a.jsonl"), "text", "ignore")

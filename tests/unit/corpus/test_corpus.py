"""Shards of every kind give the same documents, in order, with their records."""

import gzip
import hashlib
import itertools
import json
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tracemem.corpus import formats, json_reader
from tracemem.corpus.bad_records import CorpusError
from tracemem.corpus.batches import Room
from tracemem.corpus.formats.json_lines import record_text
from tracemem.corpus.formats.text_folder import TextFolder
from tracemem.corpus.manifest import manifest_row
from tracemem.corpus.reading import Reader, documents
from tracemem.corpus.shards import Shard, find_shards
from tracemem.corpus.tables import MANIFEST

DOCUMENTS = [
    "First one.",
    "",
    'quote " and \\ and \n line',
    "Zoë 漢字 \U0001f600",
    "x" * 300_000,
    "end",
]


def lines_of(texts, **options):
    return "".join(json.dumps({"id": k, "text": text, "meta": {"text": [1.5, None]}}, **options) + "\n"
                   for k, text in enumerate(texts)).encode()  # fmt: skip


def several_frames(data):
    cuts = [0, 10, len(data) // 2, len(data)]
    return [data[a:b] for a, b in itertools.pairwise(cuts)]


KINDS = {
    "plain.jsonl": lambda data: data,
    "plain.json": lambda data: data,
    "one.jsonl.gz": gzip.compress,
    "many.json.gz": lambda data: b"".join(map(gzip.compress, several_frames(data))),
    "one.jsonl.zst": zstandard.compress,
    "many.json.zst": lambda data: b"".join(map(zstandard.compress, several_frames(data))),
    "skippable.jsonl.zst": lambda data: (
        b"\x50\x2a\x4d\x18\x04\0\0\0abcd" + zstandard.compress(data) + b"\x5f\x2a\x4d\x18\0\0\0\0"
    ),
}


def shard_of(path, data):
    path.write_bytes(data)
    return Shard("s", path)


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("name", KINDS)
def test_json_lines(tmp_path, name, escaped):
    shard = shard_of(tmp_path / name, KINDS[name](lines_of(DOCUMENTS, ensure_ascii=escaped)))
    assert list(documents(shard)) == list(enumerate(DOCUMENTS, 1))


def test_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    for kind in (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())):
        column = pa.array(DOCUMENTS, pa.string()).cast(kind)
        pq.write_table(
            pa.table({"n": range(len(DOCUMENTS)), "text": column}), path, row_group_size=2
        )
        assert list(documents(Shard("a", path))) == list(enumerate(DOCUMENTS, 1))


def test_folder_of_text_files(tmp_path):
    for k, text in enumerate(DOCUMENTS):
        (tmp_path / f"{k}.txt").write_bytes(text.encode())
    (tmp_path / ".hidden").write_text("not a record")
    assert list(documents(Shard("a", tmp_path))) == list(enumerate(DOCUMENTS, 1))


def test_nested_field(tmp_path):
    rows = [{"meta": {"body": text, "n": 1}, "text": "no", "": "no"} for text in DOCUMENTS]
    shard = shard_of(tmp_path / "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())
    assert [text for _, text in documents(shard, "meta.body")] == DOCUMENTS
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    found = documents(Shard("a", path), "meta.body")
    assert [text for _, text in found] == DOCUMENTS


@pytest.mark.parametrize("name", ["a.jsonl.zst", "a.jsonl"])
def test_many_batches_keep_order_and_records(tmp_path, name):
    draw = random.Random(0)
    texts = ["".join(draw.choices("abc é\n", k=draw.randrange(400))) for _ in range(3000)]
    lines = lines_of(texts).replace(b"\n", b"\r\n\n")  # CRLF, and a blank line after each
    shard = shard_of(tmp_path / name, zstandard.compress(lines) if name.endswith("zst") else lines)
    expected = [(2 * k + 1, text) for k, text in enumerate(texts)]
    assert list(documents(shard)) == expected
    reader, room, found = Reader(shard, batch_bytes=1), Room(), []
    while batch := reader.read(room):
        data = batch.text.tobytes()
        found += [
            (record, data[start:end].decode())
            for record, start, end in zip(
                batch.records.tolist(), batch.starts.tolist(), batch.ends.tolist(), strict=True
            )
        ]
    assert found == expected


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_share_a_reader_and_get_every_batch_once(tmp_path, monkeypatch, threads):
    monkeypatch.setattr("tracemem.corpus.formats.json_lines._READ", 500)
    texts = [f"text {k}" for k in range(2000)]
    shard = shard_of(tmp_path / "a.jsonl.zst", zstandard.compress(lines_of(texts)))
    reader = Reader(shard, batch_bytes=100, threads=threads)

    def work(_) -> list[int]:
        room, found = Room(), []
        while batch := reader.read(room):
            data = batch.text.tobytes()
            pieces = zip(batch.records, batch.starts, batch.ends, strict=True)
            for record, start, end in pieces:
                assert data[start:end].decode() == texts[record - 1]
                found.append(int(record))
        assert found == sorted(found)
        return found

    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(work, range(threads)))
    assert sorted(record for part in parts for record in part) == list(range(1, 2001))


def test_no_thread_waits_for_one_that_failed(tmp_path, monkeypatch):
    monkeypatch.setattr("tracemem.corpus.formats.json_lines._READ", 500)
    shard = shard_of(tmp_path / "a.jsonl.zst", zstandard.compress(lines_of(["a"] * 2000)))
    reader = Reader(shard, batch_bytes=100, threads=3)
    take, calls = reader._source.take, iter(range(100))

    def fail(room):
        if next(calls) == 20:
            raise RuntimeError("the disk is gone")
        return take(room)

    monkeypatch.setattr(reader._source, "take", fail)

    def work(_) -> int:
        room, batches = Room(), 0
        try:
            while reader.read(room):
                batches += 1
        except RuntimeError:
            batches += 1000
        return batches

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, range(3), timeout=60)) == 1020


def test_a_line_many_times_longer_than_a_batch(tmp_path):
    texts = ["small", "word " * 2_000_000, "small again"]
    shard = shard_of(tmp_path / "a.jsonl.zst", zstandard.compress(lines_of(texts)))
    assert [text for _, text in documents(shard)] == texts


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
json_objects = st.dictionaries(st.sampled_from(["text", "Text", "id", "", "te\u0078t2", "é"]),
                               json_values, max_size=4)  # fmt: skip


def compiled(line):
    """What the compiled reader makes of one line: its text, or None where it asks the library."""
    raw = np.full(len(line) + 64, 10, np.uint8)
    raw[: len(line)] = memoryview(line)
    text = np.zeros(len(line) + 64, np.uint8)
    places, outcome = np.zeros((3, 1), np.int64), np.zeros(1, np.uint8)
    field = np.frombuffer(b"text", np.uint8)
    json_reader.read_lines(raw, len(line), field, text, *places, outcome)
    assert places[0, 0] == len(line)
    if outcome[0] != json_reader.READ:
        return None
    return text[places[1, 0] : places[2, 0]].tobytes().decode()


def plainly(line):
    try:
        return record_text(line, "text")
    except ValueError:
        return None


@settings(max_examples=150, deadline=None)
@given(json_objects, st.text(max_size=80), st.booleans())
def test_valid_lines_are_read_as_the_json_library_does(value, text, escaped):
    value = {**value, "text": text}
    line = json.dumps(value, ensure_ascii=escaped).encode().replace(b"\n", b"")
    assert compiled(line) in (text, None)
    assert plainly(line) == text
    if not escaped and not any(
        isinstance(item, int | float | dict | list) for item in value.values()
    ):
        assert compiled(line) == text


@settings(max_examples=400, deadline=None)
@given(json_objects, st.text(max_size=20), st.booleans(), st.data())
@example({}, "\ud7ff\ue000", True, None)
def test_damaged_lines_are_never_read_where_the_json_library_would_not(value, text, escaped, data):
    line = bytearray(json.dumps({**value, "text": text}, ensure_ascii=escaped).encode())
    if data is not None:
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, len(line) - 1))
            what = data.draw(st.sampled_from(["put", "insert", "delete"]))
            byte = data.draw(st.one_of(
                st.sampled_from(list(b'"\\u{}[]:,0-.eEdD8cC \t\r\x00\x1f\x7f\xc3\xa9\xed\xa0\xf4\xff')),
                st.integers(0, 255),
            ))  # fmt: skip
            if what == "put":
                line[at] = byte
            elif what == "insert":
                line.insert(at, byte)
            elif len(line) > 1:
                del line[at]
    line = bytes(line).replace(b"\n", b"")
    found = compiled(line)
    assert found is None or found == plainly(line)


def test_manifest_row(tmp_path):
    data = zstandard.compress(lines_of(DOCUMENTS))
    shard = shard_of(tmp_path / "a.jsonl.zst", data)
    row = manifest_row(shard)
    assert row == {
        "shard": "s",
        "path": str(shard.path),
        "documents": len(DOCUMENTS),
        "skipped": 0,
        "bytes": len(data),
        "text_bytes": sum(len(text.encode()) for text in DOCUMENTS),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    assert set(row) == set(MANIFEST.columns)


def test_manifest_row_of_other_kinds(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["a", None, "é"]}), path)
    row = manifest_row(Shard("a", path), on_bad_record="skip")
    assert (row["documents"], row["skipped"], row["text_bytes"]) == (2, 1, 3)
    assert row["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "b.txt").write_text("bb")
    (folder / "a.txt").write_text("a")
    row = manifest_row(Shard("f", folder))
    assert (row["documents"], row["bytes"], row["text_bytes"]) == (2, 3, 3)
    assert row["sha256"] == hashlib.sha256(b"a.txt\x001\x00ab.txt\x002\x00bb").hexdigest()


def test_shards_are_found_and_named(tmp_path):
    for name in ("b.jsonl", "a.jsonl.zst", "c c.parquet", "en.00.json.gz", "brackets[1].json"):
        (tmp_path / name).touch()
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "1.txt").touch()
    shards = find_shards(
        [f"{tmp_path}/*.js*", f"{tmp_path}/b.jsonl", f"{tmp_path}/c c.parquet",
         f"{tmp_path}/books", f"{tmp_path}/brackets[1].json"]
    )  # fmt: skip
    names = {shard.name: shard.path.name for shard in shards}
    assert list(names) == sorted(names)
    assert names == {
        "a": "a.jsonl.zst", "b": "b.jsonl", "books": "books", "brackets-1-": "brackets[1].json",
        "c-c": "c c.parquet", "en.00": "en.00.json.gz",
    }  # fmt: skip


def test_every_ending_is_that_of_one_format(tmp_path):
    for ending in formats.ENDINGS:
        path = tmp_path / f"a{ending}"
        found = [known for known in formats.FORMATS if known.holds(path)]
        assert found == [Shard("a", path).format]
        assert formats.ending_of(path.name) == ending
    folder = tmp_path / "books.parquet"
    folder.mkdir()
    assert Shard("books", folder).format is TextFolder


def test_files_of_the_same_name_are_named_by_their_folders(tmp_path):
    for folder in ("x/en", "x/fr", "y/fr"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "part.jsonl").touch()
    names = [shard.name for shard in find_shards([f"{tmp_path}/**/*.jsonl"])]
    assert names == ["en-part", "x-fr-part", "y-fr-part"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("nothing/*.jsonl", "'nothing/\\*.jsonl' matches nothing"), ("*.csv", "not a kind of shard")],
)
def test_globs_that_find_no_shard(tmp_path, monkeypatch, pattern, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").touch()
    with pytest.raises(CorpusError, match=message):
        find_shards([pattern])


def test_names_that_come_out_the_same(tmp_path):
    (tmp_path / "a b.jsonl").touch()
    (tmp_path / "a-b.jsonl").touch()
    with pytest.raises(CorpusError, match="come out the same"):
        find_shards([f"{tmp_path}/*"])

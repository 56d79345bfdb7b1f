"""The counting engine equals plain Python on every input, whatever the threads and the shards."""

import json
import random
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tracemem.corpus import json_reader
from tracemem.corpus.batches import PAD, Batch, Room
from tracemem.corpus.reading import documents
from tracemem.corpus.shards import Shard
from tracemem.jobs import files
from tracemem.ngrams import counting, lookup, words
from tracemem.ngrams.samples import document_hash, merge_samples
from tracemem.ngrams.scan import WORDS
from tracemem.ngrams.tables import COUNTS, PAIR_COUNTS, SAMPLES

SIZES = (1, 2, 3, 5, 8, 14)


def batch_of(texts):
    data = [text.encode() for text in texts]
    ends = np.cumsum([len(piece) for piece in data], dtype=np.int64)
    text = np.zeros(sum(map(len, data)) + 64, np.uint8)
    text[: text.size - 64] = memoryview(b"".join(data))
    starts = ends - np.array([len(piece) for piece in data], np.int64)
    return Batch(text, starts, ends, np.arange(1, len(data) + 1))


def count(texts, ngrams):
    scanner = counting.Scanner(counting.Index(ngrams))
    scanner.scan(batch_of(texts), Room())
    return scanner.documents.tolist(), scanner.occurrences.tolist()


def reference(texts, ngrams):
    sizes = {len(gram.split(" ")) for gram in ngrams}
    documents, occurrences = Counter(), Counter()
    for text in texts:
        found = Counter(gram for n in sizes for gram in words.ngrams(text, n))
        occurrences.update(found)
        documents.update(found.keys())
    return [documents[gram] for gram in ngrams], [occurrences[gram] for gram in ngrams]


def candidates_of(texts, sizes=SIZES):
    return sorted({gram for text in texts for n in sizes for gram in words.ngrams(text, n)})


def assert_equal_to_reference(texts, extra=()):
    ngrams = list(dict.fromkeys([*candidates_of(texts), *extra]))
    assert count(texts, ngrams) == reference(texts, ngrams)


def write_shard(folder, name, texts):
    path = folder / f"{name}.jsonl.zst"
    lines = b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts)
    path.write_bytes(zstandard.compress(lines))
    return Shard(name, path)


def corpus_of(size, seed=0, vocabulary=60, most=60):
    """Documents with repetitions, punctuation, several scripts, and now and then the same text."""
    draw = random.Random(seed)
    lexicon = [f"w{k}" for k in range(vocabulary)] + [
        "Straße",
        "ΟΔΟΣ",
        "naïve",
        "cafe\u0301",
        "漢字",
    ]
    lexicon += ["aLongerWordThanEightBytes", "and_one_that_is_well_over_thirty_two_bytes_long"]
    weights = [1 / (rank + 1) for rank in range(len(lexicon))]
    texts = []
    for _ in range(size):
        chosen = draw.choices(lexicon, weights, k=draw.randrange(most))
        texts.append("".join(word + draw.choice([" ", ", ", "\n", "--"]) for word in chosen))
        if draw.random() < 0.1:
            texts.append(draw.choice(texts))
    return texts


TEXTS = corpus_of(300)
CANDIDATES = [*candidates_of(TEXTS), "not there", "neither is this one"]


any_character = st.characters(exclude_categories=["Cs"])
awkward = st.sampled_from(
    "aAzZ09_ \n.'-\u00ad\u0130\u0131\u00df\u1e9e\u03a3\u03c3\u03c2\u0301\u0308\u030c\u0327\u0345"
    "\u1100\u1161\u11a8\uac00\u0e33\u0e48\u09be\u200d\ufe0f\u212a\u212b\u2126\u01c5\u0149\u023a"
    "\U0001f600\U00010400\U0001d400\u0660\u00b2\u2460\ufb01\u06dd\u0345J\u01f0H\u0331"
)
texts_strategy = st.lists(st.text(st.one_of(any_character, awkward), max_size=80), max_size=6)


@settings(max_examples=250, deadline=None)
@given(texts_strategy)
@example(["ΑΣ", "ΑΣ.", "ΑΣ'Β", "Σ", "ΑΣ ΒΣ", "Α\u0345Σ"])
@example(["I\u0307stanbul İstanbul", "J\u030c", "\u1100\u1161\u11a8 \uac00\u11a8"])
@example(["", " ", "a", "a a a a a a a a a a a a a a a a"])
def test_counts_equal_plain_python(texts):
    assert_equal_to_reference(texts, extra=["q", "q q"])


def fold(texts):
    """Folded bytes of each text, one after another, and where they start and end; -1 if left out."""
    batch = batch_of(texts)
    table = counting.code_points()[0]
    buffer, places = counting._fold(batch.text, batch.starts, batch.ends, table, Room())
    return buffer.tobytes(), places


@pytest.mark.parametrize("frame", ["{}", "Aa{0}bZ{0}", "\u1100{0} \uac00{0}"])
def test_every_code_point_is_folded_as_python_does(frame):
    points = (k for k in range(sys.maxunicode + 1) if not 0xD800 <= k < 0xE000 and k != ord("\n"))
    texts = [frame.format(chr(point)) for point in points]
    # One text a line: a line feed ends every context that NFC and lower case look at.
    expected = re.sub(r"[^\w\n]+", " ", words.normalize("\n".join(texts))).encode().split(b"\n")
    buffer, places = fold(texts)
    read = 0
    for text, start, end, form in zip(texts, *places.tolist(), expected, strict=True):
        if end >= 0:
            read += 1
            found = buffer[start:end]
            assert found == form or found.split() == form.split(), text
    assert read > 1_100_000


def test_only_what_has_to_be_is_normalised_by_python():
    plain = [
        "Straße naïve ÅÉ",
        "漢字かな交じり文",
        "Привет, мир",
        "\uac00\ub098",
        "\U0001f600 ok\ufe0f",
    ]
    assert (fold(plain)[1][1] > 0).all()
    assert (fold(["cafe\u0301", "ΟΔΟΣ", "İ", "\u212b", "\u1100\u1161"])[1][1] == -1).all()


def test_normalised_text_is_the_same_in_pieces(monkeypatch):
    text = "ΑΣ Σ e\u0301 \u1100\u1161\u11a8\nΒΣ \u0301x 'Σ " * 50
    monkeypatch.setattr(counting, "_PIECE", 7)
    data = np.frombuffer(text.encode(), np.uint8)
    assert counting._normalized(data).decode() == words.normalize(text)


def test_lower_case_of_normal_text_is_itself():
    text = "".join(map(chr, [*range(0xD800), *range(0xE000, sys.maxunicode + 1)]))
    once = words.normalize("\n".join(text))
    assert once.lower() == once


def test_all_sizes_at_once_in_documents_of_all_lengths():
    assert_equal_to_reference(TEXTS, extra=CANDIDATES[-2:])


@pytest.mark.parametrize("sizes", [(2,), (5,), (14,), (1, 14), (3, 4), (30, 127)])
def test_some_sizes_only(sizes):
    texts = corpus_of(60, seed=1, most=200)
    ngrams = candidates_of(texts, sizes)
    ngrams = random.Random(0).sample(ngrams, min(2000, len(ngrams)))
    assert count(texts, ngrams) == reference(texts, ngrams)


def test_a_document_longer_than_what_is_looked_up_at_once():
    draw = random.Random(3)
    text = " ".join(draw.choice("abcd") for _ in range(20 * WORDS))
    texts = [text, "tail a", text[: 3 * WORDS], "x" * 70000 + " " + text[:100]]
    ngrams = sorted(
        {gram for n in (1, 2, 3, 5) for gram in words.ngrams(text, n)}
        | set(list(words.ngrams(text, 14))[:: WORDS // 7])
        | {"tail a", "x" * 70000 + " a"}
    )
    assert count(texts, ngrams) == reference(texts, ngrams)


def test_ngrams_do_not_cross_documents():
    assert count(["a", "b", "a b"], ["a b", "b a"]) == ([1, 0], [1, 0])


def test_an_ngram_longer_than_the_document_is_not_there():
    assert count(["a b"], ["a b c", "a b"]) == ([0, 1], [0, 1])


def test_crowded_hash_table(monkeypatch):
    """Full rows and shared marks: with one row for all, every n-gram has to be searched for."""
    index = counting.Index(CANDIDATES)
    slots = np.zeros(8 * len(CANDIDATES) + 64, np.uint32)
    index.tables = index.tables._replace(
        slots=slots, row_shift=np.uint64(63), number_mask=np.uint64(2**32 - 1)
    )
    assert lookup.enter(*named(CANDIDATES), index.tables, index.checks) == -1
    scanner = counting.Scanner(index)
    scanner.scan(batch_of(TEXTS[:40]), Room())
    expected = reference(TEXTS[:40], CANDIDATES)
    assert (scanner.documents.tolist(), scanner.occurrences.tolist()) == expected


def named(ngrams):
    data = "".join(gram + "\n" for gram in ngrams).encode()
    names = np.zeros(len(data) + 64, np.uint8)
    names[: len(data)] = memoryview(data)
    bounds = np.concatenate([[0], np.flatnonzero(names == 10) + 1])
    return names, bounds, np.array([gram.count(" ") + 1 for gram in ngrams], np.int8)


def test_equal_hashes_are_found_when_the_index_is_made():
    index = counting.Index(["a"])
    index.tables.slots[:] = 0
    assert lookup.enter(*named(["b", "c", "b"]), index.tables, np.zeros(3, np.uint64)) == 2


@pytest.mark.parametrize(
    ("ngrams", "message"),
    [
        (["a", "b", "a"], "'a' is given twice"),
        (["A b"], "allowed: written 'a b'"),
        (["a  b"], "allowed: written 'a b'"),
        (["a\nb"], "allowed: written 'a b'"),
        (["cafe\u0301"], "allowed: written 'café'"),
        ([""], "allowed: at least one word"),
        ([" ".join("a" * 128)], "allowed: up to 127"),
    ],
)
def test_ngrams_in_another_form_are_refused(ngrams, message):
    with pytest.raises(ValueError, match="n-gram") as caught:
        counting.Index(ngrams)
    assert message in str(caught.value)


def test_ngrams_may_be_a_part_of_an_arrow_array():
    texts = ["a b", "b", "a"]
    for kind in (pa.string(), pa.large_string()):
        scanner = counting.Scanner(counting.Index(pa.array(["?", *texts, "?"], kind).slice(1, 3)))
        scanner.scan(batch_of(["a b a b", "b"]), Room())
        assert scanner.documents.tolist() == [1, 2, 1]
        assert scanner.occurrences.tolist() == [2, 3, 2]
    with pytest.raises(ValueError, match="null"):
        counting.Index(pa.array(["a", None]))


@given(st.binary(max_size=300).map(lambda data: data.replace(b"a", b"\n")), st.data())
def test_line_feeds_are_counted_and_the_last_is_found(data, draw):
    start = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(start, len(data)))
    raw = np.frombuffer(data + b"\n" * PAD, np.uint8)
    count, last = json_reader.line_feeds(raw, start, end)
    assert count == data[start:end].count(b"\n")
    assert not count or last == data.rindex(b"\n", start, end)


def test_words_come_back_as_they_are():
    """The form that n-grams are given in is the form that words have: no word changes again."""
    every = words.words("\n".join(map(chr, [*range(0xD800), *range(0xE000, sys.maxunicode + 1)])))
    assert len(every) > 100_000
    assert words.words("\n".join(every)) == every


@pytest.fixture
def many_batches(monkeypatch):
    """Batches of a few documents, so that a small shard has many."""
    monkeypatch.setattr("tracemem.corpus.batches.BATCH_BYTES", 1000)
    monkeypatch.setattr("tracemem.corpus.formats.json_lines._READ", 500)


def test_a_shard_is_counted_the_same_by_any_number_of_threads(tmp_path, many_batches):
    shard = write_shard(tmp_path, "s", TEXTS)
    expected = reference(TEXTS, CANDIDATES)
    for threads in (1, 2, 3):
        table = counting.count_ngrams(shard, CANDIDATES, threads=threads)
        assert table.schema.equals(files.schema(COUNTS))
        assert table["ngram"].to_pylist() == CANDIDATES
        assert table["n"].to_pylist() == [gram.count(" ") + 1 for gram in CANDIDATES]
        assert (table["documents"].to_pylist(), table["occurrences"].to_pylist()) == expected


def test_no_candidates_and_no_documents(tmp_path):
    shard = write_shard(tmp_path, "s", [])
    assert counting.count_ngrams(shard, []).num_rows == 0
    assert counting.count_ngrams(shard, ["a"])["documents"].to_pylist() == [0]
    nothing = pa.table(
        {"input_gram": pa.array([], "string"), "output_gram": pa.array([], "string")}
    )
    counts, samples = counting.count_pairs(write_shard(tmp_path, "t", ["a b"]), nothing)
    assert counts.num_rows == samples.num_rows == 0


def some_pairs(size=400, seed=2):
    draw = random.Random(seed)
    common = [
        gram for gram, _ in Counter(g for t in TEXTS for g in words.ngrams(t, 1)).most_common(30)
    ]
    pairs = {(draw.choice(common), draw.choice(CANDIDATES)) for _ in range(size)}
    pairs |= {(draw.choice(CANDIDATES), draw.choice(common)) for _ in range(size)}
    pairs |= {("w1", "w1"), ("w1", "w2"), ("w2", "w1"), ("not there", "w0")}
    return sorted(pairs)


def as_table(pairs):
    return pa.table({"input_gram": [a for a, _ in pairs], "output_gram": [b for _, b in pairs]})


def pair_reference(shards, pairs, size):
    """Pair counts and samples, straight from their definition."""
    holding = defaultdict(set)
    hashes = {}
    grams = {gram for pair in pairs for gram in pair}
    sizes = {gram.count(" ") + 1 for gram in grams}
    for shard, texts in shards.items():
        for record, text in enumerate(texts, 1):
            hashes[shard, record] = document_hash(text)
            for gram in {gram for n in sizes for gram in words.ngrams(text, n)} & grams:
                holding[gram].add((shard, record))

    def smallest(places):
        first = {}
        for place in sorted(places):
            first.setdefault(hashes[place], place)
        return sorted(first.items())[:size]

    both = {pair: holding[pair[0]] & holding[pair[1]] for pair in pairs}
    samples = [(*pair, name, *at) for pair in pairs for name, at in smallest(both[pair])]
    for output in {output for _, output in pairs}:
        rest = holding[output] - {at for pair in pairs if pair[1] == output for at in both[pair]}
        samples += [("", output, name, *at) for name, at in smallest(rest)]
    return [len(both[pair]) for pair in pairs], sorted(samples)


@pytest.mark.parametrize("given_counts", [True, False])
@pytest.mark.parametrize("threads", [1, 2])
def test_pairs_and_their_samples_equal_plain_python(tmp_path, threads, given_counts, many_batches):
    pairs = some_pairs()
    shard = write_shard(tmp_path, "s", TEXTS)
    counts = counting.count_ngrams(shard, CANDIDATES) if given_counts else None
    counted, samples = counting.count_pairs(
        shard, as_table(pairs), counts=counts, samples=3, threads=threads
    )
    documents, rows = pair_reference({"s": TEXTS}, pairs, 3)
    assert counted.schema.equals(files.schema(PAIR_COUNTS))
    assert samples.schema.equals(files.schema(SAMPLES))
    assert counted["documents"].to_pylist() == documents
    assert [tuple(row.values()) for row in samples.to_pylist()] == rows


def test_a_pair_may_be_a_data_frame_and_samples_left_out(tmp_path):
    pairs = as_table([("w0", "w1"), ("w1", "w2")])
    shard = write_shard(tmp_path, "s", TEXTS)
    counted, samples = counting.count_pairs(shard, pairs.to_pandas(), samples=0)
    assert counted.equals(counting.count_pairs(shard, pairs)[0])
    assert samples.num_rows == 0


def test_a_pair_given_twice_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"given twice.*'b'"):
        counting.count_pairs(
            write_shard(tmp_path, "s", ["a b"]), as_table([("a", "b"), ("b", "a"), ("a", "b")])
        )


def test_samples_survive_thinning_out(tmp_path, monkeypatch, many_batches):
    """With room for few events the largest hashes are dropped on the way, and nothing else."""
    texts = corpus_of(2000, seed=7, most=12)
    pairs = as_table([("w0", "w1"), ("w1", "w0"), ("w2", "w3")])
    shard = write_shard(tmp_path, "s", texts)
    whole = counting.count_pairs(shard, pairs, samples=5)[1]
    monkeypatch.setattr("tracemem.ngrams.samples._EVENTS", 50)
    monkeypatch.setattr("tracemem.ngrams.samples._AT_ONCE", 4)
    for threads in (1, 2, 5):
        sampled = counting.count_pairs(shard, pairs, samples=5, threads=threads)[1]
        assert sampled.equals(whole)


def test_results_do_not_depend_on_sharding_or_order(tmp_path):
    texts = TEXTS + corpus_of(200, seed=9)
    pairs = some_pairs(100)
    whole = write_shard(tmp_path, "whole", texts)
    parts = {f"part{k}": texts[k::3] for k in range(3)}
    shards = [write_shard(tmp_path, name, part) for name, part in parts.items()]
    counts = [counting.count_ngrams(shard, CANDIDATES) for shard in shards]
    paired = [counting.count_pairs(shard, as_table(pairs), samples=4) for shard in shards]
    merged = counting.merge_counts(counts)
    assert merged.equals(counting.count_ngrams(whole, CANDIDATES))
    assert merged.equals(counting.merge_counts(counts[::-1]))
    documents, rows = pair_reference(parts, pairs, 4)
    for order in (paired, paired[::-1], paired[1:] + paired[:1]):
        assert counting.merge_pair_counts(table for table, _ in order)["documents"].to_pylist() == (
            documents
        )
        samples = merge_samples([sample for _, sample in order], 4)
        assert [tuple(row.values()) for row in samples.to_pylist()] == rows
    # The same documents are sampled from one shard; only their places have other names.
    alone = counting.count_pairs(whole, as_table(pairs), samples=4)[1]
    assert alone.select(range(3)).equals(samples.select(range(3)))


def test_tables_of_other_candidates_do_not_merge(tmp_path):
    shard = write_shard(tmp_path, "s", ["a b"])
    tables_ = [counting.count_ngrams(shard, grams) for grams in (["a", "b"], ["b", "a"])]
    with pytest.raises(ValueError, match="different ngram"):
        counting.merge_counts(tables_)
    with pytest.raises(ValueError, match="no shard"):
        counting.merge_pair_counts([])


def test_document_hash_is_the_published_one():
    """Vectors of MurmurHash3_x64_128 with seed 0."""
    fox = "The quick brown fox jumps over the lazy dog"
    assert document_hash("") == "0" * 32
    assert document_hash(fox) == "e34bbc7bbc071b6c7a433ca9c49a9347"
    assert document_hash(fox + ".") == "cd99481f9ee902c9695da1a38987b6e7"


def test_real_corpus_equals_plain_python(real_data):
    shard = Shard("real", Path(real_data, "corpora", "parallel_docs_en_xx.jsonl.zst"))
    texts = [text for _, text in documents(shard)][::20]
    ngrams = random.Random(0).sample(candidates_of(texts, (1, 3, 8)), 20000)
    assert count(texts, ngrams) == reference(texts, ngrams)

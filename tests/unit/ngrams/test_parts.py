"""Pairs by part of a shard: each part counted as a shard of its own, whatever the threads."""

import json

import numpy as np
import pyarrow as pa
import pytest

from tracemem.corpus.bad_records import CorpusError
from tracemem.corpus.batches import BATCH_BYTES
from tracemem.corpus.shards import Shard
from tracemem.ngrams import words
from tracemem.ngrams.counting import count_pairs
from tracemem.ngrams.parts import count_pairs_by_part

PAIRS = pa.table(
    {
        "input_gram": ["red fish", "a b", "é", "red fish"],
        "output_gram": ["sea", "c", "a b", "nowhere"],
    }
)


def shard_of(texts, folder, blank=0):
    path = folder / "s.jsonl"
    lines = [json.dumps({"text": text}) for text in texts]
    if blank:
        lines.insert(blank, "")
    path.write_text("".join(line + "\n" for line in lines))
    return Shard("s", path)


def texts_of(generator, count):
    known = ["red", "fish", "sea", "a", "b", "c", "É", "e\u0301", "Red fish", "A  b"]
    # A long word, so that a few documents are several batches.
    return [" ".join([*generator.choice(known, 9), "z" * 400]) for _ in range(count)]


@pytest.mark.parametrize("threads", [1, 3])
def test_each_part_is_counted_as_its_documents_alone(tmp_path, threads):
    generator = np.random.default_rng(threads)
    texts = texts_of(generator, 4000)
    assert sum(map(len, texts)) > BATCH_BYTES
    part = generator.integers(0, 3, len(texts)).astype(np.int16)
    shard = shard_of(texts, tmp_path)
    found = count_pairs_by_part(shard, PAIRS, part, 5, threads=threads)
    held = [{gram for n in (1, 2) for gram in words.ngrams(text, n)} for text in texts]
    for column, pair in enumerate(PAIRS.to_pylist()):
        both = np.array([{*pair.values()} <= grams for grams in held])
        for number in range(5):
            assert found[number, column] == (both & (part == number)).sum()
    whole, _ = count_pairs(shard, PAIRS, samples=0)
    assert found.sum(axis=0).tolist() == whole["documents"].to_pylist()
    assert found[:3, :3].all() and not found[3:].any() and not found[:, 3].any()


def test_a_record_that_is_no_document_leaves_the_parts_unknown(tmp_path):
    texts = ["red fish sea", "a b c", "sea"]
    with pytest.raises(CorpusError, match="s: found record 3 among 2 documents"):
        count_pairs_by_part(shard_of(texts, tmp_path), PAIRS, np.zeros(2, np.int16), 1)
    # Records are lines: those after a blank one are not where their number says.
    with pytest.raises(CorpusError, match="s: found record 4 among 3 documents"):
        count_pairs_by_part(shard_of(texts, tmp_path, blank=1), PAIRS, np.zeros(3, np.int16), 1)

"""The infinity-gram index and its answers, against a slow reference and the infini-gram package."""

import math
import subprocess
import sys
from itertools import chain

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from infini_gram.engine import InfiniGramEngine
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from tracemem.infgram import index as infgram

SEPARATOR = 0xFFFF
# Tokens whose order differs as numbers and as little-endian bytes, and 0xFFFE beside the separator.
ALPHABET = [0, 1, 2, 255, 256, 257, 0x0200, 0xFF00, 0xFFFE]


def lay_out(folder, shards):
    """An index over shards of documents of token ids, its tokens and offsets written by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, documents in enumerate(shards):
        tokens, offsets = [], []
        for document in documents:
            offsets.append(2 * len(tokens))
            tokens += [SEPARATOR, *document]
        np.array(tokens, "<u2").tofile(folder / f"tokenized.{i}")
        np.array(offsets, "<u8").tofile(folder / f"offset.{i}")
        infgram.build_table(folder / f"tokenized.{i}", folder / f"table.{i}")
    return folder


def read_table(path, width):
    entries = np.fromfile(path, np.uint8).reshape(-1, width)
    return np.pad(entries, ((0, 0), (0, 8 - width))).view("<u8").ravel()


def occurrences(shards, sequence):
    """C(sequence, D), counted by sliding over the shards' tokens."""
    total = 0
    for documents in shards:
        stream = [token for document in documents for token in [SEPARATOR, *document]]
        if not sequence:
            total += len(stream)
            continue
        for i in range(len(stream) - len(sequence) + 1):
            total += stream[i : i + len(sequence)] == sequence
    return total


def slow_probability(shards, context, token):
    """(suffix length, its count, count with the token), by the definition."""
    for length in range(len(context), -1, -1):
        suffix = context[len(context) - length :]
        if count := occurrences(shards, suffix):
            return length, count, occurrences(shards, [*suffix, token])
    raise AssertionError("the empty suffix occurs in every corpus")


def package_probability(engine, context, token):
    found = engine.infgram_prob(prompt_ids=context, cont_id=token)
    return found["suffix_len"], found["prompt_cnt"], found["cont_cnt"]


def rows(answers):
    return list(
        zip(
            answers.suffix_lengths.tolist(),
            answers.suffix_counts.tolist(),
            answers.continued_counts.tolist(),
            strict=True,
        )
    )


def sequences_of(tokens, **sizes):
    return st.lists(st.sampled_from(tokens), **sizes)


@st.composite
def cases(draw):
    tokens = draw(st.sampled_from([ALPHABET[:2], ALPHABET[3:6], ALPHABET]))
    shards = draw(
        st.lists(
            st.lists(sequences_of(tokens, max_size=12), min_size=1, max_size=4),
            min_size=1,
            max_size=3,
        )
    )
    # Token 77 occurs nowhere; a copied document makes long suffixes occur.
    queries = draw(
        st.lists(
            st.one_of(
                sequences_of([*tokens, 77, SEPARATOR], max_size=12),
                st.sampled_from([doc for documents in shards for doc in documents]).map(
                    lambda document: [tokens[0], *document, *document, tokens[-1]]
                ),
            ),
            min_size=1,
            max_size=4,
        )
    )
    return shards, queries


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(case=cases())
def test_answers_equal_definition_and_package(tmp_path_factory, case):
    shards, queries = case
    folder = lay_out(tmp_path_factory.mktemp("index"), shards)
    answers = infgram.Index(folder).probabilities(queries)
    engine = InfiniGramEngine(index_dir=str(folder), eos_token_id=0)
    asked = [(query[:i], query[i]) for query in queries for i in range(len(query))]
    assert rows(answers) == [slow_probability(shards, *place) for place in asked]
    assert rows(answers) == [package_probability(engine, *place) for place in asked]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(documents=st.lists(sequences_of(ALPHABET, max_size=40), min_size=1))
def test_built_order_is_that_of_bytes(tmp_path_factory, documents):
    folder = lay_out(tmp_path_factory.mktemp("index"), [documents])
    content = (folder / "tokenized.0").read_bytes()
    width = max(1, math.ceil(math.log2(len(content)) / 8))
    wanted = sorted(range(0, len(content), 2), key=lambda at: content[at:])
    assert read_table(folder / "table.0", width).tolist() == wanted


@pytest.fixture(scope="module")
def larger(tmp_path_factory):
    """Two index shards of repetitive random text, and queries cut from it, mixed and unknown."""
    draw = np.random.default_rng(5)
    shards = []
    for size in (40_000, 3_000):
        stream = (draw.zipf(1.5, size) % 900).astype(np.int64) * 71 % 65_000
        stream[size // 2 : size // 2 + 700] = stream[100:800]
        shards.append([list(map(int, part)) for part in np.split(stream, range(500, size, 500))])
    queries = []
    for _ in range(300):
        source = shards[draw.integers(2)]
        document = source[draw.integers(len(source))]
        at, size = draw.integers(400), draw.integers(1, 90)
        query = document[at : at + size]
        if draw.random() < 0.5:
            query = [*query, 65_001, *document[:20]]
        queries.append(query)
    folder = lay_out(tmp_path_factory.mktemp("index"), shards)
    return folder, shards, queries


def test_batch_equals_package_on_longer_text(larger):
    folder, _, queries = larger
    starts = [max(0, len(query) - 4) for query in queries]
    answers = infgram.Index(folder).probabilities(queries, starts)
    engine = InfiniGramEngine(index_dir=str(folder), eos_token_id=0)
    wanted = [
        package_probability(engine, query[:i], query[i])
        for query, start in zip(queries, starts, strict=True)
        for i in range(start, len(query))
    ]
    assert rows(answers) == wanted
    assert max(answers.suffix_lengths) > 20
    sizes = [len(query) - start for query, start in zip(queries, starts, strict=True)]
    assert np.diff(answers.offsets).tolist() == sizes


def test_answers_do_not_depend_on_threads_or_batch(larger):
    folder, _, queries = larger
    index = infgram.Index(folder)
    # Long enough for several pieces, some of which begin inside a sequence.
    joined = [[token for query in queries for token in query], *queries, []]
    once = index.probabilities(joined)
    for threads in (2, 3):
        again = index.probabilities(joined, threads=threads)
        assert rows(again) == rows(once)
    single = [rows(index.probabilities([query])) for query in queries]
    assert [row for part in single for row in part] == rows(once)[len(joined[0]) :]


def test_starts_choose_places(larger):
    folder, _, queries = larger
    index = infgram.Index(folder)
    query = next(query for query in queries if len(query) > 10)
    every = rows(index.probabilities([query]))
    assert rows(index.probabilities([query], [7])) == every[7:]
    assert rows(index.probabilities([query], [len(query)])) == []
    assert rows(index.probabilities([])) == []


def test_long_context_that_occurs_whole(tmp_path):
    document = [int(t) for t in np.random.default_rng(0).integers(0, 3, 3000)]
    index = infgram.Index(lay_out(tmp_path / "index", [[document], [document, document]]))
    length, count, continued = rows(index.probabilities([document], [2999]))[0]
    assert (length, count, continued) == (2999, 3, 3)
    before = rows(index.probabilities([[2, *document]], [3000]))[0]
    occurs = occurrences([[document]], [2, *document])
    assert occurs == 0 and before == (2999, 3, 3)


def test_counts_sum_over_shards_that_hold_the_longest_suffix_only(tmp_path):
    shards = [[[1, 2, 3], [2, 3]], [[2, 3], [9, 2, 4]], [[1, 2, 4]]]
    index = infgram.Index(lay_out(tmp_path / "index", shards))
    # The suffix 1 2 stands in shards 0 and 2; 2 3 in shard 1 must not count towards it.
    assert rows(index.probabilities([[1, 2, 3]], [2])) == [(2, 2, 1)]
    assert index.documents == 5 and index.tokens == 18


# The second size leaves a rest that is too short for a part of its own.
@pytest.mark.parametrize("size", [300_000, 162_644])
def test_merged_parts_equal_one_piece_and_the_package_script(tmp_path, size):
    draw = np.random.default_rng(1)
    folder = tmp_path / "index"
    folder.mkdir()
    tokens = (draw.zipf(1.4, size) % 5000).astype("<u2")
    tokens[100_000:130_000] = tokens[10_000:40_000]
    tokens[::997] = SEPARATOR
    tokens.tofile(folder / "tokenized.0")
    infgram.build_table(folder / "tokenized.0", tmp_path / "whole")
    infgram.build_table(folder / "tokenized.0", tmp_path / "merged", memory_mb=3)
    script = (
        "import argparse, sys; from infini_gram import indexing; "
        "indexing.build_sa(argparse.Namespace(save_dir=sys.argv[1], temp_dir=sys.argv[1], "
        "worker_id=0, workers=1, shards=1, mem=1, cpus=2, token_width=2))"
    )
    subprocess.run([sys.executable, "-c", script, folder], check=True, capture_output=True)
    whole = (tmp_path / "whole").read_bytes()
    assert (tmp_path / "merged").read_bytes() == whole
    assert (folder / "table.0").read_bytes() == whole
    with pytest.raises(ValueError, match=r"memory_mb is 2.*smaller index shards"):
        infgram.build_table(folder / "tokenized.0", tmp_path / "small", memory_mb=2)
    assert not (tmp_path / "small").exists()


@pytest.fixture(scope="module")
def tokenizer():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<end>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["the cat sat on the mat", "the dog sat too"] * 10, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <end>", special_tokens=[("<end>", 0)]
    )
    return tokenizer


TEXTS = ["the cat sat on the mat", "", "the dog sat", "ÄÖ 漢字 \u0000", "the cat too " * 50]


def test_tokens_and_offsets_as_infini_gram_lays_them_out(tmp_path, tokenizer):
    cutting = Tokenizer.from_str(tokenizer.to_str())
    cutting.enable_truncation(3)
    cutting.enable_padding()
    target = tmp_path / "index"
    assert infgram.write_tokens(TEXTS, cutting, target / "tokenized.0", target / "offset.0") == 5
    tokens, offsets = [], []
    for text in TEXTS:
        offsets.append(2 * len(tokens))
        tokens += [SEPARATOR, *tokenizer.encode(text, add_special_tokens=False).ids]
    assert np.fromfile(target / "tokenized.0", "<u2").tolist() == tokens
    assert np.fromfile(target / "offset.0", "<u8").tolist() == offsets
    assert cutting.truncation and cutting.padding
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["index", "offset.0", "tokenized.0"]


def build_index(shards, tokenizer, folder) -> None:
    """An index with one index shard for each iterable of texts, as the workflow's jobs build it."""
    for i, texts in enumerate(shards):
        infgram.write_tokens(texts, tokenizer, folder / f"tokenized.{i}", folder / f"offset.{i}")
        infgram.build_table(folder / f"tokenized.{i}", folder / f"table.{i}", 4096)


def test_batches_keep_order(tmp_path, tokenizer, monkeypatch):
    whole = (tmp_path / "tokenized.0", tmp_path / "offset.0")
    infgram.write_tokens(iter(TEXTS), tokenizer, *whole)
    monkeypatch.setattr(infgram, "_PIECE", 10)
    monkeypatch.setattr(infgram, "_MARGIN", 20)
    small = (tmp_path / "tokenized.1", tmp_path / "offset.1")
    infgram.write_tokens(iter(TEXTS), tokenizer, *small)
    for wanted, one in zip(whole, small, strict=True):
        assert one.read_bytes() == wanted.read_bytes()


def test_long_document_is_cut_where_no_token_changes(tokenizer, monkeypatch):
    monkeypatch.setattr(infgram, "_PIECE", 200)
    monkeypatch.setattr(infgram, "_MARGIN", 50)
    draw = np.random.default_rng(2)
    parts = draw.choice(["the", " cat", "\n", "  ", " sat", "x" * 300, "É", " mat."], 3000)
    text = "".join(parts)
    pieces = list(infgram._encode_long(tokenizer, text))
    assert len(pieces) > 50
    assert list(chain.from_iterable(pieces)) == tokenizer.encode(text, add_special_tokens=False).ids
    # A tokenizer that marks the start of every text changes at any cut: no cut is made.
    marking = Tokenizer.from_str(tokenizer.to_str())
    marking.normalizer = normalizers.Prepend("Z")
    assert list(infgram._encode_long(marking, text)) == [
        marking.encode(text, add_special_tokens=False).ids
    ]


def test_built_index_opens_in_the_package(tmp_path, tokenizer):
    folder = tmp_path / "index"
    build_index([TEXTS, TEXTS[:1]], tokenizer, folder)
    engine = InfiniGramEngine(index_dir=str(folder), eos_token_id=0)
    index = infgram.Index(folder)
    assert engine.count([])["count"] == index.tokens
    assert engine.get_total_doc_cnt() == index.documents == 6
    query = tokenizer.encode("the cat sat on the dog", add_special_tokens=False).ids
    wanted = [package_probability(engine, query[:i], query[i]) for i in range(len(query))]
    assert rows(index.probabilities([query])) == wanted
    found = engine.search_docs(input_ids=query[:3], maxnum=1)
    assert found["cnt"] == 2 and found["documents"][0]["token_ids"][:3] == query[:3]


def test_real_index_equals_package(real_data, tmp_path):
    path = real_data / "pythia" / "20B_tokenizer.json"
    if not path.is_file():
        pytest.skip(f"no {path}")
    questions = (real_data / "gsm8k" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    tokenizer = Tokenizer.from_file(str(path))
    folder = tmp_path / "index"
    build_index([questions[:150], questions[150:200]], tokenizer, folder)
    queries = [tokenizer.encode(text).ids[:80] for text in questions[190:210]]
    engine = InfiniGramEngine(index_dir=str(folder), eos_token_id=0)
    wanted = [
        package_probability(engine, query[:i], query[i])
        for query in queries
        for i in range(40, len(query))
    ]
    answers = infgram.Index(folder).probabilities(queries, [40] * len(queries), threads=2)
    assert rows(answers) == wanted


def test_large_vocabulary_is_refused(tmp_path):
    vocabulary = {f"w{i}": i for i in range(65_536)}
    wide = Tokenizer(models.WordLevel(vocabulary, unk_token="w0"))
    with pytest.raises(ValueError, match=r"largest token id is 65535.*up to 65534"):
        infgram.write_tokens(["w1"], wide, tmp_path / "tokenized.0", tmp_path / "offset.0")
    with pytest.raises(TypeError, match="fast Hugging Face tokenizer, got str"):
        infgram.write_tokens(["w1"], "gpt2", tmp_path / "tokenized.0", tmp_path / "offset.0")
    assert list(tmp_path.iterdir()) == []
    del vocabulary["w65535"]
    last = Tokenizer(models.WordLevel(vocabulary, unk_token="w0"))
    infgram.write_tokens(["w65534"], last, tmp_path / "tokenized.0", tmp_path / "offset.0")
    assert np.fromfile(tmp_path / "tokenized.0", "<u2").tolist() == [SEPARATOR, 65_534]


def test_interrupted_writing_leaves_nothing(tmp_path, tokenizer):
    def broken():
        yield "the cat"
        raise OSError("disk gone")

    folder = tmp_path / "index"
    with pytest.raises(OSError, match="disk gone"):
        infgram.write_tokens(broken(), tokenizer, folder / "tokenized.0", folder / "offset.0")
    assert list(folder.iterdir()) == [] and list(tmp_path.iterdir()) == [folder]


def test_failed_indexer_is_an_error_and_leaves_nothing(tmp_path, monkeypatch):
    np.array([SEPARATOR, 1, 2], "<u2").tofile(tmp_path / "tokenized.0")
    program = tmp_path / "rust_indexing"
    program.write_text("#!/bin/sh\necho 'no space left' >&2\nexit 101\n")
    program.chmod(0o755)
    monkeypatch.setattr(infgram, "_indexer", lambda: program)
    with pytest.raises(RuntimeError, match=r"make-part on .*ended with 101: no space left"):
        infgram.build_table(tmp_path / "tokenized.0", tmp_path / "table.0")
    # The indexer's threads may die without its knowing: it ends well, with too short a file.
    program.write_text('#!/bin/sh\n[ "$2" = --parts-dir ] && printf x > "$3/0-6"\n')
    with pytest.raises(RuntimeError, match="the table has 1 bytes where it needs 3"):
        infgram.build_table(tmp_path / "tokenized.0", tmp_path / "table.0")
    assert not (tmp_path / "table.0").exists()


@pytest.mark.parametrize("content", [b"", b"abc"])
def test_tokens_that_are_none_are_refused(tmp_path, content):
    (tmp_path / "tokenized.0").write_bytes(content)
    with pytest.raises(ValueError, match=r"tokenized\.0: \d bytes; an index shard needs tokens"):
        infgram.build_table(tmp_path / "tokenized.0", tmp_path / "table.0")


def test_what_is_not_an_index_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no infini-gram index here"):
        infgram.Index(tmp_path / "nowhere")
    folder = lay_out(tmp_path / "index", [[[1, 2, 3]], [[4]]])
    table = (folder / "table.1").read_bytes()
    (folder / "table.1").write_bytes(table[:-1])
    with pytest.raises(ValueError, match=r"table\.1: 1 bytes.* has 2.*incomplete"):
        infgram.Index(folder)
    (folder / "table.1").unlink()
    with pytest.raises(FileNotFoundError, match=r"index shard 1 has no table\.1"):
        infgram.Index(folder)
    (folder / "table.1").write_bytes(table)
    (folder / "offset.1").write_bytes(b"1234")
    with pytest.raises(ValueError, match=r"offset\.1: 4 bytes"):
        infgram.Index(folder)


def test_index_of_wider_tokens_is_refused(tmp_path):
    np.array([0xFFFFFFFF, 1, 2, 3], "<u4").tofile(tmp_path / "tokenized.0")
    np.array([0], "<u8").tofile(tmp_path / "offset.0")
    np.array([4, 8, 12, 0], np.uint8).tofile(tmp_path / "table.0")
    with pytest.raises(ValueError, match="not of u16 tokens"):
        infgram.Index(tmp_path)


def test_bad_queries_are_refused(larger):
    index = infgram.Index(larger[0])
    with pytest.raises(ValueError, match="sequence 1: token id 65536"):
        index.probabilities([[1], [2, 65_536]])
    with pytest.raises(ValueError, match="sequence 2: token id -1"):
        index.probabilities([[1], [], [-1, 2]])
    with pytest.raises(ValueError, match="must be integers, got float64"):
        index.probabilities([[1.5]])
    with pytest.raises(ValueError, match="sequence 1: start 3 is not within its 2 tokens"):
        index.probabilities([[1], [2, 3]], [0, 3])
    with pytest.raises(ValueError, match="2 sequences but starts of shape"):
        index.probabilities([[1], [2, 3]], [0])


def test_log_probability_skips_zeros_and_counts_them():
    value, skipped = infgram.log_probability([10, 4, 7], [5, 0, 7])
    assert value == pytest.approx(math.log(0.5)) and skipped == 1
    assert infgram.log_probability([3, 2], [3, 2]) == (0.0, 0)
    assert infgram.log_probability([3, 2], [0, 0]) == (None, 2)
    for suffix, continued in ([[], []], [[1], [1, 1]], [[2], [3]], [[0], [0]], [[2], [-1]]):
        with pytest.raises(ValueError):
            infgram.log_probability(suffix, continued)

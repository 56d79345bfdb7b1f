import hashlib
import logging
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import threadpoolctl

from bench.mining import bench_lsa
from bench.mining.compare_embedders import average_precision
from tracemem.jobs import files
from tracemem.mining import embedders, taskgram
from tracemem.mining.embedders import DraftingEmbedder, KnownVectors, LsaEmbedder
from tracemem.mining.tables import ALIGNMENT, MINED, VECTORS
from tracemem.ngrams.tables import COUNTS
from tracemem.settings.mining import WORDLLAMA, EmbedderSettings
from tracemem.tasks.tables import EXAMPLES

PLACES = [("Lima", "Peru"), ("Oslo", "Norge"), ("Rome", "Italia"), ("Kyiv", "Ukraina")]
LEXICON = [("house", "maison"), ("dog", "chien"), ("red", "rouge"), ("big", "grand")]
DOCUMENTS = [
    f"The capital of {country} is {city}, number {i}." for i in range(3) for city, country in PLACES
] + [
    f"English text: the {a} {b} of {i}\nFrench translation: le {x} {y} de {i}"
    for i in range(4)
    for a, x in LEXICON
    for b, y in LEXICON
    if a != b
]


@pytest.fixture(scope="module")
def lsa():
    return LsaEmbedder.fit(DOCUMENTS, dimensions=50)


def cosine(embedder, left, right):
    vectors = embedder.embed([left, right])
    return float(vectors[0] @ vectors[1])


def test_lsa_aligns_languages_and_facts(lsa):
    for english, french in LEXICON:
        others = [cosine(lsa, english, other) for _, other in LEXICON if other != french]
        assert cosine(lsa, english, french) > max(others) + 0.2
    for city, country in PLACES:
        others = [cosine(lsa, f"of {city}", other) for _, other in PLACES if other != country]
        assert cosine(lsa, f"of {city}", country) > max(others) + 0.2


def test_lsa_ranks_the_true_pairs_of_a_generated_world(tmp_path):
    documents, cases = bench_lsa.world(1, tmp_path)
    embedder = LsaEmbedder.fit(documents)
    # What a decomposition that had not converged gave at best, over four seeds of its own.
    before = {"questions n=1": 0.697, "questions n=2": 0.586, "questions n=3": 0.599,
              "choices n=2": 0.527, "arithmetic n=2": 0.196}  # fmt: skip
    for case, least in before.items():
        assert bench_lsa.ranked(embedder, *cases[case]) > least, case
    for case in ("translation n=1", "translation n=2"):
        assert bench_lsa.ranked(embedder, *cases[case]) > 0.93


def test_average_precision_is_that_of_each_true_pair_in_turn():
    found = average_precision(np.array([0.1, 0.9, 0.5, 0.2]), np.array([True, True, False, False]))
    assert found == pytest.approx((1 / 1 + 2 / 4) / 2)
    assert average_precision(np.array([0.1]), np.array([False])) is None


def test_lsa_gives_unit_rows_and_zero_for_what_it_does_not_know(lsa):
    vectors = lsa.embed(["Lima", "zzz", "", "lima zzz"])
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 0, 0, 1], abs=1e-6)
    assert np.array_equal(vectors[0], vectors[3])
    assert lsa.embed([]).shape == (0, vectors.shape[1])


def test_lsa_does_not_turn_into_the_identity_when_all_dimensions_are_kept():
    full = LsaEmbedder.fit(DOCUMENTS, dimensions=10_000)
    assert full.vectors.shape[1] <= len(full.vocabulary)
    assert cosine(full, "house", "maison") > 0.3


def test_lsa_does_not_depend_on_the_order_of_documents_nor_on_repetitions(lsa):
    again = LsaEmbedder.fit(DOCUMENTS[::-1] + DOCUMENTS[:5], dimensions=50)
    assert again.vocabulary == lsa.vocabulary
    assert again.vectors.tobytes() == lsa.vectors.tobytes()


def test_lsa_bytes_do_not_depend_on_threads(tmp_path):
    texts = [f"w{i % 997} x{i % 891} y{i * i % 833} z{i % 7}" for i in range(6000)]
    sums = set()
    for threads in (1, 2):
        with threadpoolctl.threadpool_limits(threads):
            LsaEmbedder.fit(texts, dimensions=100).save(tmp_path / "lsa.npz")
        sums.add(hashlib.sha256((tmp_path / "lsa.npz").read_bytes()).hexdigest())
    assert len(sums) == 1


def test_lsa_survives_being_written(lsa, tmp_path):
    lsa.save(tmp_path / "lsa.npz")
    again = embedders.load(EmbedderSettings(kind="lsa"), tmp_path / "lsa.npz")
    texts = ["the capital of Peru", "maison rouge"]
    assert np.array_equal(again.embed(texts), lsa.embed(texts))
    assert again.name == lsa.name
    with pytest.raises(ValueError, match="no file of a trained embedder"):
        embedders.load(EmbedderSettings(kind="lsa"))


def test_lsa_of_words_that_never_meet_knows_none(tmp_path, caplog):
    for documents in ([], ["a b", "c d"], ["a b", "b a"]):
        embedder = LsaEmbedder.fit(documents)
        embedder.save(tmp_path / "e.npz")
        for one in (embedder, LsaEmbedder.load(tmp_path / "e.npz")):
            assert one.name == "lsa (for which the corpus is too small)"
            assert not one.embed(["a", "a b"]).any()
    assert "2 words stand in two or more of 2 passages" in caplog.text


def test_lsa_stops_at_its_bound_of_word_pairs(caplog):
    with caplog.at_level("INFO"):
        LsaEmbedder.fit(DOCUMENTS, dimensions=5, pairs=2000)
    assert "sampled documents used" in caplog.text


def test_documents_are_cut_into_passages():
    # One long document: without passages no word stands in two documents.
    text = " ".join(f"house maison filler{i}" for i in range(40)) + " dog chien" * 40
    embedder = LsaEmbedder.fit([text], dimensions=5, window=8)
    assert cosine(embedder, "house", "maison") > cosine(embedder, "house", "chien") + 0.3


def test_sample_by_hash_is_the_same_for_every_order():
    texts = [f"text {i}" for i in range(200)]
    one = embedders.sample_by_hash(texts, 20)
    assert one == embedders.sample_by_hash(texts[::-1] + texts, 20)
    assert len(set(one)) == 20
    assert set(one) <= set(embedders.sample_by_hash(texts, 40))
    assert set(embedders.sample_by_hash(texts, 1000)) == set(texts)


class Counting:
    """An embedder that remembers what it was asked, and may fail after some batches."""

    name = "counting"

    def __init__(self, batches=99):
        self.asked, self.batches = [], batches

    def embed(self, texts, side="input"):
        if texts and not self.batches:
            raise RuntimeError("the model went away")
        self.batches -= bool(texts)
        self.asked += [(side, text) for text in texts]
        sign = 1 if side == "input" else -1
        return embedders.unit_rows(
            np.array([[sign, len(text), 1] for text in texts]).reshape(-1, 3)
        )


def test_drafts_hold_each_distinct_text_once_by_side_and_model(tmp_path):
    slow = Counting()
    drafting = DraftingEmbedder(slow, tmp_path / "drafts")
    assert drafting.name == "counting"
    first = drafting.embed(["b", "aaa", "b"])
    assert slow.asked == [("input", "aaa"), ("input", "b")]
    assert np.array_equal(first, Counting().embed(["b", "aaa", "b"]))
    assert first.dtype == np.float32 and np.array_equal(first[0], first[2])
    slow.asked.clear()
    again = DraftingEmbedder(slow, tmp_path / "drafts").embed(["aaa", "b", "b", "aaa"])
    assert slow.asked == []
    assert np.array_equal(again, Counting().embed(["aaa", "b", "b", "aaa"]))
    output = drafting.embed(["aaa"], "output")
    assert slow.asked == [("output", "aaa")]
    assert not np.array_equal(output[0], again[0])
    slow.name = "another"
    slow.asked.clear()
    DraftingEmbedder(slow, tmp_path / "drafts").embed(["aaa", "b"])
    assert slow.asked == [("input", "aaa"), ("input", "b")]
    assert drafting.embed([]).shape == (0, 3)


def test_drafting_goes_on_after_a_failure_without_embedding_again(tmp_path, monkeypatch):
    monkeypatch.setattr(embedders, "_BATCH", 2)
    texts = ["e", "dd", "c", "bbb", "a", "dd"]
    failing = Counting(batches=2)
    with pytest.raises(RuntimeError, match="went away"):
        DraftingEmbedder(failing, tmp_path / "drafts").embed(texts)
    assert [text for _, text in failing.asked] == ["a", "bbb", "c", "dd"]
    whole = Counting()
    drafting = DraftingEmbedder(whole, tmp_path / "drafts")
    # In another order they are the same batches.
    found = drafting.embed(texts[::-1])
    assert whole.asked == [("input", "e")]
    assert np.array_equal(found, Counting().embed(texts[::-1]))
    drafting.done()
    assert list(tmp_path.iterdir()) == []
    drafting.done()
    # Nothing is left to go on with.
    drafting.embed(["a", "bbb"])
    assert whole.asked == [("input", "e"), ("input", "a"), ("input", "bbb")]


def known(tmp_path) -> KnownVectors:
    columns = {
        "side": ["input", "input", "output"],
        "ngram": ["a", "b", "a"],
        "vector": [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]],
    }
    files.write(VECTORS, columns, tmp_path / "vectors.parquet")
    return KnownVectors("mine", files.read_arrow(VECTORS, tmp_path / "vectors.parquet"))


def test_known_vectors_are_told_by_side_and_in_the_order_asked(tmp_path):
    embedder = known(tmp_path)
    found = embedder.embed(["b", "a", "b"])
    assert found.dtype == np.float32 and found.tolist() == [[0, 1], [1, 0], [0, 1]]
    assert embedder.embed(["a"], "output").tolist() == [[0, 0]]
    assert embedder.embed([], "output").shape == (0, 2)
    with pytest.raises(ValueError, match=r"mine: 2 n-grams have no vector, e.g. 'b'"):
        embedder.embed(["a", "b", "c"], "output")


def test_where_no_vector_is_known_none_is_asked_for(tmp_path):
    files.write(VECTORS, {name: [] for name in VECTORS.columns}, tmp_path / "none.parquet")
    embedder = KnownVectors("mine", files.read_arrow(VECTORS, tmp_path / "none.parquet"))
    assert embedder.embed([]).shape == (0, 1)
    with pytest.raises(ValueError, match=r"1 n-grams have no vector, e\.g\. 'a'"):
        embedder.embed(["a"])


@pytest.fixture(scope="module")
def tiny_sentence_model(tmp_path_factory):
    """Folder of a random sentence-transformers model."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    letters = {
        letter: i for i, letter in enumerate(["[PAD]", "[UNK]", *"abcdefghijklmnopqrstuvwxyz:"])
    }
    pieces = Tokenizer(models.WordLevel(letters, unk_token="[UNK]"))
    pieces.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pieces, unk_token="[UNK]", pad_token="[PAD]", model_max_length=64
    )
    folder = tmp_path_factory.mktemp("bert")
    config = BertConfig(
        vocab_size=len(letters), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, initializer_range=1.0,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    transformer = Transformer(str(folder))
    model = SentenceTransformer(modules=[transformer, Pooling(16)], device="cpu")
    model.save(str(folder / "sentence"))
    return str(folder / "sentence")


def test_sentence_transformers_with_the_prefix_of_each_side(tiny_sentence_model):
    from sentence_transformers import SentenceTransformer

    settings = EmbedderSettings(
        kind="sentence-transformers", name=tiny_sentence_model, revision="",
        input_prefix="query: ", output_prefix="passage: ", batch_size=2,
    )  # fmt: skip
    embedder = embedders.load(settings)
    plain = SentenceTransformer(tiny_sentence_model, device="cpu")
    texts = ["red dog", "big house", "red"]
    for side, prefix in (("input", "query: "), ("output", "passage: ")):
        expected = plain.encode([prefix + text for text in texts], normalize_embeddings=True)
        assert embedder.embed(texts, side) == pytest.approx(expected, abs=1e-5)
        assert embedder.embed(texts, side).dtype == np.float32


def test_wordllama_knows_english_and_opens_without_a_socket(monkeypatch):
    def refused(*_, **__):
        raise AssertionError("a socket was asked for")

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    level = logging.getLogger().level, list(logging.getLogger().handlers)
    embedder = embedders.load(EmbedderSettings(kind="wordllama"))
    assert (
        cosine(embedder, "capital of france", "paris") > cosine(embedder, "the dog", "paris") + 0.2
    )
    assert cosine(embedder, "peru", "lima") > cosine(embedder, "peru", "oslo") + 0.1
    vectors = embedder.embed(["paris", "", "zzyzx"], "output")
    assert vectors.shape == (3, 256) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 0, 1], abs=1e-6)
    assert embedder.embed([]).shape == (0, 256)
    # The package itself is not imported: it would set the log up anew.
    assert "wordllama" not in sys.modules
    assert level == (logging.getLogger().level, list(logging.getLogger().handlers))


def test_wordllama_gives_a_text_the_same_bytes_whatever_stands_beside_it():
    one = embedders.load(EmbedderSettings(kind="wordllama"))
    other = embedders.load(EmbedderSettings(kind="wordllama"))
    texts = ["who wrote hamlet", "hamlet", "half of 48", "東京 ünï"]
    together = one.embed(texts)
    backwards = other.embed(["more words", *texts[::-1]])[:0:-1]
    assert together.tobytes() == np.ascontiguousarray(backwards).tobytes()
    alone = np.concatenate([one.embed([text]) for text in texts])
    assert together.tobytes() == alone.tobytes()


def test_wordllama_sums_the_pieces_of_words_as_they_are_written_with_fewest():
    import importlib.util

    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    folder = importlib.util.find_spec("wordllama").submodule_search_locations[0]
    pieces = Tokenizer.from_file(f"{folder}/tokenizers/l2_supercat_tokenizer_config.json")
    rows = load_file(f"{folder}/weights/l2_supercat_256.safetensors")["embedding.weight"]
    # "paris" is two pieces and "Paris" one; "capital" is one either way.
    ids = pieces.encode("capital of Paris", add_special_tokens=False).ids
    assert len(ids) == 3
    expected = embedders.unit_rows(rows[ids].astype(np.float64).sum(axis=0, keepdims=True))
    embedder = embedders.load(EmbedderSettings(kind="wordllama"))
    assert np.allclose(embedder.embed(["capital of paris"]), expected, atol=1e-6)


def test_wordllama_says_how_to_install_it_where_it_is_missing(monkeypatch, tmp_path):
    settings = EmbedderSettings(kind="wordllama")
    monkeypatch.setattr(embedders.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"not installed here.*pip install wordllama==.*lsa"):
        embedders.load(settings)
    other = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(embedders.importlib.util, "find_spec", lambda name: other)
    with pytest.raises(ImportError, match=r"has no l2_supercat.*pip install wordllama=="):
        embedders.load(settings)


def test_wordllama_is_pinned_as_the_message_has_it():
    pins = (Path(__file__).parents[3] / "envs" / "requirements.txt").read_text().splitlines()
    assert f"wordllama=={WORDLLAMA}" in pins


def test_laser_says_how_to_install_it_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "laser_encoders", None)
    settings = EmbedderSettings(kind="laser")
    with pytest.raises(ImportError, match=r"pip install laser_encoders.*LaBSE"):
        embedders.load(settings)


def test_laser_calls_its_package_as_it_is(monkeypatch):
    asked = []

    class Pipeline:
        """Takes what laser_encoders 0.0.2 takes."""

        def __init__(self, lang=None, model_dir=None, spm=True, laser=None):
            asked.append((lang, laser))

        def encode_sentences(self, sentences, normalize_embeddings=False):
            return np.arange(1, 1 + 4 * len(sentences)).reshape(-1, 4)

    monkeypatch.setitem(
        sys.modules, "laser_encoders", SimpleNamespace(LaserEncoderPipeline=Pipeline)
    )
    vectors = embedders.load(EmbedderSettings(kind="laser")).embed(["a", "b"])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-6)
    embedders.load(EmbedderSettings(kind="laser", name="hun_Latn"))
    assert asked == [(None, "laser2"), ("hun_Latn", None)]


GRAMS = {"output_gram": "ngram", "stop_words": {"input": None, "output": ["le"]}}
TEXTS = [("red dog", "le chien rouge"), ("big dog", "le grand chien")]
ABSENT = "big"


@pytest.fixture
def task(tmp_path):
    """Paths of a task's examples and of its n-grams' counts; one of them is in no document."""
    inputs, targets = zip(*TEXTS, strict=True)
    columns = {"example": [0, 1], "group": [""] * 2, "input": inputs, "target": targets,
               "aliases": [[target] for target in targets], "options": [[], []]}  # fmt: skip
    paths = {"examples": tmp_path / "test.parquet", "counts": tmp_path / "counts.parquet"}
    files.write(EXAMPLES, columns, paths["examples"])
    grams = sorted({word for text in TEXTS for side in text for word in side.split()})
    held = [0 if gram == ABSENT else 3 for gram in grams]
    counts = {"ngram": grams, "n": [1] * len(grams), "documents": held, "occurrences": held}
    files.write(COUNTS, counts, paths["counts"])
    return paths


def embed(run_script, task, output, settings):
    params = {"grams": GRAMS, "embedder": settings.plain()}
    run_script("embed_ngrams", task, [output], params, {"task": "words", "n": 1})


def test_the_script_embeds_what_the_corpus_holds_and_mining_takes_it(
    task, tiny_sentence_model, tmp_path, run_script
):
    settings = EmbedderSettings(
        kind="sentence-transformers", name=tiny_sentence_model,
        input_prefix="query: ", output_prefix="passage: ",
    )  # fmt: skip
    output = tmp_path / "vectors" / "words.n1.parquet"
    embed(run_script, task, output, settings)
    assert [path.name for path in output.parent.iterdir()] == [output.name]
    vectors = files.read_arrow(VECTORS, output)
    assert vectors.schema.equals(files.schema(VECTORS))
    sides = list(zip(vectors["side"].to_pylist(), vectors["ngram"].to_pylist(), strict=True))
    assert sides == [
        ("input", "dog"), ("input", "red"),
        ("output", "chien"), ("output", "grand"), ("output", "rouge"),
    ]  # fmt: skip
    direct = embedders.load(settings)
    for side in ("input", "output"):
        grams = [gram for of, gram in sides if of == side]
        found = KnownVectors("mine", vectors).embed(grams, side)
        assert np.allclose(found, direct.embed(grams, side), atol=1e-6)
    inputs = {**task, "fitted": [], "vectors": [output], "alignments": []}
    mined = {"mined": tmp_path / "mined.parquet", "alignment": tmp_path / "alignment.parquet"}
    params = {"grams": GRAMS, "thresholds": [-1, 0.999], "embedder": "mine"}
    run_script("mine_pairs", inputs, mined, params, {"task": "words", "n": 1})
    examples, counts = files.read(EXAMPLES, task["examples"]), files.read(COUNTS, task["counts"])
    candidates = taskgram.candidate_pairs(examples, 1, "ngram", output_stop_words=frozenset({"le"}))
    expected = taskgram.mine(candidates, counts, direct, -1)
    # Red and grand stand in no example together.
    assert len(expected.pairs) == 5
    pd.testing.assert_frame_equal(
        files.read(MINED, mined["mined"]), expected.pairs, check_dtype=False, atol=1e-6
    )
    assert files.read(ALIGNMENT, mined["alignment"])["kept"].tolist()[0] == 5


def test_the_script_goes_on_after_a_failure(task, tmp_path, run_script, monkeypatch):
    monkeypatch.setattr(embedders, "_BATCH", 2)
    output, settings = tmp_path / "vectors" / "words.n1.parquet", EmbedderSettings(kind="laser")
    failing, whole = Counting(batches=2), Counting()
    monkeypatch.setattr(embedders, "load", lambda settings: failing)
    with pytest.raises(SystemExit):
        embed(run_script, task, output, settings)
    assert not output.exists() and len(failing.asked) == 4
    monkeypatch.setattr(embedders, "load", lambda settings: whole)
    embed(run_script, task, output, settings)
    assert whole.asked == [("output", "rouge")]
    assert [path.name for path in output.parent.iterdir()] == [output.name]
    kept = KnownVectors("mine", files.read_arrow(VECTORS, output))
    for side, grams in (("input", ["red", "dog"]), ("output", ["rouge", "grand", "chien"])):
        assert np.array_equal(kept.embed(grams, side), Counting().embed(grams, side))


def test_where_the_corpus_holds_no_ngram_there_is_no_vector(
    task, tmp_path, run_script, monkeypatch
):
    counts = files.read(COUNTS, task["counts"])
    files.write(COUNTS, counts.assign(documents=0, occurrences=0), task["counts"])
    asked = Counting()
    monkeypatch.setattr(embedders, "load", lambda settings: asked)
    embed(run_script, task, tmp_path / "v.parquet", EmbedderSettings(kind="laser"))
    assert files.read_arrow(VECTORS, tmp_path / "v.parquet").num_rows == 0 and not asked.asked
    inputs = {**task, "fitted": [], "vectors": [tmp_path / "v.parquet"], "alignments": []}
    mined = {"mined": tmp_path / "mined.parquet", "alignment": tmp_path / "alignment.parquet"}
    params = {"grams": GRAMS, "thresholds": [0.5], "embedder": "mine"}
    run_script("mine_pairs", inputs, mined, params, {"task": "words", "n": 1})
    assert files.read(MINED, mined["mined"]).empty
    reason = files.read(ALIGNMENT, mined["alignment"])["reason"].item()
    assert reason == "the corpus holds both n-grams of none of the 7 pairs of the examples"

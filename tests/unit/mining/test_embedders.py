import hashlib
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import threadpoolctl

from tracemem.mining import embedders
from tracemem.mining.embedders import CachedEmbedder, LsaEmbedder

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
    again = embedders.load(SimpleNamespace(kind="lsa"), tmp_path / "lsa.npz")
    texts = ["the capital of Peru", "maison rouge"]
    assert np.array_equal(again.embed(texts), lsa.embed(texts))
    assert again.name == lsa.name
    with pytest.raises(ValueError, match="no file of a trained embedder"):
        embedders.load(SimpleNamespace(kind="lsa"))


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
    """An embedder that remembers what it was asked."""

    name = "counting"

    def __init__(self):
        self.asked = []

    def embed(self, texts, side="input"):
        self.asked += [(side, text) for text in texts]
        sign = 1 if side == "input" else -1
        return embedders.unit_rows(
            np.array([[sign, len(text), 1] for text in texts]).reshape(-1, 3)
        )


def test_cache_embeds_each_distinct_text_once_by_side_and_model(tmp_path):
    slow = Counting()
    cached = CachedEmbedder(slow, tmp_path)
    first = cached.embed(["b", "aaa", "b"])
    assert np.array_equal(first, slow.embed(["b", "aaa", "b"]))
    assert np.array_equal(first[0], first[2])
    slow.asked.clear()
    again = CachedEmbedder(slow, tmp_path).embed(["aaa", "cc", "b", "b"])
    assert slow.asked == [("input", "cc")]
    assert np.array_equal(again, slow.embed(["aaa", "cc", "b", "b"]))
    slow.asked.clear()
    output = cached.embed(["aaa"], "output")
    assert slow.asked == [("output", "aaa")]
    assert not np.array_equal(output[0], again[0])
    slow.name = "another"
    slow.asked.clear()
    CachedEmbedder(slow, tmp_path).embed(["aaa"])
    assert slow.asked == [("input", "aaa")]
    assert cached.embed([]).shape == (0, 3)


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


def test_sentence_transformers_with_the_prefix_of_each_side(tiny_sentence_model, tmp_path):
    from sentence_transformers import SentenceTransformer

    settings = SimpleNamespace(
        kind="sentence-transformers", name=tiny_sentence_model, revision="",
        input_prefix="query: ", output_prefix="passage: ", batch_size=2,
    )  # fmt: skip
    embedder = embedders.load(settings, cache=tmp_path)
    plain = SentenceTransformer(tiny_sentence_model, device="cpu")
    texts = ["red dog", "big house", "red"]
    for side, prefix in (("input", "query: "), ("output", "passage: ")):
        expected = plain.encode([prefix + text for text in texts], normalize_embeddings=True)
        assert embedder.embed(texts, side) == pytest.approx(expected, abs=1e-5)
        assert embedder.embed(texts, side).dtype == np.float32
    assert list(tmp_path.rglob("*.parquet"))


def test_laser_says_how_to_install_it_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "laser_encoders", None)
    settings = SimpleNamespace(kind="laser", name="")
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
    vectors = embedders.load(SimpleNamespace(kind="laser", name="")).embed(["a", "b"])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-6)
    embedders.load(SimpleNamespace(kind="laser", name="hun_Latn"))
    assert asked == [(None, "laser2"), ("hun_Latn", None)]

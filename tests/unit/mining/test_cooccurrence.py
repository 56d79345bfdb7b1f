import math
from collections import Counter
from itertools import product

import numpy as np
import pytest

from tracemem.mining import cooccurrence
from tracemem.mining.cooccurrence import incidence, information, leading, multiply

WORDS = [f"w{i}" for i in range(40)]


@pytest.fixture(scope="module")
def documents():
    generator = np.random.default_rng(3)
    weights = 1 / np.arange(1, 41)
    drawn = generator.choice(WORDS, (300, 25), p=weights / weights.sum())
    return [" ".join(row[: 5 + i % 20]) for i, row in enumerate(drawn)] + ["", "once"]


def dense(matrix, contexts):
    full = np.zeros((len(matrix.ends) - 1, contexts))
    for v in range(len(full)):
        part = slice(matrix.ends[v], matrix.ends[v + 1])
        full[v, matrix.columns[part]] = matrix.values[part]
    return full


def passages_of(documents, window):
    found = []
    for text in documents:
        words = text.split()
        found += [set(words[i : i + window]) for i in range(0, len(words), window)]
    return found


def test_incidence_and_information_are_those_counted_one_by_one(documents, monkeypatch):
    monkeypatch.setattr(cooccurrence, "_BATCH", 7)
    found = incidence(documents, 8, 10**9)
    passages = passages_of(documents, 8)
    spread = Counter(word for held in passages for word in held)
    kept = sorted((w for w in spread if spread[w] > 1), key=lambda w: (-spread[w], w))
    assert found.vocabulary == kept
    expected = np.array([[word in held for held in passages] for word in kept])
    assert np.array_equal(found.held.toarray(), expected)
    contexts = 15
    full = dense(information(found.held, contexts), contexts)
    for (v, a), (w, b) in product(enumerate(kept), enumerate(kept[:contexts])):
        both = sum(a in held and b in held for held in passages)
        plain = math.log(len(passages) * both / (spread[a] * spread[b])) if both else 0
        assert full[v, w] == pytest.approx(max(0, plain), abs=1e-6)


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_incidence_ends_with_the_document_that_passes_the_bound(documents, batch, monkeypatch):
    monkeypatch.setattr(cooccurrence, "_BATCH", batch)
    pairs = [sum(len(held) ** 2 for held in passages_of([text], 8)) for text in documents]
    bound = sum(pairs[:100])
    # Exactly at the bound another document is read.
    for limit, used in ((bound, 101), (bound - 1, 100), (0, 1)):
        expected = len(passages_of(documents[:used], 8))
        assert incidence(documents, 8, limit).held.shape[1] == expected


def test_leading_vectors_are_eigenvectors_and_other_words_are_folded_in(documents):
    found = incidence(documents, 8, 10**9)
    contexts = 30
    matrix = information(found.held, contexts)
    full = dense(matrix, contexts)
    vectors, values = leading(matrix, contexts, 10, seed=1)
    exact = np.linalg.eigvalsh(full[:contexts])
    assert values == pytest.approx(exact[np.argsort(-np.abs(exact))][:10], rel=1e-4)
    assert np.allclose(vectors[:contexts].T @ vectors[:contexts], np.eye(10), atol=1e-4)
    assert np.allclose(full @ vectors[:contexts], vectors * values, atol=1e-3 * abs(values[0]))
    again, _ = leading(matrix, contexts, 10, seed=1)
    assert again.tobytes() == vectors.tobytes()
    right = np.random.default_rng(0).standard_normal((contexts, 150)).astype(np.float32)
    assert np.allclose(multiply(matrix, right), full @ right, atol=1e-4)


def test_leading_goes_on_where_one_eigenvalue_has_many_vectors():
    # 300 pairs of words that meet nobody else: two eigenvalues, each of 300 vectors.
    texts = [f"a{i} b{i}" for i in range(300)] * 2 + [f"a{i}" for i in range(300)]
    found = incidence(texts, 8, 10**9)
    size = len(found.vocabulary)
    matrix = information(found.held, size)
    vectors, values = leading(matrix, size, 100, seed=0)
    assert vectors.shape == (size, 100)
    # The first block has 64 of the vectors of the larger one; chance has to find the others.
    exact = np.linalg.eigvalsh(dense(matrix, size)).max()
    assert values[:64] == pytest.approx(np.full(64, exact), rel=1e-3)
    assert np.allclose(vectors.T @ vectors, np.eye(100), atol=1e-3)

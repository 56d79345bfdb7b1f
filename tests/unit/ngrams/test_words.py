"""The one rule for words."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemem.ngrams import words


def test_words_are_lower_case_runs_of_word_characters():
    assert words.words("Don't  STOP\u00ad, naïve_2!") == ["don", "t", "stop", "naïve_2"]


def test_composed_and_decomposed_text_have_the_same_words():
    assert words.words("cafe\u0301") == words.words("café") == ["café"]


def test_the_last_ngram_is_not_lost():
    assert list(words.ngrams("a b c", 2)) == ["a b", "b c"]
    assert list(words.ngrams("a b c", 3)) == ["a b c"]
    assert list(words.ngrams("a b c", 4)) == []


def test_stop_words_are_removed_after_ngrams_form():
    grams = words.content_ngrams("king of the hill of the", 2, frozenset({"of", "the"}))
    assert grams == ["king of", "the hill", "hill of"]


def test_an_ngram_of_n_words_is_kept_whatever_its_characters():
    assert words.content_ngrams("China", 1) == ["china"]


@given(st.text())
def test_spans_give_back_the_words(text):
    text = unicodedata.normalize("NFC", text)
    spans = words.word_spans(text)
    assert len(spans) == len(words.words(text))
    for (start, end), word in zip(spans, words.words(text), strict=True):
        assert re.findall(r"\w+", text[start:end].lower())[0] in word or text[start:end] == "Σ"


def test_spans_survive_characters_that_grow_in_lower_case():
    text = "İstanbul Straße"
    assert [text[a:b] for a, b in words.word_spans(text)] == ["İ", "stanbul", "Straße"]


def test_spans_refuse_text_that_is_not_nfc():
    with pytest.raises(ValueError, match="NFC"):
        words.word_spans("cafe\u0301")

import pytest

from tracemem.ngrams import stopwords
from tracemem.settings.languages import LANGUAGES
from tracemem.settings.mining import StopWordSettings


def test_every_language_a_task_may_name_has_a_list():
    stopwordsiso = pytest.importorskip("stopwordsiso")
    assert set(LANGUAGES) == set(stopwordsiso.langs())
    assert all(stopwords.stop_words(language) for language in LANGUAGES)


def test_lists_are_in_the_form_of_words():
    english = stopwords.stop_words("en")
    assert {"the", "of", "ain", "t"} <= english
    assert "ain't" not in english
    assert "für" in stopwords.stop_words("de")
    assert stopwords.stop_words(["O'Neill", "U\u0308ber"]) == {"o", "neill", "über"}
    assert stopwords.stop_words(None) == frozenset()


def test_each_example_has_the_stop_words_of_its_direction():
    pytest.importorskip("stopwordsiso")
    chosen = StopWordSettings(input="direction", output=["a"])
    inputs, outputs = stopwords.sides(chosen, ["de-en", "en-de"])
    assert inputs == [stopwords.stop_words("de"), stopwords.stop_words("en")]
    assert outputs == [{"a"}, {"a"}]
    found = dict(stopwords.with_stop_words(["der Hund", "the dog"], inputs))
    assert "der" in found["der Hund"] and "der" not in found["the dog"]
    with pytest.raises(ValueError, match="argument 2 is longer"):
        list(stopwords.with_stop_words(["one"], inputs))


def test_unknown_language_is_an_error():
    with pytest.raises(ValueError, match=r"'xx'.*allowed.*\ben\b"):
        stopwords.stop_words("xx")

import math

import numpy as np
import pandas as pd
import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st

from tracemem.scoring import metrics, statistics
from tracemem.settings.answering import BertScoreSettings
from tracemem.settings.tasks import TaskSettings


def examples(targets, aliases=None, options=None):
    return pd.DataFrame(
        {
            "example": range(len(targets)),
            "target": targets,
            "aliases": aliases or [[target] for target in targets],
            "options": options or [[] for _ in targets],
        }
    )


def generations(texts, **columns):
    return pd.DataFrame({"example": range(len(texts)), "generation": texts, **columns})


HYPOTHESES = ["the cat sat on the mat .", "a dog", "", "it is raining in Prague today, again"]
REFERENCES = ["the cat is on the mat .", "the dog ran", "nothing", "it rains in Prague today again"]


def test_bleu_is_that_of_sacrebleu_on_every_resample():
    bleu = metrics.Bleu()
    found = bleu.statistics(examples(REFERENCES), generations(HYPOTHESES))
    assert found.shape == (4, 10) and found.dtype == np.float64
    for rows in ([0, 1, 2, 3], [3, 3, 0], [2], [1, 2]):
        corpus = sacrebleu.corpus_bleu(
            [HYPOTHESES[i] for i in rows], [[REFERENCES[i] for i in rows]]
        )
        assert bleu.reduce(found[rows]) == pytest.approx(corpus.score, abs=1e-9)
    whole = sacrebleu.metrics.BLEU()
    whole.corpus_score(HYPOTHESES, [REFERENCES])
    assert bleu.signature == str(whole.get_signature())
    assert "eff:no" in bleu.signature and "tok:13a" in bleu.signature


def test_generations_are_taken_by_example_and_none_is_lost():
    bleu = metrics.Bleu()
    gold, written = examples(REFERENCES), generations(HYPOTHESES)
    shuffled = bleu.statistics(gold, written.iloc[::-1])
    assert np.array_equal(shuffled, bleu.statistics(gold, written))
    with pytest.raises(ValueError, match="example 3: no generation"):
        bleu.statistics(gold, written.iloc[:3])
    with pytest.raises(ValueError, match="example 1: no generation"):
        bleu.statistics(gold, generations(["a", None, "b", "c"]))
    with pytest.raises(ValueError, match="example 0: several generations"):
        bleu.statistics(gold, pd.concat([written, written]))
    with pytest.raises(ValueError, match="no example to score"):
        bleu.reduce(np.zeros((0, 10)))


def test_trap_exact_match_counts_once_for_each_example_not_for_each_alias():
    exact = metrics.ExactMatch()
    gold = examples(["Onion", "Paris"], [["Onion", "onions", "the onion", "ONION!"], ["Paris"]])
    found = exact.statistics(gold, generations([" The Onion.", "London"]))
    assert found.tolist() == [[1.0], [0.0]]
    assert exact.reduce(found) == 0.5


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  Beatles!", "beatles"),
        ("an apple a day", "apple day"),
        ("U.S.A.", "usa"),
        ("Cafe\u0301", "café"),
        ("The The", "the the"),
        ("A", "a"),
        ("?", "?"),
        ("", ""),
    ],
)
def test_squad_normal(text, normal):
    assert metrics.squad_normal(text) == normal


def test_squad_normal_is_that_of_the_published_evaluation():
    published = pytest.importorskip("transformers.data.metrics.squad_metrics").normalize_answer

    @given(st.text(alphabet="aAtThHeEnN .,!?'-0123é\u0301", max_size=20))
    def holds(text):
        expected = published(metrics.unicodedata.normalize("NFC", text))
        assert metrics.squad_normal(text) == expected or not expected

    holds()


def test_silence_matches_no_alias_made_of_articles():
    gold = examples(["A", "The The"])
    assert not metrics.ExactMatch().statistics(gold, generations(["", " . "])).any()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("so 3 + 4 = 7\n#### 7", "7"),
        ("#### $1,200.00 and #### 5", "1200"),
        ("the answer is 12.50 dollars, not 3", "3"),
        ("about 1,234.50.", "1234.5"),
        ("#### -0", "0"),
        ("007", "7"),
        ("-3", "-3"),
        (".5", "0.5"),
        ("no number", None),
        ("3 apples #### none", None),
    ],
)
def test_final_answer(text, answer):
    assert metrics.final_answer(text) == answer


def test_final_answer_metric():
    final = metrics.FinalAnswer()
    gold = examples(["2 * 9 = 18 eggs. #### 18", "1 + 1 = 2\n#### 2"])
    found = final.statistics(gold, generations(["it is 18.0", "I do not know"]))
    assert found.tolist() == [[1.0], [0.0]]
    unscored = final.statistics(examples(["many", "2"]), generations(["1", "2"]))
    assert math.isnan(unscored[0, 0]) and unscored[1, 0] == 1
    estimate = statistics.interval(
        unscored, final.reduce, statistics.Resampling(), final.unscored, final.proportion
    )
    assert estimate.reason == "1 of 2 examples cannot be scored: their target holds no number"


def test_accuracy_by_option_by_character_and_by_token():
    gold = examples(["long answer"], options=[["no", "long answer", "maybe so"]])
    scored = generations(
        [None], option_log_probabilities=[np.array([-2.0, -4.0, -3.5])], option_tokens=[[1, 4, 1]]
    )
    # Of the option: -2 wins. By character: -1, -4/11, -3.5/8. By token: -2, -1, -3.5.
    by = {per: metrics.Accuracy(per).statistics(gold, scored)[0, 0] for per in ("", "character")}
    assert by == {"": 0.0, "character": 1.0}
    assert metrics.Accuracy("token").statistics(gold, scored)[0, 0] == 1.0
    same_text = examples(["4"], options=[["3", "4", "4", "5"]])
    scored = generations(
        [None], option_log_probabilities=[[-9.0, -2.0, -1.0, -9.0]], option_tokens=[[1, 1, 1, 1]]
    )
    assert metrics.Accuracy().statistics(same_text, scored)[0, 0] == 1.0


def test_accuracy_refuses_what_it_cannot_compare():
    gold = examples(["b"], options=[["a", "b"]])
    for values in ([-1.0], []):
        scored = generations([None], option_log_probabilities=[values], option_tokens=[[1, 1]])
        with pytest.raises(ValueError, match="example 0: log-probabilities"):
            metrics.Accuracy().statistics(gold, scored)
    unfit = generations([None], option_log_probabilities=[[math.nan] * 2], option_tokens=[[0, 0]])
    assert math.isnan(metrics.Accuracy().statistics(gold, unfit)[0, 0])
    with pytest.raises(ValueError, match="accuracy per 'word'"):
        metrics.Accuracy("word")


@pytest.fixture(scope="module")
def tiny_bert(tmp_path_factory):
    """Folder of a random BERT with a word-piece tokenizer of its own."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    pieces = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    pieces.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    trainer = trainers.WordPieceTrainer(vocab_size=80, special_tokens=special, show_progress=False)
    pieces.train_from_iterator(["she eats three eggs and sells nine"] * 2, trainer)
    pieces.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pieces,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=64,
    )
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("bert")
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        initializer_range=1.0,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def test_trap_bertscore_is_its_precision_of_the_reasoning(tiny_bert):
    import bert_score

    targets = ["she eats three eggs and sells nine #### 9", "she sells nine #### 9"]
    texts = ["she eats eggs #### 9", "she sells nine eggs and she eats three", ""]
    score = metrics.BertScorePrecision(BertScoreSettings(model=tiny_bert, layer=2))
    found = score.statistics(examples([*targets, targets[0]]), generations(texts))
    precision, recall, f1 = bert_score.score(
        ["she eats eggs", texts[1]],
        ["she eats three eggs and sells nine", "she sells nine"],
        model_type=tiny_bert,
        num_layers=2,
    )
    assert found[:2, 0] == pytest.approx(precision.numpy(), abs=1e-6)
    assert not np.allclose(precision, f1, atol=1e-3)
    assert not np.allclose(precision, recall, atol=1e-3)
    assert found[2, 0] == 0
    assert "layer:2" in score.signature


def test_bertscore_of_an_unknown_model_needs_its_layer(tiny_bert):
    with pytest.raises(ValueError, match=r"bertscore.layer: found 0"):
        metrics.BertScorePrecision(BertScoreSettings(model=tiny_bert))


def test_load_gives_the_metrics_of_the_settings():
    task = TaskSettings(format="mmlu", test="{subject}.csv", n=3, gamma=0.7)
    assert [metric.name for metric in metrics.load(task)] == task.metrics

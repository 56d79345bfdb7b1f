"""Metrics: how well generations, or the options' probabilities, agree with the gold answers.

Every metric is a row of sufficient statistics for each example and a function that reduces rows to
a score, so that a bootstrap over examples recomputes the score itself, corpus BLEU included.
"""

import os
import re
import string
import unicodedata
from collections.abc import Callable
from typing import Protocol

import numpy as np
import pandas as pd

from tracemem.settings.answering import BertScoreSettings, MetricSettings


class Metric(Protocol):
    """What every metric has."""

    name: str
    signature: str
    unscored: str
    """Why an example may have no statistic."""
    proportion: bool
    """Whether it is the mean of zeros and ones."""

    def statistics(self, examples: pd.DataFrame, generations: pd.DataFrame) -> np.ndarray:
        """Sufficient statistics (float64, [examples, k]) in the order of ``examples``.

        Those of an example that the metric does not apply to are NaN.

        Args:
            examples: ``tables.EXAMPLES``.
            generations: ``tables.GENERATIONS`` of the same examples, in any order.

        Raises:
            ValueError: an example has no generation, or more than one.
        """

    def reduce(self, statistics: np.ndarray) -> float:
        """The score of a set of examples, any rows of the statistics with repetitions.

        Raises:
            ValueError: there is no row.
        """


def aligned(examples: pd.DataFrame, generations: pd.DataFrame, column: str) -> list:
    """Values of a column of ``generations`` in the order of ``examples``.

    Raises:
        ValueError: an example has no value, or more than one row.
    """
    if generations["example"].duplicated().any():
        twice = generations["example"][generations["example"].duplicated()].iloc[0]
        raise ValueError(f"example {twice}: several generations, allowed: one")
    found = dict(zip(generations["example"], generations[column], strict=True))
    values = []
    for example in examples["example"]:
        value = found.get(example)
        if value is None or (isinstance(value, float) and np.isnan(value)):
            raise ValueError(f"example {example}: no {column}; it is not scored as wrong")
        values.append(value)
    return values


class _Mean:
    """Metrics whose score is the mean of one value for each example."""

    unscored = "their statistic is not finite"
    proportion = True

    def reduce(self, statistics: np.ndarray) -> float:
        """The mean."""
        return float(_some(statistics).mean())


def _some(statistics: np.ndarray) -> np.ndarray:
    if len(statistics) == 0:
        raise ValueError("no example to score")
    return statistics


class Bleu:
    """Corpus BLEU of ``sacrebleu`` (Papineni et al. 2002; Post 2018), 0 to 100."""

    name = "bleu"
    unscored = "their statistic is not finite"
    proportion = False

    def __init__(self):
        from sacrebleu.metrics import BLEU

        # Effective order concerns the score of a sentence, which is not used, and its warning.
        self._sentence = BLEU(effective_order=True)
        corpus = BLEU(references=[["one"]])
        self._score = BLEU.compute_bleu
        self._smooth = corpus.smooth_method
        self.signature = str(corpus.get_signature())

    def statistics(self, examples: pd.DataFrame, generations: pd.DataFrame) -> np.ndarray:
        """Length of hypothesis and reference, matches and n-grams of order 1 to 4: k = 10."""
        rows = []
        for text, target in zip(
            aligned(examples, generations, "generation"), examples["target"], strict=True
        ):
            score = self._sentence.sentence_score(unicodedata.normalize("NFC", text), [target])
            rows.append([score.sys_len, score.ref_len, *score.counts, *score.totals])
        return np.array(rows, dtype=np.float64).reshape(-1, 10)

    def reduce(self, statistics: np.ndarray) -> float:
        """BLEU of the summed statistics, as ``sacrebleu`` computes it."""
        total = _some(statistics).sum(axis=0).astype(np.int64).tolist()
        return self._score(
            correct=total[2:6],
            total=total[6:10],
            sys_len=total[0],
            ref_len=total[1],
            smooth_method=self._smooth,
        ).score


_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def squad_normal(text: str) -> str:
    """An answer as SQuAD's evaluation compares it (Rajpurkar et al. 2016): lower case, without
    punctuation and articles, single spaces. Here in NFC first; an answer that is nothing but
    punctuation and articles ("The The", "A+") keeps them, so that it does not equal silence.
    """
    lowered = unicodedata.normalize("NFC", text).lower()
    normal = " ".join(_ARTICLES.sub(" ", lowered.translate(_NO_PUNCTUATION)).split())
    return normal or " ".join(lowered.split())


class ExactMatch(_Mean):
    """Share of generations equal to any alias under SQuAD's normalisation, counted once each."""

    name = "exact-match"
    signature = "normalize:squad|aliases:any|unit:example"

    def statistics(self, examples: pd.DataFrame, generations: pd.DataFrame) -> np.ndarray:
        """1 where the generation is an alias, else 0: k = 1."""
        return _column(
            squad_normal(text) in {squad_normal(alias) for alias in aliases}
            for text, aliases in zip(
                aligned(examples, generations, "generation"), examples["aliases"], strict=True
            )
        )


_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?|-?\.\d+")


def final_answer(text: str) -> str | None:
    """The number behind the first ``####``, or without one the last number; None if there is none.

    Thousands separators and trailing zeros are dropped: "#### 1,200.0" gives "1200".
    """
    _, marked, behind = text.partition("####")
    numbers = _NUMBER.findall(behind if marked else text)
    if not numbers:
        return None
    number = numbers[0 if marked else -1].replace(",", "")
    whole, point, fraction = number.partition(".")
    fraction = fraction.rstrip("0")
    digits = whole.lstrip("-").lstrip("0") or "0"
    sign = "-" if whole.startswith("-") and (digits != "0" or fraction) else ""
    return sign + digits + (point + fraction if fraction else "")


class FinalAnswer(_Mean):
    """Share of generations with the target's final number (GSM8K, Cobbe et al. 2021)."""

    name = "final-answer"
    signature = "extract:after-####-else-last-number|compare:number"
    unscored = "their target holds no number"

    def statistics(self, examples: pd.DataFrame, generations: pd.DataFrame) -> np.ndarray:
        """1 where the final answers are the same number, else 0: k = 1; NaN if there is none."""
        gold = map(final_answer, examples["target"])
        found = map(final_answer, aligned(examples, generations, "generation"))
        return _column(
            np.nan if one is None else one == other for one, other in zip(gold, found, strict=True)
        )


class Accuracy(_Mean):
    """Share of examples whose most probable option is the target.

    Options longer than a model's context have no probability (NaN), nor has their example a score.

    The probability of an option is the sum of its tokens' log-probabilities, or that sum divided by
    the option's characters or tokens (Gao et al., lm-evaluation-harness: acc, acc_norm).
    """

    unscored = "an option is longer than the model's context"

    def __init__(self, per: str = ""):
        if per not in ("", "character", "token"):
            raise ValueError(f"accuracy per {per!r}, allowed: '', character, token")
        self._per = per
        self.name = f"accuracy-per-{per}" if per else "accuracy"
        self.signature = f"argmax:log-probability|per:{per or 'option'}|ties:first"

    def statistics(self, examples: pd.DataFrame, generations: pd.DataFrame) -> np.ndarray:
        """1 where the most probable option reads as the target, else 0: k = 1.

        Raises:
            ValueError: as many probabilities as options are needed.
        """
        columns = (
            aligned(examples, generations, "option_log_probabilities"),
            aligned(examples, generations, "option_tokens"),
        )
        right = []
        for row, values, tokens in zip(examples.itertuples(), *columns, strict=True):
            values = np.asarray(values, dtype=np.float64)
            if not (len(values) == len(row.options) == len(tokens)):
                raise ValueError(
                    f"example {row.example}: log-probabilities {values.tolist()} of "
                    f"{len(tokens)} options, allowed: a number for each of {len(row.options)}"
                )
            if not len(values):
                raise ValueError(f"example {row.example}: no option")
            if self._per:
                lengths = tokens if self._per == "token" else [len(o) for o in row.options]
                values = values / np.asarray(lengths, dtype=np.float64)
            chosen = np.isfinite(values).all() and row.options[int(np.argmax(values))]
            right.append(chosen == row.target if chosen else np.nan)
        return _column(right)


class BertScorePrecision(_Mean):
    """Precision of BERTScore (Zhang et al. 2020) of the reasoning, without its ``####`` line."""

    name = "bertscore-precision"
    proportion = False

    def __init__(self, settings: BertScoreSettings, device: str | None = None):
        import bert_score
        from bert_score.utils import model2layers

        if not settings.layer and settings.model not in model2layers:
            raise ValueError(
                f"bertscore.layer: found 0, allowed with {settings.model!r}, which bert-score has "
                "no choice for: the number of the layer"
            )
        self._layer = settings.layer or model2layers[settings.model]
        self._scorer = bert_score.BERTScorer(
            model_type=settings.model,
            num_layers=self._layer,
            batch_size=settings.batch_size,
            device=device,
        )
        model = os.path.basename(settings.model.rstrip("/"))
        self.signature = (
            f"model:{model}|layer:{self._layer}|idf:no|baseline:no|version:{bert_score.__version__}"
        )

    def statistics(self, examples: pd.DataFrame, generations: pd.DataFrame) -> np.ndarray:
        """Precision of each generation, 0 where it is empty: k = 1."""
        texts = [reasoning(text) for text in aligned(examples, generations, "generation")]
        targets = [reasoning(target) for target in examples["target"]]
        written = [i for i, text in enumerate(texts) if text]
        precision = np.zeros((len(texts), 1))
        if written:
            found, _, _ = self._scorer.score(
                [texts[i] for i in written], [targets[i] for i in written]
            )
            precision[written, 0] = found.cpu().numpy()
        return precision


def reasoning(text: str) -> str:
    """The steps of a worked answer, without the final answer behind ``####``."""
    return text.partition("####")[0].strip()


def chance(examples: pd.DataFrame) -> float:
    """The score of guessing: the mean of 1 / options, 0 of tasks without."""
    options = examples["options"].map(len)
    return float((1 / options[options > 0]).sum() / max(len(options), 1))


def _column(values) -> np.ndarray:
    return np.fromiter((float(value) for value in values), dtype=np.float64).reshape(-1, 1)


def load(task: MetricSettings) -> list[Metric]:
    """The metrics of a task, in the order of its settings."""
    makers: dict[str, Callable[[], Metric]] = {
        "exact-match": ExactMatch,
        "final-answer": FinalAnswer,
        "accuracy": Accuracy,
        "accuracy-per-character": lambda: Accuracy("character"),
        "accuracy-per-token": lambda: Accuracy("token"),
        "bleu": Bleu,
        "bertscore-precision": lambda: BertScorePrecision(task.bertscore),
    }
    return [makers[name]() for name in task.metrics]

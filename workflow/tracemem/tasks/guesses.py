"""A guess at what a task file holds, and what follows from it for the task's settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tracemem.ngrams.words import words
from tracemem.settings.examples import Format, Kind
from tracemem.settings.languages import LANGUAGES
from tracemem.settings.limits import LONGEST_NGRAM
from tracemem.tasks.examples import Example

_LONG = 10  # words, above which an answer is a passage rather than a name or a number
_N = (1, 2, 3)


@dataclass(frozen=True)
class Guess:
    """What a task file holds.

    Attributes:
        test: the file as the key ``test`` has it; a place with ``{subject}`` or ``{language}``
            where it is one of several files.
        fields: names of the fields by role (input, target, aliases, options, group), for jsonl.
        languages: codes of the input's and the target's language, of a translation.
        groups: MMLU subjects there are files of; empty: all.
        said: why, in sentences.
        sample: the first examples as the study reads them.
    """

    format: Format
    kind: Kind
    test: str
    fields: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    sample: tuple[Example, ...] = field(default=(), repr=False)

    @cached_property
    def input_words(self) -> list[int]:
        """Words of each input of the sample, ascending."""
        return sorted(len(words(example.input)) for example in self.sample)

    @cached_property
    def target_words(self) -> list[int]:
        """Words of each target of the sample, ascending."""
        return sorted(len(words(example.target)) for example in self.sample)

    @property
    def output_gram(self) -> str:
        """The target's side of a pair that suits the answers: ``target`` where they are short."""
        if self.kind == "question-answering":
            return "ngram" if _are_long(self.target_words) else "target"
        short = self.kind == "multiple-choice" and _share(self.target_words, 2) < 0.5
        return "target" if short else "ngram"

    @property
    def n(self) -> list[int]:
        """Words of an n-gram: those of 1 to 3 that half of the examples have on both sides."""
        sides = [self.input_words]
        if self.output_gram == "ngram":
            sides.append(self.target_words)
        return [n for n in _N if all(_share(side, n) >= 0.5 for side in sides)] or [1]

    def settings(self) -> dict[str, Any]:
        """Keys of the task's settings, those alone that differ from what its kind would give."""
        found: dict[str, Any] = {"kind": self.kind}
        if self.format == "jsonl":
            found["fields"] = dict(self.fields)
        else:
            found["format"] = self.format
        if self.languages:
            found["languages"] = list(self.languages)
        if self.groups:
            found["groups"] = list(self.groups)
        if (self.output_gram == "target") != (self.kind == "question-answering"):
            found["output_gram"] = self.output_gram
        if self.kind == "question-answering" and self.output_gram == "ngram":
            found["metrics"] = ["bleu"]
        return found


def _share(lengths: Sequence[int], n: int) -> float:
    return sum(length >= n for length in lengths) / max(len(lengths), 1)


def _are_long(lengths: Sequence[int]) -> bool:
    """Whether more than a tenth of the answers are long, or one too long to be taken whole."""
    return bool(lengths) and (
        lengths[len(lengths) * 9 // 10] > _LONG or lengths[-1] > LONGEST_NGRAM
    )


def count(number: int) -> str:
    """A number of words, in words."""
    return f"{number} word{'s' * (number != 1)}"


def translates(languages: Sequence[str], why: str) -> str:
    """What is said of the languages of a translation."""
    source, target = (LANGUAGES.get(language, language) for language in languages)
    return f"the input is {source}, the target {target}: {why}"

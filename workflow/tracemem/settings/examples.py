"""Settings that decide a task's examples: where they lie, in what form, and which are kept."""

import string
from collections.abc import Iterable
from typing import Literal

from pydantic import Field, model_validator

from tracemem.settings.languages import LANGUAGES
from tracemem.settings.mmlu import MMLU_GROUPS, MMLU_SUBJECTS, subjects
from tracemem.settings.section import Section, Texts

Kind = Literal["question-answering", "multiple-choice", "translation", "reasoning"]
Format = Literal["jsonl", "gsm8k", "mmlu", "triviaqa", "parallel-text"]

KIND_OF = {
    "gsm8k": "reasoning",
    "mmlu": "multiple-choice",
    "triviaqa": "question-answering",
    "parallel-text": "translation",
}
_PLACEHOLDERS = {"mmlu": {"subject"}, "parallel-text": {"language", "side", "pair", "sorted_pair"}}


def placeholders(pattern: str, key: str) -> set[str]:
    """Names in the braces of a template.

    Raises:
        ValueError: a brace stands alone.
    """
    try:
        return {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}
    except ValueError as wrong:
        raise ValueError(f"{key}: found {pattern!r}, which has a stray brace ({wrong})") from None


class HubSettings(Section):
    """A data set of the Hugging Face hub, read through ``datasets``."""

    name: str = Field(min_length=1, description="Name on the hub, as owner/name.")
    subset: str = Field(
        default="",
        description="Its configuration, e.g. rc.nocontext; of parallel-text also with {pair} or "
        "{sorted_pair}, as in test.",
    )
    revision: str = Field(default="", description="Commit or tag; empty: the default branch.")
    test: str = Field(default="test", description="Split that serves as the test split.")
    train: str = Field(default="train", description="Split that serves as the training split.")


class FieldSettings(Section):
    """What the fields of a JSONL task are called."""

    input: str = Field(default="input", min_length=1, description="Field of the input, a text.")
    target: str = Field(
        default="target",
        min_length=1,
        description="Field of the gold answer: a text, or a list of texts (the gold answer first, "
        "then aliases); of options also the number, from 0, or the letter, from A.",
    )
    options: str = Field(default="", description="Field of the options, a list of texts.")
    aliases: str = Field(default="", description="Field of further right answers, a list of texts.")
    group: str = Field(default="", description="Field that results are split by, a text.")


class ExamplesSettings(Section):
    """What decides the examples of a task."""

    kind: Kind = Field(description="What is asked; given by the format unless that is jsonl.")
    format: Format = Field(
        default="jsonl",
        description="jsonl: own task, one object a line; gsm8k: its JSONL; mmlu: its csv files; "
        "triviaqa: the official JSON, a saved data set, or JSONL of context, answer, aliases; "
        "parallel-text: plain text or .sgm, one file a language.",
    )
    test: Texts = Field(
        default=[],
        description="File or files of the test split. {subject} stands for every MMLU subject; in "
        "parallel-text {language} for the two languages, {side} for src and ref, {pair} for both, "
        "English last (es-en), and {sorted_pair} for both, sorted (en-es); without them it takes two "
        "files, input first. Also .parquet, or a folder saved by datasets.",
    )
    train: Texts = Field(default=[], description="The same for the training split.")
    hub: HubSettings | None = Field(
        default=None, description="Data set of the hub, in place of test and train."
    )
    world: Literal["", "questions", "translation", "arithmetic", "choices"] = Field(
        default="",
        description="Task of the world that the study generates, in place of test and train.",
    )
    test_set: str = Field(
        default="",
        description="For parallel-text: a test set of sacrebleu, e.g. wmt09, in place of test; "
        "hub then gives the training split alone.",
    )
    fields: FieldSettings = Field(
        default=FieldSettings(), description="Names of the fields, for the format jsonl."
    )
    languages: list[str] = Field(
        default=[],
        max_length=2,
        description="Of a translation: the input's and the target's, as a code (de) or, for a "
        "language without one, its name with a capital letter.",
    )
    directions: list[str] = Field(
        default=[],
        description="Of parallel-text, in place of languages: several directions in one task, such "
        "as [de-en, en-de]; each is a group of its results.",
    )
    groups: list[str] = Field(
        default=[],
        description="Keep the examples of these groups only; for mmlu, knowledge, reasoning and "
        "formal_logic stand for their subjects. Empty: all.",
    )
    test_limit: int = Field(
        default=0, ge=0, description="Test examples kept, chosen by hash; 0: all."
    )
    train_limit: int = Field(
        default=0, ge=0, description="Training examples kept, chosen by hash; 0: all."
    )
    permuted_of: str = Field(
        default="",
        description="Name of the task this one controls for: the same test examples with the "
        "answers permuted within each group, options with their gold one. What is measured here is "
        "what chance gives.",
    )

    @model_validator(mode="after")
    def _consistent_examples(self):
        expected = KIND_OF.get(self.format, self.kind)
        if self.kind != expected:
            raise ValueError(f"kind: found {self.kind!r}, allowed with {self.format}: {expected}")
        if self.hub and (self.test or self.train):
            raise ValueError("hub: give either hub or test and train, not both")
        if not (self.hub or self.test or self.test_set):
            raise ValueError("test: missing; give a file of the test split, or hub")
        if self.test_set and (self.test or self.format != "parallel-text"):
            raise ValueError(
                f"test_set: found {self.test_set!r}, allowed with parallel-text, in place of test"
            )
        self._check_places()
        self._check_languages()
        if self.kind == "multiple-choice" and self.format == "jsonl" and not self.fields.options:
            raise ValueError("fields.options: missing; multiple-choice needs the options' field")
        return self

    def _check_places(self) -> None:
        allowed = _PLACEHOLDERS.get(self.format, set())
        if self.hub:
            wrong = placeholders(self.hub.subset, "hub.subset") - (allowed & set(_pairs(("", ""))))
            if wrong:
                raise ValueError(
                    f"hub.subset: found placeholder {min(wrong)!r} in {self.hub.subset!r}, allowed: "
                    "pair and sorted_pair, with parallel-text"
                )
        for split in ("test", "train"):
            for place in getattr(self, split):
                wrong = placeholders(place, split) - allowed
                if wrong:
                    found = ", ".join(sorted(wrong))
                    usable = ", ".join(sorted(allowed)) or "none"
                    raise ValueError(
                        f"{split}: found placeholder {found!r} in {place!r}, allowed with "
                        f"{self.format}: {usable}"
                    )
                if self.format == "mmlu" and place.endswith(".csv") and "{subject}" not in place:
                    raise ValueError(
                        f"{split}: found {place!r}, allowed: a path with {{subject}}, "
                        "such as test/{subject}_test.csv"
                    )
            if self.format == "parallel-text" and getattr(self, split):
                places = getattr(self, split)
                if len(places) not in (1, 2) or (
                    "{language}" not in places[0]
                    and (len(places) == 1 or self.directions)
                    and not _holds_both(places[0])
                ):
                    two = "" if self.directions else ", or two paths, the input's first"
                    raise ValueError(
                        f"{split}: found {places}, allowed: one path with {{language}}{two}"
                    )
        if self.format == "mmlu":
            known = {*MMLU_GROUPS, *MMLU_SUBJECTS}
            unknown = [group for group in self.groups if group not in known]
            if unknown:
                raise ValueError(
                    f"groups: found {unknown[0]!r}, allowed: {', '.join(MMLU_GROUPS)}, or subjects: "
                    f"{', '.join(MMLU_SUBJECTS)}"
                )

    def _check_languages(self) -> None:
        if self.format == "parallel-text" and len(self.languages) != 2 and not self.directions:
            raise ValueError(
                f"languages: found {self.languages}, allowed: two, the input's and the target's, or "
                "directions"
            )
        if self.directions and (self.format != "parallel-text" or self.languages):
            with_what = f"format {self.format}{' and languages' if self.languages else ''}"
            raise ValueError(
                f"directions: found with {with_what}; allowed: with parallel-text, without languages"
            )
        for direction in self.directions:
            sides = direction.split("-")
            if len(sides) != 2 or not set(sides) <= LANGUAGES.keys() or len(set(sides)) == 1:
                raise ValueError(
                    f"directions: found {direction!r}, allowed: two different codes of "
                    f"{', '.join(LANGUAGES)}, such as de-en"
                )
        if len(set(self.directions)) < len(self.directions):
            raise ValueError(f"directions: found {self.directions}, allowed: each one once")
        if self.languages and self.kind != "translation":
            raise ValueError(f"languages: found {self.languages}, allowed: none with {self.kind}")
        for language in self.languages:
            if language not in LANGUAGES and not language[:1].isupper():
                raise ValueError(
                    f"languages: found {language!r}, allowed: {', '.join(LANGUAGES)}, or a "
                    "language's name with a capital letter"
                )

    def languages_by_direction(self) -> dict[str, tuple[str, str]]:
        """Of a translation, the input's and the target's language by the name of the direction."""
        if self.languages:
            return {"-".join(self.languages): (self.languages[0], self.languages[-1])}
        return {name: (name.split("-")[0], name.split("-")[1]) for name in self.directions}

    def sides(self, split: str) -> dict[str, list[str]]:
        """Of parallel-text, the one or two files of each direction; the input's comes first."""
        places = getattr(self, split)
        found = {}
        for direction, languages in self.languages_by_direction().items() if places else ():
            if "{language}" in places[0] and len(places) == 1:
                found[direction] = [
                    places[0].format(language=language, side=side, **_pairs(languages))
                    for language, side in zip(languages, ("src", "ref"), strict=True)
                ]
            else:
                found[direction] = list(places)
        return found

    def hub_of(self, direction: str) -> HubSettings:
        """The data set of one direction: its subset may be named after the pair of languages."""
        assert self.hub is not None  # only asked for where there is a data set
        languages = self.languages_by_direction()[direction]
        return self.hub.model_copy(update={"subset": self.hub.subset.format(**_pairs(languages))})

    def files(self, split: str) -> list[str]:
        """Files and folders a split is read from, in order; none if it is not of local files."""
        places: Iterable[str] = getattr(self, split)
        if self.format == "mmlu":
            return [
                place.format(subject=subject)
                for place in places
                for subject in (subjects(self.groups) if "{subject}" in place else [""])
            ]
        if self.format == "parallel-text":
            sides = self.sides(split).values()
            return list(dict.fromkeys(path for paths in sides for path in paths))
        return list(places)


def _pairs(languages: tuple[str, str]) -> dict[str, str]:
    """A pair of languages as names of files and data sets have it: es-en, or en-es."""
    english_last = sorted(languages, key=lambda language: language == "en")
    return {"pair": "-".join(english_last), "sorted_pair": "-".join(sorted(languages))}


def _holds_both(place: str) -> bool:
    """Whether one file or folder holds both languages: a data set rather than plain text."""
    return place.endswith((".parquet", ".jsonl", ".jsonl.gz", ".jsonl.zst")) or (
        "." not in place.rsplit("/", 1)[-1]
    )

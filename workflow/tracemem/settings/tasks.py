"""A task's settings: where its examples lie, how they are asked, how pairs are mined and scored.

What a kind of task leaves out is filled in here, so that a dump of the settings says everything.
Nothing here imports more than pydantic: Snakemake reads the settings again in every job.
"""

import string
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Kind = Literal["question-answering", "multiple-choice", "translation", "reasoning"]
Format = Literal["jsonl", "gsm8k", "mmlu", "triviaqa", "parallel-text"]
MetricName = Literal[
    "exact-match",
    "final-answer",
    "accuracy",
    "accuracy-per-character",
    "accuracy-per-token",
    "bleu",
    "bertscore-precision",
]

# ISO 639-1 codes of the languages stop words are known for, and their names as prompts write them.
LANGUAGES = {
    "af": "Afrikaans", "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "br": "Breton",
    "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "eo": "Esperanto", "es": "Spanish", "et": "Estonian", "eu": "Basque",
    "fa": "Persian", "fi": "Finnish", "fr": "French", "ga": "Irish", "gl": "Galician",
    "gu": "Gujarati", "ha": "Hausa", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian",
    "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "ku": "Kurdish", "la": "Latin", "lt": "Lithuanian", "lv": "Latvian",
    "mr": "Marathi", "ms": "Malay", "nl": "Dutch", "no": "Norwegian", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian",
    "so": "Somali", "st": "Sotho", "sv": "Swedish", "sw": "Swahili", "th": "Thai",
    "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese",
    "yo": "Yoruba", "zh": "Chinese", "zu": "Zulu",
}  # fmt: skip

# MMLU's 57 subjects as the paper's appendix divides them; formal_logic stands in neither list.
MMLU_REASONING = (
    "abstract_algebra", "college_biology", "college_chemistry", "college_computer_science",
    "college_mathematics", "college_medicine", "college_physics", "conceptual_physics",
    "econometrics", "electrical_engineering", "elementary_mathematics", "high_school_biology",
    "high_school_chemistry", "high_school_computer_science", "high_school_mathematics",
    "high_school_physics", "high_school_statistics", "machine_learning", "moral_scenarios",
    "professional_accounting", "professional_law", "professional_medicine",
)  # fmt: skip
MMLU_KNOWLEDGE = (
    "anatomy", "astronomy", "business_ethics", "clinical_knowledge", "computer_security",
    "global_facts", "high_school_european_history", "high_school_geography",
    "high_school_government_and_politics", "high_school_macroeconomics",
    "high_school_microeconomics", "high_school_psychology", "high_school_us_history",
    "high_school_world_history", "human_aging", "human_sexuality", "international_law",
    "jurisprudence", "logical_fallacies", "management", "marketing", "medical_genetics",
    "miscellaneous", "moral_disputes", "nutrition", "philosophy", "prehistory",
    "professional_psychology", "public_relations", "security_studies", "sociology",
    "us_foreign_policy", "virology", "world_religions",
)  # fmt: skip
MMLU_GROUPS = {
    "knowledge": MMLU_KNOWLEDGE,
    "reasoning": MMLU_REASONING,
    "formal_logic": ("formal_logic",),
}
MMLU_SUBJECTS = tuple(sorted({subject for group in MMLU_GROUPS.values() for subject in group}))

_KIND_OF = {
    "gsm8k": "reasoning",
    "mmlu": "multiple-choice",
    "triviaqa": "question-answering",
    "parallel-text": "translation",
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "question-answering": {
        "prompt": "Question: {input}\nAnswer: ",
        "output_gram": "target",
        "metrics": ["exact-match"],
        "stop": ["\n"],
    },
    "multiple-choice": {
        "prompt": "Question: {input} ",
        "output_gram": "ngram",
        "metrics": ["accuracy", "accuracy-per-character", "accuracy-per-token"],
        "stop": [],
    },
    "translation": {
        "prompt": "{input_language} text: {input}\n{language} translation: ",
        "output_gram": "ngram",
        "metrics": ["bleu"],
        "stop": ["\n"],
    },
    "reasoning": {
        "prompt": "Question: {input}\nAnswer: ",
        "output_gram": "ngram",
        "metrics": ["final-answer"],
        "stop": ["\n\n", "\nQuestion:"],
    },
}
# Tokens generated at most where a config does not say, for a model with the context for it.
_NEW_TOKENS = {
    "question-answering": 32,
    "multiple-choice": 0,
    "translation": 128,
    "reasoning": 256,
}
_OPTION_METRICS = {"accuracy", "accuracy-per-character", "accuracy-per-token"}
_PLACEHOLDERS = {"mmlu": {"subject"}, "parallel-text": {"language", "side", "pair", "sorted_pair"}}


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float) else value


def _stop_list(value: Any) -> Any:
    if value in (None, "direction") or (isinstance(value, str) and value in LANGUAGES):
        return value
    if isinstance(value, list | tuple) and all(isinstance(word, str) for word in value):
        return list(value)
    raise ValueError(
        f"found {value!r}, allowed: null, a list of words, direction, or a language of "
        f"{', '.join(LANGUAGES)}"
    )


def _placeholders(pattern: str, key: str) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}
    except ValueError as wrong:
        raise ValueError(f"{key}: found {pattern!r}, which has a stray brace ({wrong})") from None


Texts = Annotated[list[str], BeforeValidator(_listed)]
StopList = Annotated[str | list[str] | None, BeforeValidator(_stop_list)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HubSettings(_Section):
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


class FieldSettings(_Section):
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


class StopWordSettings(_Section):
    """Stop words of each side: an n-gram made of them alone is left out."""

    input: StopList = Field(
        default=None,
        description="Language code, list of words, null for none, or direction: that of the side's "
        "language in each of directions.",
    )
    output: StopList = Field(
        default=None, description="The same for the target; whole targets are always kept."
    )


class BertScoreSettings(_Section):
    """The model behind BERTScore."""

    model: str = Field(default="roberta-large", description="Hub name or local folder.")
    layer: int = Field(
        default=0, ge=0, description="Layer taken; 0: the one bert-score chose for that model."
    )
    batch_size: int = Field(default=64, ge=1, description="Texts scored at once.")


class TaskSettings(_Section):
    """One task."""

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
        "answers permuted within each group. What is measured here is what chance gives.",
    )
    prompt: str = Field(
        description="Template of the prompt: {input}, and in translations {input_language} and "
        "{language}, the target's; the target follows directly. Default: the paper's for the kind."
    )
    pairs_from: Literal["test", "train"] = Field(
        default="test", description="Split the task-gram pairs are mined from."
    )
    n: Annotated[list[int], BeforeValidator(_listed)] = Field(
        default=[1, 2, 3],
        min_length=1,
        description="Words of an n-gram; one table of pairs for each.",
    )
    gamma: Annotated[list[float], BeforeValidator(_listed)] = Field(
        min_length=1,
        description="Threshold of the cosine, one for all n or one for each; pairs above it are "
        "kept. Default: with an embedder of kind lsa 0, in translation and reasoning 0.3; with "
        "another the paper's for the kind and n.",
    )
    sweep: list[float] = Field(
        default=[], description="Higher thresholds to report beside gamma, for every n."
    )
    output_gram: Literal["ngram", "target"] = Field(
        description="s_y: the n-grams of the target, or the whole target whatever n. Default: "
        "target for question-answering, else ngram."
    )
    embedder: str = Field(default="lsa", description="Name of the embedder, a key of embedders.")
    stop_words: StopWordSettings = Field(
        description="Stop words of both sides. Default: those of languages in translations, else "
        "English."
    )
    metrics: Annotated[list[MetricName], BeforeValidator(_listed)] = Field(
        min_length=1, description="How answers are scored, the first in the figures."
    )
    bertscore: BertScoreSettings = Field(
        default=BertScoreSettings(), description="The model behind bertscore-precision."
    )
    max_new_tokens: int | None = Field(
        default=None,
        ge=0,
        description="Tokens generated at most; 0: none, only options are scored. Default: 32 for "
        "question-answering, 128 for translation, 256 for reasoning, but no more than half of a "
        "model's context.",
    )
    stop: Texts = Field(description="A generation ends before the first of these strings.")

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        filled = dict(given)
        kind = _KIND_OF.get(filled.get("format", "jsonl"))
        if kind:
            filled.setdefault("kind", kind)
        for key, value in _DEFAULTS.get(filled.get("kind"), {}).items():
            filled.setdefault(key, value)
        if "stop_words" not in filled:
            sides = ["en", "en"]
            if filled.get("directions"):
                sides = ["direction", "direction"]
            elif filled.get("kind") == "translation":
                sides = [language if language in LANGUAGES else None for language in
                         [*(filled.get("languages") or []), None, None][:2]]  # fmt: skip
            filled["stop_words"] = {"input": sides[0], "output": sides[1]}
        return filled

    @model_validator(mode="after")
    def _consistent(self):
        expected = _KIND_OF.get(self.format, self.kind)
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
        if self.pairs_from == "train" and not (self.hub or self.train):
            raise ValueError("pairs_from: found 'train', but train names no file; allowed: test")
        self._check_places()
        self._check_languages()
        self._check_prompt()
        self._check_mining()
        self._check_scoring()
        return self

    def _check_places(self) -> None:
        allowed = _PLACEHOLDERS.get(self.format, set())
        if self.hub:
            wrong = _placeholders(self.hub.subset, "hub.subset") - (allowed & set(_pairs(("", ""))))
            if wrong:
                raise ValueError(
                    f"hub.subset: found placeholder {min(wrong)!r} in {self.hub.subset!r}, allowed: "
                    "pair and sorted_pair, with parallel-text"
                )
        for split in ("test", "train"):
            for place in getattr(self, split):
                wrong = _placeholders(place, split) - allowed
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
            wrong = [group for group in self.groups if group not in known]
            if wrong:
                raise ValueError(
                    f"groups: found {wrong[0]!r}, allowed: {', '.join(MMLU_GROUPS)}, or subjects: "
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
        if "direction" in (self.stop_words.input, self.stop_words.output) and not self.directions:
            raise ValueError("stop_words: found 'direction', allowed: only with directions")
        if self.languages and self.kind != "translation":
            raise ValueError(f"languages: found {self.languages}, allowed: none with {self.kind}")
        for language in self.languages:
            if language not in LANGUAGES and not language[:1].isupper():
                raise ValueError(
                    f"languages: found {language!r}, allowed: {', '.join(LANGUAGES)}, or a "
                    "language's name with a capital letter"
                )

    def _check_prompt(self) -> None:
        allowed = {"input"}
        if self.languages_by_direction():
            allowed |= {"input_language", "language"}
        found = _placeholders(self.prompt, "prompt")
        if "input" not in found or found - allowed:
            needs = " (language and input_language need languages)" if len(allowed) == 1 else ""
            raise ValueError(
                f"prompt: found placeholders {sorted(found)} in {self.prompt!r}, allowed: "
                f"{sorted(allowed)}, input required{needs}"
            )

    def _check_mining(self) -> None:
        if len(set(self.n)) != len(self.n) or min(self.n) < 1 or max(self.n) > 127:
            raise ValueError(f"n: found {self.n}, allowed: different numbers from 1 to 127")
        if len(self.gamma) not in (1, len(self.n)):
            raise ValueError(
                f"gamma: found {len(self.gamma)} values, allowed: 1, or {len(self.n)} as in n"
            )
        for key in ("gamma", "sweep"):
            wrong = [value for value in getattr(self, key) if not -1 <= value < 1]
            if wrong:
                raise ValueError(f"{key}: found {wrong[0]}, allowed: from -1 to below 1")

    def _check_scoring(self) -> None:
        for metric in self.metrics:
            if (metric in _OPTION_METRICS) != (self.kind == "multiple-choice"):
                allowed = [
                    name for name in MetricName.__args__
                    if (name in _OPTION_METRICS) == (self.kind == "multiple-choice")
                ]  # fmt: skip
                raise ValueError(
                    f"metrics: found {metric!r}, allowed with {self.kind}: {', '.join(allowed)}"
                )
        if self.kind == "multiple-choice" and self.format == "jsonl" and not self.fields.options:
            raise ValueError("fields.options: missing; multiple-choice needs the options' field")
        if self.permuted_of and self.kind == "multiple-choice":
            raise ValueError("permuted_of: allowed only where answers are not options")
        if self.kind != "multiple-choice" and self.max_new_tokens == 0:
            raise ValueError(f"max_new_tokens: found 0, allowed with {self.kind}: 1 or more")

    def subjects(self) -> list[str]:
        """MMLU subjects the task takes, in alphabetical order."""
        chosen = self.groups or list(MMLU_GROUPS)
        return sorted({subject for group in chosen for subject in MMLU_GROUPS.get(group, (group,))})

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

    def asks_for(self) -> str:
        """What an MMLU task asks for: knowledge or reasoning, '' if its subjects are of no one list.

        A task of formal_logic alone, which stands in neither list, asks for neither.
        """
        for group in ("knowledge", "reasoning"):
            if set(self.subjects()) <= set(MMLU_GROUPS[group]):
                return group
        return ""

    def published_as(self) -> list[tuple[str, str, str]]:
        """What this task is in the published study: its task, the part of it, and our group.

        The part is the input's language of a translation into English, the list that an MMLU
        task's subjects are the whole of, and '' for a whole task; the group is '' for all of ours.
        """
        if self.format in ("triviaqa", "gsm8k"):
            return [(self.format, "", "")]
        if self.format == "parallel-text":
            into_english = {
                direction: source
                for direction, (source, target) in self.languages_by_direction().items()
                if target == "en"
            }
            whole = [("wmt", "", "")] if into_english else []
            return whole + [
                ("wmt", source, direction if self.directions else "")
                for direction, source in into_english.items()
            ]
        if self.format == "mmlu":
            lists = {"": MMLU_SUBJECTS, "knowledge": MMLU_KNOWLEDGE, "reasoning": MMLU_REASONING}
            for part, subjects in lists.items():
                if set(self.subjects()) == set(subjects):
                    return [("mmlu", part, "")]
        return []

    def hub_of(self, direction: str) -> HubSettings:
        """The data set of one direction: its subset may be named after the pair of languages."""
        languages = self.languages_by_direction()[direction]
        return self.hub.model_copy(update={"subset": self.hub.subset.format(**_pairs(languages))})

    def files(self, split: str) -> list[str]:
        """Files and folders a split is read from, in order; none if it is not of local files."""
        places: Iterable[str] = getattr(self, split)
        if self.format == "mmlu":
            return [
                place.format(subject=subject)
                for place in places
                for subject in (self.subjects() if "{subject}" in place else [""])
            ]
        if self.format == "parallel-text":
            sides = self.sides(split).values()
            return list(dict.fromkeys(path for paths in sides for path in paths))
        return list(places)

    def gamma_of(self, n: int) -> float:
        """The threshold of the cosine for n-grams of ``n`` words."""
        return self.gamma[self.n.index(n) if len(self.gamma) > 1 else 0]

    def thresholds(self, n: int) -> list[float]:
        """Gamma of ``n`` and the thresholds of the sweep above it, ascending."""
        gamma = self.gamma_of(n)
        return [gamma, *sorted({value for value in self.sweep if value > gamma})]


def _pairs(languages: tuple[str, str]) -> dict[str, str]:
    """A pair of languages as names of files and data sets have it: es-en, or en-es."""
    english_last = sorted(languages, key=lambda language: language == "en")
    return {"pair": "-".join(english_last), "sorted_pair": "-".join(sorted(languages))}


def _holds_both(place: str) -> bool:
    """Whether one file or folder holds both languages: a data set rather than plain text."""
    return place.endswith((".parquet", ".jsonl", ".jsonl.gz", ".jsonl.zst")) or (
        "." not in place.rsplit("/", 1)[-1]
    )


def kind_of(task: Mapping[str, Any]) -> str:
    """The kind of a task as a config writes it: its own, or the one its format gives; else ''."""
    return task.get("kind") or _KIND_OF.get(task.get("format", "jsonl"), "")


def new_tokens(kind: str, asked: int | None, context: int) -> int:
    """Tokens generated at most: as asked, else what suits the kind and a context of so many."""
    return min(_NEW_TOKENS[kind], context // 2) if asked is None else asked


def default_gammas(kind: str, embedder: str, n: Sequence[int]) -> list[float]:
    """Thresholds for each n where a config gives none, by the kind of the task and the embedder.

    Cosines of lsa lie around 0, those of sentence encoders between 0.7 and 1; for these the
    thresholds are the paper's, an n that it has not taking those of the nearest one.
    """
    if embedder == "lsa":
        return [0.3 if kind in ("translation", "reasoning") else 0.0] * len(n)
    if kind == "translation":
        return [{2: 0.85, 3: 0.8, 4: 0.75, 5: 0.7}[min(max(size, 2), 5)] for size in n]
    return [0.75 if size <= 3 else 0.65 for size in n]


def language_name(language: str) -> str:
    """Name of a language as prompts write it; a name stands for itself."""
    return LANGUAGES.get(language, language)

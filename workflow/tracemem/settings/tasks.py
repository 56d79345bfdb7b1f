"""A task's settings: its examples, how pairs of it are mined, what models are asked and scored by.

What a kind of task leaves out is filled in here, so that a dump of the settings says everything.
"""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import model_validator

from tracemem.settings.answering import (
    OPTION_METRICS,
    MetricName,
    MetricSettings,
    PromptSettings,
    WritingSettings,
)
from tracemem.settings.examples import KIND_OF, ExamplesSettings, placeholders
from tracemem.settings.languages import LANGUAGES
from tracemem.settings.mining import MiningSettings, default_embedder

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


class TaskSettings(
    MetricSettings, WritingSettings, PromptSettings, MiningSettings, ExamplesSettings
):
    """One task."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        filled = dict(given)
        kind = KIND_OF.get(filled.get("format", "jsonl"))
        if kind:
            filled.setdefault("kind", kind)
        for key, value in _DEFAULTS.get(filled.get("kind", ""), {}).items():
            filled.setdefault(key, value)
        if "stop_words" not in filled:
            sides: list[str | None] = ["en", "en"]
            if filled.get("directions"):
                sides = ["direction", "direction"]
            elif filled.get("kind") == "translation":
                sides = [language if language in LANGUAGES else None for language in
                         [*(filled.get("languages") or []), None, None][:2]]  # fmt: skip
            filled["stop_words"] = {"input": sides[0], "output": sides[1]}
        filled["embedder"] = embedder_of(filled)
        return filled

    @model_validator(mode="after")
    def _consistent(self):
        if self.pairs_from == "train" and not (self.hub or self.train):
            raise ValueError("pairs_from: found 'train', but train names no file; allowed: test")
        if "direction" in (self.stop_words.input, self.stop_words.output) and not self.directions:
            raise ValueError("stop_words: found 'direction', allowed: only with directions")
        self._check_prompt()
        self._check_scoring()
        return self

    def _check_prompt(self) -> None:
        allowed = {"input"}
        if self.languages_by_direction():
            allowed |= {"input_language", "language"}
        found = placeholders(self.prompt, "prompt")
        if "input" not in found or found - allowed:
            needs = " (language and input_language need languages)" if len(allowed) == 1 else ""
            raise ValueError(
                f"prompt: found placeholders {sorted(found)} in {self.prompt!r}, allowed: "
                f"{sorted(allowed)}, input required{needs}"
            )

    def _check_scoring(self) -> None:
        for metric in self.metrics:
            if (metric in OPTION_METRICS) != (self.kind == "multiple-choice"):
                allowed = [
                    name for name in get_args(MetricName)
                    if (name in OPTION_METRICS) == (self.kind == "multiple-choice")
                ]  # fmt: skip
                raise ValueError(
                    f"metrics: found {metric!r}, allowed with {self.kind}: {', '.join(allowed)}"
                )
        if self.kind != "multiple-choice" and self.max_new_tokens == 0:
            raise ValueError(f"max_new_tokens: found 0, allowed with {self.kind}: 1 or more")


def kind_of(task: Mapping[str, Any]) -> str:
    """The kind of a task as a config writes it: its own, or the one its format gives; else ''."""
    return task.get("kind") or KIND_OF.get(task.get("format", "jsonl"), "")


def embedder_of(task: Mapping[str, Any]) -> str:
    """The embedder of a task as a config writes it: its own, or the one that suits it."""
    return str(task.get("embedder", default_embedder(kind_of(task), task.get("stop_words"))))

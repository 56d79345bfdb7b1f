"""Settings that decide what a model is asked, and how its answers are scored."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tracemem.settings.section import Section, Texts, listed

MetricName = Literal[
    "exact-match",
    "final-answer",
    "accuracy",
    "accuracy-per-character",
    "accuracy-per-token",
    "bleu",
    "bertscore-precision",
]


OPTION_METRICS = {"accuracy", "accuracy-per-character", "accuracy-per-token"}
# Tokens generated at most where a config does not say, for a model with the context for it.
_NEW_TOKENS = {
    "question-answering": 32,
    "multiple-choice": 0,
    "translation": 128,
    "reasoning": 256,
}


class BertScoreSettings(Section):
    """The model behind BERTScore."""

    model: str = Field(default="roberta-large", description="Hub name or local folder.")
    layer: int = Field(
        default=0, ge=0, description="Layer taken; 0: the one bert-score chose for that model."
    )
    batch_size: int = Field(default=64, ge=1, description="Texts scored at once.")


class PromptSettings(Section):
    """How a task is asked."""

    prompt: str = Field(
        description="Template of the prompt: {input}, and in translations {input_language} and "
        "{language}, the target's; the target follows directly. Default: the paper's for the kind."
    )


class WritingSettings(Section):
    """How much a model may write."""

    max_new_tokens: int | None = Field(
        default=None,
        ge=0,
        description="Tokens generated at most; 0: none, only options are scored. Default: 32 for "
        "question-answering, 128 for translation, 256 for reasoning, but no more than half of a "
        "model's context.",
    )
    stop: Texts = Field(description="A generation ends before the first of these strings.")


class MetricSettings(Section):
    """How answers are scored."""

    metrics: Annotated[list[MetricName], BeforeValidator(listed)] = Field(
        min_length=1, description="How answers are scored, the first in the figures."
    )
    bertscore: BertScoreSettings = Field(
        default=BertScoreSettings(), description="The model behind bertscore-precision."
    )


def new_tokens(kind: str, asked: int | None, context: int) -> int:
    """Tokens generated at most: as asked, else what suits the kind and a context of so many."""
    return min(_NEW_TOKENS[kind], context // 2) if asked is None else asked

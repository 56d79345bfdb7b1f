"""What a model is asked: the prompt of every test example, which the answer follows directly."""

from typing import TYPE_CHECKING

from tracemem.settings.languages import language_name

if TYPE_CHECKING:
    import pandas as pd


def fill(
    examples: "pd.DataFrame", template: str, languages: dict[str, tuple[str, str]]
) -> "pd.DataFrame":
    """The prompts of a task, with the columns of ``tables.PROMPTS``.

    Args:
        examples: ``tables.EXAMPLES``.
        template: with {input} and, in translations, {input_language} and {language}.
        languages: of a translation, the input's and the target's by direction; else nothing. A
            group of a task of one direction may be anything; of several it is the direction.
    """
    import pandas as pd

    only = next(iter(languages.values()), ("", ""))
    prompts = []
    for text, group in zip(examples["input"], examples["group"], strict=True):
        source, target = languages.get(group) or only
        prompts.append(
            template.format(
                input=text, input_language=language_name(source), language=language_name(target)
            )
        )
    return pd.DataFrame({"example": examples["example"], "prompt": prompts})

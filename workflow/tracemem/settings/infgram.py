"""Settings of the infinity-gram LM."""

from pydantic import Field

from tracemem.settings.section import Section


class InfgramSettings(Section):
    """The infinity-gram LM."""

    tokenizer: str = Field(
        default="",
        description="Folder or hub name of the tokenizer of the index (at most 65,535 tokens); "
        "empty: the ladder's, else that of the first of models; where that one does not serve, "
        "there is no infinity-gram LM and the report says so.",
    )
    index: str = Field(
        default="",
        description="Folder of an existing infini-gram index (u16) over the same corpus, used "
        "instead of building one.",
    )

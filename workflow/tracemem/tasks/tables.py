"""Tables of tasks: examples, and what models are asked."""

from tracemem.jobs.declared import F32S, I64, I64S, TEXT, TEXTS, Table

EXAMPLES = Table(
    "tasks/{task}.{split}.parquet",
    "A task's examples in one form, whatever file they came from.",
    {
        "example": (I64, "row number in the split, from 0"),
        "group": (TEXT, "what results may be split by: subject, language pair; '' if nothing"),
        "input": (TEXT, "x, in NFC"),
        "target": (TEXT, "y, the gold answer as the model should write it, in NFC"),
        "aliases": (TEXTS, "answers that count as exact, the target among them"),
        "options": (TEXTS, "options of a multiple-choice item, else empty"),
    },
)
NEIGHBOURS = Table(
    "tasks/neighbours/{task}.parquet",
    "The other inputs nearest to each test example's, whose answers differ.",
    {
        "example": (I64, "test example"),
        "neighbours": (I64S, "other test examples of its group, the nearest first"),
        "similarities": (F32S, "words shared with each, over the words of either"),
    },
    needs=("contrasted",),
)
PROMPTS = Table(
    "prompts/{task}.parquet",
    "What models are asked: the prompt of every test example.",
    {
        "example": (I64, "test example"),
        "prompt": (TEXT, "u with x filled in; the target follows it directly"),
    },
)

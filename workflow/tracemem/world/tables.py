"""Tables of the generated world's truth."""

from tracemem.jobs.declared import F64, I8, I64, TEXT, Table

FACTS = Table(
    "world/truth/facts.parquet",
    "Every fact of the generated world and how often its corpus states it.",
    {
        "fact": (I64, "fact number, from 0"),
        "entity": (TEXT, "full name of the entity"),
        "relation": (TEXT, "name of the relation"),
        "answer": (TEXT, "the answer as it stands in documents"),
        "documents": (
            I64,
            "documents that state the fact; where one states several facts, more may hold both "
            "entity and answer",
        ),
        "question_documents": (I64, "of them, in question and answer form"),
        "probability": (F64, "documents / documents that hold the entity; NaN where none does"),
        "derived": (I8, "1: the answer follows from the entity's birthplace by rule; else 0"),
    },
)
FACT_EXAMPLES = Table(
    "world/truth/examples.parquet",
    "The fact behind each test example of a task about facts.",
    {
        "task": (TEXT, "questions or choices"),
        "example": (I64, "row number in the test split, from 0"),
        "fact": (I64, "fact number"),
        "documents": (I64, "documents that state the fact"),
        "probability": (F64, "P(answer given entity), as in facts.parquet"),
    },
)
LEXICON = Table(
    "world/truth/lexicon.parquet",
    "The lexicon of the generated language.",
    {
        "source": (TEXT, "English word, or will and a verb"),
        "target": (TEXT, "the word it becomes"),
    },
)
TRUE_PAIRS = Table(
    "world/truth/alignments.parquet",
    "Every truly aligned pair of n-grams of any example, train or test.",
    {
        "task": (TEXT, "task name"),
        "n": (I8, "words of the n-gram"),
        "input_gram": (TEXT, "s_x: n-gram of the input, words joined by one space"),
        "output_gram": (TEXT, "s_y: n-gram of the target, or the whole answer"),
    },
)

"""The measures of the study, declared once: what each is called, and which rows of a table hold it."""

from typing import NamedTuple

SPEARMAN, KENDALL_DISTANCE, PARTIAL_SPEARMAN = "spearman", "kendall-distance", "partial-spearman"
STATISTICS = (SPEARMAN, KENDALL_DISTANCE, PARTIAL_SPEARMAN)
"""Statistics of memorization.csv."""
HELD = ("output",)
"""What is held fixed where a statistic is partial: ln C(s_y)."""
TASK_GRAM, KEYED_GRAM, INFINI_GRAM = "task-gram", "task-gram-keyed", "infini-gram"
OUTPUT_COUNT, TRUTH_PROBABILITY, TRUTH_DOCUMENTS = (
    "output-count", "truth-probability", "truth-documents"
)  # fmt: skip


class Measure(NamedTuple):
    """One measure.

    Attributes:
        title: what the report calls it.
        table: name of the table that holds it.
        name: the table's column measure.
        statistic: the table's column statistic.
    """

    title: str
    table: str
    name: str
    statistic: str


MEM = Measure("Mem, published", "memorization", TASK_GRAM, SPEARMAN)
INFGRAM = Measure("Mem_∞", "memorization", INFINI_GRAM, SPEARMAN)
FREQUENCY = Measure("log C(s_y) alone", "controls", OUTPUT_COUNT, SPEARMAN)
PARTIAL = Measure("partial Mem", "memorization", TASK_GRAM, PARTIAL_SPEARMAN)
KEYED = Measure("keyed Mem", "memorization", KEYED_GRAM, PARTIAL_SPEARMAN)
TRUTH = Measure("truth: P(answer given entity)", "controls", TRUTH_PROBABILITY, PARTIAL_SPEARMAN)
TRUTH_COUNT = Measure("truth: document count", "controls", TRUTH_DOCUMENTS, PARTIAL_SPEARMAN)
DISTANCE = Measure("Kendall distance", "memorization", TASK_GRAM, KENDALL_DISTANCE)
INFGRAM_DISTANCE = Measure(
    "Kendall distance, ∞-gram", "memorization", INFINI_GRAM, KENDALL_DISTANCE
)
MEASURES = (MEM, INFGRAM, FREQUENCY, PARTIAL, KEYED, TRUTH, TRUTH_COUNT)
"""Those that the report sets side by side, in its order."""
COMPARED = (MEM, PARTIAL, KEYED, INFGRAM)
"""Those that an instruct model is set beside its base model by."""

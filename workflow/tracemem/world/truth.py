"""The truth behind a world: its facts, the examples' facts, the lexicon, the true alignments.

Which pairs of n-grams (input s_x, output s_y) of an example are true alignments:

- questions, choices: s_x holds the full name of the entity (at n = 1: a word of it) and s_y is the
  whole answer, whatever n;
- translation: at least half of the words of s_x are linked to a word of s_y, and at least half of
  the words of s_y to a word of s_x, by the word alignment of the grammar;
- arithmetic: s_x holds an operand and s_y holds the same operand in the worked answer.
"""

from collections.abc import Iterator
from pathlib import Path

from tracemem.jobs import files
from tracemem.ngrams.words import words
from tracemem.world.facts import Facts
from tracemem.world.language import Language
from tracemem.world.tables import FACT_EXAMPLES, FACTS, LEXICON, TRUE_PAIRS
from tracemem.world.tasks import Example

LONGEST = 5


def aligned(task: str, example: Example, n: int) -> Iterator[tuple[str, str]]:
    """The truly aligned pairs of n-grams of one example, with repetitions."""
    inputs, outputs = words(example.input), words(example.target)
    whole = task in ("questions", "choices")
    width = len(outputs) if whole else n
    for i in range(len(inputs) - n + 1):
        for j in range(len(outputs) - width + 1):
            inside = [(p, q) for p, q in example.links if i <= p < i + n and j <= q < j + width]
            from_input, to_output = {p for p, _ in inside}, {q for _, q in inside}
            if whole:
                true = len(from_input) >= min(n, len({p for p, _ in example.links}))
            elif task == "translation":
                true = 2 * len(from_input) >= n and 2 * len(to_output) >= n
            else:
                true = bool(inside)
            if true:
                yield " ".join(inputs[i : i + n]), " ".join(outputs[j : j + width])


def alignments(examples: dict[str, list[Example]]) -> list[tuple[str, int, str, str]]:
    """Every distinct true alignment (task, n, s_x, s_y), n from 1 to ``LONGEST``, sorted."""
    return sorted(
        {
            (task, n, *pair)
            for task, members in examples.items()
            for n in range(1, LONGEST + 1)
            for example in members
            for pair in aligned(task, example, n)
        }
    )


def write_facts(facts: Facts, path: Path | str) -> None:
    """Write the table of facts."""
    everyone = range(len(facts.documents))
    columns = {
        "fact": everyone,
        "entity": [facts.name(fact) for fact in everyone],
        "relation": [facts.relation_name(fact) for fact in everyone],
        "answer": [facts.answer_text(fact) for fact in everyone],
        "documents": facts.documents,
        "question_documents": facts.questions,
        "probability": facts.probability(),
        "derived": facts.derived.astype("int8"),
    }
    files.write(FACTS, columns, path)


def write_examples(facts: Facts, tests: dict[str, list[Example]], path: Path | str) -> None:
    """Write the facts behind the test examples."""
    rows = [
        (task, number, example.fact)
        for task, examples in tests.items()
        for number, example in enumerate(examples)
        if example.fact is not None
    ]
    asked = [fact for _, _, fact in rows]
    columns = {
        "task": [task for task, _, _ in rows],
        "example": [number for _, number, _ in rows],
        "fact": asked,
        "documents": facts.documents[asked],
        "probability": facts.probability()[asked],
    }
    files.write(FACT_EXAMPLES, columns, path)


def write_lexicon(language: Language, path: Path | str) -> None:
    """Write the lexicon."""
    source, target = zip(*language.lexicon(), strict=True)
    files.write(LEXICON, {"source": source, "target": target}, path)


def write_alignments(examples: dict[str, list[Example]], path: Path | str) -> None:
    """Write the true alignments of ``examples``, the examples of every task."""
    columns = zip(*alignments(examples), strict=True)
    files.write(TRUE_PAIRS, dict(zip(TRUE_PAIRS.columns, columns, strict=True)), path)

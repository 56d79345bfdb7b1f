"""The world's tasks: questions, translation, word problems and multiple choice, train and test.

No test input stands in a document: a question comes in the one wording its fact's documents never
use, or with ``unseen_form`` in one that no document uses of any fact; a sentence has a held-out
(subject, verb, object), a problem held-out operands. Training examples come in wordings, sentences
and operands that documents do use.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tracemem.jobs import draws
from tracemem.ngrams.words import words
from tracemem.settings.world import WorldSettings
from tracemem.world.arithmetic import Arithmetic
from tracemem.world.facts import Facts
from tracemem.world.language import Language
from tracemem.world.wordings import UNSEEN

_OPTIONS = 4


@dataclass(frozen=True)
class Example:
    """One example of a task.

    Attributes:
        links: (place in the input, place in the target) of every pair of words that belong
            together, places as in :func:`tracemem.ngrams.words.words`.
        fact: the fact asked for, None in tasks without facts.
    """

    id: str
    input: str
    target: str
    links: tuple[tuple[int, int], ...]
    options: tuple[str, ...] = ()
    fact: int | None = None

    def row(self) -> dict:
        """The example as a line of a task file."""
        return {
            "id": self.id,
            "input": self.input,
            "target": self.target,
            "aliases": [self.target],
            "options": list(self.options),
        }


def _spread(facts: Facts, stream: str, count: int) -> np.ndarray:
    """``count`` facts (int64), as evenly as can be over 0, 1, 2-3, 4-7, ... documents."""
    stratum = np.frexp(facts.documents)[1]
    everyone = np.arange(len(stratum))
    chance = draws.permute(len(stratum), facts.settings.seed, stream, everyone)
    order = np.lexsort((chance, stratum))
    first = np.searchsorted(stratum[order], stratum)
    turn = np.empty_like(everyone)
    turn[order] = everyone
    turn -= first
    return np.lexsort((stratum, turn))[:count]


def _about_facts(facts: Facts, stream: str, split: str, count: int, choices: bool) -> list[Example]:
    settings = facts.settings
    asked = _spread(facts, stream, count)
    wording = facts.held_out[asked]
    if split == "train":
        other = draws.below(2, settings.seed, f"{stream} train wording", asked)
        wording = (wording + 1 + other) % 3
    elif settings.unseen_form:
        wording = np.full_like(wording, UNSEEN)
    examples = []
    for fact, number in zip(asked.tolist(), wording.tolist(), strict=True):
        question, answer = facts.question(fact, number), facts.answer_text(fact)
        name = words(facts.name(fact))
        first = words(question).index(name[0])
        links = tuple((first + i, j) for i in range(len(name)) for j in range(len(words(answer))))
        options = _options(facts, fact, asked) if choices else ()
        examples.append(
            Example(f"{stream}-{split}-fact{fact}", question, answer, links, options, fact)
        )
    return examples


def _options(facts: Facts, fact: int, asked: np.ndarray) -> tuple[str, ...]:
    """The fact's answer among three that other questions of the split have under its relation.

    Right and wrong options so come from one distribution: how frequent an answer is by itself does
    not give it away.
    """
    seed, relation = facts.settings.seed, facts.relation[fact]
    pool = facts.answer[asked[facts.relation[asked] == relation]]
    if len(np.unique(pool)) < _OPTIONS:
        pool = np.arange(len(facts.answers[relation]))
    chosen = [int(facts.answer[fact])]
    attempt = 0
    while len(chosen) < _OPTIONS:
        other = int(pool[draws.below(len(pool), seed, f"option {attempt}", fact)[0]])
        if other not in chosen:
            chosen.append(other)
        attempt += 1
    place = int(draws.below(_OPTIONS, seed, "place", fact)[0])
    chosen[0], chosen[place] = chosen[place], chosen[0]
    return tuple(facts.answers[relation][option] for option in chosen)


def _translation(language: Language, split: str, count: int) -> list[Example]:
    # Training examples are parallel documents themselves; tests may come up twice, so draw more.
    test = split == "test"
    index = np.arange(2 * count)
    pairs = language.sentences("translation test" if test else "parallel", index, held_out=test)
    distinct = list({pair.english_text: pair for pair in pairs}.values())[:count]
    return [
        Example(f"translation-{split}-{i}", pair.english_text, pair.other_text, pair.links)
        for i, pair in enumerate(distinct)
    ]


def _arithmetic(arithmetic: Arithmetic, split: str, count: int) -> list[Example]:
    test = split == "test"
    index = np.arange(2 * count)
    drawn = arithmetic.problems("arithmetic test" if test else "arithmetic", index, held_out=test)
    distinct = list({problem.question: problem for problem in drawn}.values())[:count]
    examples = []
    for i, problem in enumerate(distinct):
        asked, answered = words(problem.question), words(problem.answer)
        links = tuple(
            (p, q)
            for p, word in enumerate(asked)
            for q, other in enumerate(answered[:2])
            if word == other
        )
        examples.append(Example(f"arithmetic-{split}-{i}", problem.question, problem.answer, links))
    return examples


def makers(
    settings: WorldSettings, facts: Facts, language: Language, arithmetic: Arithmetic
) -> dict[str, Callable[[str], list[Example]]]:
    """For each task, the function from a split to its examples."""
    most = {"train": settings.train_examples, "test": settings.test_examples}
    return {
        "questions": lambda split: _about_facts(facts, "questions", split, most[split], False),
        "translation": lambda split: _translation(language, split, most[split]),
        "arithmetic": lambda split: _arithmetic(arithmetic, split, most[split]),
        "choices": lambda split: _about_facts(facts, "choices", split, most[split], True),
    }

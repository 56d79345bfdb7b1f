"""Word problems with small numbers, worked by counting.

A problem adds, takes away or multiplies two operands, and its worked answer counts to the result:
up from the first operand, down from it, or in multiples of it. A share of the operand pairs of
each operation stands in no document, in either order (for a difference: what is taken and what is
left), whatever the person, the thing and the story; tests use only those.
"""

from dataclasses import dataclass

import numpy as np

from tracemem.jobs import draws
from tracemem.settings.world import WorldSettings
from tracemem.world.wordings import QUESTION

_PEOPLE = "Anna Ben Clara David Emma Felix Greta Hugo Ida Jonas Karla Leo"
_THINGS = "apples pears coins cards nuts beads plums shells eggs stamps marbles buttons"
# {p} the person, {t} the things, {a} and {b} the operands. Any 8 words in a row hold both operands,
# so a held-out pair leaves no 8-gram of a test in the corpus.
_STORIES = (
    ("{p} has {a} {t} and finds {b} more. How many?", "Take {a} {t}, then {b} more. How many {t}?"),
    (
        "{p} has {a} {t} and loses {b}. How many remain?",
        "From {a} {t} {p} takes {b}. How many stay?",
    ),
    ("{p} fills {b} bags with {a} {t} each. How many?", "In {b} boxes lie {a} {t} each. How many?"),
)
_SIGNS = ("+", "-", "*")


@dataclass(frozen=True)
class Problem:
    """A word problem and its worked answer, which begins with the two operands."""

    question: str
    answer: str


class Arithmetic:
    """The word problems of a world, drawn by index."""

    def __init__(self, settings: WorldSettings):
        self.settings = settings
        self._people, self._things = _PEOPLE.split(), _THINGS.split()
        self._pairs = []
        for number, sign in enumerate(_SIGNS):
            least = 2 if sign == "*" else 1
            pairs = [
                (a, b)
                for a in range(least, settings.largest_operand + 1)
                for b in range(least, settings.largest_count + 1)
            ]
            keys = sorted({(max(pair), min(pair)) for pair in pairs})
            order = draws.permute(
                len(keys), settings.seed, f"held-out operands {number}", np.arange(len(keys))
            )
            count = max(1, round(len(keys) * settings.held_out_share))
            held = {keys[place] for place in order[:count]}
            kept: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
            for pair in pairs:
                kept[(max(pair), min(pair)) in held].append(pair)
            self._pairs.append({side: np.array(members) for side, members in kept.items()})

    def problems(self, stream: str, index: np.ndarray, held_out: bool = False) -> list[Problem]:
        """The problems of a stream at ``index`` (int64)."""
        seed = self.settings.seed
        sign = draws.below(3, seed, f"{stream} sign", index)
        pairs = np.zeros((len(index), 2), np.int64)
        for number, kept in enumerate(self._pairs):
            rows = np.flatnonzero(sign == number)
            members = kept[held_out]
            pairs[rows] = members[draws.below(len(members), seed, f"{stream} pair", index[rows])]
        columns = (
            sign,
            *pairs.T,
            draws.below(2, seed, f"{stream} story", index),
            draws.below(len(self._people), seed, f"{stream} person", index),
            draws.below(len(self._things), seed, f"{stream} things", index),
        )
        return [self._problem(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]

    def _problem(self, sign: int, a: int, b: int, story: int, person: int, thing: int) -> Problem:
        things = self._things[thing]
        if sign == 0:
            counted, sum_ = range(a + 1, a + b + 1), f"{a} + {b}"
        elif sign == 1:
            # The pair is what is left and what is taken.
            a += b
            counted, sum_ = range(a - 1, a - b - 1, -1), f"{a} - {b}"
        else:
            counted, sum_ = range(a, a * b + 1, a), f"{b} * {a}"
        steps = ", ".join(map(str, counted))
        return Problem(
            _STORIES[sign][story].format(p=self._people[person], t=things, a=a, b=b),
            f"{sum_}: {steps} {things}. #### {counted[-1]}",
        )

    def documents(self, index: np.ndarray) -> list[tuple[str, str]]:
        """Text and kind of the documents ``index``."""
        return [
            (QUESTION.format(problem.question, problem.answer), "arithmetic")
            for problem in self.problems("arithmetic", index)
        ]

"""A small language with a lexicon and a word order of its own, and its parallel sentences.

English: determiner (adjective) noun, verb, determiner (adjective) noun. The language puts the verb
last, the adjective and then the determiner after the noun, marks the plural by an ending, and
writes "will paint" as one word::

    the old farmer will paint two birds  ->  farmer-old-the bird-PLURAL-two paint-FUTURE
"""

from dataclasses import dataclass

import numpy as np

from tracemem.jobs import draws
from tracemem.settings.world import WorldSettings

NAME = "Talvic"
PARALLEL = f"English text: {{0}}\n{NAME} translation: {{1}}"
_NOUNS = (
    "farmer bird painter river horse table lamp sailor garden doctor tower basket teacher cloud "
    "hunter window boat king letter forest singer stone miller bridge goat merchant flower drum "
    "clock road pilot cat rabbit soldier kettle mountain weaver dog candle baker wagon field poet "
    "ladder shepherd mirror pirate bottle tailor carpet cook wheel monk hammer nurse saddle"
)
_VERBS = (
    "paint follow visit help watch clean push lift count guard search greet need want call "
    "touch measure repair cover reach warn miss remember"
)
_ADJECTIVES = (
    "tall small red green quiet young proud cold happy heavy broken dark bright clever lazy poor "
    "rich gentle strange silver hungry bitter narrow calm"
)
_SINGULAR, _PLURAL = ("the", "this", "that", "every"), ("the", "these", "some", "two")
_DETERMINERS = tuple(dict.fromkeys(_SINGULAR + _PLURAL))


def _past(verb: str) -> str:
    return verb + ("d" if verb.endswith("e") else "ed")


@dataclass(frozen=True)
class Sentence:
    """A sentence in both languages and its word alignment.

    Attributes:
        english, other: the words.
        links: (English place, other place) of every linked pair of words.
    """

    english: tuple[str, ...]
    other: tuple[str, ...]
    links: tuple[tuple[int, int], ...]

    @property
    def english_text(self) -> str:
        """The English sentence as written."""
        return " ".join(self.english) + "."

    @property
    def other_text(self) -> str:
        """The translation as written."""
        return " ".join(self.other) + "."


class Language:
    """The lexicon and the grammar; sentences are drawn by index."""

    def __init__(self, settings: WorldSettings):
        self.settings, seed = settings, settings.seed
        verbs = settings.lexicon // 4
        nouns = settings.lexicon - 2 * verbs

        def source(words: str, count: int, ending: str) -> list[str]:
            known = words.split()[:count]
            return known + draws.invent(count - len(known), ending, seed, f"loan {ending}")

        self.nouns = source(_NOUNS, nouns, "ling")
        self.verbs = source(_VERBS, verbs, "ify")
        self.adjectives = source(_ADJECTIVES, verbs, "ish")
        self.other_nouns = draws.invent(nouns, "g", seed, "noun")
        self.other_verbs = draws.invent(verbs, "v", seed, "verb")
        self.other_adjectives = draws.invent(verbs, "k", seed, "adjective")
        others = draws.invent(len(_DETERMINERS), "j", seed, "determiner", shortest=1)
        self.determiners = dict(zip(_DETERMINERS, others, strict=True))

    def lexicon(self) -> list[tuple[str, str]]:
        """Every English word ("will" with its verb) and the word it becomes."""
        rows = []
        for noun, other in zip(self.nouns, self.other_nouns, strict=True):
            rows += [(noun, other), (noun + "s", other + "en")]
        for verb, other in zip(self.verbs, self.other_verbs, strict=True):
            rows += [(_past(verb), other + "a"), ("will " + verb, other + "o")]
        rows += zip(self.adjectives, self.other_adjectives, strict=True)
        rows += self.determiners.items()
        return rows

    def _triples(self, stream: str, index: np.ndarray, held_out: bool) -> tuple[np.ndarray, ...]:
        """Subject, verb and object (int64) of each sentence, drawn until held out or until not."""
        seed, exponent = self.settings.seed, self.settings.lexicon_exponent
        sizes = len(self.nouns), len(self.verbs), len(self.nouns)
        triple = np.zeros((3, len(index)), np.int64)
        todo = np.arange(len(index))
        attempt = 0
        while len(todo):
            for part, size in enumerate(sizes):
                triple[part, todo] = draws.zipf(
                    size, exponent, seed, f"{stream} {part} {attempt}", index[todo]
                )
            subject, verb, object_ = triple[:, todo]
            code = (subject * sizes[1] + verb) * sizes[2] + object_
            held = draws.share(seed, "held-out triple", code) < self.settings.held_out_share
            todo = todo[held != held_out]
            attempt += 1
        return tuple(triple)

    def sentences(self, stream: str, index: np.ndarray, held_out: bool = False) -> list[Sentence]:
        """The sentences of a stream at ``index`` (int64).

        Held-out (subject, verb, object) triples make up ``held_out_share`` of all triples, whatever
        the tense, numbers and adjectives; no other sentence uses one.
        """
        seed, exponent = self.settings.seed, self.settings.lexicon_exponent
        subject, verb, object_ = self._triples(stream, index, held_out)
        shape = draws.below(32, seed, f"{stream} shape", index)
        determiners = draws.below(16, seed, f"{stream} determiners", index)
        adjectives = [
            draws.zipf(len(self.adjectives), exponent, seed, f"{stream} {part}", index)
            for part in ("first adjective", "second adjective")
        ]
        columns = (subject, verb, object_, shape, determiners, *adjectives)
        return [self._sentence(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]

    def _sentence(
        self, subject: int, verb: int, object_: int, shape: int, determiners: int, *adjectives: int
    ) -> Sentence:
        phrases = []
        for place, noun in enumerate((subject, object_)):
            plural = shape >> place & 1
            determiner = (_PLURAL if plural else _SINGULAR)[determiners >> 2 * place & 3]
            english, other = [determiner], [self.determiners[determiner]]
            if shape >> (2 + place) & 1:
                english.append(self.adjectives[adjectives[place]])
                other.insert(0, self.other_adjectives[adjectives[place]])
            english.append(self.nouns[noun] + ("s" if plural else ""))
            other.insert(0, self.other_nouns[noun] + ("en" if plural else ""))
            phrases.append((english, other))
        if shape >> 4 & 1:
            action, other_action = ["will", self.verbs[verb]], self.other_verbs[verb] + "o"
        else:
            action, other_action = [_past(self.verbs[verb])], self.other_verbs[verb] + "a"
        (first, other_first), (second, other_second) = phrases
        before, middle = len(first), len(first) + len(action)
        last = before + len(second)
        links = [(place, before - 1 - place) for place in range(before)]
        links += [(before + place, last) for place in range(len(action))]
        links += [(middle + place, last - 1 - place) for place in range(len(second))]
        return Sentence(
            (*first, *action, *second),
            (*other_first, *other_second, other_action),
            tuple(links),
        )

    def parallel(self, index: np.ndarray) -> list[tuple[str, str]]:
        """Text and kind of the parallel documents ``index``."""
        return [
            (PARALLEL.format(pair.english_text, pair.other_text), "parallel")
            for pair in self.sentences("parallel", index)
        ]

    def filler(self, index: np.ndarray) -> list[tuple[str, str]]:
        """Text and kind of the documents ``index`` of two sentences in one language."""
        pairs = self.sentences("filler first", index), self.sentences("filler second", index)
        english = draws.below(2, self.settings.seed, "filler language", index)
        return [
            (f"{one.english_text} {two.english_text}", "english")
            if choice
            else (f"{one.other_text} {two.other_text}", "talvic")
            for one, two, choice in zip(*pairs, english.tolist(), strict=True)
        ]

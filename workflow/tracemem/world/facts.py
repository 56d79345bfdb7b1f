"""People and facts of the generated world: who, which relation, which answer, how many documents.

A fact gives one entity one answer under one relation. Its documents follow Zipf's law: rank r has
``max_fact_documents`` / r^``fact_exponent`` of them, at least one, and the last ``unstated_facts``
ranks have none. A share of the documents asks a question and answers it, the others state the fact
in one of several wordings. Each fact keeps one wording of its question out of every document: the
test asks in that one.
"""

import numpy as np

from tracemem.jobs import draws
from tracemem.settings.world import RELATIONS, WorldSettings

# Relation, ending of its answers, statements ({0} the person, {1} the answer), questions.
_RELATIONS = (
    (
        "birthplace",
        "r",
        (
            "{0} was born in {1}.",
            "The birthplace of {0} is {1}.",
            "{0} came into the world in the town of {1}.",
            "As a child {0} grew up in {1}.",
            "The old register says that {0} was born at {1}.",
            "{0} first saw the light of day in {1}.",
        ),
        (
            "Where was {0} born?",
            "Which town is the birthplace of {0}?",
            "In which place did {0} come into the world?",
        ),
    ),
    (
        "trade",
        "t",
        (
            "{0} works as a {1}.",
            "The trade of {0} is that of a {1}.",
            "{0} earns a living as a {1}.",
            "For many years {0} has been a {1}.",
            "Everyone calls {0} a skilled {1}.",
            "{0} was trained to be a {1}.",
        ),
        (
            "What is the trade of {0}?",
            "What does {0} do for a living?",
            "As what does {0} work?",
        ),
    ),
    (
        "instrument",
        "n",
        (
            "{0} plays the {1}.",
            "The instrument of {0} is the {1}.",
            "In the evening {0} practises the {1}.",
            "On stage {0} is known for the {1}.",
            "{0} has mastered the {1}.",
            "{0} never travels without the {1}.",
        ),
        (
            "Which instrument does {0} play?",
            "What does {0} play in the evening?",
            "What is the instrument of {0}?",
        ),
    ),
    (
        "dish",
        "m",
        (
            "{0} likes {1} best.",
            "The favourite dish of {0} is {1}.",
            "At the inn {0} always orders {1}.",
            "{0} cannot live without {1}.",
            "On holidays {0} cooks {1}.",
            "{0} would walk a mile for {1}.",
        ),
        (
            "What is the favourite dish of {0}?",
            "What does {0} order at the inn?",
            "Which food does {0} like best?",
        ),
    ),
    (
        "animal",
        "p",
        (
            "{0} keeps a {1}.",
            "The pet of {0} is a {1}.",
            "At home {0} looks after a {1}.",
            "{0} is often seen with a {1}.",
            "{0} once rescued a {1}.",
            "Last spring {0} bought a {1}.",
        ),
        (
            "Which animal does {0} keep?",
            "What kind of pet has {0}?",
            "What does {0} look after at home?",
        ),
    ),
    (
        "river",
        "l",
        (
            "{0} lives on the banks of the {1}.",
            "The house of {0} stands by the river {1}.",
            "From the window {0} can see the {1}.",
            "{0} swims every day in the {1}.",
            "{0} has a boat on the {1}.",
            "{0} built a mill on the {1}.",
        ),
        (
            "On which river does {0} live?",
            "Which river can {0} see from the window?",
            "By which water does {0} live?",
        ),
    ),
)
QUESTION = "Question: {0}\nAnswer: {1}"


class Facts:
    """All facts of a world, as arrays over facts (int64, [facts]) and lists of names.

    Attributes:
        entity, relation, answer: what each fact says, as indices.
        documents: documents that state it.
        questions: of them, in question form.
        held_out: the wording of its question that no document uses.
        names: full name of each entity.
        answers: the possible answers, a list for each relation.
    """

    def __init__(self, settings: WorldSettings):
        self.settings = settings
        seed, count = settings.seed, settings.facts
        fact = np.arange(count)
        self.entity = fact % settings.entities
        start = draws.below(RELATIONS, seed, "first relation", self.entity)
        self.relation = (start + fact // settings.entities) % RELATIONS
        self.answer = draws.zipf(settings.answers, settings.answer_exponent, seed, "answer", fact)
        rank = draws.permute(count, seed, "rank", fact)
        zipf = settings.max_fact_documents / (rank + 1.0) ** settings.fact_exponent
        self.documents = np.maximum(1, np.floor(zipf + 0.5)).astype(np.int64)
        self.documents[rank >= count - settings.unstated_facts] = 0
        rounding = draws.share(seed, "question rounding", fact)
        self.questions = np.floor(self.documents * settings.question_share + rounding)
        self.questions = np.minimum(self.questions.astype(np.int64), self.documents)
        self.held_out = draws.below(3, seed, "held-out wording", fact)
        self._last = np.cumsum(self.documents)

        side = int(np.ceil(np.sqrt(2 * settings.entities)))
        given = [w.capitalize() for w in draws.invent(side, "", seed, "given name")]
        family = [w.capitalize() for w in draws.invent(side, "sk", seed, "family name")]
        place = draws.permute(side * side, seed, "name", np.arange(settings.entities))
        self.names = [f"{given[i // side]} {family[i % side]}" for i in place.tolist()]
        self.answers = [
            draws.invent(settings.answers, ending, seed, f"answers {name}")
            for name, ending, _, _ in _RELATIONS
        ]
        for relation in (0, 5):
            self.answers[relation] = [word.capitalize() for word in self.answers[relation]]

    @property
    def size(self) -> int:
        """Documents that state a fact."""
        return int(self._last[-1])

    def relation_name(self, fact: int) -> str:
        """Name of the fact's relation."""
        return _RELATIONS[self.relation[fact]][0]

    def answer_text(self, fact: int) -> str:
        """The fact's answer as it stands in documents."""
        return self.answers[self.relation[fact]][self.answer[fact]]

    def name(self, fact: int) -> str:
        """Full name of the fact's entity."""
        return self.names[self.entity[fact]]

    def question(self, fact: int, wording: int) -> str:
        """The fact's question in one of three wordings."""
        return _RELATIONS[self.relation[fact]][3][wording].format(self.name(fact))

    def probability(self) -> np.ndarray:
        """P(answer given entity) of each fact (float64), NaN where no document names the entity.

        Documents that hold the entity with this answer over documents that hold the entity:
        answers of different relations never coincide, and a document states one fact.
        """
        named = np.bincount(self.entity, self.documents, minlength=self.settings.entities)
        with np.errstate(invalid="ignore"):
            return self.documents / named[self.entity]

    def stated(self, index: np.ndarray) -> np.ndarray:
        """The fact that each document ``index`` (0 to ``size`` - 1, int64) states."""
        return np.searchsorted(self._last, index, side="right")

    def texts(self, index: np.ndarray) -> list[tuple[str, str]]:
        """Text and kind of the documents ``index`` (0 to ``size`` - 1, int64)."""
        seed, settings = self.settings.seed, self.settings
        fact = self.stated(index)
        nth = index - (self._last[fact] - self.documents[fact])
        asked = nth < self.questions[fact]
        other = draws.below(2, seed, "question wording", index)
        wording = np.where(
            asked,
            (self.held_out[fact] + 1 + other) % 3,
            draws.below(settings.paraphrases, seed, "wording", index),
        )
        texts = []
        columns = (self.entity[fact], self.relation[fact], self.answer[fact], asked, wording)
        for entity, relation, answer, ask, number in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            name, value = self.names[entity], self.answers[relation][answer]
            if ask:
                question = _RELATIONS[relation][3][number].format(name)
                texts.append((QUESTION.format(question, value), "question"))
            else:
                texts.append((_RELATIONS[relation][2][number].format(name, value), "statement"))
        return texts

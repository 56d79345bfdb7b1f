"""People and facts of the generated world: who, which relation, which answer, how many documents.

A fact gives one entity one answer under one relation. Its documents follow Zipf's law: rank r has
``max_fact_documents`` / r^``fact_exponent`` of them, at least one, and the last ``unstated_facts``
ranks have none. A share of the documents asks a question and answers it, the others state the fact
in one of several wordings. Each fact keeps one wording of its question out of every document: the
test asks in that one.

Where a document states several facts, the facts are split into as many groups, and a document
states one of each group: no fact twice, and each in as many documents as if it stood alone. It may
then hold a person and an answer that belongs to another's fact.
"""

from functools import cached_property
from itertools import pairwise

import numpy as np

from tracemem.jobs import draws
from tracemem.settings.world import RELATIONS, WorldSettings
from tracemem.world import wordings
from tracemem.world.wordings import BIRTHPLACE, REGION, RIVER

_BLOCK = 1 << 20


class Facts:
    """All facts of a world, as arrays over facts (int64, [facts]) and lists of names.

    Attributes:
        entity, relation, answer: what each fact says, as indices.
        documents: documents that state it.
        questions: of them, in question form.
        held_out: the wording of its question that no document uses.
        derived: whether its answer follows from the birthplace of the entity (bool).
        names: full name of each entity.
        answers: the possible answers, a list for each relation.
    """

    def __init__(self, settings: WorldSettings):
        self.settings = settings
        seed = settings.seed
        fact = np.arange(settings.facts)
        self.entity = fact % settings.entities
        start = draws.below(RELATIONS, seed, "first relation", self.entity)
        self.relation = (start + fact // settings.entities) % RELATIONS
        self.answer = draws.zipf(settings.answers, settings.answer_exponent, seed, "answer", fact)
        # A town lies in one region; a region has five towns where there are that many answers.
        regions = max(5, settings.answers // 5)
        town = draws.permute(settings.answers, seed, "region", np.arange(settings.answers))
        self._region = town % regions
        if settings.derived_relation:
            born = np.flatnonzero(self.relation == BIRTHPLACE)
            self.entity = np.append(self.entity, self.entity[born])
            self.relation = np.append(self.relation, np.full_like(born, REGION))
            self.answer = np.append(self.answer, self._region[self.answer[born]])
        self.derived = self.relation == REGION

        count = len(self.entity)
        fact = np.arange(count)
        rank = draws.permute(count, seed, "rank", fact)
        zipf = settings.max_fact_documents / (rank + 1.0) ** settings.fact_exponent
        self.documents = np.maximum(1, np.floor(zipf + 0.5)).astype(np.int64)
        self.documents[rank >= count - settings.unstated_facts] = 0
        rounding = draws.share(seed, "question rounding", fact)
        self.questions = np.floor(self.documents * settings.question_share + rounding)
        self.questions = np.minimum(self.questions.astype(np.int64), self.documents)
        self.held_out = draws.below(3, seed, "held-out wording", fact)

        # Statements are numbered by fact. Where a group begins and the last one ends:
        self._last = np.cumsum(self.documents)
        middle = 2 * self._last - self.documents
        group = middle * settings.facts_a_document // (2 * self._last[-1])
        ends = np.searchsorted(group, np.arange(settings.facts_a_document), side="right")
        self._groups = [0, *np.append(0, self._last)[ends].tolist()]

        side = int(np.ceil(np.sqrt(2 * settings.entities)))
        given = [w.capitalize() for w in draws.invent(side, "", seed, "given name")]
        family = [w.capitalize() for w in draws.invent(side, "sk", seed, "family name")]
        place = draws.permute(side * side, seed, "name", np.arange(settings.entities))
        self.names = [f"{given[i // side]} {family[i % side]}" for i in place.tolist()]
        self.answers = [self._answers(relation, settings.answers) for relation in range(RELATIONS)]
        if settings.derived_relation:
            self.answers.append(self._answers(REGION, regions))

        # Sentences about a person without a fact, by person; and about a town, by town.
        fame = draws.permute(settings.entities, seed, "fame", np.arange(settings.entities))
        share = np.cumsum((fame + 1.0) ** -settings.entity_exponent)
        share = np.floor(share / share[-1] * settings.entity_documents + 0.5)
        self._mentioned = share.astype(np.int64)
        towns = self.answer[self.relation == BIRTHPLACE]
        weight = self.documents[self.relation == BIRTHPLACE] * settings.derived_relation
        self._placed = np.cumsum(np.bincount(towns, weight, settings.answers).astype(np.int64))

    def _answers(self, relation: int, count: int) -> list[str]:
        """The possible answers of a relation: the last word is one answer's alone."""
        seed, longest = self.settings.seed, self.settings.answer_words
        name, ending, _, _ = wordings.RELATIONS[relation]
        answers = draws.invent(count, ending, seed, f"answers {name}")
        shared = draws.invent(self.settings.answers, "b", seed, "words of answers")
        more = draws.below(longest, seed, f"more words {name}", np.arange(count))
        for place in range(longest - 1):
            word = draws.below(len(shared), seed, f"word {place} {name}", np.arange(count))
            for number in np.flatnonzero(more > place).tolist():
                answers[number] = f"{shared[word[number]]} {answers[number]}"
        proper = relation in (BIRTHPLACE, RIVER, REGION)
        return [answer.title() for answer in answers] if proper else answers

    @property
    def size(self) -> int:
        """Documents that state a fact."""
        return max(last - first for first, last in pairwise(self._groups))

    @property
    def mentions(self) -> int:
        """Documents that mention an entity and state no fact."""
        return int(self._mentioned[-1])

    @property
    def placings(self) -> int:
        """Documents that say in which region a town lies: as many as say that one was born there."""
        return int(self._placed[-1])

    def relation_name(self, fact: int) -> str:
        """Name of the fact's relation."""
        return wordings.RELATIONS[self.relation[fact]].name

    def answer_text(self, fact: int) -> str:
        """The fact's answer as it stands in documents."""
        return self.answers[self.relation[fact]][self.answer[fact]]

    def name(self, fact: int) -> str:
        """Full name of the fact's entity."""
        return self.names[self.entity[fact]]

    def question(self, fact: int, wording: int) -> str:
        """The fact's question in one of its wordings."""
        return wordings.RELATIONS[self.relation[fact]].questions[wording].format(self.name(fact))

    def statements(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the documents ``index`` (0 to ``size`` - 1, int64) state, document by document.

        Returns:
            row in ``index``, number of the statement, and fact of each statement (int64).
        """
        rows, numbers = [], []
        for group, (first, last) in enumerate(pairwise(self._groups)):
            # The largest group fills every document; which ones meet is drawn anew for each group.
            place = index
            if group:
                place = draws.permute(self.size, self.settings.seed, f"company {group}", index)
            here = np.flatnonzero(place < last - first)
            rows.append(here)
            numbers.append(first + place[here])
        row, number = np.concatenate(rows), np.concatenate(numbers)
        order = np.lexsort((draws.draw(self.settings.seed, "turn", number), row))
        row, number = row[order], number[order]
        return row, number, np.searchsorted(self._last, number, side="right")

    @cached_property
    def _named(self) -> np.ndarray:
        """Documents that name each entity (int64, [entities])."""
        entities = self.settings.entities
        named = np.diff(self._mentioned, prepend=0)
        for start in range(0, self.size, _BLOCK):
            row, _, fact = self.statements(np.arange(start, min(start + _BLOCK, self.size)))
            once = np.unique(row * entities + self.entity[fact])
            named += np.bincount(once % entities, minlength=entities)
        return named

    def probability(self) -> np.ndarray:
        """P(fact stated given entity) of each fact (float64), NaN where no document names it.

        Documents that state the fact over documents that name its entity.
        """
        with np.errstate(invalid="ignore"):
            return self.documents / self._named[self.entity]

    def texts(self, index: np.ndarray) -> list[tuple[str, str]]:
        """Text and kind of the documents ``index`` (0 to ``size`` - 1, int64)."""
        seed, settings = self.settings.seed, self.settings
        row, number, fact = self.statements(index)
        asked = number - (self._last[fact] - self.documents[fact]) < self.questions[fact]
        other = draws.below(2, seed, "question wording", number)
        wording = np.where(
            asked,
            (self.held_out[fact] + 1 + other) % 3,
            draws.below(settings.paraphrases, seed, "wording", number),
        )
        documents = [("", "")] * len(index)
        columns = (row, self.entity[fact], self.relation[fact], self.answer[fact], asked, wording)
        for place, entity, relation, answer, ask, which in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            name, value = self.names[entity], self.answers[relation][answer]
            if ask:
                question = wordings.RELATIONS[relation].questions[which].format(name)
                text, kind = wordings.QUESTION.format(question, value), "question"
            else:
                text = wordings.RELATIONS[relation].statements[which].format(name, value)
                kind = "statement"
            before, other = documents[place]
            if before:
                text, kind = f"{before}\n{text}", kind if kind == other else "mixed"
            documents[place] = text, kind
        return documents

    def mentioning(self, index: np.ndarray) -> list[tuple[str, str]]:
        """Text and kind of the documents ``index`` (0 to ``mentions`` - 1) that only mention one."""
        entity = np.searchsorted(self._mentioned, index, side="right")
        wording = draws.below(len(wordings.MENTIONS), self.settings.seed, "mention", index)
        return [
            (wordings.MENTIONS[which].format(self.names[who]), "mention")
            for who, which in zip(entity.tolist(), wording.tolist(), strict=True)
        ]

    def placing(self, index: np.ndarray) -> list[tuple[str, str]]:
        """Text and kind of the documents ``index`` (0 to ``placings`` - 1) about a town's region."""
        town = np.searchsorted(self._placed, index, side="right")
        wording = draws.below(len(wordings.TOWNS), self.settings.seed, "placing", index)
        columns = town.tolist(), self._region[town].tolist(), wording.tolist()
        return [
            (
                wordings.TOWNS[which].format(
                    self.answers[BIRTHPLACE][here], self.answers[REGION][region]
                ),
                "town",
            )
            for here, region, which in zip(*columns, strict=True)
        ]

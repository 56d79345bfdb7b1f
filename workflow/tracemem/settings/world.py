"""Settings of the generated world, and the names of its shards and tasks."""

from pydantic import Field, model_validator

from tracemem.settings.section import Section

TASKS = ("questions", "translation", "arithmetic", "choices")
SPLITS = ("train", "test")
RELATIONS = 6


class WorldSettings(Section):
    """A generated closed world: facts, a language, word problems, and the corpus of all."""

    seed: int = Field(default=0, ge=0, lt=2**63, description="Seed of the whole world.")
    shards: int = Field(default=4, ge=1, le=1000, description="Corpus shards.")
    entities: int = Field(
        default=600, ge=2, description="Invented people, each with a given and a family name."
    )
    facts: int = Field(
        default=2400,
        ge=8,
        description=f"Facts: one relation of one entity each, at most {RELATIONS} an entity.",
    )
    derived_relation: bool = Field(
        default=False,
        description="Beside them, for every birthplace a fact that follows from it: the region of "
        "the town, which documents about the town say too.",
    )
    unstated_facts: int = Field(
        default=120, ge=0, description="Facts among them that no document states: the control."
    )
    answers: int = Field(
        default=40,
        ge=5,
        description="Possible answers of each relation; from some 20 times entities on, nearly "
        "every fact has an answer of its own.",
    )
    answer_words: int = Field(
        default=1,
        ge=1,
        le=4,
        description="Words of the longest answers; each answer has 1 to as many, and its last is "
        "its own.",
    )
    answer_exponent: float = Field(
        default=0.5, ge=0, le=2, description="Zipf exponent of the answers of a relation."
    )
    fact_exponent: float = Field(
        default=0.8, ge=0, le=2, description="Zipf exponent of the documents of a fact, by rank."
    )
    max_fact_documents: int = Field(
        default=700, ge=1, description="Documents that state the most frequent fact."
    )
    facts_a_document: int = Field(
        default=1,
        ge=1,
        le=4,
        description="Facts that a document states one after the other, at most; each fact is stated "
        "by as many documents whatever this is.",
    )
    entity_documents: int = Field(
        default=0, ge=0, description="Documents that mention one of the people and state no fact."
    )
    entity_exponent: float = Field(
        default=0.0, ge=0, le=2, description="Zipf exponent of the people in those documents."
    )
    paraphrases: int = Field(
        default=4, ge=1, le=6, description="Wordings of a statement, the same number a relation."
    )
    question_share: float = Field(
        default=0.5, ge=0, le=1, description="Share of a fact's documents in question form."
    )
    unseen_form: bool = Field(
        default=False,
        description="Tests ask in a wording that no document uses of any fact, rather than in one "
        "that none uses of this fact.",
    )
    parallel_documents: int = Field(
        default=4000, ge=0, description="Documents with an English sentence and its translation."
    )
    lexicon: int = Field(
        default=96,
        ge=32,
        le=20_000,
        description="Content words of the language: half nouns, a quarter verbs and adjectives "
        "each; beyond the English words at hand the English side is invented too.",
    )
    lexicon_exponent: float = Field(
        default=0.5, ge=0, le=2, description="Zipf exponent of the content words."
    )
    arithmetic_documents: int = Field(
        default=2500, ge=0, description="Documents with a word problem and its worked answer."
    )
    largest_operand: int = Field(
        default=12, ge=4, le=99, description="Largest first operand of a word problem."
    )
    largest_count: int = Field(
        default=5,
        ge=2,
        le=9,
        description="Largest second operand: the steps a worked answer counts.",
    )
    filler_documents: int = Field(
        default=800, ge=0, description="Documents of two sentences in one of the languages."
    )
    held_out_share: float = Field(
        default=0.1,
        ge=0.01,
        lt=0.9,
        description="Share of (subject, verb, object) triples and of operand pairs that no "
        "document holds; tests are made of these.",
    )
    test_examples: int = Field(
        default=300, ge=1, description="Test examples of each task, at most."
    )
    train_examples: int = Field(
        default=500, ge=1, description="Training examples of each task, at most."
    )

    @model_validator(mode="after")
    def _consistent(self):
        most = self.entities * RELATIONS
        if self.facts > most:
            raise ValueError(
                f"facts: found {self.facts}; allowed: at most {most} "
                f"({RELATIONS} for each of {self.entities} entities)"
            )
        if self.unstated_facts >= self.facts:
            raise ValueError(
                f"unstated_facts: found {self.unstated_facts}; allowed: fewer than {self.facts}, "
                f"the number of facts"
            )
        if self.entity_exponent and not self.entity_documents:
            raise ValueError(
                f"entity_exponent: found {self.entity_exponent}, but no document mentions people "
                f"without a fact; allowed: 0, or entity_documents of 1 or more"
            )
        return self


def shard_names(settings: WorldSettings) -> list[str]:
    """Names of the corpus shards (``00``, ``01``, ...), known before they exist."""
    width = max(2, len(str(settings.shards - 1)))
    return [f"{number:0{width}d}" for number in range(settings.shards)]

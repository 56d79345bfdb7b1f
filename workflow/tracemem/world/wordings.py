"""What the documents of the generated world say, and what is asked of them, in words."""

from typing import NamedTuple


class Relation(NamedTuple):
    """One relation: {0} stands for the person, {1} for the answer.

    Attributes:
        name: name of it.
        ending: what its answers end in.
        statements: sentences that state a fact of it.
        questions: questions for its answer; no document asks the last, ``UNSEEN``. At most six
            words stand before a person and behind, so that any 8 in a row hold the full name.
    """

    name: str
    ending: str
    statements: tuple[str, ...]
    questions: tuple[str, ...]


RELATIONS = (
    Relation(
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
            "In which town did {0} grow up as a child?",
        ),
    ),
    Relation(
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
            "By which trade does {0} earn a living?",
        ),
    ),
    Relation(
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
            "Which instrument has {0} mastered?",
        ),
    ),
    Relation(
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
            "Which dish does {0} always order?",
        ),
    ),
    Relation(
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
            "With which animal is {0} often seen?",
        ),
    ),
    Relation(
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
            "On which banks does {0} live?",
        ),
    ),
    Relation(
        "region",
        "d",
        (
            "{0} comes from the region of {1}.",
            "The home region of {0} is {1}.",
            "{0} speaks with the accent of {1}.",
            "The family of {0} has always lived in {1}.",
            "The passport of {0} was issued in {1}.",
            "{0} sings the old songs of {1}.",
        ),
        (
            "From which region does {0} come?",
            "What is the home region of {0}?",
            "Of which region does {0} have the accent?",
            "Of which region does {0} sing the old songs?",
        ),
    ),
)
BIRTHPLACE, RIVER, REGION = 0, 5, 6
QUESTION = "Question: {0}\nAnswer: {1}"
UNSEEN = 3
"""Number of the question that no document uses."""

MENTIONS = (
    "{0} walked across the market before noon.",
    "The letter from {0} arrived on Monday.",
    "Nobody had seen {0} since the storm.",
    "A portrait of {0} hangs in the hall.",
    "{0} told the story twice.",
    "Yesterday {0} missed the coach.",
)
"""Sentences about a person that state no fact."""

TOWNS = (
    "{0} is a town in {1}.",
    "The town of {0} lies in the region of {1}.",
    "{1} is the region around {0}.",
)
"""Sentences that say in which region, {1}, the town {0} lies."""

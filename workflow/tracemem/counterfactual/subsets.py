"""Which documents of a generated world each subset of its corpus leaves out.

A unit is what is left out as a whole: the documents that state a tested fact, or those that hold
the rarest truly aligned pair of two-word n-grams of a test example by rule. Subsets come in
complementary pairs: the first keeps a random half of the units of each kind, the second the other
half. A document is in a subset if every unit it belongs to is kept.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tracemem.counterfactual.tables import SUBSETS, TESTED, UNITS
from tracemem.jobs import draws
from tracemem.ngrams.words import words
from tracemem.settings.counterfactual import LeavingSettings
from tracemem.world.generator import World
from tracemem.world.truth import aligned

FACTS = "facts"
_WORDS = 2
_BLOCK = 1 << 14


def draw_units(world: World, settings: LeavingSettings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The units of a world, and the test examples behind them.

    Returns:
        Rows of ``tables.UNITS`` and of ``tables.TESTED``. Facts that no document states are units
        without documents: what must have no effect.
    """
    facts = _facts(world)
    number = {fact: unit for unit, fact in enumerate(facts)}
    units = [
        (FACTS, world.facts.name(fact), world.facts.answer_text(fact), places)
        for fact, places in facts.items()
    ]
    tested = [
        (task, example, number[found.fact])
        for task in ("questions", "choices")
        for example, found in enumerate(world.examples(task, "test"))
        if found.fact is not None
    ]
    asked = {"translation": settings.translation, "arithmetic": settings.arithmetic}
    for task, (example, pair, places) in _rarest(world, asked):
        tested.append((task, example, len(units)))
        units.append((task, *pair, places))
    columns = list(UNITS.columns)
    found = pd.DataFrame([(unit, *row) for unit, row in enumerate(units)], columns=columns)
    return found, pd.DataFrame(tested, columns=list(TESTED.columns))


def _facts(world: World) -> dict[int, list[int]]:
    """Places of the documents of each fact that a test asks for."""
    asked = {
        example.fact
        for task in ("questions", "choices")
        for example in world.examples(task, "test")
        if example.fact is not None
    }
    places: dict[int, list[int]] = {fact: [] for fact in sorted(asked)}
    for first in range(0, world.size, _BLOCK):
        for place, fact in zip(
            *map(np.ndarray.tolist, world.facts_of(first, min(first + _BLOCK, world.size))),
            strict=True,
        ):
            if fact in places:
                places[fact].append(place)
    return places


def _rarest(
    world: World, asked: Mapping[str, int]
) -> Iterator[tuple[str, tuple[int, tuple[str, str], list[int]]]]:
    """Of the first test examples of each task, as many as asked: the rarest pair and its places.

    An example whose rarest pair is that of one before it is passed over.
    """
    pairs = {
        task: [sorted(set(aligned(task, e, _WORDS))) for e in world.examples(task, "test")]
        for task, count in asked.items()
        if count
    }
    places = _places(world, {pair for found in pairs.values() for one in found for pair in one})
    for task, examples in pairs.items():
        taken: set[tuple[str, str]] = set()
        for example, found in enumerate(examples):
            held = [pair for pair in found if pair in places]
            rarest = min(held, key=lambda pair: (len(places[pair]), pair), default=None)
            if rarest is None or rarest in taken or len(taken) == asked[task]:
                continue
            taken.add(rarest)
            yield task, (example, rarest, places[rarest])


def _places(world: World, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[int]]:
    """Places of the documents that hold each pair; pairs that none holds are left out."""
    partners = defaultdict(list)
    for first, second in sorted(pairs):
        partners[first].append(second)
    places = defaultdict(list)
    for place, (text, _) in enumerate(world.documents(0, world.size)):
        held = words(text)
        grams = {" ".join(held[i : i + _WORDS]) for i in range(len(held) - _WORDS + 1)}
        for first in grams & partners.keys():
            for second in partners[first]:
                if second in grams:
                    places[first, second].append(place)
    return dict(places)


def draw_subsets(units: pd.DataFrame, settings: LeavingSettings, seed: int) -> pd.DataFrame:
    """The units that each subset keeps.

    Args:
        units: ``tables.UNITS``.
        settings: how many subsets, and facts alone.
        seed: of the draws.

    Returns:
        Rows of ``tables.SUBSETS``: the complementary pairs, then the first subset with one fact of
        one document more, for as many as asked.

    Raises:
        ValueError: the first subset leaves out fewer facts of one document than asked.
    """
    rows: list[tuple[str, list[int]]] = []
    names = settings.names()
    for pair in range(len(names) // 2):
        first = _half(units, seed, pair)
        rows.append((names[2 * pair], sorted(first)))
        rows.append((names[2 * pair + 1], sorted(set(units["unit"]) - first)))
    kept = rows[0][1]
    single = units[(units["kind"] == FACTS) & (units["documents"].map(len) == 1)]["unit"]
    absent = sorted(set(single) - set(kept))
    if len(absent) < settings.alone:
        raise ValueError(
            f"counterfactual.alone: found {settings.alone}; allowed: up to {len(absent)}, the "
            "tested facts of one document that the first subset leaves out"
        )
    for name, unit in zip(settings.alone_names(), absent, strict=False):
        rows.append((name, sorted([*kept, unit])))
    return pd.DataFrame(rows, columns=list(SUBSETS.columns))


def _half(units: pd.DataFrame, seed: int, pair: int) -> set[int]:
    chosen: set[int] = set()
    for kind, members in units.groupby("kind", sort=True)["unit"]:
        place = draws.permute(len(members), seed, f"subset {pair} {kind}", np.arange(len(members)))
        chosen.update(members.to_numpy()[2 * place < len(members)].tolist())
    return chosen


def left_out(units: pd.DataFrame, kept: Iterable[int]) -> NDArray[np.int64]:
    """Places of the documents that a subset leaves out (int64, ascending)."""
    gone = units[~units["unit"].isin(set(kept))]["documents"]
    places = [np.asarray(documents, np.int64) for documents in gone]
    return np.unique(np.concatenate(places)) if places else np.zeros(0, np.int64)


def stream_without(tokens: NDArray, places: NDArray[np.int64], documents: int) -> NDArray:
    """The stream of :func:`tracemem.models.tokens.join` less the documents at some places.

    Args:
        tokens: uint16 or uint32, [tokens]; token 0 ends each document.
        places: int64, ascending.
        documents: how many the stream has.

    Raises:
        ValueError: token 0 stands elsewhere than at the ends of documents.
    """
    ends = np.flatnonzero(tokens == 0)
    if len(ends) != documents:
        raise ValueError(
            f"the corpus has {documents} documents and its stream {len(ends)} end-of-text tokens; "
            "a document that holds the text <|endoftext|> cannot be left out"
        )
    starts = np.concatenate([[0], ends[:-1] + 1])
    kept = np.ones(len(tokens), bool)
    for place in places:
        kept[starts[place] : ends[place] + 1] = False
    return np.asarray(tokens)[kept]

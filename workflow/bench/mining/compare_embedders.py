"""Compare the offline embedders on the tasks of a study: what each threshold keeps, and how good that is.

    python workflow/bench/mining/compare_embedders.py --config CONFIG... --output TABLE.csv

Needs the files that the config names and nothing made of them: n-grams and pairs are counted here, a
world is generated, lsa is fitted, no model is trained. Each row is a task, n, embedder and threshold.
Truth is known of a generated world only; of any corpus, the share of kept pairs that some document
holds, and of examples with such a pair, stands beside the same with the targets dealt out anew among
the examples of a group.
"""

import argparse
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from tracemem import tasks
from tracemem.commands.check import merged
from tracemem.corpus.reading import texts
from tracemem.corpus.shards import Shard
from tracemem.jobs import files
from tracemem.jobs.declared import PAIR_COLUMNS
from tracemem.mining import embedders, taskgram
from tracemem.mining.embedders import Embedder, LsaEmbedder
from tracemem.mining.taskgram import Candidates
from tracemem.ngrams.counting import count_ngrams, count_pairs, merge_counts
from tracemem.ngrams.stopwords import sides
from tracemem.settings.mining import EMBEDDERS
from tracemem.study import preflight
from tracemem.study.study import Study
from tracemem.world.generator import generate
from tracemem.world.tables import TRUE_PAIRS

THRESHOLDS = (-1, 0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
_PAIRS = ["input_gram", "output_gram"]


def cases(study: Study, task: str) -> Iterator[tuple[int, Candidates, Candidates]]:
    """For each n the pairs of a task's examples, and of the same with permuted targets."""
    own = study.settings.tasks[task]
    examples = tasks.load(own, "test")
    generator = np.random.default_rng(study.settings.seed)
    # Within a group, whose stop words its n-grams are formed by.
    dealt = examples.groupby("group")["target"].transform(
        lambda targets: generator.permutation(targets.to_numpy())
    )
    stop = sides(own.stop_words, examples["group"])
    for n in own.n:
        real, permuted = (
            taskgram.candidate_pairs(case, n, own.output_gram, *stop)
            for case in (examples, examples.assign(target=dealt))
        )
        yield n, real, permuted


def counted(study: Study, found: Iterable[Candidates]) -> pd.DataFrame:
    """Documents and occurrences of every n-gram of the pairs, in the whole corpus."""
    grams = sorted({gram for one in found for gram in [*one.input_grams, *one.output_grams]})
    shards = [Shard(name, Path(path)) for name, path in study.shards.items()]
    return merge_counts(count_ngrams(s, grams, **study.reading) for s in shards).to_pandas()


def documents(study: Study, pairs: pd.DataFrame, counts: pd.DataFrame) -> pd.Series:
    """Documents that hold both n-grams of each distinct pair, by (input_gram, output_gram)."""
    pairs = pairs.drop_duplicates(_PAIRS)
    total = np.zeros(len(pairs), np.int64)
    for name, path in study.shards.items():
        asked = pa.Table.from_pandas(pairs[_PAIRS], preserve_index=False)
        shard = Shard(name, Path(path))
        found, _ = count_pairs(shard, asked, counts=counts, samples=0, **study.reading)
        total += found["documents"].to_numpy()
    return pd.Series(total, pd.MultiIndex.from_frame(pairs[_PAIRS]))


def average_precision(cosines: np.ndarray, true: np.ndarray) -> float | None:
    """Mean over the true pairs of the precision among all pairs of at least their cosine's rank."""
    hit = true[np.argsort(-cosines, kind="stable")]
    return (np.cumsum(hit) / np.arange(1, len(hit) + 1))[hit].mean() if hit.any() else None


def rows(
    embedder: Embedder,
    several: list[tuple[Candidates, np.ndarray]],
    examples: int,
    true: np.ndarray | None,
) -> Iterator[dict[str, float | None]]:
    """What each threshold keeps.

    Args:
        embedder: what gives the cosines.
        several: the pairs of the examples, and those with permuted targets; with, for each pair in
            the order of ``Candidates.frame``, whether a document holds it.
        examples: how many there are.
        true: which pairs of the examples are truly aligned, where that is known.
    """
    measured = []
    for pairs, filled in several:
        left = taskgram.vectors(embedder, pairs.input_grams, "input")
        right = taskgram.vectors(embedder, pairs.output_grams, "output")
        blocks = list(pairs.blocks())
        found = [taskgram.cosines(left, right, *block) for block in blocks]
        keys = np.concatenate([np.empty(0, np.int64), *(pairs.keys_of(*b) for b in blocks)])
        measured.append((pairs, filled, np.concatenate([np.empty(0, np.float32), *found]), keys))
    for gamma in THRESHOLDS:
        row: dict[str, float | None] = {"gamma": gamma, "pairs": len(measured[0][1])}
        for case, (pairs, filled, cosines, keys) in zip(("", "permuted_"), measured, strict=True):
            above = cosines > np.float32(gamma)
            places, _ = pairs.locate_pairs(keys[above & filled])
            row |= {
                f"{case}kept": int(above.sum()),
                f"{case}with_document": filled[above].mean() if above.any() else None,
                f"{case}supported": len(np.unique(places)) / examples,
            }
            if not case and true is not None:
                row |= {
                    "precision": true[above].mean() if above.any() else None,
                    "recall": true[above].sum() / true.sum() if true.any() else None,
                    "average_precision": average_precision(cosines, true),
                }
        yield row


def table(config: dict, name: str) -> pd.DataFrame:
    """Every task of a config by n, embedder and threshold."""
    settings, _ = preflight.complete(config, name)
    study = Study(settings)
    truths = None
    if settings.world:
        generate(settings.world, f"{settings.results}/world")
        truths = files.read(TRUE_PAIRS, Path(settings.results, TRUE_PAIRS.path))
    found = [
        (task, n, several)
        for task, own in settings.tasks.items()
        if not own.permuted_of
        for n, *several in cases(study, task)
    ]
    counts = counted(study, (one for _, _, several in found for one in several))
    held = [[taskgram.held_pairs(one, counts) for one in several] for _, _, several in found]
    frames = [[one.frame() for one in several] for several in held]
    by_pair = documents(study, pd.concat([pd.concat(two) for two in frames]), counts)
    lsa = settings.embedders.get("lsa", EMBEDDERS["lsa"])
    compared = {
        "lsa": LsaEmbedder.fit(
            texts(study.shards, **study.reading), lsa.dimensions, lsa.documents, lsa.window
        ),
        "wordllama": embedders.load(EMBEDDERS["wordllama"]),
    }
    made = []
    for (task, n, _), two, named in zip(found, held, frames, strict=True):
        filled = [by_pair.reindex(pd.MultiIndex.from_frame(f)).to_numpy() > 0 for f in named]
        true = None
        if truths is not None:
            known = truths.loc[(truths["task"] == task) & (truths["n"] == n), PAIR_COLUMNS]
            true = pd.MultiIndex.from_frame(named[0]).isin(pd.MultiIndex.from_frame(known))
        examples = len(tasks.load(settings.tasks[task], "test"))
        for which, embedder in compared.items():
            several = list(zip(two, filled, strict=True))
            made += [
                {"task": task, "n": n, "embedder": which, **row}
                for row in rows(embedder, several, examples, true)
            ]
    return pd.DataFrame(made)


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--config", nargs="+", required=True, help="configs, laid over one another")
    parser.add_argument("--output", required=True, type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = {**merged(asked.config), "results": folder}
        made = table(config, Path(asked.config[-1]).stem)
    with files.replacing(asked.output) as draft:
        made.to_csv(draft, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()

"""Compare embedders on the tasks of a study: what each threshold keeps, and how good that is.

    python workflow/bench/mining/compare_embedders.py --config CONFIG... --output TABLE.csv

Needs the study's examples, its n-gram counts and its lsa embedders, that is a run asked for
``RESULTS/ngrams/counts.parquet`` and ``RESULTS/embedders/lsa.npz``; nothing is trained. Each row is a
task, n, embedder and threshold. Truth is known of a generated world only; of any corpus, the share of
kept pairs that some document holds, and of examples with such a pair, stands beside the same with the
targets dealt out anew among the examples.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from tracemem.commands.check import merged
from tracemem.corpus.shards import Shard
from tracemem.jobs import files
from tracemem.jobs.declared import PAIR_COLUMNS
from tracemem.mining import embedders, taskgram
from tracemem.mining.embedders import Embedder, LsaEmbedder
from tracemem.ngrams.counting import count_pairs
from tracemem.ngrams.stopwords import sides
from tracemem.ngrams.tables import COUNTS
from tracemem.settings.mining import EMBEDDERS
from tracemem.study import preflight
from tracemem.study.study import Study
from tracemem.tasks.tables import EXAMPLES
from tracemem.world.tables import TRUE_PAIRS

THRESHOLDS = (-1, 0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


class Compared:
    """The pairs of a task's examples, and of the same with permuted targets, with their documents."""

    def __init__(self, study: Study, counts: pd.DataFrame, task: str, n: int):
        grams = study.settings.tasks[task]
        examples = files.read(EXAMPLES, f"{study.settings.results}/tasks/{task}.test.parquet")
        generator = np.random.default_rng(study.settings.seed)
        # Within a group, whose stop words its n-grams were counted by.
        dealt = examples.groupby("group")["target"].transform(
            lambda targets: generator.permutation(targets.to_numpy())
        )
        self.examples = len(examples)
        self.cases = []
        for case in (examples, examples.assign(target=dealt)):
            stop = sides(grams.stop_words, case["group"])
            found = taskgram.candidate_pairs(case, n, grams.output_gram, *stop)
            held = taskgram.held_pairs(found, counts)
            self.cases.append((held, self._documents(study, held.frame(), counts)))

    @staticmethod
    def _documents(study: Study, pairs: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
        total = np.zeros(len(pairs), np.int64)
        for name, path in study.shards.items():
            found, _ = count_pairs(
                Shard(name, Path(path)),
                pa.Table.from_pandas(pairs, preserve_index=False),
                counts=counts,
                samples=0,
                **study.reading,
            )
            total += found["documents"].to_numpy()
        return pairs.assign(documents=total)

    def rows(self, embedder: Embedder, truth: pd.DataFrame | None) -> Iterator[dict]:
        """What each threshold keeps."""
        measured = []
        for held, pairs in self.cases:
            left = taskgram.vectors(embedder, held.input_grams, "input")
            right = taskgram.vectors(embedder, held.output_grams, "output")
            blocks = list(held.blocks())
            found = [taskgram.cosines(left, right, *block) for block in blocks]
            cosines = np.concatenate([np.empty(0, np.float32), *found])
            keys = np.concatenate([np.empty(0, np.int64), *(held.keys_of(*b) for b in blocks)])
            measured.append((held, pairs["documents"].to_numpy() > 0, cosines, keys))
        pairs = self.cases[0][1]
        true = None
        if truth is not None:
            known = pd.MultiIndex.from_frame(truth[PAIR_COLUMNS])
            true = pd.MultiIndex.from_frame(pairs[PAIR_COLUMNS]).isin(known)
        for gamma in THRESHOLDS:
            row: dict[str, float | None] = {"gamma": gamma, "pairs": len(pairs)}
            for case, (held, filled, cosines, keys) in zip(
                ("", "permuted_"), measured, strict=True
            ):
                above = cosines > np.float32(gamma)
                places, _ = held.locate_pairs(keys[above & filled])
                row |= {
                    f"{case}kept": int(above.sum()),
                    f"{case}with_document": filled[above].mean() if above.any() else None,
                    f"{case}supported": len(np.unique(places)) / self.examples,
                }
                if not case and true is not None:
                    row |= {
                        "precision": true[above].mean() if above.any() else None,
                        "recall": true[above].sum() / true.sum() if true.any() else None,
                    }
            yield row


def table(configs: list[str], tasks: list[str]) -> pd.DataFrame:
    """Every task asked for, or all, by n, embedder and threshold."""
    settings, _ = preflight.complete(merged(configs), Path(configs[-1]).stem)
    study, results = Study(settings), Path(settings.results)
    counts = files.read(COUNTS, results / "ngrams" / "counts.parquet")
    compared = {
        "lsa": LsaEmbedder.load(results / "embedders" / "lsa.npz"),
        "wordllama": embedders.load(EMBEDDERS["wordllama"]),
    }
    truths = files.read(TRUE_PAIRS, results / TRUE_PAIRS.path) if settings.world else None
    rows = []
    for task, own in settings.tasks.items():
        for n in () if own.permuted_of or task not in (tasks or settings.tasks) else own.n:
            pairs = Compared(study, counts, task, n)
            truth = None
            if truths is not None:
                truth = truths[(truths["task"] == task) & (truths["n"] == n)]
            for name, embedder in compared.items():
                rows += [
                    {"task": task, "n": n, "embedder": name, **row}
                    for row in pairs.rows(embedder, truth)
                ]
    return pd.DataFrame(rows)


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--config", nargs="+", required=True)
    parser.add_argument("--tasks", nargs="*", default=[], help="all where none is named")
    parser.add_argument("--output", required=True, type=Path)
    asked = parser.parse_args()
    with files.replacing(asked.output) as draft:
        table(asked.config, asked.tasks).to_csv(draft, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()

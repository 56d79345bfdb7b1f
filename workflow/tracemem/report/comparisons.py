"""The report's comparisons: published against ours, instruct against base, clean against all.

Each function gives the sentences and the tables of one block; like all words of the report, the
sentences are chosen by the numbers and their intervals.
"""

from collections.abc import Iterator, Mapping

import pandas as pd

from tracemem.report import figures as drawn
from tracemem.report.findings import Point, listed, number, sign
from tracemem.report.grids import LONG, Grid
from tracemem.scoring.measures import MEASURES
from tracemem.scoring.pairing import difference

_LABELS = {(measure, statistic): label for label, _, measure, statistic in MEASURES}
_SUBSETS = ("all", "clean", "contaminated")


def _label(measure: str, statistic: str) -> str:
    if measure == "performance":
        return drawn.metric_label(statistic)
    return _LABELS.get((measure, statistic), f"{measure}, {statistic}")


def published(frame: pd.DataFrame) -> tuple[list[str], list[Grid]]:
    """Published numbers beside ours (``tables.PUBLISHED``), with what must be known of them."""
    same = frame[frame["match"] == "model"]
    models = list(dict.fromkeys(same["model"]))
    said = [
        "Each published number stands left of this study's own; none of those on the left was "
        "measured here.",
        f"Models that are themselves published ones: {listed(models)}."
        if models
        else "No model of this study is one of the published ones, so each number stands beside "
        "that of this study's largest model and says nothing of agreement.",
    ]
    for source, rows in frame.groupby("source", sort=False):
        said += [
            f"{source} ({listed(list(dict.fromkeys(group['task'])))}): {caveat}"
            for caveat, group in rows.groupby("caveat", sort=False)
        ]
    columns = ["quantity", "part", "source", "published model", "published", "our model",
               "ours, 95 % interval", "match", "note"]  # fmt: skip
    grids = []
    for task, group in frame.groupby("task", sort=False):
        rows = [
            [row.quantity.replace("mem-infgram", "Mem_∞").replace("mem-n", "Mem_"), row.part,
             row.source, row.published_model or "as a whole", _published(row), row.model,
             str(Point.of(row)), row.match, row.note]
            for row in group.itertuples()
        ]  # fmt: skip
        grids.append(Grid(task, columns, rows, folded=len(rows) > LONG))
    return said, grids


def _published(row) -> str:
    if pd.isna(row.published):
        return row.relation
    return ("" if row.relation == "=" else f"{row.relation} ") + number(row.published)


def instruct(frame: pd.DataFrame) -> tuple[list[str], list[Grid]]:
    """Instruct models beside their base models (``tables.INSTRUCT``), and where they differ."""
    said = []
    for (base, tuned), rows in frame.groupby(["base", "instruct"], sort=False):
        signs = [sign(Point.of(row, value="difference")) for row in rows.itertuples()]
        higher, lower = signs.count("above zero"), signs.count("below zero")
        said.append(
            f"{tuned} beside {base}, which it is tuned from: of {len(rows)} scores {higher} are "
            f"higher and {lower} lower by the interval of the difference, which leaves "
            f"{len(rows) - higher - lower} open."
        )
    columns = ["task", "n", "measure", "base", "instruct", "base, 95 % interval",
               "instruct, 95 % interval", "difference"]  # fmt: skip
    rows = [
        [row.task, str(row.n or ""), _label(row.measure, row.statistic), row.base, row.instruct,
         str(Point.of(row, prefix="base_")), str(Point.of(row, prefix="instruct_")),
         Point.of(row, value="difference").told()]
        for row in frame.itertuples()
    ]  # fmt: skip
    return said, [Grid("", columns, rows, folded=len(rows) > LONG)]


def contamination(frame: pd.DataFrame) -> list[str]:
    """How many examples share a run of words with the corpus (``scores/contamination.csv``)."""
    said = []
    for row in frame.itertuples():
        share = row.contaminated / row.searched if row.searched else 0
        left = row.examples - row.searched
        said.append(
            f"{row.task}: {row.contaminated:,} of {row.searched:,} examples searched share a run "
            f"of {row.n} words with the corpus ({100 * share:.1f} %)"
            + (f"; {left:,} of {row.examples:,} were not searched." if left else ".")
        )
    return said


def decontaminated(
    frame: pd.DataFrame, labels: Mapping[str, str]
) -> tuple[list[tuple[str, str]], list[Grid]]:
    """Scores over clean and contaminated examples (``scores/decontaminated.csv``).

    Returns:
        ((score, what it shows of the largest model), tables).
    """
    readings = list(_clean_against_contaminated(frame, labels))
    keys = ["task", "contamination_n", "model", "parameters", "measure", "statistic", "n"]
    rows = []
    for found, group in frame.groupby(keys, sort=False):
        task, run, model, _, measure, statistic, n = found
        by = {row.subset: row for row in group.itertuples()}
        cells = [Point.of(by[name]).told() if name in by else "" for name in _SUBSETS]
        counts = [f"{by[name].examples:,}" if name in by else "" for name in _SUBSETS]
        rows.append(
            [task, str(run), _label(measure, statistic), str(n or ""), labels.get(model, model),
             *cells, *counts]
        )  # fmt: skip
    columns = ["task", "words", "measure", "n", "model", *_SUBSETS,
               *(f"examples, {name}" for name in _SUBSETS)]  # fmt: skip
    title = "Scores over all, clean and contaminated examples, with 95 % intervals"
    return readings, [Grid(title, columns, rows, folded=len(rows) > LONG)]


def _clean_against_contaminated(
    scores: pd.DataFrame, labels: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    keys = ["task", "contamination_n", "measure", "statistic", "n"]
    for (task, run, measure, statistic, n), group in scores.groupby(keys, sort=False):
        largest = group[group["parameters"] == group["parameters"].max()]
        by = {row["subset"]: row for _, row in largest.iterrows()}
        if "clean" not in by or pd.isna(by["clean"]["value"]):
            continue
        clean, dirty, whole = by["clean"], by.get("contaminated"), by.get("all")
        at = labels.get(clean["model"], clean["model"])
        text = f"At {at} {Point.of(clean)} on the {clean['examples']:,} clean examples"
        if dirty is not None and not pd.isna(dirty["ci_low"]) and not pd.isna(clean["ci_low"]):
            gap = Point.of(difference(clean, dirty))
            text += (
                f" and {Point.of(dirty)} on the {dirty['examples']:,} contaminated ones: the "
                f"difference, {gap}, is {sign(gap)}."
            )
        else:
            if whole is not None:
                text += f" and {Point.of(whole)} on all {whole['examples']:,}"
            text += (
                "; the contaminated ones alone give no interval, so a difference is not settled."
            )
        name = f"{task}, {run} words, {_label(measure, statistic)}"
        yield name + (f", n = {n}" if n else ""), text

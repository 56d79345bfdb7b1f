"""Results in documents: tables of a study's scores as Markdown, put between two marks of a page."""

import math
from functools import cache
from pathlib import Path

import pandas as pd

from tracemem.corpus.tables import MANIFEST
from tracemem.counterfactual.candidates import PUBLISHED
from tracemem.counterfactual.tables import EFFECTS
from tracemem.jobs import files
from tracemem.jobs.declared import Table
from tracemem.scoring import designs
from tracemem.scoring.tables import (
    CLAIMS,
    CONTAMINATION,
    CONTROLS,
    MEMORIZATION,
    PERFORMANCE,
    SUPPORT,
)

END = "<!-- generated above this line -->\n"


def between(page: str, start: str, shown: list[str]) -> str:
    """``page`` with ``shown`` in place of what stands between the line ``start`` and ``END``."""
    before, rest = page.split(start)
    return before + start + "\n" + "\n".join(shown) + "\n" + END + rest.split(END)[1]


def demo(page: str, start: str, results: Path) -> str:
    """README.md with the demo's results."""
    shown = [measures(results, task, n) for task, n in (("questions", 2), ("translation", 2))]
    return between(page, start, shown)


def real_mini(page: str, start: str, results: Path) -> str:
    """docs/real-mini.md with the results of config/real-mini.yaml."""
    asked = [("triviaqa", 3), ("triviaqa-permuted", 3), ("mmlu-knowledge", 3),
             ("mmlu-reasoning", 3), ("wmt09", 2), ("gsm8k", 3)]  # fmt: skip
    shown = [
        corpus(results),
        *(measures(results, task, n) for task, n in asked),
        coverage(results),
        contamination(results),
        claims(results),
    ]
    return between(page, start, shown)


def costs(page: str, start: str, root: Path) -> str:
    """docs/costs.md with what was checked, and with what ``tracemem check`` says of two configs."""
    shown = [checked(root / "results" / "costs" / "check.csv"), "## What it says", ""]
    for name, text_gb, cores in (("demo", None, 2), ("pythia-pile", 886, 64)):
        options = f" --corpus-gb {text_gb} --cores {cores}" if text_gb else ""
        shown += [f"`tracemem check config/{name}.yaml{options}`", ""]
        shown += ["```", *_reckoned(root / "config" / f"{name}.yaml", text_gb, cores), "```", ""]
    return between(page, start, shown[:-1])


def embedders(page: str, start: str, folder: Path) -> str:
    """docs/embedders.md with what ``make embedders`` and the bench of LSA measured."""
    real, world = pd.read_csv(folder / "real.csv"), pd.read_csv(folder / "world.csv")
    shown = ["## Real text", ""]
    columns = ["task, n", "embedder", "γ", "pairs kept", "with a document", "examples supported"]
    rows = [
        [
            f"{row.task}, {row.n}", row.embedder, "all" if row.gamma < 0 else f"{row.gamma:g}",
            f"{row.kept:,} ({row.permuted_kept:,})",
            f"{row.with_document:.3f} ({row.permuted_with_document:.3f})",
            f"{row.supported:.3f} ({row.permuted_supported:.3f})",
        ]
        for row in real[real["gamma"].isin([-1, 0, 0.05, 0.1, 0.2, 0.3])].itertuples()
    ]  # fmt: skip
    shown += [_markdown(columns, rows), "## A generated world", ""]
    ranked = world.drop_duplicates(["task", "n", "embedder"])
    by_case = ranked.set_index(["task", "n", "embedder"])["average_precision"].unstack()
    # Without a threshold all pairs are kept, of which so many are true.
    whole = world[world["gamma"] == -1].set_index(["task", "n", "embedder"])["precision"].unstack()
    rows = [
        [f"{task}, {n}", *(f"{value:.3f}" for value in (whole["lsa"][task, n], *row))]
        for (task, n), row in zip(by_case.index, by_case.to_numpy(), strict=True)
    ]
    shown += [_markdown(["task, n", "share of true pairs", *by_case], rows), "## LSA's own fit", ""]
    fitted = pd.read_csv(folder / "lsa.csv").groupby(["work", "unit", "checkout"], sort=False)
    least = fitted["value"].min().unstack()
    by = ["other", "this", "600 contexts", "400 contexts"]
    rows = [
        [work, unit, *("" if pd.isna(row[which]) else f"{row[which]:.4g}" for which in by)]
        for (work, unit), row in least.iterrows()
    ]
    columns = ["", "unit", "before", "now", *by[2:]]
    return between(page, start, [*shown, _markdown(columns, rows)])


def validity(page: str, start: str, results: Path) -> str:
    """docs/validity.md with the study of validity, and the worlds that ``make worlds`` keeps."""
    effects = files.read(EFFECTS, results / "validity" / EFFECTS.path)
    rows = [
        [
            row.task, row.model, f"{row.effect:.2f} [{row.ci_low:.2f}, {row.ci_high:.2f}]",
            "none" if pd.isna(row.ceiling) else f"{row.ceiling:.2f}",
        ]
        for row in effects.itertuples()
    ]  # fmt: skip
    shown = ["## The effect", ""]
    shown += [_markdown(["task", "model", "effect, nats", "ceiling of its examples"], rows)]
    for task in ("questions", "choices", "translation", "arithmetic"):
        shown.append(measures(results / "validity", task, 2))
    judged = pd.read_csv(results / "worlds" / "agreement.csv", keep_default_na=False)
    judged = judged[judged["n"] == 2]
    shown += ["## Candidates", ""]
    for role, found in judged.groupby("role", sort=False):
        shown += [f"### {role.capitalize()}", "", _candidates(found)]
    return between(page, start, shown)


def calibration(page: str, start: str, folder: Path) -> str:
    """docs/calibration.md with what ``make calibration`` found."""
    nothing = pd.read_csv(folder / "nothing.csv")
    known = list(dict.fromkeys(nothing["measure"]))
    rows = []
    for (why, task, n), found in nothing.groupby(["why", "task", "n"]):
        by_measure = found.set_index("measure")
        shown = [why, f"{task}, {n}", str(found["cells"].max())]
        for row in (by_measure.loc[measure] for measure in known):
            spread = "" if row.cells == 1 else f" ({row.least:.2f} to {row.most:.2f})"
            shown.append(f"{row['mean']:.2f}{spread}, {row.within:.2f}")
        rows.append(shown)
    columns = ["nothing is memorized, as", "task, n", "cells"]
    shown = [
        "## Values of nothing",
        "",
        "Mean (least to most), share within the bound of chance.",
        "",
    ]
    shown += [_markdown([*columns, *known], rows), "## How often a value is found", ""]
    power = pd.read_csv(folder / "power.csv")
    found = power.set_index(["kind", "effect", "examples"])["found"].unstack()
    rows = [
        [kind, f"{effect:g}" if effect else "nothing", *(f"{share:.2f}" for share in shares)]
        for (kind, effect), shares in zip(found.index, found.to_numpy(), strict=True)
    ]
    asked = [f"{examples:,} examples" for examples in found]
    shown += [_markdown(["task", "value", *asked], rows), "## Examples that are needed", ""]
    shown += ["To find it with a probability of .8 at a level of .05, tested alone.", ""]
    rows = [
        [
            kind,
            *(_needed(design, effect, of_sizes) for of_sizes in (False, True) for effect in _ASKED),
        ]
        for kind, design in designs.read().items()
    ]
    columns = [f"{what} of {effect:g}" for what in ("a value", "a difference") for effect in _ASKED]
    return between(page, start, [*shown, _markdown(["task", *columns], rows)])


_ASKED = (0.1, 0.2, 0.3)


def _needed(design: designs.Design, effect: float, of_sizes: bool) -> str:
    """Examples from which an effect is found, by the formula of ``scoring/designs.py``."""
    examples = designs.needed(design, effect, between=of_sizes)
    return "no number" if examples == math.inf else f"{examples:,.0f}"


_LEVELS = {
    "apart": "tells cells with an effect",
    "cells": "ranks cells",
    "examples": "ranks examples, of what is possible",
    "nothing": "within chance where nothing is memorized",
}


def _candidates(found: pd.DataFrame) -> str:
    """The published measure, and the candidates of one role that rank examples best."""
    candidate = ["corpus_side", "model_side", "held"]
    rows = []
    for key, levels in found.groupby(candidate, sort=False):
        by_level = levels.set_index("level")
        shown = [_value(by_level.loc[level, _NUMBERS].astype(float)) for level in _LEVELS]
        rows.append((float(by_level.loc["examples", "value"]), [*key, *shown]))
    rows.sort(key=lambda row: -row[0])
    published = [row for _, row in rows if row[0] == PUBLISHED]
    best = [row for _, row in rows if row[0] != PUBLISHED][:_SHOWN]
    columns = ["corpus side", "model side", "held fixed", *_LEVELS.values()]
    return _markdown(columns, published + best)


_SHOWN = 12
_NUMBERS = ["value", "ci_low", "ci_high"]


@cache
def _reckoned(config: Path, text_gb: float | None, cores: int) -> tuple[str, ...]:
    """What is said of a study before it runs, problems aside: those are of one machine."""
    from tracemem.commands import check
    from tracemem.settings import study as settings
    from tracemem.study import costs, rates, sizes

    study = settings.load(check.merged([str(config)]))
    known = sizes.of(study, text_gb and text_gb * 1e9, earlier=False)
    return tuple(check.report(study, known, costs.reckon(study, known, rates.read(), cores)))


def checked(path: Path) -> str:
    """Predicted and measured core-seconds by study and stage."""
    frame = pd.read_csv(path)
    rows = []
    for study, stages in frame.groupby("study", sort=False):
        total = stages[["jobs", "predicted", "measured"]].sum()
        rows += [[study, row.stage, *_against(row)] for row in stages.itertuples()]
        rows.append([study, "all", *_against(total)])
    columns = ["study", "stage", "jobs", "predicted, s", "measured, s", "ratio"]
    return _markdown(columns, rows)


def _against(row) -> list[str]:
    ratio = f"{row.predicted / row.measured:.2f}"
    return [f"{row.jobs:.0f}", f"{row.predicted:,.0f}", f"{row.measured:,.0f}", ratio]


def measures(results: Path, task: str, n: int) -> str:
    """One task of a study: each measure by model, with 95 % intervals."""
    performance = _of(results, PERFORMANCE, task)
    metric = performance["metric"].iloc[0]
    models = performance.sort_values("parameters")["model"].unique()
    memorization = _of(results, MEMORIZATION, task)
    controls = _of(results, CONTROLS, task)
    pairs, contrastive, infgram = (
        memorization[(memorization["measure"] == measure) & (memorization["n"] == n)]
        for measure in ("task-gram", "contrast", "infini-gram")
    )
    partial = "partial-spearman"
    rows = {
        f"performance ({metric})": performance[
            (performance["metric"] == metric) & (performance["group"] == "")
        ],
        "Mem, per pair, as published": pairs[pairs["statistic"] == "spearman"],
        "Mem of the ∞-gram LM": infgram[infgram["statistic"] == "spearman"],
        "how frequent the answer is, alone": controls[
            (controls["measure"] == "output-count") & (controls["n"] == n)
        ],
        "Mem given that frequency": pairs[pairs["statistic"] == partial],
        "contrastive Mem": contrastive[contrastive["statistic"] == partial],
        "truth: P(answer given entity)": controls[
            (controls["measure"] == "truth-probability") & (controls["statistic"] == partial)
        ],
    }
    lines = []
    for name, frame in rows.items():
        if len(frame):
            by_model = frame.set_index("model")
            lines.append([name, *(_value(by_model.loc[model]) for model in models)])
    return _markdown([f"{task}, n = {n}", *models], lines)


def corpus(results: Path) -> str:
    """The shards of a study's corpus."""
    manifest = files.read(MANIFEST, results / MANIFEST.path)
    rows = [
        [row.shard, f"{row.documents:,}", f"{row.text_bytes / 1e6:.1f}"]
        for row in manifest.itertuples()
    ]
    total = f"{manifest['documents'].sum():,}", f"{manifest['text_bytes'].sum() / 1e6:.1f}"
    return _markdown(["shard", "documents", "MB of text"], [*rows, ["all", *total]])


def coverage(results: Path) -> str:
    """How many examples of each task and n have a pair that some document holds."""
    frame = files.read(SUPPORT, results / SUPPORT.path)
    rows = []
    for (task, n), found in frame.groupby(["task", "n"], sort=False):
        one = found[
            (found["model"] == found["model"].iloc[0])
            & (found["metric"] == found["metric"].iloc[0])
        ]
        if (one["group"] != "").any():
            continue  # its bins are languages, not amounts of support
        total, supported = one["examples"].sum(), one.loc[one["bin"] > 0, "examples"].sum()
        share = f"{100 * supported / total:.1f} %"
        rows.append([task, str(n), f"{total:,}", f"{supported:,}", share])
    return _markdown(["task", "n", "examples", "with support", "share"], rows)


def contamination(results: Path) -> str:
    """Test examples with an n-gram that the corpus holds."""
    frame = files.read(CONTAMINATION, results / CONTAMINATION.path)
    rows = [
        [row.task, str(row.n), f"{row.examples:,}", f"{row.searched:,}", f"{row.contaminated:,}"]
        for row in frame.itertuples()
    ]
    return _markdown(["task", "words", "examples", "long enough", "held by the corpus"], rows)


def claims(results: Path) -> str:
    """The verdicts on the paper's claims; their numbers are in the report."""
    frame = files.read(CLAIMS, results / CLAIMS.path)
    rows = frame[["claim", "statement", "verdict"]].to_numpy().tolist()
    return _markdown(["claim", "what it says", "verdict here"], rows)


def _of(results: Path, table: Table, task: str) -> pd.DataFrame:
    frame = files.read(table, results / table.path)
    return frame[frame["task"] == task]


def _value(row: pd.Series) -> str:
    if pd.isna(row["value"]):
        return "none"
    return f"{row['value']:.2f} [{row['ci_low']:.2f}, {row['ci_high']:.2f}]"


def _markdown(columns: list[str], rows: list[list[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)

"""The study's report: one HTML file that opens offline, its words computed from the score tables.

Every sentence about a result is chosen by the numbers and their intervals, never written down in
advance, so the same code reports any study. An interval that includes zero is reported as such: it
is never called an absence of memorization. A table the study does not have leaves a sentence that
says what would provide it.
"""

import base64
import importlib.metadata
import math
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup, escape

from tracemem import figures as drawn
from tracemem.drafts import replacing

TEMPLATE = Path(__file__).with_name("report.html.jinja")
PACKAGES = (
    "torch", "transformers", "tokenizers", "infini-gram", "numpy", "numba", "scipy", "pandas",
    "pyarrow", "sacrebleu", "snakemake", "matplotlib", "seaborn",
)  # fmt: skip

MEM = ("Mem, published", "memorization", "task-gram", "spearman")
FREQUENCY = ("log C(s_y) alone", "controls", "output-count", "spearman")
PARTIAL = ("partial Mem", "memorization", "task-gram", "partial-spearman")
KEYED = ("keyed Mem", "memorization", "task-gram-keyed", "partial-spearman")
INFGRAM = ("Mem_∞", "memorization", "infini-gram", "spearman")
TRUTH = ("truth: P(answer given entity)", "controls", "truth-probability", "partial-spearman")
TRUTH_COUNT = ("truth: document count", "controls", "truth-documents", "partial-spearman")
MEASURES = (MEM, INFGRAM, FREQUENCY, PARTIAL, KEYED, TRUTH, TRUTH_COUNT)
JUDGED = (MEM, FREQUENCY, PARTIAL, KEYED)

LONG = 24  # rows, above which a table opens on a click
# A cell set flush right: empty, n/a, or a number with whatever follows it after a space.
_NUMERIC = r"|n/a|−?\d[\d.,e+-]*( .*)?"
CAPTIONS = {
    "performance_support": (
        "Performance against support",
        "Support is the number of documents that hold an example's pairs, summed; examples without "
        "support stand apart at the left. Of each task the first metric at the smallest n. "
        "Bars: 95 % intervals, bootstrap over examples.",
    ),
    "memorization": (
        "Memorization against size, beside what it must be read against",
        "Rank correlation with the model's log-probability. First column: the task-gram LM (solid) "
        "and the ∞-gram LM (dashed), as published. Second: how often the corpus holds the answer, "
        "whatever the input. Third: the first column given the second. Fourth: the same for the "
        "most specific input n-gram only, with the truth dotted where the study knows it. A filled "
        "marker: p < .05 by permutation of examples; a grey star: p ≥ .05, which is no evidence of "
        "absence. Bars: 95 % intervals, bootstrap over examples.",
    ),
    "kendall": (
        "Kendall distance against size",
        "(1 − τ)/2 between the corpus' ranking and the model's: 0 the same order, 0.5 unrelated, "
        "1 reversed. Task-gram LM solid, ∞-gram LM dashed; markers and bars as above.",
    ),
    "novelty": (
        "Novelty against size",
        "Distinct pairs of a source n-gram and a generated n-gram that no document of the corpus "
        "holds: their share of all generated pairs with 95 % intervals, and their number.",
    ),
    "emergence": (
        "Performance against size at several support levels",
        "Each line holds the examples of one support bin; the bins' ranges are in the table of "
        "performance by support. Of each task the first metric at the smallest n. "
        "Bars: 95 % intervals.",
    ),
    "thresholds": (
        "Pairs that each threshold keeps",
        "Distinct pairs of n-grams of one example that the corpus holds, those with a cosine above "
        "γ, and of them those that some document holds together. Where the true alignments are "
        "known: precision and recall of the kept pairs.",
    ),
}
_MISSING = {
    "memorization": "No memorization table: a task with n-gram sizes and a model would provide it.",
    "controls": "No controls table, so the answer's own frequency cannot be set beside Mem.",
    "performance": "No performance table: a model and a task with a metric would provide it.",
    "support": "No table of performance by support: a task with mined pairs would provide it.",
    "variants": "No table of variants: it comes with the memorization scores.",
    "novelty": "No task of this study counts novelty. A task whose answers are longer generated "
    "text, such as translation, would provide it.",
    "alignment": "No alignment table: a task with mined pairs would provide it.",
    "claims": "The claims were not checked in this study.",
    "manifest": "No corpus manifest was given.",
}


@dataclass(frozen=True)
class Study:
    """What the tables do not say about a run.

    ``settings`` is the config as plain values, ``versions`` package versions by name, ``commands``
    pairs of (what it does, shell command), ``families`` the family of each model by name.
    """

    title: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    commands: Sequence[tuple[str, str]] = ()
    families: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Point:
    """One statistic of one model with its 95 % interval (NaN where there is none)."""

    model: str
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        interval = "" if math.isnan(self.low) else f" [{number(self.low)}, {number(self.high)}]"
        return number(self.value) + interval


@dataclass(frozen=True)
class Grid:
    """A table of the report: cells as text; ``folded`` ones open on a click."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    folded: bool = False

    @property
    def numeric(self) -> list[bool]:
        """Which columns hold numbers only, to be set flush right."""
        return [
            all(re.fullmatch(_NUMERIC, row[column]) for row in self.rows)
            for column in range(len(self.columns))
        ]


@dataclass(frozen=True)
class Block:
    """A titled run of sentences with its tables and figures; ``folded`` ones open on a click.

    ``readings`` are (measure, what it shows); ``figures`` (name, title, caption, data URI).
    """

    title: str = ""
    sentences: Sequence[str] = ()
    readings: Sequence[tuple[str, str]] = ()
    grids: Sequence[Grid] = ()
    figures: Sequence[tuple[str, str, str, str]] = ()
    preformatted: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Section:
    """A section of the report; ``name`` is its anchor."""

    name: str
    title: str
    blocks: Sequence[Block]


def number(value: float) -> str:
    """A statistic as the report prints it: two digits after the point, a true minus sign."""
    if value is None or math.isnan(value):
        return "n/a"
    text = f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return text.replace("-", "−") if float(text) else text.removeprefix("-")


def _p(value: float) -> str:
    if math.isnan(value):
        return "n/a"
    return "0" if value == 0 else f"{value:.2g}"


def listed(words: Sequence[str]) -> str:
    """Words as an enumeration: "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


class Findings:
    """The score tables of one study, looked up by task, n and measure, and put into words."""

    def __init__(self, frames: Mapping[str, pd.DataFrame], families: Mapping[str, str]):
        """``frames`` by table name, as :func:`write` takes them; any may be missing."""
        self.frames = frames
        known = [
            frames[name][["model", "parameters"]]
            for name in ("performance", "memorization", "controls", "support", "novelty")
            if name in frames
        ]
        everything = pd.concat([*known, pd.DataFrame({"model": [], "parameters": []})])
        self.labels = drawn.model_labels(everything)
        by_family: dict[str, list[str]] = {}
        for model in self.labels:
            by_family.setdefault(families.get(model, ""), []).append(model)
        self.family = max(by_family, key=lambda name: len(by_family[name]), default="")
        self.ladder = by_family.get(self.family, [])
        self.several_families = len(by_family) > 1

    def tasks(self) -> list[tuple[str, int]]:
        """Every (task, n) that has a memorization score, in the table's order, n ascending."""
        if "memorization" not in self.frames:
            return []
        pairs = self.frames["memorization"][["task", "n"]].drop_duplicates()
        order = {task: place for place, task in enumerate(dict.fromkeys(pairs["task"]))}
        found = [(task, int(n)) for task, n in pairs.itertuples(index=False)]
        return sorted(found, key=lambda pair: (order[pair[0]], pair[1]))

    def series(self, task: str, n: int, measure: tuple, models=None) -> dict[str, Point]:
        """A measure's points by model, in order of size; a measure without n stands at n = 0."""
        _, table, kind, statistic = measure
        if table not in self.frames:
            return {}
        frame = self.frames[table]
        rows = frame[
            (frame["task"] == task) & (frame["measure"] == kind) & (frame["statistic"] == statistic)
        ]
        exact = rows[rows["n"] == n]
        return self._points(exact if len(exact) else rows[rows["n"] == 0], models)

    def performance(self, task: str, models=None) -> tuple[str, dict[str, Point]]:
        """The task's first metric over all its examples, and its points by model."""
        if "performance" not in self.frames:
            return "", {}
        frame = self.frames["performance"]
        rows = frame[(frame["task"] == task) & (frame["group"] == "")]
        if rows.empty:
            return "", {}
        metric = rows["metric"].iloc[0]
        return drawn.metric_label(metric), self._points(rows[rows["metric"] == metric], models)

    def _points(self, rows: pd.DataFrame, models) -> dict[str, Point]:
        found = {
            row.model: Point(self.labels[row.model], row.value, row.ci_low, row.ci_high)
            for row in rows.itertuples()
            if not math.isnan(row.value)
        }
        return {model: found[model] for model in models or self.labels if model in found}

    def novelty(self, task: str, n: int) -> dict[str, Point]:
        """Share of novel pairs by model."""
        frame = self.frames.get("novelty")
        if frame is None:
            return {}
        rows = frame[(frame["task"] == task) & (frame["n"] == n)]
        return self._points(rows.rename(columns={"share": "value"}), self.ladder)

    def by_support(self, task: str, n: int) -> tuple[str, dict[str, Point]]:
        """The largest model's label, and its performance by support bin, least support first."""
        frame = self.frames.get("support")
        if frame is None or not self.ladder:
            return "", {}
        rows = frame[
            (frame["task"] == task) & (frame["n"] == n) & (frame["model"] == self.ladder[-1])
        ]
        rows = rows[(rows["metric"] == rows["metric"].iloc[0]) if len(rows) else []]
        bins = {
            str(row.bin): Point(support_range(row), row.value, row.ci_low, row.ci_high)
            for row in rows.sort_values("bin").itertuples()
            if not math.isnan(row.value)
        }
        return self.labels[self.ladder[-1]], bins

    def readings(self, task: str, n: int) -> list[tuple[str, str]]:
        """What each measure shows on one task at one n: (measure, a few sentences)."""
        metric, performance = self.performance(task, self.ladder)
        largest, bins = self.by_support(task, n)
        novelty = self.novelty(task, n)
        found = {measure: self.series(task, n, measure, self.ladder) for measure in MEASURES}
        said = [
            (f"Performance, {metric}", performance, ""),
            (f"Performance of {largest} by support", bins, ""),
            ("Mem as published", found[MEM], _against(performance, found[MEM])),
            (INFGRAM[0], found[INFGRAM], ""),
            (FREQUENCY[0], found[FREQUENCY], _frequency(found[FREQUENCY], found[MEM])),
            ("Partial Mem, per pair", found[PARTIAL], _remainder(found[MEM], found[PARTIAL])),
            ("Keyed Mem", found[KEYED], _keyed(found[KEYED])),
            ("Truth, P(answer given entity)", found[TRUTH], _nearest(found)),
            ("Novelty, share of pairs", novelty, ""),
        ]
        spoken = [
            (name, f"{_capital(movement(points))}. {more}".strip())
            for name, points, more in said
            if points
        ]
        if not found[TRUTH]:
            spoken.append(
                ("Truth", "Not known for this task, so no measure can be held against it here.")
            )
        return spoken

    def overall(self) -> list[str]:
        """What holds over all tasks: frequency against Mem, and the measure nearest the truth."""
        higher = cells = 0
        misses: dict[str, list[float]] = {}
        for task, n in self.tasks():
            found = {measure: self.series(task, n, measure, self.ladder) for measure in MEASURES}
            for model in found[MEM].keys() & found[FREQUENCY].keys():
                cells += 1
                higher += found[FREQUENCY][model].value > found[MEM][model].value
            for name, distance in distances(found).items():
                misses.setdefault(name, []).append(distance)
        said = []
        if cells:
            said.append(
                f"In {higher} of {cells} cells of task, n and model the answer's frequency alone "
                f"correlates higher with the model's probability than the published Mem does. "
                + (
                    "Mem must therefore be read beside it."
                    if 2 * higher > cells
                    else "Mem is mostly above what that frequency alone gives."
                )
            )
        if misses:
            means = {name: sum(values) / len(values) for name, values in misses.items()}
            order = sorted(means, key=lambda name: means[name])
            said.append(
                f"Where the truth is known, the measure nearest to it is {order[0]} (mean distance "
                f"{number(means[order[0]])})"
                + "".join(f"; {name} {number(means[name])}" for name in order[1:])
                + "."
            )
        if self.several_families and cells:
            said.append(
                f"The words follow the {len(self.ladder)} models of the family "
                f"{self.family or 'without a name'}; the tables hold every model."
            )
        return said


def movement(series: Mapping[str, Point]) -> str:
    """How a statistic goes from the first to the last point, judged by their intervals."""
    points = list(series.values())
    first, last = points[0], points[-1]
    if len(points) == 1:
        return f"is {first} at {first.model}"
    ends = f"from {first} at {first.model} to {last} at {last.model}"
    if any(math.isnan(point.low) or math.isnan(point.high) for point in (first, last)):
        text = f"goes {ends}, without intervals to judge the change by"
    elif last.low > first.high:
        text = f"rises {ends}"
    elif last.high < first.low:
        text = f"falls {ends}"
    else:
        text = f"goes {ends}; the two intervals overlap, so a change is not settled"
    for extreme, name in ((max, "highest"), (min, "lowest")):
        point = extreme(points, key=lambda point: point.value)
        apart = (
            point.low > max(first.high, last.high)
            if name == "highest"
            else point.high < min(first.low, last.low)
        )
        if apart:
            text += f", and is {name}, {point}, at {point.model}"
    return text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def support_range(row) -> str:
    """The range of a support bin in words, in documents; with its name where it is a group."""
    if row.bin == 0:
        return "no support"
    if row.group:
        return f"{row.group}, {row.support_high:,.0f} documents"
    return f"{row.support_low:,.0f} to {row.support_high:,.0f} documents"


def sign(point: Point) -> str:
    """Whether an interval lies above zero, below it, or includes it."""
    if math.isnan(point.low) or math.isnan(point.high):
        return "without an interval"
    if point.low > 0:
        return "above zero"
    return "below zero" if point.high < 0 else "not told apart from zero"


def _against(performance: Mapping[str, Point], mem: Mapping[str, Point]) -> str:
    """Mem at the model that does the task worst beside Mem at the one that does it best."""
    models = [model for model in performance if model in mem]
    if len(models) < 2:
        return ""
    worst = min(models, key=lambda model: performance[model].value)
    best = max(models, key=lambda model: performance[model].value)
    if not performance[best].low > performance[worst].high:
        return (
            "The models do the task about equally well, as far as the intervals tell, so Mem "
            "cannot be set against performance here."
        )
    low, high = mem[worst], mem[best]
    scores = number(performance[worst].value), number(performance[best].value)
    text = f"{low.model} does the task worst ({scores[0]}), {high.model} best ({scores[1]})"
    ends = list(mem.values())
    text += ". " if (low, high) == (ends[0], ends[-1]) else f"; Mem is {low} and {high} there. "
    if low.low > 0 and high.high < low.low:
        return text + (
            "So it is above zero where the task is done worst and lower where it is done best: "
            "by itself it does not read recall."
        )
    if high.low > low.high:
        return text + "So it is higher where the task is done better."
    if low.low > 0:
        return text + (
            "So it is above zero where the task is done worst and not clearly higher where it is "
            "done best: by itself it does not read recall."
        )
    return text + "The intervals do not tell the two apart."


def _frequency(frequency: Mapping[str, Point], mem: Mapping[str, Point]) -> str:
    models = [model for model in frequency if model in mem]
    if not models:
        return ""
    higher = [m for m in models if frequency[m].value > mem[m].value]
    clear = [m for m in higher if frequency[m].low > mem[m].high]
    text = (
        f"It is higher than Mem at {len(higher)} of {len(models)} models, at {len(clear)} of them "
        f"with intervals that do not overlap. "
    )
    if 2 * len(clear) > len(models):
        return text + (
            "A preference for frequent answers is enough for a Mem of this height, whatever the "
            "model remembers of the pairs."
        )
    if not higher:
        return text + "The answer's frequency does not account for Mem by itself."
    return text + "Part of Mem can be the answer's frequency; the next two measures take it out."


def _remainder(mem: Mapping[str, Point], partial: Mapping[str, Point]) -> str:
    model = list(partial)[-1]
    last = partial[model]
    if model not in mem:
        return f"At {last.model} it is {sign(last)}."
    return (
        f"At {last.model} holding the frequency fixed takes Mem from {number(mem[model].value)} "
        f"to {number(last.value)}, which is {sign(last)}."
    )


def _keyed(keyed: Mapping[str, Point]) -> str:
    last = list(keyed.values())[-1]
    if last.low > 0:
        return (
            f"At {last.model} it is above zero: the model's probability follows how often the "
            f"corpus joins input and answer, beyond the answer's own frequency."
        )
    if last.high < 0:
        return (
            f"At {last.model} it is below zero: answers joined more often with their input's most "
            f"specific n-gram get less probability, not more, once their frequency is held fixed. "
            f"Nothing here reads as recall of pairs."
        )
    return (
        f"At {last.model} it is {sign(last)}: this run settles neither memory of the pairs nor "
        f"its absence, only that the correlation lies between {number(last.low)} and "
        f"{number(last.high)}."
    )


def distances(found: Mapping[tuple, Mapping[str, Point]]) -> dict[str, float]:
    """Mean absolute distance of each measure to the truth over the models that have both."""
    result = {}
    for measure in JUDGED:
        both = [model for model in found[measure] if model in found[TRUTH]]
        if both:
            total = sum(abs(found[measure][m].value - found[TRUTH][m].value) for m in both)
            result[measure[0]] = total / len(both)
    return result


def _nearest(found: Mapping[tuple, Mapping[str, Point]]) -> str:
    away = distances(found)
    if not away:
        return ""
    order = sorted(away, key=lambda name: away[name])
    values = listed([f"{name} {number(away[name])}" for name in order])
    return f"Mean distance to it over the models: {values}. The nearest is {order[0]}."


def versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Installed version of each package that is there, Python's first."""
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _in_short(findings: Findings) -> Block:
    """One row a task and n: every measure at the smallest and the largest model."""
    shown = [m for m in MEASURES if any(findings.series(t, n, m) for t, n in findings.tasks())]
    rows = []
    for task, n in findings.tasks():
        metric, performance = findings.performance(task, findings.ladder)
        cells = [metric, _ends(performance)]
        cells += [_ends(findings.series(task, n, m, findings.ladder)) for m in shown]
        rows.append([task, str(n), *cells])
    if not rows:
        return Block(sentences=[_MISSING["memorization"]])
    ladder = [findings.labels[model] for model in findings.ladder]
    title = f"From {ladder[0]} to {ladder[-1]} parameters" if len(ladder) > 1 else ladder[0]
    columns = ["task", "n", "metric", "performance", *(measure[0] for measure in shown)]
    return Block(sentences=findings.overall(), grids=[Grid(title, columns, rows)])


def _ends(series: Mapping[str, Point]) -> str:
    points = list(series.values())
    if not points:
        return ""
    if len(points) == 1:
        return number(points[0].value)
    return f"{number(points[0].value)} → {number(points[-1].value)}"


def _finding(findings: Findings) -> Section:
    blocks = [_in_short(findings)]
    seen: set[str] = set()
    for task, n in findings.tasks():
        metric, performance = findings.performance(task)
        rows = []
        if performance:
            rows.append([metric, *_by_model(performance, findings.labels)])
        for measure in MEASURES:
            series = findings.series(task, n, measure)
            if series:
                rows.append([measure[0], *_by_model(series, findings.labels)])
        columns = ["measure", *findings.labels.values()]
        grid = Grid("Side by side, with 95 % intervals", columns, rows)
        block = Block(
            f"{task}, n = {n}", readings=findings.readings(task, n), grids=[grid],
            folded=task in seen,
        )  # fmt: skip
        blocks.append(block)
        seen.add(task)
    return Section("finding", "What was found", blocks)


def _by_model(series: Mapping[str, Point], labels: Mapping[str, str]) -> list[str]:
    return [str(series[model]) if model in series else "" for model in labels]


def _run(study: Study, findings: Findings) -> Section:
    frames = findings.frames
    blocks = []
    if "manifest" in frames:
        blocks.append(_corpus(frames["manifest"]))
    else:
        blocks.append(Block("Corpus", [_MISSING["manifest"]]))
    if "performance" in frames:
        scored = frames["performance"]
        whole = scored[scored["group"] == ""]
        sizes = whole.drop_duplicates("model").set_index("model")["parameters"]
        rows = [
            [model, f"{sizes[model]:,}", study.families.get(model, "")]
            for model in findings.labels if model in sizes
        ]  # fmt: skip
        blocks.append(Block("Models", grids=[Grid("", ["model", "parameters", "family"], rows)]))
        n_values: dict[str, list[str]] = {}
        for task, n in findings.tasks():
            n_values.setdefault(task, []).append(str(n))
        rows = [
            [task, f"{group['examples'].max():,}", ", ".join(n_values.get(task, [])),
             ", ".join(drawn.metric_label(metric) for metric in group["metric"].unique())]
            for task, group in whole.groupby("task", sort=False)
        ]  # fmt: skip
        grid = Grid("", ["task", "test examples", "n", "metrics"], rows)
        blocks.append(Block("Tasks", grids=[grid]))
    if study.versions:
        rows = [[name, version] for name, version in study.versions.items()]
        blocks.append(
            Block("Versions", grids=[Grid("", ["package", "version"], rows)], folded=True)
        )
    if study.settings:
        text = yaml.safe_dump(dict(study.settings), sort_keys=False, allow_unicode=True, width=90)
        blocks.append(Block("Settings", preformatted=text, folded=True))
    return Section("run", "What was run", blocks)


def _corpus(manifest: pd.DataFrame) -> Block:
    text = manifest["text_bytes"].sum()
    sentence = (
        f"{len(manifest):,} shard{'s' if len(manifest) != 1 else ''}, "
        f"{manifest['documents'].sum():,} documents, {_bytes(text)} of text "
        f"({_bytes(manifest['bytes'].sum())} at rest); "
        f"{manifest['skipped'].sum():,} bad records skipped."
    )
    rows = [
        [row.shard, row.path, f"{row.documents:,}", f"{row.skipped:,}", f"{row.bytes:,}",
         row.sha256[:16]]
        for row in manifest.itertuples()
    ]  # fmt: skip
    columns = ["shard", "path", "documents", "skipped", "bytes", "sha256, first 16"]
    grid = Grid("Shards", columns, rows, folded=True)
    return Block("Corpus", [sentence], grids=[grid])


def _bytes(count: float) -> str:
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count:.0f} bytes"


def _figures(figures: Mapping[str, Path]) -> Section:
    wrong = sorted(set(figures) - set(CAPTIONS))
    if wrong:
        raise ValueError(f"figures {wrong} have no caption, allowed: {', '.join(CAPTIONS)}")
    shown = []
    for name, (title, caption) in CAPTIONS.items():
        if name in figures:
            data = base64.b64encode(Path(figures[name]).read_bytes()).decode("ascii")
            shown.append((name, title, caption, f"data:image/png;base64,{data}"))
    sentences = [] if shown else ["No figure was drawn."]
    return Section("figures", "Figures", [Block(sentences=sentences, figures=shown)])


def _scores(findings: Findings) -> Section:
    tables = {
        "performance": ("Performance", _performance_grids),
        "support": ("Performance by support", _support_grids),
        "memorization": ("Memorization", _correlation_grids),
        "controls": ("Controls and truth", _correlation_grids),
        "variants": ("Memorization under other units and denominators", _variant_grids),
        "novelty": ("Novelty", _novelty_grids),
        "alignment": ("Pairs by threshold, and how well they align", _alignment_grids),
    }
    blocks = []
    for name, (title, grids) in tables.items():
        frame = findings.frames.get(name)
        if frame is None:
            blocks.append(Block(title, [_MISSING[name]]))
            continue
        blocks.append(Block(title, grids=grids(frame, findings.labels)))
        if name == "memorization":
            grid = _drops(frame)
            blocks.append(Block("Items left out, by reason", grids=[grid]))
    return Section("scores", "Scores", blocks)


def _interval(row) -> str:
    return str(Point("", row.value, row.ci_low, row.ci_high))


def _wide(frame, keys, labels, cell) -> list[list[str]]:
    """One row a combination of ``keys``, one cell a model, in the order of ``frame``."""
    rows = []
    for values, group in frame.groupby(keys, sort=False, dropna=False):
        cells = {row.model: cell(row) for row in group.itertuples()}
        rows.append([*(str(v) for v in values), *(cells.get(model, "") for model in labels)])
    return rows


def _performance_grids(frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Grid]:
    frame = frame.assign(metric=frame["metric"].map(drawn.metric_label))
    keys = ["task", "group", "metric", "examples", "signature"]
    columns = ["task", "part", "metric", "examples", "signature", *labels.values()]
    whole, parts = frame[frame["group"] == ""], frame[frame["group"] != ""]
    grids = []
    if len(whole):
        rows = [row[:1] + row[2:] for row in _wide(whole, keys, labels, _interval)]
        grids.append(Grid("Whole tasks", columns[:1] + columns[2:], rows))
    if len(parts):
        grids.append(Grid("By part", columns, _wide(parts, keys, labels, _interval), folded=True))
    return grids


def _support_grids(frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Grid]:
    grids = []
    for task, rows in frame.groupby("task", sort=False):
        ranges = [support_range(row) for row in rows.itertuples()]
        shown = rows.assign(range=ranges, metric=rows["metric"].map(drawn.metric_label))
        keys = ["n", "metric", "bin", "range", "examples"]
        columns = ["n", "metric", "bin", "support", "examples", *labels.values()]
        shown = shown.sort_values(["n", "metric", "bin"], kind="stable")
        grids.append(Grid(task, columns, _wide(shown, keys, labels, _interval), folded=True))
    return grids


def _correlation_grids(frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Grid]:
    columns = ["n", "measure", "statistic", "model", "value, 95 % interval", "p, items independent",
               "p, permutation", "p, Holm", "items", "examples", "left out"]  # fmt: skip
    order = {model: place for place, model in enumerate(labels)}
    grids = []
    for task, group in frame.groupby("task", sort=False):
        group = group.assign(place=group["model"].map(order))
        group = group.sort_values(["n", "measure", "statistic", "place"], kind="stable")
        rows = [
            [str(row.n), row.measure, row.statistic, labels[row.model], _interval(row),
             _p(row.p_value), _p(row.p_permutation), _p(row.p_holm), f"{row.items:,}",
             f"{row.examples:,}", f"{row.dropped:,}"]
            for row in group.itertuples()
        ]  # fmt: skip
        grids.append(Grid(task, columns, rows, folded=True))
    return grids


def _drops(frame: pd.DataFrame) -> Grid:
    reasons = {
        "dropped_zero_count": "C((s_x, s_y)) = 0",
        "dropped_zero_denominator": "C(s_x) = 0",
        "dropped_no_span": "s_y not found in the target",
        "dropped_zero_infgram": "all P_∞ = 0",
        "skipped_tokens": "tokens passed over in kept items, P_∞ = 0",
    }
    rows = []
    for (task, n, measure), group in frame.groupby(["task", "n", "measure"], sort=False):
        share = group["dropped"] / (group["items"] + group["dropped"]).clip(lower=1)
        counts = [_spread(group[name]) for name in ("items", "examples", "dropped", *reasons)]
        left_out = _spread((share * 100).round(1), "{:.1f} %")
        rows.append([task, str(n), measure, *counts[:3], left_out, *counts[3:]])
    columns = ["task", "n", "measure", "items", "examples", "left out", "share left out",
               *reasons.values()]  # fmt: skip
    title = "Over all models and statistics; a range where they differ"
    return Grid(title, columns, rows, folded=len(rows) > LONG)


def _spread(values: pd.Series, form: str = "{:,}") -> str:
    low, high = form.format(values.min()), form.format(values.max())
    return low if low == high else f"{low} to {high}"


def _variant_grids(frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Grid]:
    keys = ["n", "unit", "aggregation", "denominator", "statistic"]
    columns = [*keys, *labels.values()]
    return [
        Grid(task, columns, _wide(rows, keys, labels, _interval), folded=True)
        for task, rows in frame.groupby("task", sort=False)
    ]


def _novelty_grids(frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Grid]:
    def cell(row) -> str:
        share = Point("", row.share, row.ci_low, row.ci_high)
        return f"{share}; {row.novel_pairs:,} of {row.generated_pairs:,}"

    rows = _wide(frame, ["task", "n", "examples"], labels, cell)
    columns = ["task", "n", "examples", *labels.values()]
    return [Grid("Share of generated pairs that no document holds, with numbers", columns, rows)]


def _alignment_grids(frame: pd.DataFrame, labels: Mapping[str, str]) -> list[Grid]:
    columns = ["task", "n", "γ", "candidates", "in the corpus", "kept", "non-zero", "precision",
               "recall"]  # fmt: skip
    rows = [
        [row.task, str(row.n), f"{row.gamma:g}", f"{row.candidates:,}", f"{row.in_corpus:,}",
         f"{row.kept:,}", f"{row.non_zero:,}", number(row.precision), number(row.recall)]
        for row in frame.itertuples()
    ]  # fmt: skip
    title = "Pairs; n/a where the true alignments are not known"
    return [Grid(title, columns, rows, folded=len(rows) > LONG)]


def _claims(frames: Mapping[str, pd.DataFrame]) -> Section:
    claims = frames.get("claims")
    if claims is None:
        return Section("claims", "Claims", [Block(sentences=[_MISSING["claims"]])])
    counts = claims["verdict"].value_counts()
    said = listed([f"{v} {counts.get(v, 0)}" for v in ("holds", "fails", "cannot tell")])
    rows = claims[["claim", "statement", "verdict", "numbers"]].astype(str).values.tolist()
    grid = Grid("", ["claim", "statement", "verdict", "numbers"], rows)
    sentence = f"The published study's claims against this run. Verdicts: {said}."
    return Section("claims", "Claims", [Block(sentences=[sentence], grids=[grid])])


def _reproduce(study: Study) -> Section:
    text = "\n".join(f"# {what}\n{command}" for what, command in study.commands)
    sentences = [] if text else ["No command was given."]
    return Section("reproduce", "How to reproduce", [Block(sentences=sentences, preformatted=text)])


def _notation(text: str) -> Markup:
    """Text escaped for HTML, with the study's symbols (s_x, Mem_n, P_inf) set as subscripts."""
    symbol = r"\b(s|Mem|P|H)_(x|y|n|∞|inf|\d)(?!\w)"
    return Markup(
        re.sub(symbol, lambda m: f"{m[1]}<sub>{'∞' if m[2] == 'inf' else m[2]}</sub>",
               str(escape(text)))
    )  # fmt: skip


def write(
    path: Path | str,
    study: Study,
    frames: Mapping[str, pd.DataFrame],
    figures: Mapping[str, Path | str],
) -> None:
    """Write the report as one HTML file without external references; same inputs, same bytes.

    Args:
        path: the HTML file.
        study: what the tables do not say.
        frames: tables of :mod:`tracemem.tables` by lower-case name, any of manifest, memorization,
            controls, variants, performance, support, novelty, alignment, claims; an empty one
            counts as missing.
        figures: PNG file of each figure by name, the keys of ``CAPTIONS``.

    Raises:
        ValueError: a frame or a figure has a name the report does not know.
    """
    wrong = sorted(set(frames) - set(_MISSING))
    if wrong:
        raise ValueError(f"tables {wrong} are not in the report, allowed: {', '.join(_MISSING)}")
    frames = {name: frame for name, frame in frames.items() if len(frame)}
    findings = Findings(frames, study.families)
    sections = [
        _run(study, findings),
        _finding(findings),
        _figures({name: Path(file) for name, file in figures.items()}),
        _scores(findings),
        _claims(frames),
        _reproduce(study),
    ]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE.parent), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters["notation"] = _notation
    page = environment.get_template(TEMPLATE.name).render(study=study, sections=sections)
    with replacing(path) as draft:
        draft.write_text(page, encoding="utf-8")

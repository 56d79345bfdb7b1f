"""What the score tables say, in words: looked up by task, n and measure, and judged by intervals.

Every sentence is chosen by the numbers and their intervals, never written down in advance. An
interval that includes zero is reported as such: it is never called an absence of memorization.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from tracemem.report import figures as drawn
from tracemem.scoring.measures import (
    CONTRASTIVE,
    FREQUENCY,
    INFGRAM,
    MEASURES,
    MEM,
    PARTIAL,
    TRUTH,
    Measure,
)  # fmt: skip

JUDGED = (MEM, FREQUENCY, PARTIAL, CONTRASTIVE)


@dataclass(frozen=True)
class Point:
    """One statistic of one model with its 95 % interval; where there is none, NaN and the reason.

    Every reader of a score goes through it, so that what has no value is told as such everywhere.
    """

    model: str
    value: float
    low: float
    high: float
    reason: str = ""

    @classmethod
    def of(cls, row, model: str = "", prefix: str = "", value: str = "value") -> "Point":
        """The point that a row of a table holds, in columns that may share a prefix."""
        found = row._asdict() if hasattr(row, "_asdict") else row
        estimate, low, high = (found[prefix + name] for name in (value, "ci_low", "ci_high"))
        reason = found.get(f"{prefix}reason", found.get("reason", ""))
        return cls(model, estimate, low, high, reason)

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return not pd.isna(self.value)

    def __str__(self) -> str:
        if not self.known:
            return "no value"
        interval = "" if pd.isna(self.low) else f" [{number(self.low)}, {number(self.high)}]"
        return number(self.value) + interval

    def told(self) -> str:
        """As text, with the reason where there is no value or no interval."""
        return f"{self}: {self.reason}" if self.reason else str(self)


def known(series: Mapping[str, Point]) -> dict[str, Point]:
    """The points that have a value."""
    return {key: point for key, point in series.items() if point.known}


def unknown(series: Mapping[str, Point]) -> str:
    """Which points have no value and why, as a sentence; '' where all have one."""
    models: dict[str, list[str]] = {}
    for point in series.values():
        if not point.known:
            models.setdefault(point.reason or "the table does not say why", []).append(point.model)
    everywhere = len(models) == 1 and not known(series)
    return " ".join(
        f"No value{'' if everywhere else f' at {listed(names)}'}: {reason}."
        for reason, names in models.items()
    )


def number(value: float) -> str:
    """A statistic as the report prints it: two digits after the point, a true minus sign."""
    if value is None or math.isnan(value):
        return "n/a"
    text = f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return text.replace("-", "−") if float(text) else text.removeprefix("-")


def listed(words: Sequence[str]) -> str:
    """Words as an enumeration: "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


class Findings:
    """The score tables of one study, looked up by task, n and measure, and put into words."""

    def __init__(self, frames: Mapping[str, pd.DataFrame], families: Mapping[str, str]):
        """``frames`` by table name, as ``report.page.write`` takes them; any may be missing."""
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

    def series(self, task: str, n: int, measure: Measure, models=None) -> dict[str, Point]:
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

    def _points(self, rows: pd.DataFrame, models, *columns: str) -> dict[str, Point]:
        found = {
            row.model: Point.of(row, self.labels[row.model], *columns) for row in rows.itertuples()
        }
        return {model: found[model] for model in models or self.labels if model in found}

    def novelty(self, task: str, n: int, of: str = "") -> dict[str, Point]:
        """Share of novel pairs by model; ``of`` "correct_" among those that are correct."""
        frame = self.frames.get("novelty")
        if frame is None:
            return {}
        rows = frame[(frame["task"] == task) & (frame["n"] == n)]
        return self._points(rows, self.ladder, of, "share")

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
            str(row.bin): Point.of(row, support_range(row))
            for row in rows.sort_values("bin").itertuples()
        }
        return self.labels[self.ladder[-1]], bins

    def readings(self, task: str, n: int) -> list[tuple[str, str]]:
        """What each measure shows on one task at one n: (measure, a few sentences)."""
        metric, performance = self.performance(task, self.ladder)
        largest, bins = self.by_support(task, n)
        novelty, correct = self.novelty(task, n), self.novelty(task, n, "correct_")
        every = {measure: self.series(task, n, measure, self.ladder) for measure in MEASURES}
        found = {measure: known(series) for measure, series in every.items()}
        said = [
            (f"Performance, {metric}", performance, ""),
            (f"Performance of {largest} by support", bins, ""),
            ("Mem as published", every[MEM], _against(known(performance), found[MEM])),
            (INFGRAM[0], every[INFGRAM], ""),
            (FREQUENCY[0], every[FREQUENCY], _frequency(found[FREQUENCY], found[MEM])),
            ("Partial Mem, per pair", every[PARTIAL], _remainder(found[MEM], found[PARTIAL])),
            ("Contrastive Mem", every[CONTRASTIVE], _recall(found[CONTRASTIVE])),
            ("Truth, P(answer given entity)", every[TRUTH], _nearest(found)),
            ("Novelty, share of pairs", novelty, _wrong(known(performance), known(novelty))),
            ("Novelty of correct output", correct, ""),
        ]
        spoken = [(name, _spoken(points, more)) for name, points, more in said if points]
        if not every[TRUTH]:
            spoken.append(
                ("Truth", "Not known for this task, so no measure can be held against it here.")
            )
        return spoken

    def summary(self) -> list[str]:
        """The numbers that matter most, a line each: of the largest model, else of the corpus.

        Of the first task that has a value: how well the model does it, Mem as published, and keyed
        Mem, which is not the answer's frequency.
        """
        lines = []
        model = self.ladder[-1] if self.ladder else ""
        measured = [
            pair for pair in self.tasks() if model and known(self.series(*pair, MEM, [model]))
        ]
        for task, n in (measured or self.tasks())[:1] if model else []:
            metric, scores = self.performance(task, [model])
            label = self.labels[model]
            size = "" if label == model else f" ({label} parameters)"
            lines.append(f"{task}, n = {n}, {model}{size}")
            shown = [(metric, scores), *((m[0], self.series(task, n, m, [model]))
                                         for m in (MEM, CONTRASTIVE))]  # fmt: skip
            width = max(len(name) for name, _ in shown)
            lines += [
                f"  {name:{width}}  {points[model].told()}" for name, points in shown if points
            ]
        coverage = self.frames.get("coverage")
        if coverage is not None and not lines:
            lines = [
                f"{row.task}, n = {row.n}: {row.supported:,} of {row.examples:,} examples supported"
                + (f", for {row.reason}" if row.reason else "")
                for row in coverage.head(3).itertuples()
            ]
        return lines

    def overall(self) -> list[str]:
        """What holds over all tasks: frequency against Mem, and the measure nearest the truth."""
        higher = cells = 0
        misses: dict[str, list[float]] = {}
        for task, n in self.tasks():
            found = {
                measure: known(self.series(task, n, measure, self.ladder)) for measure in MEASURES
            }
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


def _spoken(points: Mapping[str, Point], more: str) -> str:
    """How a statistic goes, what that says, and where there is no value."""
    there = known(points)
    moved = f"{_capital(movement(there))}. {more}" if there else ""
    return f"{moved.strip()} {unknown(points)}".strip()


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


def _wrong(performance: Mapping[str, Point], novelty: Mapping[str, Point]) -> str:
    """Whether the model that does the task worst is more novel than the one that does it best."""
    models = [model for model in performance if model in novelty]
    if len(models) < 2:
        return ""
    worst = min(models, key=lambda model: performance[model].value)
    best = max(models, key=lambda model: performance[model].value)
    if not (
        performance[best].low > performance[worst].high and novelty[worst].low > novelty[best].high
    ):
        return ""
    return (
        f"{novelty[worst].model} does the task worst ({number(performance[worst].value)}) and "
        f"writes more that is new than {novelty[best].model}, which does it best "
        f"({number(performance[best].value)}): what is wrong counts as novel here, so this share "
        f"does not show what the models can do by themselves."
    )


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
    if not partial:
        return ""
    model = list(partial)[-1]
    last = partial[model]
    if model not in mem:
        return f"At {last.model} it is {sign(last)}."
    return (
        f"At {last.model} holding the frequency fixed takes Mem from {number(mem[model].value)} "
        f"to {number(last.value)}, which is {sign(last)}."
    )


def _recall(contrastive: Mapping[str, Point]) -> str:
    if not contrastive:
        return ""
    last = list(contrastive.values())[-1]
    if last.low > 0:
        return (
            f"At {last.model} it is above zero: what the input adds to the model's expectation "
            f"follows how strongly the corpus joins input and answer, beyond the answer's own "
            f"frequency, its length and how near other inputs are."
        )
    if last.high < 0:
        return (
            f"At {last.model} it is below zero: the input adds less, not more, to answers that the "
            f"corpus joins with it more strongly. Nothing here reads as recall of pairs."
        )
    if math.isnan(last.low):
        return f"At {last.model} there is no interval ({last.reason}), so nothing is settled."
    return (
        f"At {last.model} it is {sign(last)}: this run settles neither memory of the pairs nor "
        f"its absence, only that the correlation lies between {number(last.low)} and "
        f"{number(last.high)}."
    )


def distances(found: Mapping[Measure, Mapping[str, Point]]) -> dict[str, float]:
    """Mean absolute distance of each measure to the truth over the models that have both."""
    result = {}
    for measure in JUDGED:
        both = [model for model in found[measure] if model in found[TRUTH]]
        if both:
            total = sum(abs(found[measure][m].value - found[TRUTH][m].value) for m in both)
            result[measure[0]] = total / len(both)
    return result


def _nearest(found: Mapping[Measure, Mapping[str, Point]]) -> str:
    away = distances(found)
    if not away:
        return ""
    order = sorted(away, key=lambda name: away[name])
    values = listed([f"{name} {number(away[name])}" for name in order])
    return f"Mean distance to it over the models: {values}. The nearest is {order[0]}."

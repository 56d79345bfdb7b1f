"""The study's claims against a run: holds, fails or cannot tell, each with its numbers.

A claim is a set of checks. It holds where all of them hold, fails where one of them fails, and
cannot be told otherwise. Every check looks at an interval, never at a p-value alone:

- one number above another: the 95 % interval of the difference lies above 0 (holds) or below 0
  (fails); it is put together from the two intervals (MOVER, Zou and Donner 2008), which is
  cautious where both come from the same examples;
- grows or falls with size: the same for the largest and the smallest model;
- significant: p by permutation of examples, after Holm, below 0.05;
- not significant: fails where p is below 0.05; holds only where the interval also lies within
  -0.1 to 0.1, since a wide interval that holds 0 is no evidence that nothing is there.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from tracemem.scoring.measures import (
    DISTANCE,
    FREQUENCY,
    INFGRAM,
    INFGRAM_DISTANCE,
    KEYED,
    MEM,
    PARTIAL,
    Measure,
)  # fmt: skip
from tracemem.scoring.tables import CLAIMS

HOLDS, FAILS, CANNOT_TELL = "holds", "fails", "cannot tell"
LEVEL = 0.05
NEGLIGIBLE = 0.1
# Largest score that still counts as near zero, as a share of the metric's range.
NEAR_ZERO = 0.1
_RANGE = {"bleu": 100.0}


@dataclass(frozen=True)
class Check:
    """One part of a claim: its verdict and the numbers behind it."""

    verdict: str
    numbers: str


@dataclass(frozen=True)
class Scores:
    """The tables of scores a claim is judged from, as ``tables`` declares them.

    ``kinds`` is the kind of each task; ``groups`` says which multiple-choice tasks ask for
    knowledge, which for reasoning and which ('') for neither; knowledge if it does not say.
    """

    memorization: pd.DataFrame
    controls: pd.DataFrame
    performance: pd.DataFrame
    support: pd.DataFrame
    novelty: pd.DataFrame
    kinds: Mapping[str, str]
    groups: Mapping[str, str]

    def tasks(self, kind: str, group: str = "") -> list[str]:
        """Tasks of a kind, those of one group only if one is named, in order of their names."""
        return sorted(
            task
            for task, found in self.kinds.items()
            if found == kind and (not group or self.groups.get(task, "knowledge") == group)
        )


def judge(
    memorization: pd.DataFrame,
    controls: pd.DataFrame,
    performance: pd.DataFrame,
    support: pd.DataFrame,
    novelty: pd.DataFrame,
    kinds: Mapping[str, str],
    groups: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Verdicts on C1 to C8 and on K1, this project's own finding, as ``tables.CLAIMS``.

    Args:
        memorization: ``tables.MEMORIZATION``.
        controls: ``tables.CONTROLS``.
        performance: ``tables.PERFORMANCE``.
        support: ``tables.SUPPORT``.
        novelty: ``tables.NOVELTY``.
        kinds: kind of each task: question-answering, multiple-choice, translation or reasoning.
        groups: of multiple-choice tasks, knowledge (what one asks for that is not named),
            reasoning, or '' for neither.
    """
    scores = Scores(memorization, controls, performance, support, novelty, kinds, groups or {})
    rows = []
    for claim, (statement, checks) in _CLAIMS.items():
        verdict, numbers = _verdict(list(checks(scores)))
        rows.append((claim, statement, verdict, numbers))
    return pd.DataFrame(rows, columns=list(CLAIMS.columns))


def difference(one: pd.Series, other: pd.Series) -> tuple[float, float, float]:
    """Difference of two numbers with intervals, one less other, and its 95 % interval (MOVER)."""
    gap = one["value"] - other["value"]
    low = math.hypot(one["value"] - one["ci_low"], other["ci_high"] - other["value"])
    high = math.hypot(one["ci_high"] - one["value"], other["value"] - other["ci_low"])
    return gap, gap - low, gap + high


def _verdict(checks: Sequence[Check]) -> tuple[str, str]:
    verdicts = {check.verdict for check in checks}
    if FAILS in verdicts:
        verdict = FAILS
    elif CANNOT_TELL in verdicts or not checks:
        verdict = CANNOT_TELL
    else:
        verdict = HOLDS
    return verdict, "; ".join(f"{check.numbers}: {check.verdict}" for check in checks)


def _missing(what: str) -> Check:
    return Check(CANNOT_TELL, what)


def _show(row: pd.Series) -> str:
    reason = row.get("reason", "")
    if pd.isna(row["value"]):
        return f"no value ({reason})" if reason else "no value"
    if pd.isna(row["ci_low"]):
        return f"{row['value']:.3g} (no interval{': ' if reason else ''}{reason})"
    return f"{row['value']:.3g} [{row['ci_low']:.3g}, {row['ci_high']:.3g}]"


def _show_p(row: pd.Series) -> str:
    return _show(row) if math.isnan(_p(row)) else f"{_show(row)}, p = {_p(row):.2g}"


def _p(row: pd.Series) -> float:
    """The p by permutation after Holm; before it where the family has not been corrected."""
    return row["p_permutation"] if pd.isna(row["p_holm"]) else row["p_holm"]


def _above(one: pd.Series, other: pd.Series, what: str) -> Check:
    """``one`` is larger than ``other``."""
    gap, low, high = difference(one, other)
    numbers = f"{what}: {_show(one)} against {_show(other)}"
    if math.isnan(low) or math.isnan(high):
        return Check(CANNOT_TELL, numbers)
    numbers += f", difference {gap:.3g} [{low:.3g}, {high:.3g}]"
    return Check(HOLDS if low > 0 else FAILS if high < 0 else CANNOT_TELL, numbers)


def _trend(rows: pd.DataFrame, what: str, falls: bool = False) -> Check:
    """The value grows, or falls, from the smallest to the largest model."""
    sized = rows.sort_values("parameters")
    if sized["parameters"].nunique() < 2:
        return _missing(f"{what}: one size only")
    smallest, largest = sized.iloc[0], sized.iloc[-1]
    values = ("no value" if pd.isna(value) else f"{value:.3g}" for value in sized["value"])
    line = ", ".join(values)
    what = f"{what} {'falls' if falls else 'grows'} with size ({line})"
    return _above(smallest, largest, what) if falls else _above(largest, smallest, what)


def _significant(row: pd.Series, what: str) -> Check:
    numbers = f"{what} significant: {_show_p(row)}"
    if math.isnan(_p(row)):
        return Check(CANNOT_TELL, numbers)
    if _p(row) < LEVEL:
        return Check(HOLDS if row["value"] > 0 else FAILS, numbers)
    # An interval that rules out more than a negligible correlation is evidence against.
    return Check(FAILS if row["ci_high"] < NEGLIGIBLE else CANNOT_TELL, numbers)


def _not_significant(rows: pd.DataFrame, what: str) -> Iterable[Check]:
    for _, row in rows.sort_values("parameters").iterrows():
        numbers = f"{what}, {row['model']}, not significant: {_show_p(row)}"
        if math.isnan(_p(row)) or math.isnan(row["ci_low"]):
            yield Check(CANNOT_TELL, numbers)
        elif _p(row) < LEVEL:
            yield Check(FAILS, numbers)
        elif row["ci_low"] > -NEGLIGIBLE and row["ci_high"] < NEGLIGIBLE:
            yield Check(HOLDS, numbers)
        else:
            yield Check(CANNOT_TELL, f"{numbers}, which leaves room for more than +-{NEGLIGIBLE}")


def _mem(scores: Scores, task: str, measure: Measure = MEM) -> pd.DataFrame:
    frame = scores.memorization
    return frame[
        (frame["task"] == task)
        & (frame["measure"] == measure.name)
        & (frame["statistic"] == measure.statistic)
    ]


def _n_of(rows: pd.DataFrame, wanted: int) -> int:
    """The n the paper names, else the smallest in place of 3 and the largest in place of 5."""
    found = sorted(int(n) for n in rows["n"].unique())
    if wanted in found:
        return wanted
    return found[0] if wanted == 3 else found[-1]


def _at(rows: pd.DataFrame, n: int) -> pd.DataFrame:
    return rows[rows["n"] == n].sort_values("parameters")


def _each(
    scores: Scores, kind: str, checks: Callable[[Scores, str], Iterable[Check]], group: str = ""
) -> Iterable[Check]:
    """The checks of every task of a kind that has scores."""
    tasks = scores.tasks(kind, group)
    if not tasks:
        yield _missing(f"no {kind} task{f' of {group}' if group else ''}")
    for task in tasks:
        if _mem(scores, task).empty:
            yield _missing(f"{task}: no memorization scores")
        else:
            yield from checks(scores, task)


def _question_answering(scores: Scores) -> Iterable[Check]:
    return _each(scores, "question-answering", _mem_leads_and_grows)


def _mem_leads_and_grows(scores: Scores, task: str) -> Iterable[Check]:
    rows = _mem(scores, task)
    low = _n_of(rows, 3)
    yield from _leads(scores, task)
    largest = _at(rows, low).iloc[-1]
    yield _significant(largest, f"{task}, {largest['model']}: Mem_{low}")
    yield _trend(_at(rows, low), f"{task}: Mem_{low}")


def _leads(scores: Scores, task: str) -> Iterable[Check]:
    """Mem at the smaller n is above Mem at the larger and above Mem_inf, for the largest model."""
    rows = _mem(scores, task)
    low, high = _n_of(rows, 3), _n_of(rows, 5)
    largest = _at(rows, low).iloc[-1]
    if low == high:
        yield _missing(f"{task}: n = {low} only, none to compare with")
    else:
        other = _at(rows, high).iloc[-1]
        yield _above(largest, other, f"{task}, {largest['model']}: Mem_{low} > Mem_{high}")
    yield from _above_infgram(scores, task, low)


def _above_infgram(scores: Scores, task: str, n: int) -> Iterable[Check]:
    largest = _at(_mem(scores, task), n).iloc[-1]
    infgram = _at(_mem(scores, task, INFGRAM), n)
    if infgram.empty:
        yield _missing(f"{task}: no infini-gram scores")
    else:
        what = f"{task}, {largest['model']}: Mem_{n} > Mem_inf"
        yield _above(largest, infgram.iloc[-1], what)


def _multiple_choice(scores: Scores) -> Iterable[Check]:
    yield from _each(scores, "multiple-choice", _mem_leads_and_falls, "knowledge")
    reasoning = [
        task for task in scores.tasks("multiple-choice", "reasoning") if len(_mem(scores, task))
    ]
    if not reasoning:
        yield _missing("no multiple-choice task of reasoning to compare with")
    for task in scores.tasks("multiple-choice", "knowledge") if reasoning else []:
        rows = _mem(scores, task)
        for other in reasoning if len(rows) else []:
            n = _n_of(rows, 3)
            against = _at(_mem(scores, other), n)
            if against.empty:
                yield _missing(f"{other}: no Mem_{n}")
            else:
                what = f"Mem_{n}, {task} > {other}"
                yield _above(_at(rows, n).iloc[-1], against.iloc[-1], what)


def _mem_leads_and_falls(scores: Scores, task: str) -> Iterable[Check]:
    rows = _mem(scores, task)
    low = _n_of(rows, 3)
    yield from _leads(scores, task)
    yield _trend(_at(rows, low), f"{task}: Mem_{low}", falls=True)


def _translation(scores: Scores) -> Iterable[Check]:
    return _each(scores, "translation", _novel_without_mem)


def _novel_without_mem(scores: Scores, task: str) -> Iterable[Check]:
    rows = _mem(scores, task)
    for n in sorted(rows["n"].unique()):
        yield from _not_significant(_at(rows, n), f"{task}: Mem_{n}")
    novelty = scores.novelty[scores.novelty["task"] == task].rename(columns={"share": "value"})
    if novelty.empty:
        yield _missing(f"{task}: no novelty")
        return
    n = int(novelty["n"].min())
    sized = _at(novelty, n)
    check = _trend(sized, f"{task}: share of novel pairs, n = {n},")
    pairs = sized["novel_pairs"].tolist()
    numbers = f"{check.numbers}; novel pairs {', '.join(map(str, pairs))}"
    # The claim is about the number, the interval is that of the share: both have to agree.
    agree = {HOLDS: pairs[-1] > pairs[0], FAILS: pairs[-1] < pairs[0]}.get(check.verdict, True)
    yield Check(check.verdict if agree else CANNOT_TELL, numbers)


def _reasoning(scores: Scores) -> Iterable[Check]:
    return _each(scores, "reasoning", _distant_without_mem)


def _distant_without_mem(scores: Scores, task: str) -> Iterable[Check]:
    rows = _mem(scores, task)
    n = _n_of(rows, 3)
    yield from _not_significant(_at(rows, n), f"{task}: Mem_{n}")
    distance = _at(_mem(scores, task, DISTANCE), n)
    yield _trend(distance, f"{task}: Kendall distance, n = {n},")
    infgram = _at(_mem(scores, task, INFGRAM_DISTANCE), n)
    if infgram.empty:
        yield _missing(f"{task}: no infini-gram scores")
    else:
        what = f"{task}, {distance.iloc[-1]['model']}: Kendall distance of infini-gram > task-gram"
        yield _above(infgram.iloc[-1], distance.iloc[-1], what)


def _performance_with_support(scores: Scores) -> Iterable[Check]:
    tasks = [task for task in scores.kinds if (scores.support["task"] == task).any()]
    if not tasks:
        yield _missing("no performance by support")
    for task in sorted(tasks):
        rows = scores.support[scores.support["task"] == task]
        rows = rows[rows["metric"] == rows["metric"].iloc[0]]
        yield from _rise(_at(rows, _n_of(rows, 3)), task, scores.kinds[task])


def _rise(rows: pd.DataFrame, task: str, kind: str) -> Iterable[Check]:
    metric = rows["metric"].iloc[0]
    ends = {
        model: bins.sort_values("bin").iloc[[0, -1]]
        for model, bins in rows.groupby("model", sort=False)
    }
    small, large = ends[rows.iloc[0]["model"]], ends[rows.iloc[-1]["model"]]
    if large["bin"].nunique() < 2:
        yield _missing(f"{task}: every example is in one bin of support")
        return
    what = f"{task}, {metric}, {large.iloc[1]['model']}: most > least support"
    yield _above(large.iloc[1], large.iloc[0], what)
    if len(ends) < 2:
        yield _missing(f"{task}: one size only")
        return
    name = small.iloc[1]["model"]
    larger, smaller = (
        pd.Series(dict(zip(("value", "ci_low", "ci_high"), difference(top, bottom), strict=True)))
        for bottom, top in ((large.iloc[0], large.iloc[1]), (small.iloc[0], small.iloc[1]))
    )
    what = f"{task}, {metric}: rise of {large.iloc[1]['model']} > rise of {name}"
    yield _above(larger, smaller, what)
    if kind != "multiple-choice":
        bound = NEAR_ZERO * _RANGE.get(metric, 1.0)
        best = small.iloc[1]
        numbers = f"{task}, {metric}, {name} stays below {bound:g} at most support: {_show(best)}"
        verdict = CANNOT_TELL
        if best["ci_high"] < bound:
            verdict = HOLDS
        elif best["ci_low"] > bound:
            verdict = FAILS
        yield Check(verdict, numbers)


def _influence(scores: Scores) -> Iterable[Check]:
    yield _missing("needs gradient influence per document (Fig 5), which this run has no table of")


def _prompts(scores: Scores) -> Iterable[Check]:
    yield _missing("needs scores under optimised prompts (Table 1), which this run has no table of")


def _infgram_below(scores: Scores) -> Iterable[Check]:
    def check(scores: Scores, task: str) -> Iterable[Check]:
        n = _n_of(_mem(scores, task), 3)
        yield from _above_infgram(scores, task, n)
        infgram = _at(_mem(scores, task, INFGRAM), n)
        if len(infgram):
            yield _trend(infgram, f"{task}: Mem_inf", falls=True)

    kinds = [kind for kind in ("question-answering", "multiple-choice") if scores.tasks(kind)]
    if not kinds:
        yield _missing("no question-answering and no multiple-choice task")
    for kind in kinds:
        yield from _each(scores, kind, check)


def _frequency(scores: Scores) -> Iterable[Check]:
    return _each(scores, "question-answering", _keyed_follows_recall)


def _keyed_follows_recall(scores: Scores, task: str) -> Iterable[Check]:
    """Mem where recall is least owes to C(s_y); keyed Mem is larger where recall is most."""
    per_pair = _mem(scores, task)
    n = _n_of(per_pair, 3)
    per_pair = _at(per_pair, n)
    partial = _at(_mem(scores, task, PARTIAL), n)
    keyed = _at(_mem(scores, task, KEYED), n)
    recall = scores.performance[
        (scores.performance["task"] == task) & (scores.performance["group"] == "")
    ]
    recall = recall[recall["metric"] == recall["metric"].iloc[0]] if len(recall) else recall
    recall = recall[recall["model"].isin(per_pair["model"])].sort_values("value")
    if recall["value"].nunique() < 2:
        yield _missing(f"{task}: no two models whose recall differs")
        return
    least, most = recall.iloc[0], recall.iloc[-1]
    yield _above(most, least, f"{task}, {most['metric']}: {most['model']} > {least['model']}")

    def of(rows: pd.DataFrame, model: str) -> pd.Series:
        return rows[rows["model"] == model].iloc[0]

    yield _above(
        of(keyed, most["model"]),
        of(keyed, least["model"]),
        f"{task}: keyed Mem_{n}, {most['model']} > {least['model']}",
    )
    yield _above(
        of(per_pair, least["model"]),
        of(partial, least["model"]),
        f"{task}, {least['model']}: Mem_{n} > Mem_{n} given C(s_y)",
    )
    alone = scores.controls[
        (scores.controls["task"] == task) & (scores.controls["measure"] == FREQUENCY.name)
    ]
    alone = alone[(alone["n"] == n) & (alone["model"] == least["model"])]
    if alone.empty:
        yield _missing(f"{task}: no correlation with C(s_y) alone")
    else:
        what = f"{task}, {least['model']}: C(s_y) alone > Mem_{n}"
        yield _above(alone.iloc[0], of(per_pair, least["model"]), what)


_CLAIMS: dict[str, tuple[str, Callable[[Scores], Iterable[Check]]]] = {
    "C1": (
        "Question answering: Mem_3 > Mem_5, Mem_3 > Mem_inf, significant, grows with size",
        _question_answering,
    ),
    "C2": (
        "Multiple choice, knowledge: Mem_3 highest, falls with size; reasoning lower",
        _multiple_choice,
    ),
    "C3": ("Translation: Mem not significant, novelty grows with size", _translation),
    "C4": (
        "Reasoning: Mem not significant, Kendall distance grows with size, "
        "task-gram distance < infini-gram distance",
        _reasoning,
    ),
    "C5": (
        "Performance rises with support for large models, flat near zero for small ones",
        _performance_with_support,
    ),
    "C6": (
        "Influence of documents with the pair > of those with s_y only; "
        "question answering > multiple choice > translation",
        _influence,
    ),
    "C7": (
        "Memorization prompts help question answering, generalization prompts help reasoning",
        _prompts,
    ),
    "C8": ("Mem_inf <= Mem_n, Mem_inf falls with size", _infgram_below),
    "K1": (
        "Question answering: keyed Mem grows with recall, while Mem per pair, where least is "
        "recalled, is explained by C(s_y)",
        _frequency,
    ),
}

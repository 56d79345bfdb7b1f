"""The study's claims against a run: holds, fails or cannot tell, each with its numbers.

A claim is a set of checks. It holds where all of them hold, fails where one of them fails, and
cannot be told otherwise:

- one number above another: holds where the difference over the same resamples
  (:mod:`tracemem.scoring.pairing`) lies above 0, fails where it lies below. The p-values of all such
  checks of a claim are corrected together (Holm), so that one of many is not enough by chance;
- grows or falls with size: the same for the largest and the smallest model;
- significant: ``p_holm``, which is corrected over the task's models and n, below 0.05;
- not significant: fails where ``p_holm`` is below 0.05; holds only where the interval also holds 0
  and lies within -0.1 to 0.1, since a wide interval is no evidence that nothing is there, and one
  that leaves 0 out is evidence that something is.

None of it is asked of a task that no model has learnt: where the lower end of the best model's
interval is not as far above chance as ``capability`` says, a claim cannot be told of the task.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from tracemem.scoring import statistics
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
from tracemem.scoring.pairing import difference
from tracemem.scoring.tables import CLAIMS, CONTROLS, MEMORIZATION, NOVELTY, PERFORMANCE, SUPPORT

JUDGED = (MEMORIZATION, CONTROLS, PERFORMANCE, SUPPORT, NOVELTY)
"""Tables that claims are judged from."""
Verdict = Literal["holds", "fails", "cannot tell"]
HOLDS: Verdict = "holds"
FAILS: Verdict = "fails"
CANNOT_TELL: Verdict = "cannot tell"
LEVEL = 0.05
NEGLIGIBLE = 0.1
_RANGE = {"bleu": 100.0}


@dataclass(frozen=True)
class Check:
    """One part of a claim and the numbers behind it.

    Attributes:
        verdict: what it comes to; where there is a p, only if that is small enough.
        numbers: the numbers in words.
        p: two-sided p-value before its correction over the claim's checks, if it has one.
    """

    verdict: Verdict
    numbers: str
    p: float | None = None


@dataclass(frozen=True)
class Scores:
    """The tables of scores a claim is judged from, as ``tables`` declares them.

    ``kinds`` is the kind of each task; ``groups`` says which multiple-choice tasks ask for
    knowledge, which for reasoning and which ('') for neither; knowledge if it does not say.
    ``chance`` is what guessing scores on a task, 0 if it does not say.
    """

    memorization: pd.DataFrame
    controls: pd.DataFrame
    performance: pd.DataFrame
    support: pd.DataFrame
    novelty: pd.DataFrame
    kinds: Mapping[str, str]
    groups: Mapping[str, str]
    chance: Mapping[str, float]
    capability: float

    def near_zero(self, task: str, metric: str) -> float:
        """The score that a task is learnt above."""
        return self.chance.get(task, 0.0) + self.capability * _RANGE.get(metric, 1.0)

    def recall(self, task: str) -> pd.DataFrame:
        """The task's first metric over all its examples, a row a model, the worst first."""
        rows = self.performance
        rows = rows[(rows["task"] == task) & (rows["group"] == "")]
        rows = rows[rows["metric"] == rows["metric"].iloc[0]] if len(rows) else rows
        return rows.sort_values("value", kind="stable")

    def tasks(self, kind: str, group: str = "") -> list[str]:
        """Tasks of a kind, those of one group only if one is named, in order of their names."""
        return sorted(
            task
            for task, found in self.kinds.items()
            if found == kind and (not group or self.groups.get(task, "knowledge") == group)
        )


def judge(
    tables: Mapping[str, pd.DataFrame],
    kinds: Mapping[str, str],
    groups: Mapping[str, str],
    chance: Mapping[str, float],
    capability: float,
) -> pd.DataFrame:
    """Verdicts on C1 to C8 and on K1, this project's own finding, as ``tables.CLAIMS``.

    Args:
        tables: ``JUDGED`` by name, with replicates where scores are paired.
        kinds: kind of each task: question-answering, multiple-choice, translation or reasoning.
        groups: of multiple-choice tasks, knowledge (what one asks for that is not named),
            reasoning, or '' for neither.
        chance: what guessing scores on each task; 0 of one that is not named.
        capability: how far above chance the best model must be, as a share of the metric's range.
    """
    scores = Scores(**tables, kinds=kinds, groups=groups, chance=chance, capability=capability)
    rows = []
    for claim, (statement, checks) in _CLAIMS.items():
        verdict, numbers = _verdict(list(checks(scores)))
        rows.append((claim, statement, verdict, numbers))
    return pd.DataFrame(rows, columns=list(CLAIMS.columns))


def _verdict(checks: Sequence[Check]) -> tuple[Verdict, str]:
    compared = [place for place, check in enumerate(checks) if check.p is not None]
    corrected = statistics.holm([checks[place].p for place in compared])
    settled = list(checks)
    for place, p in zip(compared, corrected, strict=True):
        check = settled[place]
        numbers = f"{check.numbers}, p = {p:.2g}"
        settled[place] = Check(check.verdict if p < LEVEL else CANNOT_TELL, numbers)
    verdicts = {check.verdict for check in settled}
    verdict = HOLDS
    if FAILS in verdicts:
        verdict = FAILS
    elif CANNOT_TELL in verdicts or not settled:
        verdict = CANNOT_TELL
    return verdict, "; ".join(f"{check.numbers}: {check.verdict}" for check in settled)


def _unlearnt(scores: Scores, task: str) -> Check | None:
    """Why nothing can be told of a task that no model has learnt; None of one that is learnt."""
    rows = scores.recall(task)
    rows = rows[rows["ci_low"].notna()]
    if rows.empty:
        return _missing(f"{task}: no performance to tell by whether it is learnt")
    best = rows.loc[rows["ci_low"].idxmax()]
    bound = scores.near_zero(task, best["metric"])
    if best["ci_low"] >= bound:
        return None
    return _missing(
        f"{task}: not learnt, {best['metric']} of the best model, {best['model']}, is {_show(best)},"
        f" not above {bound:.3g} with its whole interval"
    )


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
    return _show(row) if pd.isna(row["p_holm"]) else f"{_show(row)}, p = {row['p_holm']:.2g}"


def _above(one: pd.Series, other: pd.Series, what: str) -> Check:
    """``one`` is larger than ``other``."""
    gap = difference(one, other)
    numbers = f"{what}: {_show(one)} against {_show(other)}"
    if pd.isna(gap["p"]):
        return Check(CANNOT_TELL, numbers)
    numbers += f", difference {_show(gap)}"
    return Check(HOLDS if gap["value"] > 0 else FAILS, numbers, gap["p"])


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
    if pd.isna(row["p_holm"]):
        return Check(CANNOT_TELL, numbers)
    if row["p_holm"] < LEVEL:
        return Check(HOLDS if row["value"] > 0 else FAILS, numbers)
    # An interval that rules out more than a negligible correlation is evidence against.
    return Check(FAILS if row["ci_high"] < NEGLIGIBLE else CANNOT_TELL, numbers)


def _not_significant(rows: pd.DataFrame, what: str) -> Iterable[Check]:
    for _, row in rows.sort_values("parameters").iterrows():
        numbers = f"{what}, {row['model']}, not significant: {_show_p(row)}"
        if pd.isna(row["p_holm"]) or pd.isna(row["ci_low"]):
            yield Check(CANNOT_TELL, numbers)
        elif row["p_holm"] < LEVEL:
            yield Check(FAILS, numbers)
        elif not row["ci_low"] <= 0 <= row["ci_high"]:
            yield Check(CANNOT_TELL, f"{numbers}, whose interval leaves 0 out")
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
        elif unlearnt := _unlearnt(scores, task):
            yield unlearnt
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
        ran = ", ".join(map(str, sorted(rows["n"].unique())))
        yield _missing(f"{task}: no n above {low} to compare with, of n = {ran}")
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
    unlearnt = {task: check for task in reasoning if (check := _unlearnt(scores, task))}
    yield from unlearnt.values()
    learnt = [task for task in reasoning if task not in unlearnt]
    for task in scores.tasks("multiple-choice", "knowledge") if learnt else []:
        rows = _mem(scores, task)
        for other in learnt if len(rows) and not _unlearnt(scores, task) else []:
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
    yield replace(check, numbers=numbers, verdict=check.verdict if agree else CANNOT_TELL)


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
        if unlearnt := _unlearnt(scores, task):
            yield unlearnt
            continue
        rows = scores.support[scores.support["task"] == task]
        rows = rows[rows["metric"] == rows["metric"].iloc[0]]
        bound = scores.near_zero(task, rows["metric"].iloc[0])
        yield from _rise(_at(rows, _n_of(rows, 3)), task, scores.kinds[task], bound)


def _rise(rows: pd.DataFrame, task: str, kind: str, bound: float) -> Iterable[Check]:
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
    larger, smaller = (difference(both.iloc[1], both.iloc[0]) for both in (large, small))
    what = f"{task}, {metric}: rise of {large.iloc[1]['model']} > rise of {name}"
    yield _above(larger, smaller, what)
    if kind != "multiple-choice":
        near_zero = pd.Series({"value": bound, "ci_low": bound, "ci_high": bound})
        what = f"{task}, {metric}: near zero > {name} at most support"
        yield _above(near_zero, small.iloc[1], what)


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
    recall = scores.recall(task)
    recall = recall[recall["model"].isin(per_pair["model"])]
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

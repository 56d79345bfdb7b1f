"""Hold every candidate for a measure to the effect over worlds: choice, confirmation, other shapes.

    python workflow/bench/worlds/judge_worlds.py

Reads ``results/validity`` and the kept cells of ``results/worlds``; writes ``agreement.csv`` there,
the levels of ``tables.AGREEMENT`` by role, and ``worlds.csv``, what each role rests on.
"""

import pandas as pd

from bench.worlds.run_worlds import KEPT, ROLES, ROOT, worlds
from tracemem.commands.check import merged
from tracemem.counterfactual.judging import CANDIDATE, cells, judge
from tracemem.counterfactual.tables import CANDIDATES, EFFECTS
from tracemem.jobs import files
from tracemem.settings import study as settings
from tracemem.study.study import Study

MAIN = "seed1"  # config/validity.yaml's own world, one of those of development
BARS = {"apart": 0.95, "cells": 0.9, "examples": 0.9, "nothing": 0.93}


def main_study() -> pd.DataFrame:
    """Cells of the study of validity itself."""
    study = Study(settings.load(merged([str(ROOT / "config" / "validity.yaml")])))
    folder = ROOT / study.settings.results
    effects = files.read(EFFECTS, folder / EFFECTS.path)
    effects = effects[effects["seed"] == study.settings.seed]
    candidates = files.read(CANDIDATES, folder / CANDIDATES.path)
    return cells(candidates, effects, study.nothing_memorized).assign(world=MAIN)


def gathered() -> dict[str, pd.DataFrame]:
    """Cells by role, of the worlds that are done."""
    found: dict[str, list[pd.DataFrame]] = {role: [] for role in ROLES}
    found["development"].append(main_study())
    for role, name, _ in worlds():
        if (path := KEPT / f"{name}.parquet").exists():
            found[role].append(pd.read_parquet(path))
    return {role: pd.concat(several) for role, several in found.items() if several}


def chosen(development: pd.DataFrame) -> pd.Series:
    """The candidate of the most bars, among these the one whose examples agree most.

    Args:
        development: rows of ``tables.AGREEMENT`` of the worlds of development, of one n.
    """
    levels = development[development["level"] != "item"]
    levels = levels.pivot(index=CANDIDATE, columns="level", values="value")
    reached = sum((levels[level] >= bar).astype(int) for level, bar in BARS.items())
    order = levels.assign(reached=reached).sort_values(["reached", "examples"], ascending=False)
    return order.reset_index().iloc[0]


if __name__ == "__main__":
    by_role = gathered()
    judged = {role: judge(found) for role, found in by_role.items()}
    written = pd.concat([frame.assign(role=role) for role, frame in judged.items()])
    written = written[written["level"] != "item"].drop(columns=["task", "model", "allowed"])
    written.to_csv(KEPT / "agreement.csv", index=False, float_format="%.4g")
    best = chosen(judged["development"][judged["development"]["n"] == 2])
    print(best.to_string())

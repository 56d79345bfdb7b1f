"""What a study will cost: its jobs (``planning``) at measured rates (``rates``).

A core-second is a second of one core. Time on the clock comes from playing the jobs through, the
longest first, each rule after those it needs. No GPU has been measured: what a job takes there is
reckoned from an assumed share of a named card's peak.
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracemem.settings.rules import BY_NAME
from tracemem.settings.study import Settings
from tracemem.study import planning as jobs
from tracemem.study.planning import Job
from tracemem.study.rates import Rates
from tracemem.study.sizes import Sizes

LAST = "write_report"


@dataclass(frozen=True)
class Stage:
    """Costs of a stage.

    Attributes:
        name: the stage.
        jobs: its jobs.
        core_seconds: of all of them.
        gpu_seconds: of all of them.
        disk_mb: what they leave on disk.
        memory_mb: of the largest of them.
    """

    name: str
    jobs: int
    core_seconds: float
    gpu_seconds: float
    disk_mb: float
    memory_mb: float


@dataclass(frozen=True)
class Costs:
    """What a study will cost.

    Attributes:
        stages: by stage.
        total: of all stages.
        wall_seconds: on the clock, with ``cores`` and one GPU.
        cores: cores of the machine it is reckoned for.
        remarks: what the numbers rest on, and what is not in them.
    """

    stages: list[Stage]
    total: Stage
    wall_seconds: float
    cores: int
    remarks: list[str]


def reckon(study: Settings, sizes: Sizes, rates: Rates, cores: int) -> Costs:
    """What a study will cost on a machine with so many cores and, where it asks for one, a GPU."""
    planned = jobs.plan(study, sizes, rates)
    by_stage = [_stage(name, several, rates) for name, several in planned.items()]
    return Costs(
        stages=by_stage,
        total=total(by_stage),
        wall_seconds=wall_seconds(planned, rates, cores),
        cores=cores,
        remarks=_remarks(study, sizes, rates, planned),
    )


def _remarks(
    study: Settings, sizes: Sizes, rates: Rates, planned: Mapping[str, Sequence[Job]]
) -> list[str]:
    remarks = [
        f"Rates were measured on {' and '.join(rates.machines)}; another machine is faster or slower."
    ]
    if sizes.corpus.text_bytes is None:
        remarks.append(
            "The size of the corpus is not known before it is here: reading, counting, indexing and "
            "storing it is in none of these numbers. --corpus-gb tells how much text it is."
        )
    if study.corpus.fetch:
        remarks.append("The time of downloads is that of the network, and not in these numbers.")
    if any(job.gpus for several in planned.values() for job in several):
        peak, training, writing = (
            rates.of("assumed", *key)
            for key in (
                ("TFLOP/s of a GPU", "bfloat16"),
                ("share of peak", "train_model"),
                ("share of peak", "generate"),
            )
        )
        remarks.append(
            f"GPU-hours are not measured: they assume {100 * training:.0f} % (training) and "
            f"{100 * writing:.0f} % (generation) of the {peak:.0f} TFLOP/s that NVIDIA states for "
            "an A100 in bfloat16."
        )
    kinds = {study.embedders[task.embedder].kind for task in study.tasks.values()} - {"lsa"}
    if kinds:
        remarks.append(
            f"How many pairs {' and '.join(sorted(kinds))} keeps is not measured: all pairs are "
            "taken to be kept by sentence-transformers, and as many by the others as by lsa."
        )
    guessed = [
        f"{task} ({split})" for (task, split), found in sizes.splits.items() if found.guessed
    ]
    if guessed:
        remarks.append(f"Sizes are guessed where nobody can know them here: {', '.join(guessed)}.")
    return remarks


def seconds(job: Job, rates: Rates) -> float:
    """Core-seconds of a job; of one that runs on GPUs, its seconds on the clock."""
    if not job.gpus:
        return rates.seconds(job.rule, job.work)
    loading = {by: job.work[by] for by in ("GB of weights",) if by in job.work}
    peak = rates.of("assumed", "TFLOP/s of a GPU", job.precision.replace("auto", "bfloat16"))
    share = rates.of("assumed", "share of peak", job.rule)
    return rates.seconds(job.rule, loading) + job.work["TFLOP"] / (peak * share * job.gpus)


def _stage(name: str, own: Sequence[Job], rates: Rates) -> Stage:
    taken = [seconds(job, rates) for job in own]
    return Stage(
        name=name,
        jobs=len(own),
        # A job on a GPU keeps a core busy.
        core_seconds=sum(taken),
        gpu_seconds=sum(time * job.gpus for job, time in zip(own, taken, strict=True)),
        disk_mb=sum(job.disk_mb + rates.disk(job.rule, job.work) for job in own),
        memory_mb=max(job.memory_mb + rates.memory(job.rule, job.work) for job in own),
    )


def total(stages: Sequence[Stage]) -> Stage:
    """All stages as one."""
    return Stage(
        name="total",
        jobs=sum(stage.jobs for stage in stages),
        core_seconds=sum(stage.core_seconds for stage in stages),
        gpu_seconds=sum(stage.gpu_seconds for stage in stages),
        disk_mb=sum(stage.disk_mb for stage in stages),
        memory_mb=max(stage.memory_mb for stage in stages),
    )


def wall_seconds(
    planned: Mapping[str, Sequence[Job]], rates: Rates, cores: int, gpus: int = 1
) -> float:
    """Seconds on the clock with so many cores and GPUs.

    The longest job that can start goes first, and a rule starts when those it needs are done. A job
    that wants more cores or GPUs than there are takes what there is.
    """
    waiting: dict[str, list[tuple[float, int, int]]] = {}
    # The pieces of a size are trained one after another.
    before: defaultdict[str, float] = defaultdict(float)
    for job in (job for several in planned.values() for job in several):
        wide = min(job.cores, cores)
        taken = seconds(job, rates) / (1 if job.gpus else wide)
        if job.rule == "train_piece":
            before[job.name.rpartition(".")[0]] += taken
            continue
        if job.rule == "train_model":
            taken += before[job.name]
        waiting.setdefault(job.rule, []).append((taken, wide, min(job.gpus, gpus)))
    for several in waiting.values():
        several.sort()
    left = {rule: len(several) for rule, several in waiting.items()}
    needs = {rule: left.keys() & set(BY_NAME[rule].after) for rule in left}
    needs[LAST] = left.keys() - {LAST}
    running: list[tuple[float, str, int, int]] = []
    clock, free_cores, free_gpus = 0.0, cores, gpus
    while waiting or running:
        ready = [rule for rule in waiting if not needs[rule]]
        for rule in sorted(ready, key=lambda rule: waiting[rule][-1], reverse=True):
            several = waiting[rule]
            while several and several[-1][1] <= free_cores and several[-1][2] <= free_gpus:
                taken, wide, cards = several.pop()
                free_cores -= wide
                free_gpus -= cards
                heapq.heappush(running, (clock + taken, rule, wide, cards))
            if not several:
                del waiting[rule]
        clock, rule, wide, cards = heapq.heappop(running)
        free_cores += wide
        free_gpus += cards
        left[rule] -= 1
        if not left[rule]:
            for others in needs.values():
                others.discard(rule)
    return clock

# Every task's examples in one form.


def task_n():
    """Task and n of every task-gram table, side by side."""
    pairs = [(task, n) for task, settings in study.tasks.items() for n in settings.n]
    return {"task": [task for task, _ in pairs], "n": [n for _, n in pairs]}


def novelty_tasks():
    """Tasks whose generations are searched for pairs that no document holds."""
    return [name for name, task in study.tasks.items() if task.kind == "translation"]


def examples_of(task, split="test"):
    """The table of a task's examples."""
    return f"{study.results}/tasks/{task}.{split}.parquet"


def mining_split(task):
    """The split a task's pairs are mined from."""
    return study.tasks[task].pairs_from


rule load_task:
    input:
        lambda wildcards: study.tasks[wildcards.task].files(wildcards.split),
    output:
        "<results>/tasks/{task}.{split}.parquet",
    log:
        "<logs>/load_task/{task}.{split}.log",
    benchmark:
        "<benchmarks>/load_task/{task}.{split}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        task=lambda wildcards: study.tasks[wildcards.task].model_dump(mode="json"),
        code=code("load_task"),
    script:
        "../scripts/load_task.py"

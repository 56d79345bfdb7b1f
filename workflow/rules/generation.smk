# What each model writes, and the probability it gives to what it should have written.

import shutil

if study.generation.python and not shutil.which(study.generation.python):
    raise WorkflowError(
        f"generation.python: found {study.generation.python!r}; allowed: a Python that can be run "
        f"(docs/engines.md says how to make the environment of vllm)"
    )


def model_folder(name):
    """The folder of a model trained here, else nothing: a hub has no file to wait for."""
    trained = study.ladder and name in study.ladder.sizes
    return f"<results>/ladder/{name}" if trained else []


def running(name):
    """What decides the answers of a model: its keys, and the study's engine where it has none."""
    model = models[name].run()
    return {
        **model,
        "name": name,
        "revision": model["revision"] or None,
        "engine": model["engine"] or study.generation.engine,
    }


def generate_threads(name):
    """Cores of a job: vllm binds every core where it has no GPU, so its jobs go one at a time."""
    alone = running(name)["engine"] == "vllm" and not models[name].gpus
    return workflow.cores if alone and workflow.cores else 1


rule generate:
    input:
        examples="<results>/tasks/{task}.test.parquet",
        model=lambda wildcards: model_folder(wildcards.model),
    output:
        "<results>/generations/{task}/{model}.parquet",
    log:
        "<logs>/generate/{task}/{model}.log",
    benchmark:
        "<benchmarks>/generate/{task}/{model}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: lambda wildcards: generate_threads(wildcards.model)
    resources:
        mem_mb=lambda wildcards: models[wildcards.model].mem_mb,
        runtime=lambda wildcards: models[wildcards.model].runtime,
        gpu=lambda wildcards: models[wildcards.model].gpus,
    params:
        task=lambda wildcards: study.tasks[wildcards.task].model_dump(mode="json"),
        model=lambda wildcards: running(wildcards.model),
        chunk=study.generation.chunk,
        python=study.generation.python,
        code=code("generate"),
    script:
        "../scripts/generate.py"

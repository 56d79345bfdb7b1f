# What each model writes, and the probability it gives to what it should have written.


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
    threads: lambda wildcards: models[wildcards.model].threads
    resources:
        mem_mb=lambda wildcards: models[wildcards.model].mem_mb,
        runtime=lambda wildcards: models[wildcards.model].runtime,
        gpu=lambda wildcards: models[wildcards.model].gpus,
    params:
        task=lambda wildcards: study.tasks[wildcards.task].model_dump(
            mode="json", include={"kind", "max_new_tokens", "stop"}
        ),
        model=lambda wildcards: running(wildcards.model),
        chunk=study.generation.chunk,
        python=study.generation.python,
        code=code("generate"),
    script:
        "../scripts/generate.py"

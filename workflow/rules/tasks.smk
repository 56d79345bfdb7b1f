# Every task's examples in one form.


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
    threads: needs("load_task", "threads", 1)
    resources:
        mem_mb=needs("load_task", "mem_mb", 2000),
        runtime=needs("load_task", "runtime", 30),
    params:
        task=lambda wildcards: reading(wildcards.task),
        code=code("load_task"),
    script:
        "../scripts/load_task.py"

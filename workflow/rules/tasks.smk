# Every task's examples in one form, and what models are asked of them.

this = study.job("load_task")


rule load_task:
    input:
        lambda wildcards: study.tasks[wildcards.task].files(wildcards.split),
    output:
        "<results>/tasks/{task}.{split}.parquet",
    log:
        this.log,
    benchmark:
        this.benchmark
    conda:
        ENVIRONMENT
    threads: this.threads
    resources:
        **this.resources,
    params:
        task=lambda wildcards: study.examples(wildcards.task),
        code=this.code,
    script:
        "../scripts/load_task.py"


this = study.job("write_prompts")


rule write_prompts:
    input:
        "<results>/tasks/{task}.test.parquet",
    output:
        "<results>/prompts/{task}.parquet",
    log:
        this.log,
    benchmark:
        this.benchmark
    conda:
        ENVIRONMENT
    threads: this.threads
    resources:
        **this.resources,
    params:
        prompt=lambda wildcards: study.tasks[wildcards.task].prompt,
        languages=lambda wildcards: study.tasks[wildcards.task].languages_by_direction(),
        code=this.code,
    script:
        "../scripts/write_prompts.py"


if study.contrasted:

    this = study.job("find_neighbours")

    rule find_neighbours:
        input:
            "<results>/tasks/{task}.test.parquet",
        output:
            "<results>/tasks/neighbours/{task}.parquet",
        log:
            this.log,
        benchmark:
            this.benchmark
        conda:
            ENVIRONMENT
        threads: this.threads
        resources:
            **this.resources,
        params:
            neighbours=study.settings.contrast.neighbours,
            code=this.code,
        script:
            "../scripts/find_neighbours.py"

# What each model writes, and the probability it gives to what it should have written.

this = study.job("generate")


rule generate:
    input:
        examples=expand("<results>/tasks/{task}.test.parquet", task=study.tasks),
        prompts=expand(rules.write_prompts.output, task=study.tasks),
        neighbours=lambda wildcards: study.neighbours(wildcards.model),
        model=lambda wildcards: study.folder(wildcards.model),
    output:
        "<results>/chunks/{model}.parquet",
    log:
        this.log,
    benchmark:
        this.benchmark
    conda:
        ENVIRONMENT
    threads: lambda wildcards: study.models[wildcards.model].threads
    resources:
        mem_mb=lambda wildcards: study.models[wildcards.model].mem_mb,
        # A model's limit is that of one task.
        runtime=lambda wildcards: study.models[wildcards.model].runtime
        * len(study.tasks),
        gpu=lambda wildcards: study.models[wildcards.model].gpus,
    params:
        tasks={task: study.writing(task) for task in study.tasks},
        model=lambda wildcards: study.running(wildcards.model),
        chunk=study.settings.generation.chunk,
        python=study.settings.generation.python,
        code=this.code,
    script:
        "../scripts/generate.py"


if study.models:

    # A model's chunks come anew whenever any task's do: what decides this task's is waited for
    # instead, so that the other tasks are left as they are.
    this = study.job("assemble_generations")

    rule assemble_generations:
        input:
            note=study.note("assemble_generations"),
            chunks=ancient(expand(rules.generate.output, model=study.models)),
            examples="<results>/tasks/{task}.test.parquet",
            prompts=rules.write_prompts.output[0],
            models=[folder for model in study.models for folder in study.folder(model)],
        output:
            expand("<results>/generations/{{task}}/{model}.parquet", model=study.models),
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
            **study.given("assemble_generations"),
            code=this.code,
        script:
            "../scripts/assemble_generations.py"

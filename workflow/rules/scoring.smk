# From counts and probabilities to memorization, performance, novelty, verdicts, comparisons.


rule score_memorization:
    input:
        matched=lambda wildcards: expand(
            "<results>/items/{task}.n{n}.parquet",
            task=wildcards.task,
            n=study.tasks[wildcards.task].n,
        ),
        generations="<results>/generations/{task}/{model}.parquet",
        infgram="<results>/infgram/{task}.parquet" if study.infgram else [],
        examples="<results>/tasks/{task}.test.parquet",
        counts=rules.merge_ngrams.output[0],
        truth=rules.generate_world.output.examples if study.world else [],
    output:
        memorization="<results>/scores/memorization/{task}/{model}.parquet",
        controls="<results>/scores/controls/{task}/{model}.parquet",
        variants="<results>/scores/variants/{task}/{model}.parquet",
    log:
        "<logs>/score_memorization/{task}/{model}.log",
    benchmark:
        "<benchmarks>/score_memorization/{task}/{model}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("score_memorization", "threads", 1)
    resources:
        mem_mb=needs("score_memorization", "mem_mb", 4000),
        runtime=needs("score_memorization", "runtime", 120),
    params:
        n=lambda wildcards: study.tasks[wildcards.task].n,
        parameters=lambda wildcards: models[wildcards.model].parameters,
        resampling=resampling(),
        code=code("score_memorization"),
    script:
        "../scripts/score_memorization.py"


rule merge_memorization:
    input:
        memorization=expand(
            rules.score_memorization.output.memorization,
            task=study.tasks,
            model=models,
        ),
        controls=expand(
            rules.score_memorization.output.controls, task=study.tasks, model=models
        ),
        variants=expand(
            rules.score_memorization.output.variants, task=study.tasks, model=models
        ),
    output:
        memorization="<results>/scores/memorization.csv",
        controls="<results>/scores/controls.csv",
        variants="<results>/scores/variants.csv",
    log:
        "<logs>/merge_memorization.log",
    benchmark:
        "<benchmarks>/merge_memorization.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        permuted=permuted_tasks(),
        code=code("merge_memorization"),
    script:
        "../scripts/merge_memorization.py"


rule score_thresholds:
    input:
        matched=lambda wildcards: expand(
            "<results>/items/{task}.n{n}.parquet",
            task=wildcards.task,
            n=study.tasks[wildcards.task].n,
        ),
        mined=lambda wildcards: expand(
            "<results>/pairs/mined/{task}.n{n}.parquet",
            task=wildcards.task,
            n=study.tasks[wildcards.task].n,
        ),
        generations="<results>/generations/{task}/{model}.parquet",
    output:
        "<results>/scores/thresholds/{task}/{model}.parquet",
    log:
        "<logs>/score_thresholds/{task}/{model}.log",
    benchmark:
        "<benchmarks>/score_thresholds/{task}/{model}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        n=lambda wildcards: study.tasks[wildcards.task].n,
        gammas=lambda wildcards: [
            study.tasks[wildcards.task].thresholds(n)
            for n in study.tasks[wildcards.task].n
        ],
        parameters=lambda wildcards: models[wildcards.model].parameters,
        resampling=resampling(),
        code=code("score_thresholds"),
    script:
        "../scripts/score_thresholds.py"


rule merge_thresholds:
    input:
        expand(rules.score_thresholds.output, task=swept_tasks(), model=models),
    output:
        "<results>/scores/thresholds.csv",
    log:
        "<logs>/merge_thresholds.log",
    benchmark:
        "<benchmarks>/merge_thresholds.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("merge_thresholds"),
    script:
        "../scripts/merge_thresholds.py"


rule score_performance:
    input:
        examples="<results>/tasks/{task}.test.parquet",
        generations=expand(
            "<results>/generations/{{task}}/{model}.parquet", model=models
        ),
        matched=lambda wildcards: expand(
            "<results>/items/{task}.n{n}.parquet",
            task=wildcards.task,
            n=study.tasks[wildcards.task].n,
        ),
    output:
        performance="<results>/scores/performance/{task}.parquet",
        support="<results>/scores/support/{task}.parquet",
    log:
        "<logs>/score_performance/{task}.log",
    benchmark:
        "<benchmarks>/score_performance/{task}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("score_performance", "threads", 1)
    resources:
        mem_mb=needs("score_performance", "mem_mb", 4000),
        runtime=needs("score_performance", "runtime", 60),
    params:
        task=lambda wildcards: study.tasks[wildcards.task].model_dump(mode="json"),
        models=series(),
        bins=study.statistics.support_bins,
        resampling=resampling(),
        code=code("score_performance"),
    script:
        "../scripts/score_performance.py"


rule merge_performance:
    input:
        performance=expand(rules.score_performance.output.performance, task=study.tasks),
        support=expand(rules.score_performance.output.support, task=study.tasks),
    output:
        performance="<results>/scores/performance.csv",
        support="<results>/scores/support.csv",
    log:
        "<logs>/merge_performance.log",
    benchmark:
        "<benchmarks>/merge_performance.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("merge_performance"),
    script:
        "../scripts/merge_performance.py"


rule score_novelty:
    input:
        examples=expand("<results>/tasks/{task}.test.parquet", task=novelty_tasks()),
        generations=expand(
            "<results>/generations/{task}/{model}.parquet",
            task=novelty_tasks(),
            model=models,
        ),
        counts=rules.merge_generated_pairs.output[0] if novelty_tasks() else [],
    output:
        "<results>/scores/novelty.csv",
    log:
        "<logs>/score_novelty.log",
    benchmark:
        "<benchmarks>/score_novelty.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: needs("score_novelty", "threads", 1)
    resources:
        mem_mb=needs("score_novelty", "mem_mb", 8000),
        runtime=needs("score_novelty", "runtime", 60),
    params:
        tasks={
            name: {"n": study.tasks[name].n, **grams(name)} for name in novelty_tasks()
        },
        models=series(),
        resampling=resampling(),
        code=code("score_novelty"),
    script:
        "../scripts/score_novelty.py"


rule judge_claims:
    input:
        memorization=rules.merge_memorization.output.memorization,
        controls=rules.merge_memorization.output.controls,
        performance=rules.merge_performance.output.performance,
        support=rules.merge_performance.output.support,
        novelty=rules.score_novelty.output[0],
    output:
        "<results>/scores/claims.csv",
    log:
        "<logs>/judge_claims.log",
    benchmark:
        "<benchmarks>/judge_claims.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        kinds={
            name: task.kind
            for name, task in study.tasks.items()
            if not task.permuted_of
        },
        groups=mmlu_tasks(),
        code=code("judge_claims"),
    script:
        "../scripts/judge_claims.py"


rule compare_instruct:
    input:
        memorization=rules.merge_memorization.output.memorization,
        performance=rules.merge_performance.output.performance,
    output:
        "<results>/scores/instruct.csv",
    log:
        "<logs>/compare_instruct.log",
    benchmark:
        "<benchmarks>/compare_instruct.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        tuned=tuned_models(),
        code=code("compare_instruct"),
    script:
        "../scripts/compare_instruct.py"


rule compare_published:
    input:
        published=workflow.source_path("../tracemem/scoring/published/values.csv"),
        memorization=rules.merge_memorization.output.memorization,
        performance=rules.merge_performance.output.performance,
        support=rules.merge_performance.output.support,
    output:
        "<results>/scores/published.csv",
    log:
        "<logs>/compare_published.log",
    benchmark:
        "<benchmarks>/compare_published.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        tasks=published_tasks(),
        models={
            name: {"path": model.path, "revision": model.revision}
            for name, model in models.items()
        },
        code=code("compare_published"),
    script:
        "../scripts/compare_published.py"


if study.decontamination:

    rule score_contamination:
        input:
            examples="<results>/tasks/{task}.test.parquet",
            counts=rules.merge_ngrams.output[0],
            generations=expand(
                "<results>/generations/{{task}}/{model}.parquet", model=models
            ),
            matched=lambda wildcards: expand(
                "<results>/items/{task}.n{n}.parquet",
                task=wildcards.task,
                n=study.tasks[wildcards.task].n,
            ),
        output:
            contamination="<results>/scores/contamination/{task}.parquet",
            decontaminated="<results>/scores/decontaminated/{task}.parquet",
        log:
            "<logs>/score_contamination/{task}.log",
        benchmark:
            "<benchmarks>/score_contamination/{task}.tsv"
        conda:
            "../../envs/workflow.yaml"
        threads: 1
        resources:
            mem_mb=4000,
            runtime=120,
        params:
            task=lambda wildcards: study.tasks[wildcards.task].model_dump(mode="json"),
            n=study.decontamination,
            models=series(),
            resampling=resampling(),
            code=code("score_contamination"),
        script:
            "../scripts/score_contamination.py"

    rule merge_contamination:
        input:
            contamination=expand(
                rules.score_contamination.output.contamination, task=study.tasks
            ),
            decontaminated=expand(
                rules.score_contamination.output.decontaminated, task=study.tasks
            ),
        output:
            contamination="<results>/scores/contamination.csv",
            decontaminated="<results>/scores/decontaminated.csv",
        log:
            "<logs>/merge_contamination.log",
        benchmark:
            "<benchmarks>/merge_contamination.tsv"
        conda:
            "../../envs/workflow.yaml"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            code=code("merge_contamination"),
        script:
            "../scripts/merge_contamination.py"

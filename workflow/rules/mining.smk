# Task-gram pairs above the threshold, and the documents that hold both sides.


this = study.job("fit_embedder")


rule fit_embedder:
    input:
        manifest=rules.write_manifest.output[0],
        shards=list(study.shards.values()),
    output:
        "<results>/embedders/{embedder}.npz",
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
        shards=study.shards,
        corpus=study.reading,
        embedder=lambda wildcards: study.settings.embedders[wildcards.embedder].plain(),
        code=this.code,
    script:
        "../scripts/fit_embedder.py"


this = study.job("embed_ngrams")


rule embed_ngrams:
    input:
        examples=lambda wildcards: study.mined_from(wildcards.task),
        counts=rules.merge_ngrams.output[0],
    output:
        "<results>/embedders/vectors/{task}.n{n}.parquet",
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
        grams=lambda wildcards: study.grams(wildcards.task),
        embedder=lambda wildcards: study.embedder(wildcards.task).plain(),
        code=this.code,
    script:
        "../scripts/embed_ngrams.py"


this = study.job("mine_pairs")


rule mine_pairs:
    input:
        examples=lambda wildcards: study.mined_from(wildcards.task),
        counts=rules.merge_ngrams.output[0],
        fitted=lambda wildcards: study.fitted(wildcards.task),
        vectors=lambda wildcards: study.vectors(wildcards.task, wildcards.n),
        alignments=(
            rules.generate_world.output.alignments if study.settings.world else []
        ),
    output:
        mined="<results>/pairs/mined/{task}.n{n}.parquet",
        alignment="<results>/pairs/alignment/{task}.n{n}.parquet",
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
        grams=lambda wildcards: study.grams(wildcards.task),
        thresholds=lambda wildcards: study.thresholds(wildcards.task)[int(wildcards.n)],
        embedder=lambda wildcards: study.tasks[wildcards.task].embedder,
        code=this.code,
    script:
        "../scripts/mine_pairs.py"


this = study.job("list_pairs")


rule list_pairs:
    input:
        expand(rules.mine_pairs.output.mined, zip, **study.task_n),
    output:
        "<results>/pairs/distinct.parquet",
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
        code=this.code,
    script:
        "../scripts/list_pairs.py"


this = study.job("count_pairs")


rule count_pairs:
    input:
        shard=lambda wildcards: study.shards[wildcards.shard],
        pairs=rules.list_pairs.output[0],
        counts=rules.merge_ngrams.output[0],
    output:
        counts="<results>/pairs/shards/{shard}.parquet",
        samples="<results>/pairs/samples/{shard}.parquet",
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
        corpus=study.reading,
        samples=study.settings.samples,
        code=this.code,
    script:
        "../scripts/count_pairs.py"


this = study.job("merge_pairs")


rule merge_pairs:
    input:
        counts=expand(rules.count_pairs.output.counts, shard=study.shards),
        samples=expand(rules.count_pairs.output.samples, shard=study.shards),
    output:
        counts="<results>/pairs/counts.parquet",
        samples="<results>/pairs/samples.parquet",
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
        samples=study.settings.samples,
        code=this.code,
    script:
        "../scripts/merge_pairs.py"


this = study.job("tabulate_pairs")


rule tabulate_pairs:
    input:
        mined=rules.mine_pairs.output.mined,
        counts=rules.merge_ngrams.output[0],
        pair_counts=rules.merge_pairs.output.counts,
        examples="<results>/tasks/{task}.test.parquet",
    output:
        pairs="<results>/pairs/{task}.n{n}.parquet",
        matched="<results>/items/{task}.n{n}.parquet",
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
        grams=lambda wildcards: study.grams(wildcards.task),
        code=this.code,
    script:
        "../scripts/tabulate_pairs.py"


this = study.job("list_premises")


rule list_premises:
    input:
        examples=expand("<results>/tasks/{task}.test.parquet", task=study.tasks),
        counts=rules.merge_ngrams.output[0],
    output:
        "<results>/premises/distinct.parquet",
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
        n=[study.tasks[task].n for task in study.tasks],
        grams=[study.grams(task) for task in study.tasks],
        code=this.code,
    script:
        "../scripts/list_premises.py"


this = study.job("count_premises")


use rule count_pairs as count_premises with:
    input:
        shard=lambda wildcards: study.shards[wildcards.shard],
        pairs=rules.list_premises.output[0],
        counts=[],
    output:
        counts="<results>/premises/shards/{shard}.parquet",
    log:
        this.log,
    benchmark:
        this.benchmark
    threads: this.threads
    resources:
        **this.resources,
    params:
        corpus=study.reading,
        samples=0,
        code=this.code,


this = study.job("merge_premises")


rule merge_premises:
    input:
        expand(rules.count_premises.output, shard=study.shards),
    output:
        "<results>/premises/counts.parquet",
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
        code=this.code,
    script:
        "../scripts/merge_generated_pairs.py"


this = study.job("tabulate_premises")


rule tabulate_premises:
    input:
        examples="<results>/tasks/{task}.test.parquet",
        counts=rules.merge_ngrams.output[0],
        pair_counts=rules.merge_premises.output[0],
    output:
        "<results>/items/premises/{task}.n{n}.parquet",
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
        grams=lambda wildcards: study.grams(wildcards.task),
        code=this.code,
    script:
        "../scripts/tabulate_premises.py"


this = study.job("measure_alignment")


rule measure_alignment:
    input:
        alignment=expand(rules.mine_pairs.output.alignment, zip, **study.task_n),
        mined=expand(rules.mine_pairs.output.mined, zip, **study.task_n),
        pair_counts=rules.merge_pairs.output.counts,
    output:
        "<results>/pairs/alignment.csv",
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
        **study.task_n,
        code=this.code,
    script:
        "../scripts/measure_alignment.py"


this = study.job("measure_coverage")


rule measure_coverage:
    input:
        alignment=rules.measure_alignment.output[0],
        matched=expand(rules.tabulate_pairs.output.matched, zip, **study.task_n),
        examples=expand("<results>/tasks/{task}.test.parquet", zip, **study.task_n),
    output:
        "<results>/pairs/coverage.csv",
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
        **study.task_n,
        code=this.code,
    script:
        "../scripts/measure_coverage.py"

# Models followed over their checkpoints: what they gain when the documents of a pair are read.

if study.profiles:

    this = study.job("list_followed")

    rule list_followed:
        input:
            expand(rules.tabulate_premises.output, zip, **study.task_n),
        output:
            "<results>/profiles/followed.parquet",
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
            evidence=study.profiles.evidence,
            code=this.code,
        script:
            "../scripts/list_followed.py"

    this = study.job("time_documents")

    rule time_documents:
        input:
            manifest=rules.write_manifest.output[0],
            # Its order and its checkpoints are those of every size.
            tokens=(
                [] if study.profiles.records_a_step else rules.pack_corpus.output[0]
            ),
            model=study.folder(study.profiled[0]),
        output:
            intervals="<results>/profiles/intervals.npy",
            checkpoints="<results>/profiles/checkpoints.parquet",
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
            timing=study.timing(),
            code=this.code,
        script:
            "../scripts/time_documents.py"

    this = study.job("count_intervals")

    rule count_intervals:
        input:
            shard=lambda wildcards: study.shards[wildcards.shard],
            followed=rules.list_followed.output[0],
            intervals=rules.time_documents.output.intervals,
            manifest=rules.write_manifest.output[0],
        output:
            "<results>/profiles/intervals/{shard}.parquet",
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
            code=this.code,
        script:
            "../scripts/count_intervals.py"

    this = study.job("answer_at")

    rule answer_at:
        input:
            examples=expand("<results>/tasks/{task}.test.parquet", task=study.tasks),
            prompts=expand(rules.write_prompts.output, task=study.tasks),
            checkpoints=rules.time_documents.output.checkpoints,
            model=lambda wildcards: study.folder(
                study.followed[wildcards.followed]["model"]
            ),
        output:
            "<results>/counterfactual/answers/{followed}.parquet",
        log:
            this.log,
        benchmark:
            this.benchmark
        conda:
            ENVIRONMENT
        threads: lambda wildcards: study.models[study.followed[wildcards.followed]["model"]].threads
        resources:
            mem_mb=lambda wildcards: study.models[
                study.followed[wildcards.followed]["model"]
            ].mem_mb,
            runtime=lambda wildcards: study.models[
                study.followed[wildcards.followed]["model"]
            ].runtime,
            gpu=lambda wildcards: study.models[
                study.followed[wildcards.followed]["model"]
            ].gpus,
        params:
            tasks=list(study.tasks),
            at=lambda wildcards: study.at_checkpoint(wildcards.followed),
            code=this.code,
        script:
            "../scripts/answer_at.py"

    this = study.job("score_profiles")

    rule score_profiles:
        input:
            followed=rules.list_followed.output[0],
            checkpoints=rules.time_documents.output.checkpoints,
            intervals=expand(rules.count_intervals.output, shard=study.shards),
            answers=expand(rules.answer_at.output, followed=study.followed),
        output:
            att="<results>/profiles/att.parquet",
            profiles="<results>/scores/profiles.csv",
            effects="<results>/profiles/effects.parquet",
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
            series=study.profiled_series,
            names=list(study.followed),
            resampling=study.resampling,
            code=this.code,
        script:
            "../scripts/score_profiles.py"

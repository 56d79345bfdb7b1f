# A tokenizer and a ladder of models, trained on the corpus.


if study.settings.ladder:

    this = study.job("train_tokenizer")

    rule train_tokenizer:
        input:
            manifest=rules.write_manifest.output[0],
            shards=list(study.shards.values()),
        output:
            directory("<results>/ladder/tokenizer"),
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
            vocabulary=study.settings.ladder.vocabulary,
            documents=study.settings.ladder.tokenizer_documents,
            code=this.code,
        script:
            "../scripts/train_tokenizer.py"

    this = study.job("pack_shard")

    rule pack_shard:
        input:
            shard=lambda wildcards: study.shards[wildcards.shard],
            tokenizer=rules.train_tokenizer.output[0],
        output:
            temp("<results>/ladder/tokens/{shard}.npy"),
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
            "../scripts/pack_shard.py"

    this = study.job("pack_corpus")

    rule pack_corpus:
        input:
            expand(rules.pack_shard.output, shard=study.shards),
        output:
            "<results>/ladder/tokens.npy",
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
            "../scripts/pack_corpus.py"

    this = study.job("train_model")

    rule train_model:
        input:
            tokens=lambda wildcards: study.stream(wildcards.trained),
            tokenizer=rules.train_tokenizer.output[0],
            before=lambda wildcards: study.piece_before(
                wildcards.trained, study.pieces(wildcards.trained)
            ),
        output:
            directory("<results>/ladder/{trained}"),
        log:
            this.log,
        benchmark:
            this.benchmark
        # The largest model takes longest: start it first.
        priority: lambda wildcards: study.priority(wildcards.trained)
        conda:
            ENVIRONMENT
        threads: study.settings.ladder.threads
        resources:
            mem_mb=study.settings.ladder.mem_mb,
            runtime=study.settings.ladder.runtime,
            gpu=study.settings.ladder.gpus,
        params:
            training=lambda wildcards: study.training(wildcards.trained),
            piece=lambda wildcards: study.pieces(wildcards.trained),
            code=this.code,
        script:
            "../scripts/train_model.py"

    this = study.job("train_piece")

    use rule train_model as train_piece with:
        input:
            tokens=lambda wildcards: study.stream(wildcards.trained),
            tokenizer=rules.train_tokenizer.output[0],
            before=lambda wildcards: study.piece_before(
                wildcards.trained, int(wildcards.piece)
            ),
        output:
            temp(directory("<results>/ladder/pieces/{trained}.{piece}")),
        log:
            this.log,
        benchmark:
            this.benchmark
        wildcard_constraints:
            piece=r"\d+",
        params:
            training=lambda wildcards: study.training(wildcards.trained),
            piece=lambda wildcards: int(wildcards.piece),
            code=this.code,

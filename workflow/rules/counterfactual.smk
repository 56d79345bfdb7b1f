# The ladder again on subsets of the corpus: what a model loses without the documents of an answer.

if study.counterfactual:

    this = study.job("draw_subsets")

    rule draw_subsets:
        output:
            units="<results>/counterfactual/units.parquet",
            tested="<results>/counterfactual/tested.parquet",
            subsets="<results>/counterfactual/subsets.parquet",
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
            world=study.settings.world.plain(),
            leaving=study.settings.counterfactual.plain(LeavingSettings),
            seed=study.settings.seed,
            code=this.code,
        script:
            "../scripts/draw_subsets.py"

    this = study.job("pack_subset")

    rule pack_subset:
        input:
            tokens=rules.pack_corpus.output[0],
            manifest=rules.write_manifest.output[0],
            units=rules.draw_subsets.output.units,
            subsets=rules.draw_subsets.output.subsets,
        output:
            "<results>/counterfactual/tokens/{subset}.npy",
        log:
            this.log,
        benchmark:
            this.benchmark
        wildcard_constraints:
            subset="|".join(study.subsets),
        conda:
            ENVIRONMENT
        threads: this.threads
        resources:
            **this.resources,
        params:
            code=this.code,
        script:
            "../scripts/pack_subset.py"

    this = study.job("pack_stranger")

    rule pack_stranger:
        input:
            tokenizer=rules.train_tokenizer.output[0],
        output:
            f"<results>/counterfactual/tokens/{STRANGER}.npy",
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
            world=study.settings.world.plain(),
            code=this.code,
        script:
            "../scripts/pack_stranger.py"

    this = study.job("answer_without")

    rule answer_without:
        input:
            examples=[
                f"<results>/tasks/{task}.test.parquet" for task in study.world_tasks
            ],
            prompts=expand(rules.write_prompts.output, task=study.world_tasks),
            model=rules.train_model.output[0],
        output:
            "<results>/counterfactual/answers/{trained}.parquet",
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
            tasks=list(study.world_tasks),
            model=lambda wildcards: study.again(wildcards.trained),
            code=this.code,
        script:
            "../scripts/answer_without.py"

    this = study.job("score_counterfactual")

    rule score_counterfactual:
        input:
            units=rules.draw_subsets.output.units,
            tested=rules.draw_subsets.output.tested,
            subsets=rules.draw_subsets.output.subsets,
            answers=expand(rules.answer_without.output, trained=study.trained_again),
        output:
            examples="<results>/counterfactual/counterfactual.parquet",
            effects="<results>/scores/effects.csv",
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
            tasks=study.world_tasks,
            made=study.again_by_subset,
            code=this.code,
        script:
            "../scripts/score_counterfactual.py"


if study.alone:

    this = study.job("score_alone")

    rule score_alone:
        input:
            tested=rules.draw_subsets.output.tested,
            subsets=rules.draw_subsets.output.subsets,
            counterfactual=rules.score_counterfactual.output.examples,
            answers=expand(rules.answer_without.output, trained=study.beside_alone),
        output:
            "<results>/scores/alone.csv",
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
            tasks=study.world_tasks,
            subsets=[study.trained[name].subset for name in study.beside_alone],
            model=study.trained[study.alone[0]].size,
            seed=study.settings.seed,
            code=this.code,
        script:
            "../scripts/score_alone.py"

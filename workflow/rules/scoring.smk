# From counts and probabilities to memorization, performance, novelty, verdicts, comparisons.

if study.models:

    this = study.job("measure_items")

    rule measure_items:
        input:
            note=study.note("measure_items"),
            matched=rules.tabulate_pairs.output.matched,
            mined=rules.mine_pairs.output.mined,
            generations=rules.assemble_generations.output,
            infgram=rules.score_infgram.output[0] if study.settings.infgram else [],
        output:
            expand(
                "<results>/items/measured/{{task}}/{model}.n{{n}}.parquet",
                model=study.models,
            ),
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
            "../scripts/measure_items.py"


if study.contrasted:

    this = study.job("measure_contrasts")

    rule measure_contrasts:
        input:
            note=study.note("measure_contrasts"),
            premises=rules.tabulate_premises.output[0],
            neighbours=rules.find_neighbours.output[0],
            generations=expand(
                "<results>/generations/{{task}}/{model}.parquet",
                model=study.contrasted,
            ),
        output:
            expand(
                "<results>/items/contrasts/{{task}}/{model}.n{{n}}.parquet",
                model=study.contrasted,
            ),
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
            "../scripts/measure_contrasts.py"


this = study.job("score_memorization")


rule score_memorization:
    input:
        note=study.note("score_memorization"),
        measured=lambda wildcards: study.measured(wildcards.task),
        contrasts=lambda wildcards: study.contrasts(wildcards.task),
        generations=lambda wildcards: study.generations(wildcards.task),
        examples="<results>/tasks/{task}.test.parquet",
        counts=rules.merge_ngrams.output[0],
        truth=rules.generate_world.output.examples if study.settings.world else [],
    output:
        memorization="<results>/scores/memorization/{task}.parquet",
        controls="<results>/scores/controls/{task}.parquet",
        variants="<results>/scores/variants/{task}.parquet",
        replicates="<results>/replicates/memorization/{task}.parquet",
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
        **study.given("score_memorization"),
        code=this.code,
    script:
        "../scripts/score_memorization.py"


this = study.job("score_thresholds")


rule score_thresholds:
    input:
        measured=lambda wildcards: study.measured(wildcards.task),
        note=study.note("score_thresholds"),
    output:
        "<results>/scores/thresholds/{task}.parquet",
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
        **study.given("score_thresholds"),
        code=this.code,
    script:
        "../scripts/score_thresholds.py"


this = study.job("score_evidence")


rule score_evidence:
    input:
        measured=lambda wildcards: study.measured(wildcards.task),
        note=study.note("score_evidence"),
    output:
        "<results>/scores/evidence/{task}.parquet",
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
        **study.given("score_evidence"),
        code=this.code,
    script:
        "../scripts/score_evidence.py"


this = study.job("score_performance")


rule score_performance:
    input:
        note=study.note("score_performance"),
        examples="<results>/tasks/{task}.test.parquet",
        generations=lambda wildcards: study.generations(wildcards.task),
        matched=lambda wildcards: study.items(wildcards.task, ITEMS),
    output:
        performance="<results>/scores/performance/{task}.parquet",
        support="<results>/scores/support/{task}.parquet",
        replicates="<results>/replicates/performance/{task}.parquet",
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
        **study.given("score_performance"),
        code=this.code,
    script:
        "../scripts/score_performance.py"


this = study.job("score_novelty")


rule score_novelty:
    input:
        note=study.note("score_novelty"),
        examples="<results>/tasks/{task}.test.parquet",
        generations=lambda wildcards: study.generations(wildcards.task),
        counts=rules.merge_generated_pairs.output[0],
    output:
        novelty="<results>/scores/novelty/{task}.parquet",
        replicates="<results>/replicates/novelty/{task}.parquet",
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
        **study.given("score_novelty"),
        code=this.code,
    script:
        "../scripts/score_novelty.py"


this = study.job("score_contamination")


rule score_contamination:
    input:
        note=study.note("score_contamination"),
        examples="<results>/tasks/{task}.test.parquet",
        counts=rules.merge_ngrams.output[0],
        generations=lambda wildcards: study.generations(wildcards.task),
        measured=lambda wildcards: study.measured(wildcards.task),
    output:
        contamination="<results>/scores/contamination/{task}.parquet",
        decontaminated="<results>/scores/decontaminated/{task}.parquet",
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
        **study.given("score_contamination"),
        code=this.code,
    script:
        "../scripts/score_contamination.py"


this = study.job("merge_scores")


rule merge_scores:
    input:
        lambda wildcards: study.parts(wildcards.table),
    output:
        "<results>/scores/{table}.csv",
    log:
        this.log,
    benchmark:
        this.benchmark
    wildcard_constraints:
        table="|".join(MERGED),
    conda:
        ENVIRONMENT
    threads: this.threads
    resources:
        **this.resources,
    params:
        code=this.code,
    script:
        "../scripts/merge_scores.py"


this = study.job("judge_claims")


rule judge_claims:
    input:
        memorization="<results>/scores/memorization.csv",
        controls="<results>/scores/controls.csv",
        performance="<results>/scores/performance.csv",
        support="<results>/scores/support.csv",
        novelty="<results>/scores/novelty.csv",
        replicates=study.replicates("memorization", "performance", "novelty"),
        examples=expand("<results>/tasks/{task}.test.parquet", task=study.kinds()),
    output:
        "<results>/scores/claims.csv",
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
        kinds=study.kinds(),
        groups=study.mmlu_tasks(),
        capability=study.settings.statistics.capability,
        code=this.code,
    script:
        "../scripts/judge_claims.py"


this = study.job("compare_instruct")


rule compare_instruct:
    input:
        memorization="<results>/scores/memorization.csv",
        performance="<results>/scores/performance.csv",
        replicates=study.replicates("memorization", "performance"),
    output:
        "<results>/scores/instruct.csv",
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
        tuned=study.tuned_models,
        code=this.code,
    script:
        "../scripts/compare_instruct.py"


this = study.job("compare_published")


rule compare_published:
    input:
        published=workflow.source_path("../tracemem/scoring/published/values.csv"),
        memorization="<results>/scores/memorization.csv",
        performance="<results>/scores/performance.csv",
        support="<results>/scores/support.csv",
    output:
        "<results>/scores/published.csv",
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
        tasks=study.published_tasks(),
        models={
            name: {"path": model.path, "revision": model.revision}
            for name, model in study.models.items()
        },
        code=this.code,
    script:
        "../scripts/compare_published.py"


if study.counterfactual:

    this = study.job("score_candidates")

    rule score_candidates:
        input:
            note=study.note("score_candidates"),
            contrasts=lambda wildcards: study.contrasts(wildcards.task),
            measured=lambda wildcards: study.measured(wildcards.task),
            counterfactual=rules.score_counterfactual.output.examples,
            manifest=rules.write_manifest.output[0],
        output:
            "<results>/scores/candidates/{task}.parquet",
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
            **study.given("score_candidates"),
            code=this.code,
        script:
            "../scripts/score_candidates.py"

    this = study.job("judge_candidates")

    rule judge_candidates:
        input:
            candidates="<results>/scores/candidates.csv",
            effects=rules.score_counterfactual.output.effects,
        output:
            "<results>/scores/agreement.csv",
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
            seed=study.settings.seed,
            nothing=study.nothing_memorized,
            code=this.code,
        script:
            "../scripts/judge_candidates.py"

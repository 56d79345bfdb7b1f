"""Tables of scores, in the order they have in the report."""

from tracemem.jobs.declared import (
    F32,
    F32S,
    F64,
    I32,
    I64,
    INTERVAL,
    PAIR,
    REASON,
    SERIES,
    TEXT,
    Table,
)

_CORRELATION = {
    **INTERVAL,
    "p_value": (
        F64,
        "two-sided p-value by formula, items taken as independent; partial: t, items - 3 d.f.",
    ),
    "p_permutation": (
        F64,
        "two-sided p-value by permutation of examples, the statistic divided by its standard error "
        "clustered by example and s_y",
    ),
    "p_holm": (
        F64,
        "p_permutation after Holm's correction over the row's family: those of all models and n "
        "that are alike in all else",
    ),
    "items": (I64, "items the statistic is taken over"),
    "examples": (I64, "examples those items come from"),
    "dropped": (I64, "items left out, all reasons together"),
    "dropped_zero_count": (I64, "left out: C((s_x, s_y), D) = 0"),
    "dropped_zero_denominator": (I64, "left out: C(s_x, D) = 0"),
    "dropped_no_span": (I64, "left out: s_y not found in the target, or cut by the context length"),
    "dropped_no_neighbour": (I64, "left out: no other input of the group has another answer"),
    "dropped_zero_infgram": (I64, "left out: every token of s_y has P_inf = 0"),
}
_SKIPPED = {"skipped_tokens": (I64, "tokens with P_inf = 0 passed over within the items kept")}
MEASURED = Table(
    "items/measured/{task}/{model}.n{n}.parquet",
    "Every item with what the corpus, the infinity-gram LM and one model say of it.",
    {
        "example": (I64, "test example"),
        **PAIR,
        "target_start": (I32, "first character of s_y in the target; -1 where it is not found"),
        "target_end": (I32, "character after s_y in the target; -1 where it is not found"),
        "pair_documents": (I64, "C((s_x, s_y), D): documents that hold both"),
        "input_documents": (I64, "C(s_x, D): documents"),
        "input_occurrences": (I64, "C(s_x, D): occurrences"),
        "output_documents": (I64, "C(s_y, D): documents"),
        "cosine": (F32, "cosine of the embeddings of s_x and s_y"),
        "corpus": (F64, "ln C((s_x, s_y)) / C(s_x), documents, nats; -inf at a count of zero"),
        "infgram": (F64, "ln P_inf(s_y given x), nats; empty where there is none"),
        "skipped_tokens": (I64, "tokens of s_y passed over in it, as they have P_inf = 0"),
        "tokens": (I32, "tokens of the model that overlap s_y; 0 where it has none"),
        "model": (F64, "ln P_LLM(s_y given x), nats; empty where there is none"),
        "dropped": (
            TEXT,
            "why a rank correlation leaves the item out: no_span, zero_denominator, zero_count; "
            "else empty",
        ),
    },
)
CONTRASTS = Table(
    "items/contrasts/{task}/{model}.n{n}.parquet",
    "Every answer with its strongest premise, and what the input adds to what a model expects.",
    {
        "example": (I64, "test example"),
        "output_gram": (TEXT, "s_y: n-gram of the target, or the whole target"),
        "input_gram": (TEXT, "the premise, as in items/premises"),
        "output_documents": (I64, "C(s_y, D): documents"),
        "corpus": (F64, "ln P_{n,D}(s_y given the premise), nats; -inf where it has none"),
        "shrunk": (F64, "as in items/premises, nats; -inf where there is none"),
        "similarity": (F64, "mean similarity of the neighbours; empty where there is none"),
        "tokens": (I32, "tokens of the model that overlap s_y; 0 where it has none"),
        "model": (F64, "ln P_LLM(s_y given x), nats; empty where there is none"),
        "contrast": (
            F64,
            "model, less the log of the mean P_LLM(s_y given x') over the neighbours x', nats",
        ),
        "dropped": (TEXT, "why it has no contrast: no_span, no_neighbour; else empty"),
    },
    needs=("contrasted",),
)
PERFORMANCE = Table(
    "scores/performance.csv",
    "How well each model does each task.",
    {
        **SERIES,
        "group": (TEXT, "'' for the whole task, else the part of it"),
        "metric": (TEXT, "bleu, exact-match, accuracy, ..."),
        **INTERVAL,
        "examples": (I64, "examples scored"),
        "signature": (TEXT, "how the metric was computed, as its library states it"),
    },
    needs=("models",),
    merged=True,
    section="scores",
    title="Performance",
    missing="No performance table: a model and a task with a metric would provide it.",
)
SUPPORT = Table(
    "scores/support.csv",
    "Performance by support: the sum of C((s_x, s_y), D) over an example's pairs.",
    {
        **SERIES,
        "n": (I64, "words of an n-gram"),
        "bin": (I64, "bin number, from 0; bin 0 holds the examples without support"),
        "support_low": (F64, "smallest support in the bin, documents"),
        "support_high": (F64, "largest support in the bin, documents"),
        "group": (TEXT, "the group that the bin is, where bins are groups; else empty"),
        "metric": (TEXT, "as in performance.csv"),
        **INTERVAL,
        "examples": (I64, "examples in the bin"),
    },
    needs=("models",),
    merged=True,
    section="scores",
    title="Performance by support",
    missing="No table of performance by support: a task with mined pairs would provide it.",
)
MEMORIZATION = Table(
    "scores/memorization.csv",
    "Distributional memorization: rank statistics between the corpus' and the model's probability.",
    {
        **SERIES,
        "n": (I64, "words of an n-gram"),
        "measure": (TEXT, "task-gram, infini-gram or contrast"),
        "statistic": (
            TEXT,
            "spearman, kendall-distance or partial-spearman: given log C(s_y), of contrast given "
            "the tokens of s_y and the neighbours' similarity as well",
        ),
        **_CORRELATION,
        **_SKIPPED,
    },
    needs=("models",),
    merged=True,
    family=("task", "measure", "statistic"),
    section="scores",
    title="Memorization",
    missing="No memorization table: a task with n-gram sizes and a model would provide it.",
)
CONTROLS = Table(
    "scores/controls.csv",
    "What the measures must be read against: answer frequency alone, and the truth where known.",
    {
        **SERIES,
        "n": (I64, "words of an n-gram; 0 where the control does not depend on it"),
        "measure": (TEXT, "output-count, truth-probability or truth-documents"),
        "statistic": (TEXT, "spearman or partial-spearman (given log C(s_y))"),
        **_CORRELATION,
    },
    needs=("models",),
    merged=True,
    family=("task", "measure", "statistic"),
    section="scores",
    title="Controls and truth",
    missing="No controls table, so the answer's own frequency cannot be set beside Mem.",
)
VARIANTS = Table(
    "scores/variants.csv",
    "Task-gram memorization under every unit, aggregation and denominator.",
    {
        **SERIES,
        "n": (I64, "words of an n-gram"),
        "unit": (TEXT, "pair (the paper's text), or answer: one item for each (example, s_y)"),
        "aggregation": (TEXT, "none, or how the pairs of an answer are put together"),
        "denominator": (TEXT, "C(s_x, D) in documents or occurrences"),
        "statistic": (TEXT, "spearman or partial-spearman (given log C(s_y))"),
        **_CORRELATION,
    },
    needs=("models",),
    merged=True,
    family=("task", "unit", "aggregation", "denominator", "statistic"),
    section="scores",
    title="Memorization under other units and denominators",
    missing="No table of variants: it comes with the memorization scores.",
)
REPLICATES = Table(
    "replicates/{scores}/{task}.parquet",
    "Scores over resamples of their task, the same for all models, n and measures, to compare by.",
    {
        "task": (TEXT, "task name"),
        "model": (TEXT, "model name"),
        "n": (I64, "words of an n-gram; 0 where the score does not depend on it"),
        "measure": (TEXT, "as in the table of the score; else performance, support or novelty"),
        "statistic": (TEXT, "the same; else the metric, or share"),
        "group": (TEXT, "as in the table of the score; else empty"),
        "bin": (I64, "as in support.csv; else -1"),
        "replicates": (
            F32S,
            "the score, resample by resample; of a correlation it scatters as widely as its "
            "standard error says; empty where there is none",
        ),
    },
    needs=("models",),
)
EVIDENCE = Table(
    "scores/evidence.csv",
    "What the items hold: those that some document supports, and what is typical of both sides.",
    {
        **SERIES,
        "n": (I64, "words of an n-gram"),
        "examples": (I64, "test examples with an item"),
        "items": (I64, "items"),
        "with_document": (I64, "of them, those whose pair some document holds"),
        "share": (F64, "with_document / items"),
        "median_documents": (F64, "median C((s_x, s_y), D) of these, documents"),
        "median_corpus": (F64, "their median ln C((s_x, s_y)) / C(s_x), nats"),
        "median_model": (F64, "median ln P_LLM(s_y given x) of all items, nats"),
        **REASON,
    },
    needs=("models",),
    merged=True,
    section="scores",
    title="What the items hold",
    missing="No item was measured: a task with mined pairs and a model would provide it.",
)
NOVELTY = Table(
    "scores/novelty.csv",
    "Distinct (source n-gram, generated n-gram) pairs that no document holds.",
    {
        **SERIES,
        "n": (I64, "words of an n-gram"),
        "generated_pairs": (I64, "distinct pairs generated"),
        "novel_pairs": (I64, "of them, held by no document"),
        "share": (F64, "novel_pairs / generated_pairs"),
        "ci_low": (
            F64,
            "lower end of the share's 95 % interval, bootstrap over examples; Wilson's at 0 and 1",
        ),
        "ci_high": (F64, "upper end of the same interval"),
        **REASON,
        "correct_pairs": (I64, "of the pairs, those whose generated n-gram the gold target holds"),
        "novel_correct_pairs": (I64, "of these, held by no document"),
        "correct_share": (F64, "novel_correct_pairs / correct_pairs: novelty of correct output"),
        "correct_ci_low": (F64, "lower end of its 95 % interval, bootstrap over examples"),
        "correct_ci_high": (F64, "upper end of the same interval"),
        "correct_reason": (TEXT, "why it has no value, or no interval; empty where both are there"),
        "examples": (I64, "examples with a generation"),
    },
    needs=("models",),
    of="novelty_tasks",
    merged=True,
    section="scores",
    title="Novelty",
    missing=(
        "No task of this study counts novelty. A task whose answers are longer generated text, "
        "such as translation, would provide it."
    ),
)
THRESHOLDS = Table(
    "scores/thresholds.csv",
    "Mem of the task-gram LM, as published, over the pairs above each threshold that is swept.",
    {
        **SERIES,
        "n": (I64, "words of an n-gram"),
        "gamma": (F64, "threshold of the cosine"),
        **INTERVAL,
        "items": (I64, "items the statistic is taken over"),
        "examples": (I64, "examples those items come from"),
        "dropped": (I64, "items above the threshold that were left out"),
    },
    needs=("models",),
    of="swept_tasks",
    merged=True,
    section="scores",
    title="Memorization by threshold",
    missing="No task of this study sweeps its threshold (sweep), so Mem stands at one only.",
)
CONTAMINATION = Table(
    "scores/contamination.csv",
    "Test examples with an n-gram, of the input or of the target, that the corpus holds.",
    {
        "task": (TEXT, "task name"),
        "n": (I64, "words of an n-gram; stop words are words like others here"),
        "examples": (I64, "test examples"),
        "searched": (I64, "of them, long enough to have an n-gram"),
        "contaminated": (I64, "of them, with an n-gram that some document holds"),
    },
    needs=("decontamination",),
    merged=True,
    section="coverage",
    title="Test examples in the corpus, word for word",
    missing="The test examples were not searched for in the corpus.",
)
DECONTAMINATED = Table(
    "scores/decontaminated.csv",
    "Performance and memorization over all, the clean and the contaminated test examples.",
    {
        "task": (TEXT, "task name"),
        "contamination_n": (I64, "words of the n-grams that contaminate, n in contamination.csv"),
        "model": (TEXT, "model name"),
        "parameters": (I64, "parameters of the model"),
        "measure": (TEXT, "performance, of the task's first metric, or task-gram"),
        "statistic": (TEXT, "the metric as in performance.csv, or spearman"),
        "n": (I64, "words of the task-gram LM's n-grams; 0 for performance"),
        "subset": (TEXT, "all, clean (without an n-gram in the corpus) or contaminated (with one)"),
        "examples": (I64, "examples of the subset the statistic is taken over"),
        "items": (I64, "their items; examples for performance"),
        **INTERVAL,
    },
    needs=("decontamination", "models"),
    merged=True,
    section="finding",
    title="Decontamination",
    missing="No score was taken apart by contamination.",
)
CLAIMS = Table(
    "scores/claims.csv",
    "The study's claims against this run.",
    {
        "claim": (TEXT, "C1 to C8 of the paper, K1 of this project"),
        "statement": (TEXT, "what is claimed"),
        "verdict": (TEXT, "holds, fails or cannot tell"),
        "numbers": (TEXT, "the numbers the verdict rests on"),
    },
    needs=("models",),
    section="claims",
    title="Claims",
    missing="The claims were not checked in this study.",
)
INSTRUCT = Table(
    "scores/instruct.csv",
    "Each instruct model beside the base model it is tuned from.",
    {
        "task": (TEXT, "task name"),
        "n": (I64, "words of an n-gram; 0 for performance"),
        "measure": (TEXT, "as in memorization.csv, or performance"),
        "statistic": (TEXT, "as in memorization.csv; of performance its first metric"),
        "base": (TEXT, "base model"),
        "instruct": (TEXT, "model tuned from it"),
        "base_value": (F64, "the statistic of the base model"),
        "base_ci_low": (F64, "lower end of its 95 % interval"),
        "base_ci_high": (F64, "upper end of the same interval"),
        "instruct_value": (F64, "the statistic of the instruct model"),
        "instruct_ci_low": (F64, "lower end of its 95 % interval"),
        "instruct_ci_high": (F64, "upper end of the same interval"),
        "difference": (F64, "instruct_value - base_value"),
        "ci_low": (
            F64,
            "lower end of the difference's 95 % interval, over the same resamples (MOVER)",
        ),
        "ci_high": (F64, "upper end of the same interval"),
        **REASON,
    },
    needs=("models",),
    section="finding",
    title="Instruct models beside their base models",
    missing=(
        "No model of this study is tuned from another of its models (instruct_of), so none stands"
        " beside its base model."
    ),
)
PUBLISHED = Table(
    "scores/published.csv",
    "Published numbers, none measured here, each beside this study's own of the same quantity.",
    {
        "quantity": (TEXT, "metric, or mem-n3, mem-n5, mem, mem-infgram"),
        "task": (TEXT, "task of this study"),
        "part": (TEXT, "what the published number is of: language, subjects, support; '' if all"),
        "source": (TEXT, "figure or table it comes from"),
        "published_model": (TEXT, "its model; '' where it is said of the models as a whole"),
        "relation": (TEXT, "=, > or < the published number, or not significant, which has none"),
        "published": (F64, "the published number"),
        "model": (TEXT, "model of this study"),
        "value": (F64, "this study's number"),
        "ci_low": (F64, "lower end of its 95 % interval"),
        "ci_high": (F64, "upper end of the same interval"),
        "match": (TEXT, "model: both are of the same model; task: of the same task only"),
        "caveat": (TEXT, "how the published number is known"),
        "note": (TEXT, "what else differs between the two"),
    },
    needs=("models",),
    section="published",
    title="Published against ours",
    missing=(
        "Nothing of this study has a published number to stand beside: that takes TriviaQA, WMT "
        "into English, MMLU or GSM8K, and a metric or n of the paper."
    ),
)

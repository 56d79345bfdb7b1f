"""The report's fixed words: a title and a caption for each figure, a sentence for what is absent."""

CAPTIONS = {
    "coverage": (
        "Test examples by what the corpus holds of them",
        "An example is supported where some document holds both n-grams of one of its pairs, "
        "whatever their order and distance; its support is the number of such documents, summed "
        "over its pairs. No model takes part in this.",
    ),
    "performance_support": (
        "Performance against support",
        "Support is the number of documents that hold an example's pairs, summed; examples without "
        "support stand apart at the left. Of each task the first metric at the smallest n; of a "
        "task of reasoning that is the share of right final answers. "
        "Bars: 95 % intervals, bootstrap over examples.",
    ),
    "memorization": (
        "Memorization against size, beside what it must be read against",
        "Rank correlation with the model's log-probability. First column: the task-gram LM (solid) "
        "and the ∞-gram LM (dashed), as published. Second: how often the corpus holds the answer, "
        "whatever the input. Third: the first column given the second. Fourth: the same for the "
        "most specific input n-gram only, with the truth dotted where the study knows it. A filled "
        "marker: p < .05 by permutation of examples; a grey star: p ≥ .05, which is no evidence of "
        "absence. Bars: 95 % intervals, bootstrap over examples.",
    ),
    "kendall": (
        "Kendall distance against size",
        "(1 − τ)/2 between the corpus' ranking and the model's: 0 the same order, 0.5 unrelated, "
        "1 reversed. Task-gram LM solid, ∞-gram LM dashed; markers and bars as above.",
    ),
    "novelty": (
        "Novelty against size",
        "Distinct pairs of a source n-gram and a generated n-gram that no document of the corpus "
        "holds: their share of all generated pairs with 95 % intervals, and their number.",
    ),
    "generated_cosines": (
        "How near what models write is to its source",
        "Density of the cosine between a source n-gram and an n-gram generated for it, over the "
        "distinct pairs of the smallest model (dashed) and the largest (solid), embedded as the "
        "task's pairs were mined. Pairs of which the embedder knows no word on one side have no "
        "cosine and are left out.",
    ),
    "emergence": (
        "Performance against size at several support levels",
        "Each line holds the examples of one support bin; the bins' ranges are in the table of "
        "performance by support. Of each task the first metric at the smallest n. "
        "Bars: 95 % intervals.",
    ),
    "thresholds": (
        "Pairs that each threshold keeps",
        "Distinct pairs of n-grams of one example that the corpus holds, those with a cosine above "
        "γ, and of them those that some document holds together. Where the true alignments are "
        "known: precision and recall of the kept pairs.",
    ),
    "memorization_by_threshold": (
        "Memorization against size at each threshold",
        "Mem as published, over the pairs whose cosine is above γ; the lowest γ of a task is the "
        "one its other scores are taken at. Bars: 95 % intervals, bootstrap over examples.",
    ),
    "instruct": (
        "Instruct models against their base models",
        "Difference of each rank correlation, instruct less base model. Filled: the 95 % interval "
        "of the difference, put together from those of the two models, leaves out zero. Open: it "
        "includes zero, so a difference is not settled.",
    ),
}
MISSING = {
    "memorization": "No memorization table: a task with n-gram sizes and a model would provide it.",
    "controls": "No controls table, so the answer's own frequency cannot be set beside Mem.",
    "performance": "No performance table: a model and a task with a metric would provide it.",
    "support": "No table of performance by support: a task with mined pairs would provide it.",
    "variants": "No table of variants: it comes with the memorization scores.",
    "novelty": "No task of this study counts novelty. A task whose answers are longer generated "
    "text, such as translation, would provide it.",
    "alignment": "No alignment table: a task with mined pairs would provide it.",
    "coverage": "The support of the test examples was not measured.",
    "thresholds": "No task of this study sweeps its threshold (sweep), so Mem stands at one only.",
    "claims": "The claims were not checked in this study.",
    "instruct": "No model of this study is tuned from another of its models (instruct_of), so none "
    "stands beside its base model.",
    "published": "Nothing of this study has a published number to stand beside: that takes "
    "TriviaQA, WMT into English, MMLU or GSM8K, and a metric or n of the paper.",
    "contamination": "The test examples were not searched for in the corpus.",
    "decontaminated": "No score was taken apart by contamination.",
    "manifest": "No corpus manifest was given.",
}

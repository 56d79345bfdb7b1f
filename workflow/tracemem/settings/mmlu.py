"""The subjects of MMLU, and what the paper says each list of them asks for."""

# MMLU's 57 subjects as the paper's appendix divides them; formal_logic stands in neither list.
MMLU_REASONING = (
    "abstract_algebra", "college_biology", "college_chemistry", "college_computer_science",
    "college_mathematics", "college_medicine", "college_physics", "conceptual_physics",
    "econometrics", "electrical_engineering", "elementary_mathematics", "high_school_biology",
    "high_school_chemistry", "high_school_computer_science", "high_school_mathematics",
    "high_school_physics", "high_school_statistics", "machine_learning", "moral_scenarios",
    "professional_accounting", "professional_law", "professional_medicine",
)  # fmt: skip
MMLU_KNOWLEDGE = (
    "anatomy", "astronomy", "business_ethics", "clinical_knowledge", "computer_security",
    "global_facts", "high_school_european_history", "high_school_geography",
    "high_school_government_and_politics", "high_school_macroeconomics",
    "high_school_microeconomics", "high_school_psychology", "high_school_us_history",
    "high_school_world_history", "human_aging", "human_sexuality", "international_law",
    "jurisprudence", "logical_fallacies", "management", "marketing", "medical_genetics",
    "miscellaneous", "moral_disputes", "nutrition", "philosophy", "prehistory",
    "professional_psychology", "public_relations", "security_studies", "sociology",
    "us_foreign_policy", "virology", "world_religions",
)  # fmt: skip
MMLU_GROUPS = {
    "knowledge": MMLU_KNOWLEDGE,
    "reasoning": MMLU_REASONING,
    "formal_logic": ("formal_logic",),
}
MMLU_SUBJECTS = tuple(sorted({subject for group in MMLU_GROUPS.values() for subject in group}))


def subjects(groups: list[str]) -> list[str]:
    """The subjects that some groups or subjects stand for, in alphabetical order; none: all."""
    chosen = groups or list(MMLU_GROUPS)
    return sorted({subject for group in chosen for subject in MMLU_GROUPS.get(group, (group,))})


def asks_for(groups: list[str]) -> str:
    """What they ask for: knowledge or reasoning, '' if the subjects are of no one list.

    Subjects of formal_logic alone, which stands in neither list, ask for neither.
    """
    for group in ("knowledge", "reasoning"):
        if set(subjects(groups)) <= set(MMLU_GROUPS[group]):
            return group
    return ""

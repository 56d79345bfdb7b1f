"""What each task of a study is in the published one, so that numbers can stand side by side."""

from tracemem.settings.examples import ExamplesSettings
from tracemem.settings.mmlu import MMLU_KNOWLEDGE, MMLU_REASONING, MMLU_SUBJECTS, subjects


def published_as(task: ExamplesSettings) -> list[tuple[str, str, str]]:
    """What a task is in the published study: its task, the part of it, and our group.

    The part is the input's language of a translation into English, the list that an MMLU task's
    subjects are the whole of, and '' for a whole task; the group is '' for all of ours.
    """
    if task.format in ("triviaqa", "gsm8k"):
        return [(task.format, "", "")]
    if task.format == "parallel-text":
        into_english = {
            direction: source
            for direction, (source, target) in task.languages_by_direction().items()
            if target == "en"
        }
        whole = [("wmt", "", "")] if into_english else []
        return whole + [
            ("wmt", source, direction if task.directions else "")
            for direction, source in into_english.items()
        ]
    if task.format == "mmlu":
        lists = {"": MMLU_SUBJECTS, "knowledge": MMLU_KNOWLEDGE, "reasoning": MMLU_REASONING}
        for part, whole_list in lists.items():
            if set(subjects(task.groups)) == set(whole_list):
                return [("mmlu", part, "")]
    return []

import csv
import json

import pytest

from tracemem.models import encoding

PAIRS = [
    ("Answer: ", "Paris is old"),
    ("Answer:", " Paris"),
    ("Answer:\n\n", "Paris"),
    ("French translation: ", "une forêt près d'ici"),
    ("Question: où? ", "日本語 😀 ok"),
    ("x:  ", "two  spaces "),
    ("", "Paris"),
    ("Answer: ", ""),
    ("caf", "é noir"),
]


@pytest.fixture(scope="module")
def tokenizer(tiny_model):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_model)


@pytest.fixture(scope="module")
def pythia(real_data):
    from transformers import PreTrainedTokenizerFast

    end = "<|endoftext|>"
    file = str(real_data / "pythia" / "20B_tokenizer.json")
    return PreTrainedTokenizerFast(tokenizer_file=file, bos_token=end, eos_token=end)


def check(tokenizer, prompt, target):
    """The tokens are those of the joint text, and their characters make up the target."""
    one = encoding.encode(tokenizer, prompt, target)
    joint = tokenizer(prompt + target, add_special_tokens=False)["input_ids"]
    whole = one.prompt_ids + one.target_ids
    if not prompt.strip(" "):
        assert one.prompt_ids == [tokenizer.bos_token_id]
        whole = one.target_ids
    if target:
        assert whole == joint
    assert len(one.target_ids) == len(one.starts) == len(one.ends)
    covered = set()
    reached = 0
    for start, end in zip(one.starts, one.ends, strict=True):
        assert 0 <= start <= reached <= end <= len(target)
        covered.update(range(start, end))
        reached = end
    assert covered == set(range(len(target)))
    return one


@pytest.mark.parametrize(("prompt", "target"), PAIRS)
def test_target_tokens_cover_exactly_the_target(tokenizer, prompt, target):
    check(tokenizer, prompt, target)


@pytest.mark.parametrize(("prompt", "target"), PAIRS)
def test_target_tokens_cover_exactly_the_target_in_pythias_tokens(pythia, prompt, target):
    check(pythia, prompt, target)


def test_space_before_the_answer_belongs_to_its_first_token(tokenizer):
    one = encoding.encode(tokenizer, "Answer: ", "Paris is")
    assert tokenizer.decode(one.target_ids) == " Paris is"
    assert one.starts[0] == 0
    assert tokenizer.decode(one.prompt_ids) == "Answer:"


def test_offsets_are_characters_where_a_token_is_part_of_one(tokenizer):
    target = "é😀 Paris"
    one = encoding.encode(tokenizer, "Answer: ", target)
    spans = list(zip(one.starts, one.ends, strict=True))
    # Four bytes of the emoji, none of them merged: all four tokens are character 1.
    assert spans.count((1, 2)) == 4
    assert target[one.starts[-1] : one.ends[-1]].endswith("s")


def test_token_that_reaches_into_the_prompt_is_the_targets(pythia):
    one = encoding.encode(pythia, "a caf", "é noir")
    assert pythia.decode(one.target_ids) == " café noir"
    assert (one.starts[0], one.ends[0]) == (0, 1)


@pytest.mark.parametrize("prompt", ["Answer: ", "Answer:", "Answer:\n", "Answer:\n\n", "a  "])
def test_generation_starts_from_what_scoring_conditions_on(pythia, tokenizer, prompt):
    for one in (pythia, tokenizer):
        for target in ("Paris", "42", "é"):
            expected = encoding.encode(one, prompt, target).prompt_ids
            assert encoding.encode_prompt(one, prompt) == expected


def test_generation_starts_where_scoring_does_on_real_prompts(pythia, real_data):
    lines = (real_data / "triviaqa" / "triviaqa_3000.jsonl").read_text("utf-8").splitlines()[:300]
    pairs = [(r["context"] + " ", r["answer"]) for r in map(json.loads, lines)]
    english = (real_data / "wmt09" / "newstest2009.en").read_text("utf-8").splitlines()[:300]
    for language in ("hu", "cs"):
        found = (real_data / "wmt09" / f"newstest2009.{language}").read_text("utf-8").splitlines()
        pairs += [
            (f"English text: {x}\nTranslation: ", y)
            for x, y in zip(english, found[:300], strict=True)
        ]
    for prompt, target in pairs:
        one = check(pythia, prompt, target)
        assert one.prompt_ids == encoding.encode_prompt(pythia, prompt)


def test_options_share_their_prompt(pythia, real_data):
    file = next((real_data / "mmlu" / "test").glob("*.csv"))
    with open(file, encoding="utf-8") as lines:
        for question, *options, _ in list(csv.reader(lines))[:50]:
            found = encoding.encode_options(pythia, f"Question: {question} ", options)
            assert len({tuple(one.prompt_ids) for one in found}) == 1
            for option, one in zip(options, found, strict=True):
                assert pythia.decode(one.target_ids) == f" {option}"


def test_options_that_merge_with_the_prompt_keep_one_condition(pythia):
    prompt, options = "a caf", ["é", " x", "é noir"]
    found = encoding.encode_options(pythia, prompt, options)
    assert len({tuple(one.prompt_ids) for one in found}) == 1
    for option, one in zip(options, found, strict=True):
        joint = pythia(prompt + option, add_special_tokens=False)["input_ids"]
        assert one.prompt_ids + one.target_ids == joint
        assert one.ends[-1] == len(option)
    merged = encoding.encode_options(pythia, "th", ["e", " x"])
    assert all(one.prompt_ids == [pythia.bos_token_id] for one in merged)


def test_prompt_gives_way_from_the_left_then_the_target_from_the_right(tokenizer):
    one = encoding.encode(tokenizer, "Question: Who wrote the book?\nAnswer: ", "the author")
    size = len(one.target_ids)
    shorter = encoding.fit(tokenizer, one, size + 3)
    assert shorter.prompt_ids == one.prompt_ids[-3:]
    assert shorter.target_ids == one.target_ids
    cut = encoding.fit(tokenizer, one, size)
    assert cut.prompt_ids == one.prompt_ids[-1:]
    assert cut.target_ids == one.target_ids[:-1]
    assert len(cut.starts) == len(cut.ends) == size - 1
    assert encoding.fit(tokenizer, one, 10_000) == one


def test_beginning_of_text_token_survives_a_cut(tokenizer):
    ids = [tokenizer.bos_token_id, 5, 6, 7, 8]
    assert encoding.fit_prompt(tokenizer, ids, 3) == [tokenizer.bos_token_id, 7, 8]


def test_beginning_of_text_token_is_put_where_the_tokenizer_puts_one(tiny_model):
    from tokenizers.processors import TemplateProcessing
    from transformers import AutoTokenizer

    opening = AutoTokenizer.from_pretrained(tiny_model)
    plain = encoding.encode(opening, "Answer: ", "Paris")
    opening.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", opening.bos_token_id)]
    )
    one = encoding.encode(opening, "Answer: ", "Paris")
    assert one.prompt_ids == [opening.bos_token_id, *plain.prompt_ids]
    assert one.target_ids == plain.target_ids
    again = encoding.encode(opening, "<|endoftext|>Answer: ", "Paris")
    assert again.prompt_ids == one.prompt_ids


def test_chat_template_wraps_the_prompt(tiny_model):
    from transformers import AutoTokenizer

    talker = AutoTokenizer.from_pretrained(tiny_model)
    with pytest.raises(ValueError, match="has none"):
        encoding.chat(talker, "Who?")
    talker.chat_template = (
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}"
        "{% if add_generation_prompt %}<assistant>{% endif %}"
    )
    assert encoding.chat(talker, "Who? ") == "<user>Who?\n<assistant>"


def test_tokenizer_without_offsets_is_refused(tokenizer):
    class Slow:
        is_fast = False
        name_or_path = "slow"

    with pytest.raises(ValueError, match="no character offsets"):
        encoding.encode(Slow(), "a", "b")

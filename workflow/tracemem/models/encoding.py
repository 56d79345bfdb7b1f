"""Prompt and target in a model's tokens, with each token's characters in the target.

Prompt and target are tokenised jointly, as the model would read them, and divided at the end of
the prompt without its trailing spaces: a token that reaches past that point belongs to the target.
So after the prompt "Answer: " the target "Paris" begins with the token " Paris", and both scoring
and generation condition on "Answer:", in the same tokens. This is done once, outside the engines,
so every engine scores the same tokens and a span of characters means the same tokens everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

# A word put after a prompt that ends in white space, so that the white space is divided into
# tokens as it would be before an answer: GPT-2's rule keeps "\n\n" whole only before more of it.
_WORD = "a"


@dataclass(frozen=True)
class Encoding:
    """A prompt and the target that follows it, as token ids.

    ``starts`` and ``ends`` hold, for each target token, its first character in the target and the
    one after its last. The white space before a word belongs to the word's token; tokens that are
    parts of one character all span that character; what a token covers of the prompt is clipped
    to character 0.
    """

    prompt_ids: list[int]
    target_ids: list[int]
    starts: list[int]
    ends: list[int]


def _tokens(tokenizer, text: str) -> tuple[list[int], list[tuple[int, int]]]:
    """Token ids of a text without special tokens, and the characters each of them covers."""
    if not tokenizer.is_fast:
        raise ValueError(
            f"the tokenizer {type(tokenizer).__name__} of {tokenizer.name_or_path!r} gives no "
            "character offsets; a fast tokenizer (tokenizer.json) is needed"
        )
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    spans, reached = [], 0
    for start, end in found["offset_mapping"]:
        # Byte-level tokenizers leave spaces out of the offsets: give them to the token they open.
        spans.append((min(start, reached), max(end, reached)))
        reached = spans[-1][1]
    return found["input_ids"], spans


def _opening(tokenizer, ids: list[int]) -> list[int]:
    """What stands before ``ids``: the tokenizer's own opening, and something even where none is."""
    bos = tokenizer.bos_token_id
    if ids and (ids[0] == bos or tokenizer(_WORD)["input_ids"][0] != bos):
        return []
    first = bos if bos is not None else tokenizer.eos_token_id
    if first is None:
        raise ValueError(
            f"the prompt is empty and the tokenizer of {tokenizer.name_or_path!r} has neither a "
            "beginning-of-text nor an end-of-text token to stand in for it"
        )
    return [first]


def encode(tokenizer, prompt: str, target: str) -> Encoding:
    """Tokens of ``prompt`` and of the ``target`` that follows it, as the module describes.

    An empty prompt becomes the token that opens a text. ``target`` may be empty.

    Raises:
        ValueError: the tokenizer gives no offsets, or has no token to open a text with.
    """
    boundary = len(prompt.rstrip(" "))
    ids, spans = _tokens(tokenizer, prompt + target if target else prompt.rstrip(" "))
    first = next((k for k, (_, end) in enumerate(spans) if end > boundary), len(ids))
    return Encoding(
        _opening(tokenizer, ids[:first]) + ids[:first],
        ids[first:],
        [max(0, start - len(prompt)) for start, _ in spans[first:]],
        [max(0, end - len(prompt)) for _, end in spans[first:]],
    )


def encode_prompt(tokenizer, prompt: str) -> list[int]:
    """Tokens to generate from: those that scoring conditions on, whatever word follows."""
    return encode(tokenizer, prompt, _WORD if prompt[-1:].isspace() else "").prompt_ids


def encode_options(tokenizer, prompt: str, options: Sequence[str]) -> list[Encoding]:
    """Each option after the same prompt, all with the same ``prompt_ids``.

    Where an option merges with the last characters of the prompt, the prompt ends before them for
    every option, so that the options' probabilities have one condition.
    """
    found = [encode(tokenizer, prompt, option) for option in options]
    shared = found[0].prompt_ids
    for other in found[1:]:
        agree = (a == b for a, b in zip(shared, other.prompt_ids, strict=False))
        length = next((k for k, same in enumerate(agree) if not same), None)
        shared = shared[: min(len(shared), len(other.prompt_ids)) if length is None else length]
    if not shared:
        shared = _opening(tokenizer, [])
    moved = []
    for one in found:
        ids = one.prompt_ids
        tail = ids[len(shared) :] if ids[: len(shared)] == shared else ids
        zeros = [0] * len(tail)
        moved.append(Encoding(shared, tail + one.target_ids, zeros + one.starts, zeros + one.ends))
    return moved


def chat(tokenizer, prompt: str) -> str:
    """The prompt as a user's turn in the model's own chat template, ready for the answer.

    Raises:
        ValueError: the tokenizer has no chat template.
    """
    if not tokenizer.chat_template:
        raise ValueError(
            f"chat_template is set, but the tokenizer of {tokenizer.name_or_path!r} has none"
        )
    turn = [{"role": "user", "content": prompt.rstrip(" ")}]
    return tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)


def fit_prompt(tokenizer, ids: list[int], limit: int) -> list[int]:
    """The last ``limit`` tokens of a prompt; its beginning-of-text token stays where it has one."""
    if len(ids) <= limit:
        return ids
    if limit > 1 and ids[0] == tokenizer.bos_token_id:
        return ids[:1] + ids[len(ids) - limit + 1 :]
    return ids[len(ids) - limit :]


def fit(tokenizer, encoding: Encoding, limit: int) -> Encoding:
    """The encoding in at most ``limit`` tokens (2 or more).

    The prompt gives way first, from its left, down to one token; then the target is cut on its
    right, so that a span beyond the cut is covered by no token and can be told from one that is.
    """
    kept = min(len(encoding.target_ids), limit - 1)
    return replace(
        encoding,
        prompt_ids=fit_prompt(tokenizer, encoding.prompt_ids, limit - kept),
        target_ids=encoding.target_ids[:kept],
        starts=encoding.starts[:kept],
        ends=encoding.ends[:kept],
    )

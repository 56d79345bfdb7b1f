"""A tiny language model for tests: GPT-NeoX with random weights and its own byte-level BPE."""

import json
from pathlib import Path

LINES = [
    "Question: Who wrote the book?\nAnswer: the author of the novel",
    "Question: Which city is the capital of France?\nAnswer: Paris is the capital",
    "English text: the house is small\nFrench translation: la maison est petite",
    "The mountain and the river are older than the town, and the people know it.",
] * 4
END = "<|endoftext|>"


def build_model(
    folder: Path, seed: int = 0, context: int = 256, hidden: int = 64, tokens: int = 0
) -> Path:
    """Write a random GPT-NeoX (2 layers, heads of 32) and its tokenizer to ``folder``.

    Args:
        folder: where to.
        seed: of the weights.
        context: tokens of context.
        hidden: width, a multiple of 32.
        tokens: size of the vocabulary, filled up with tokens that no text has; 0: some 400.
    """
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(
        LINES,
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=[END],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    if tokens:
        state = json.loads(bpe.to_str())
        vocabulary = state["model"]["vocab"]
        vocabulary.update((f"word{number}", number) for number in range(len(vocabulary), tokens))
        bpe = Tokenizer.from_str(json.dumps(state))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token=END, eos_token=END)
    torch.manual_seed(seed)
    config = GPTNeoXConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        num_hidden_layers=2,
        num_attention_heads=hidden // 32,
        intermediate_size=2 * hidden,
        max_position_embeddings=context,
        initializer_range=0.2,
        bos_token_id=0,
        eos_token_id=0,
    )
    GPTNeoXForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder

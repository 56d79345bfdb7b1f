"""The infinity-gram LM: suffix arrays over the corpus' tokens."""

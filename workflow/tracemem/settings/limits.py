"""Limits that settings share with the loops behind them."""

LONGEST_NGRAM = 127
"""Words of the longest n-gram: its length is kept in one signed byte."""
LARGEST_VOCABULARY = 65_535
"""Tokens of an infini-gram index: their ids are 16 bits wide, the last one apart."""

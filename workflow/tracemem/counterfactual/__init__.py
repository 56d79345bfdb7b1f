"""Counterfactual memorization: the ladder trained again without some documents, and what it lost."""

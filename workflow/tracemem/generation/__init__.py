"""What models write, the probability they give to what they should have written, and what is new in it."""

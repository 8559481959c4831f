"""Item models over the stores, and the pure rules (order, words, counts) that they are made of. No painting here."""

"""Which correlator this is: known to those who only read what it kept, without what it is made of."""

CORRELATOR = 3
"""Goes up when the same recording would get another ledger: a kept one of another number is computed again."""

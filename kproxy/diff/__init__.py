"""Comparing two recordings: equal up to renaming, equal up to named noise, or different, and where."""

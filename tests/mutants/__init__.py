"""Nothing missed: servers that behave in another way, and what a comparison says of them (`make mutants`)."""

"""The use cases: steps composed into what people ask for."""

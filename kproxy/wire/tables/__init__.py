"""Interface tables, extracted by tools/tables/extract.py: data only."""

"""The benchmark: `python -m tests.bench`. What is measured against what: docs/performance.md, made from its figures."""

"""The programs of `python -m benchmarks.bench`. Each has a `run(plan)` that returns what it has found."""

"""The processes of the benchmark of live pages (tests/benchmarks/live.py)."""

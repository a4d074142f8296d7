"""What is compared: programs that drain or send, each started as a process of its own.

They are told by their environment what to do: BENCH_ENDPOINT_URL, BENCH_COUNT, and what is theirs.
"""

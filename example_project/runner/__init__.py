"""What `demo.py` and `run.py` have in common."""

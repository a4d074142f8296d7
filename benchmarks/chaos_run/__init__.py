"""The parts of chaos.py: what happens when, making it happen, and the account of it."""

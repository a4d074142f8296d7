"""The engine that receives, runs and settles messages.

`supervisor.py` forks one process per queue; in each, `receiver.py` wires `poller.py`, `handlers.py`, `settler.py` and
`keeper.py` around `holdings.py`, which is where the state of every held message lives.
"""

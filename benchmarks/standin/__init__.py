"""A stand-in for Amazon SQS: fast, in memory, over HTTP, with faults on demand.

It speaks the JSON protocol that botocore speaks, so that every client of SQS can be pointed at it,
and it is strict where the service is documented to be strict. Tests and benchmarks start it through
:class:`benchmarks.standin.process.StandIn`; by hand it is ``python -m benchmarks.standin``.

How it was decided what "as SQS does" means, in this order: the API reference, answers recorded from
the service, and where both are silent the choice that is harder for a receiver.
"""

"""What `runreceiver` is to receive, checked before anything starts."""

from __future__ import annotations

from collections.abc import Sequence

from django_sqs.exceptions import InvalidOption, NothingToReceive
from django_sqs.receiving.keeping import check_table
from django_sqs.receiving.receiver import Job
from django_sqs.registry import queues


def make_jobs(
    names: Sequence[str],
    suffix: str | None,
    *,
    until_empty: bool,
    limited: bool,
    grace: float,
    one_process: bool = False,
) -> list[Job]:
    """One job for each process. Without names, all queues that have a receiver.

    Raises `UnknownQueue` and `NoReceiver` for names that cannot be received, `NothingToReceive` where none is left, and
    `FailedTableMissing`.
    """
    chosen = [queues[name] for name in dict.fromkeys(names)] or [queue for queue in queues.values() if queue.fn]
    if not chosen:
        raise NothingToReceive()
    jobs = []
    for queue in chosen:
        queue.receiver_function()
        queue.full_name(suffix)
        options = queue.options
        if not 2 <= options.visibility <= 43_200:
            raise InvalidOption(
                queue=queue.name,
                option="visibility_timeout",
                value=options.visibility,
                expected="2 to 43,200 seconds for a queue that is received: there must be time to extend it",
            )
        jobs += [
            Job(queue=queue.name, suffix=suffix, until_empty=until_empty, limited=limited, grace=grace)
            for _ in range(1 if one_process else options.processes)
        ]
    check_table()
    return jobs

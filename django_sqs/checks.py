"""System checks: what is wrong with settings and registered queues, found without asking AWS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks

from django_sqs.aws.errors import check_endpoint
from django_sqs.conf import KNOWN, conf
from django_sqs.exceptions import DjangoSQSError, InvalidEndpoint, InvalidQueueName, InvalidSetting, MissingSetting
from django_sqs.near_names import misspelt, reworded
from django_sqs.queue_names import full_name
from django_sqs.registered_queue import RegisteredQueue
from django_sqs.registry import queues
from django_sqs.sending.transports import get_transport
from django_sqs.setup_queues import dead_letter_problem

Messages = Iterator[checks.CheckMessage]

#: A receiver needs time to extend a visibility timeout before it ends; the upper limit is SQS's.
_VISIBILITY_SECS = (2, 43_200)


def check_all(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """All checks of django-sqs."""
    return [*_settings(), *_near_settings(), *_overrides(), *_names(), *_receivers(), *_dead_letters()]


def register_checks() -> None:
    """Let `manage.py check` run them."""
    checks.register(check_all, "django_sqs")


# --- settings --------------------------------------------------------------------------------------------------------


def _settings() -> Messages:
    for name in KNOWN:
        try:
            getattr(conf, name)
        except InvalidSetting as error:
            yield checks.Error(str(error), hint=f"Correct or remove {name} in the settings.", id="django_sqs.E005")
    yield from _endpoint()
    yield from _transport()
    yield from _credentials()
    if conf.debug and _value("SQS_QUEUE_PREFIX") == "":
        yield checks.Error(
            "SQS_QUEUE_PREFIX is not set, which is required while DEBUG is on.",
            hint='Add SQS_QUEUE_PREFIX = "your-name" to the settings, so that this machine never receives the messages'
            " of another.",
            id="django_sqs.E001",
        )


def _value(name: str) -> Any:
    """The value, or None where it is not right, which is told of already."""
    try:
        return getattr(conf, name)
    except InvalidSetting:
        return None


def _endpoint() -> Messages:
    try:
        check_endpoint(_value("SQS_ENDPOINT_URL"))
    except InvalidEndpoint as error:
        yield checks.Error(str(error), hint="Correct or remove SQS_ENDPOINT_URL in the settings.", id="django_sqs.E005")


def _transport() -> Messages:
    if _value("SQS_TRANSPORT") is None:
        return
    try:
        get_transport()
    except InvalidSetting as error:
        yield checks.Error(str(error), hint="Correct or remove SQS_TRANSPORT in the settings.", id="django_sqs.E005")


def _credentials() -> Messages:
    key, secret, token = (
        bool(_value(name)) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    )
    if key == secret and (key or not token):
        return
    given = [
        name
        for name, is_set in (
            ("AWS_ACCESS_KEY_ID", key),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("AWS_SESSION_TOKEN", token),
        )
        if is_set
    ]
    yield checks.Error(
        f"The credentials are half set: the settings have {' and '.join(given)} only.",
        hint="Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or none of them to leave it to boto3 (environment,"
        " profile, role).",
        id="django_sqs.E004",
    )


def _near_settings() -> Messages:
    unset = [name for name in KNOWN if getattr(settings, name, None) in (None, "")]
    for name in dir(settings):
        if not name.isupper() or not name.startswith(("SQS_", "AWS_")):
            continue
        # Somebody who has set the known name means something else by one that only sounds like it.
        meant = misspelt(name, KNOWN) or (reworded(name, KNOWN) if name not in KNOWN else None)
        if meant is None or (meant not in unset and misspelt(name, KNOWN) is None):
            continue
        yield checks.Warning(
            f"The setting {name} is unknown to django-sqs. Is {meant} meant?",
            hint=f"Rename it to {meant}. If it is of something else, add django_sqs.W001 to SILENCED_SYSTEM_CHECKS.",
            id="django_sqs.W001",
        )


# --- registered queues -----------------------------------------------------------------------------------------------


def _overrides() -> Messages:
    for name in _value("SQS_QUEUES") or {}:
        if name not in queues:
            yield checks.Warning(
                f"SQS_QUEUES has an entry for the queue {name!r}, but no such queue is registered.",
                hint=f"The registered queues are: {', '.join(queues) or 'none'}.",
                id="django_sqs.W002",
            )
            continue
        try:
            _ = queues[name].options
        except DjangoSQSError as error:
            yield checks.Error(
                str(error), hint=f"Correct the entry {name!r} of SQS_QUEUES.", obj=queues[name], id="django_sqs.E006"
            )


def _names() -> Messages:
    taken: dict[str, str] = {}
    for queue in queues.values():
        for suffix in queue.known_suffixes():
            shown = f"{queue.name!r}" + (f" with the suffix {suffix!r}" if suffix else "")
            try:
                name = full_name(queue.name, suffix)
            except InvalidQueueName as error:
                yield checks.Error(
                    str(error),
                    hint=f"This is the queue {shown}: shorten or correct its name, its suffix or SQS_QUEUE_PREFIX.",
                    obj=queue,
                    id="django_sqs.E002",
                )
            except (MissingSetting, InvalidSetting):
                continue
            else:
                if name in taken:
                    yield checks.Error(
                        f"The queue {shown} is called {name!r} at AWS, and so is {taken[name]}.",
                        hint="Rename one of them, or they would receive each other's messages.",
                        obj=queue,
                        id="django_sqs.E008",
                    )
                taken[name] = shown


def _readable() -> Iterator[RegisteredQueue]:
    """The queues whose options are right."""
    for queue in queues.values():
        try:
            _ = queue.options
        except DjangoSQSError:
            continue
        yield queue


def _receivers() -> Messages:
    low, high = _VISIBILITY_SECS
    for queue in _readable():
        # None: the default, which was checked as a setting.
        seconds = queue.options.visibility_timeout
        if queue.fn is not None and seconds is not None and not low <= seconds <= high:
            yield checks.Error(
                f"The visibility timeout of the queue {queue.name!r} is {seconds:g} seconds. A receiver needs {low} to"
                f" {high:,}.",
                hint="Correct visibility_timeout of its receiver, or in SQS_QUEUES; without one, it is"
                " SQS_DEFAULT_VISIBILITY_TIMEOUT.",
                obj=queue,
                id="django_sqs.E003",
            )


def _dead_letters() -> Messages:
    for queue in _readable():
        name = queue.options.dead_letter
        problem = dead_letter_problem(queue, name) if name else None
        if problem:
            yield checks.Error(
                f"The queue {queue.name!r} names {name!r} as its dead-letter queue, but that is not {problem}.",
                hint=f"The registered queues are: {', '.join(queues)}.",
                obj=queue,
                id="django_sqs.E007",
            )

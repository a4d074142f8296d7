from __future__ import annotations

import pytest

from django_sqs.conf import KNOWN
from django_sqs.near_names import misspelt, reworded


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SQS_QUEUE_PREFX", "SQS_QUEUE_PREFIX"),
        ("SQS_QUEUEPREFIX", "SQS_QUEUE_PREFIX"),
        ("SQS_POOL_PERIOD", "SQS_POLL_PERIOD"),
        ("SQS_STAUTS_TOKEN", "SQS_STATUS_TOKEN"),
        ("SQS_CREATE_QUEUE", "SQS_CREATE_QUEUES"),
        ("AWS_REGIONS", "AWS_REGION"),
        ("AWS_SECRET_ACESS_KEY", "AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_one_or_two_wrong_letters_are_a_misspelling(name: str, meant: str) -> None:
    assert misspelt(name, KNOWN) == meant


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SQS_PREFIX", "SQS_QUEUE_PREFIX"),
        ("SQS_VISIBILITY_TIMEOUT", "SQS_DEFAULT_VISIBILITY_TIMEOUT"),
        ("SQS_PREFIX_QUEUE", "SQS_QUEUE_PREFIX"),
        ("SQS_ENDPOINT", "SQS_ENDPOINT_URL"),
        ("SQS_REGION", "AWS_REGION"),
        ("AWS_QUEUE_PREFIX", "SQS_QUEUE_PREFIX"),
        ("AWS_SQS_REGION", "AWS_REGION"),
        ("AWS_SQS_ENDPOINT_URL", "SQS_ENDPOINT_URL"),
        ("AWS_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_a_word_missing_or_in_another_place_is_a_rewording(name: str, meant: str) -> None:
    assert misspelt(name, KNOWN) is None
    assert reworded(name, KNOWN) == meant


@pytest.mark.parametrize(
    "name",
    [
        *KNOWN,
        # django-storages
        "AWS_S3_ACCESS_KEY_ID",
        "AWS_S3_SECRET_ACCESS_KEY",
        "AWS_S3_SESSION_PROFILE",
        "AWS_S3_REGION_NAME",
        "AWS_S3_ENDPOINT_URL",
        "AWS_STORAGE_BUCKET_NAME",
        "AWS_QUERYSTRING_AUTH",
        "AWS_DEFAULT_ACL",
        "AWS_LOCATION",
        "AWS_IS_GZIPPED",
        "AWS_CLOUDFRONT_KEY",
        "AWS_CLOUDFRONT_KEY_ID",
        # django-ses
        "AWS_SES_ACCESS_KEY_ID",
        "AWS_SES_SECRET_ACCESS_KEY",
        "AWS_SES_REGION_NAME",
        "AWS_SES_REGION_ENDPOINT",
        "AWS_SNS_TOPIC_ARN",
        "AWS_SESSION_PROFILE",
        # what projects call their own
        "AWS_ACCOUNT_ID",
        "AWS_DEFAULT_REGION",
        "AWS_PROFILE",
        "AWS_REGION_NAME",
        "SQS_QUEUE_URL",
        "SQS_QUEUE_NAME",
        "SQS_MAX_WORKERS",
    ],
)
def test_names_that_are_known_or_of_others_are_no_mistakes(name: str) -> None:
    assert misspelt(name, KNOWN) is None
    assert reworded(name, KNOWN) is None


def test_the_nearest_of_two_is_meant() -> None:
    assert misspelt("SQS_AB", ["SQS_ABCD", "SQS_ABC"]) == "SQS_ABC"


def test_nothing_is_near_where_nothing_is_known() -> None:
    assert misspelt("SQS_QUEUE_PREFIX", []) is None
    assert reworded("SQS_QUEUE_PREFIX", []) is None

"""Clients: where they go, as whom, how long they wait."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from django_sqs.aws import client
from django_sqs.aws.client import CALLING, Connection, Tuning, get_client, polling, settling
from django_sqs.exceptions import CredentialsMissing, InvalidEndpoint, InvalidRegion, RegionMissing

QUICK = Tuning(connect_timeout=1, read_timeout=1, attempts=1, pool=1)
LOCAL = Connection(region="us-east-1", endpoint_url="http://127.0.0.1:9", access_key_id="x", secret_access_key="y")


@pytest.fixture(autouse=True)
def own_clients() -> Any:
    client.forget_clients()
    yield
    client.forget_clients()


def test_a_client_has_the_tuning_that_was_asked_for() -> None:
    config: Any = get_client(LOCAL, polling(wait=20, pool=8)).meta.config
    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (3, 30, 8)
    assert config.retries["total_max_attempts"] == 1
    config = get_client(LOCAL, CALLING).meta.config
    assert config.retries["mode"] == "standard"
    assert config.retries["total_max_attempts"] == 3


def test_botocore_is_left_with_no_retries_where_there_are_to_be_none() -> None:
    def decides(tuning: Tuning) -> bool:
        client: Any = get_client(LOCAL, tuning)
        # As botocore itself asks after an error.
        answers = client.meta.events.emit(
            "needs-retry.sqs.ReceiveMessage",
            response=None,
            endpoint=None,
            operation=client.meta.service_model.operation_model("ReceiveMessage"),
            attempts=1,
            caught_exception=ConnectionClosedError(endpoint_url="http://localhost:1"),
            request_dict={"context": {"retries": {"max": 3, "attempt": 1}, "client_region": "us-east-1"}},
        )
        return any(answer is not None for _, answer in answers)

    assert not decides(polling(wait=20, pool=8))
    assert not decides(settling(60, pool=8))
    assert decides(CALLING), "or this test asks for nothing"


@pytest.mark.parametrize(("visibility", "connect", "read"), [(60, 3, 5), (12, 3, 4), (6, 2, 2), (2, 2 / 3, 2 / 3)])
def test_a_settling_client_gives_up_while_there_is_time_for_another_try(
    visibility: float, connect: float, read: float
) -> None:
    tuning = settling(visibility, pool=1)
    assert (tuning.connect_timeout, tuning.read_timeout, tuning.attempts) == (connect, read, 1)


def test_a_connection_is_made_of_the_settings(settings: Any) -> None:
    settings.AWS_REGION = "eu-west-1"
    settings.AWS_SESSION_TOKEN = "token"
    settings.SQS_ENDPOINT_URL = "http://localhost:1"
    assert Connection.from_settings() == Connection(
        region="eu-west-1",
        endpoint_url="http://localhost:1",
        access_key_id="testing",
        secret_access_key="testing",
        session_token="token",
    )


def test_a_connection_never_shows_its_keys() -> None:
    shown = repr(Connection(region="r", access_key_id="hunter1", secret_access_key="hunter2", session_token="hunter3"))
    assert "hunter" not in shown
    assert "r" in shown


def test_a_client_is_made_once_for_each_connection_and_tuning() -> None:
    assert get_client(LOCAL, CALLING) is get_client(LOCAL, CALLING)
    assert get_client(LOCAL, CALLING) is not get_client(LOCAL, QUICK)


def test_threads_that_ask_at_the_same_time_share_one_client() -> None:
    found: list[Any] = []
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait()
        found.append(get_client(LOCAL, CALLING))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_client_is_not_shared_across_a_fork() -> None:
    before = get_client(LOCAL, CALLING)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:  # pragma: no cover - coverage does not follow
        os.write(write, b"other" if get_client(LOCAL, CALLING) is not before else b"same")
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(read, 10) == b"other"
    os.close(read)
    os.close(write)
    assert get_client(LOCAL, CALLING) is before


def test_a_lock_that_was_held_during_the_fork_does_not_stop_the_child() -> None:
    with client._lock:
        client.forget_clients()
        assert get_client(LOCAL, CALLING).meta.service_model.service_name == "sqs"


@pytest.mark.parametrize(
    "url",
    [
        "foo",
        "http://",
        "127.0.0.1:9324",
        "localhost",
        "http://[",
        "ftp://localhost",
        "//localhost",
        "http://exa mple.com",
        "http://" + "a" * 64 + ".com",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:port",
        "http://127.0.0.1:0",
        "http://ü.example",
        "http://sqs_local:9324",
    ],
)
def test_what_is_no_address_of_a_server_is_told_of(url: str) -> None:
    with pytest.raises(InvalidEndpoint, match="which is no address of a server") as raised:
        get_client(Connection(region="us-east-1", endpoint_url=url), QUICK)
    assert repr(url) in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:9324",
        "http://[::1]:9324",
        "https://sqs.eu-west-1.amazonaws.com",
        "http://sqs-local.internal.:80/",
        "HTTP://LOCALHOST",
        "http://10.0.0.1/path",
    ],
)
def test_addresses_of_servers_are_accepted(url: str) -> None:
    assert get_client(Connection(region="us-east-1", endpoint_url=url), QUICK).meta.endpoint_url == url


def test_a_missing_region_is_told_of() -> None:
    with pytest.raises(RegionMissing, match="AWS_REGION"):
        get_client(Connection(access_key_id="x", secret_access_key="y"), QUICK)


def test_an_odd_region_is_told_of() -> None:
    with pytest.raises(InvalidRegion, match=r"AWS_REGION is no region .*no such region!"):
        get_client(Connection(region="no such region!"), QUICK)


@pytest.mark.parametrize("half", [{"access_key_id": "x"}, {"secret_access_key": "hunter2"}])
def test_credentials_that_are_half_set_are_told_of(half: Any) -> None:
    with pytest.raises(CredentialsMissing, match=r"only one of the two is set, AWS_.* is not") as raised:
        get_client(Connection(region="us-east-1", **half), QUICK)
    assert "hunter2" not in str(raised.value)


def test_a_profile_that_is_not_there_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    with pytest.raises(CredentialsMissing, match="nowhere"):
        get_client(Connection(region="us-east-1"), QUICK)


def test_the_chain_of_boto3_is_used_where_the_settings_say_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    profile = tmp_path / "credentials"
    profile.write_text("[mine]\naws_access_key_id = from the profile\naws_secret_access_key = y\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profile))
    monkeypatch.setenv("AWS_PROFILE", "mine")
    made: Any = get_client(Connection(region="us-east-1"), QUICK)
    assert made._request_signer._credentials.access_key == "from the profile"

"""--reload: notice that a module has changed, and execute the command anew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from django_sqs.receiving import reloading
from django_sqs.receiving.reloading import ModuleWatch, execute_anew
from tests.receiving.support import Clock, actions


class Project:
    """Files that stand for the modules, and what the trial import says of them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.files: list[Path] = []
        self.complaint = ""
        self.trials = 0

    def add(self, name: str) -> Path:
        path = self.directory / name
        path.touch()
        self.files.append(path)
        return path

    def save(self, name: str) -> None:
        path = self.directory / name
        path.touch()
        later = path.stat().st_mtime_ns + 10_000_000
        os.utime(path, ns=(later, later))

    def trial(self) -> str:
        self.trials += 1
        return self.complaint


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path)
    made.add("models.py")
    made.add("receivers.py")
    monkeypatch.setattr("django.utils.autoreload.iter_all_python_module_files", lambda: iter(made.files))
    monkeypatch.setattr(reloading, "_trial", made.trial)
    return made


def look(watch: ModuleWatch, clock: Clock) -> bool:
    clock.advance(1.0)
    return watch.changed()


def test_without_a_change_nothing_is_tried(project: Project, clock: Clock) -> None:
    watch = ModuleWatch()
    assert not look(watch, clock)
    assert project.trials == 0


def test_a_module_that_was_saved_has_changed(project: Project, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    watch = ModuleWatch()
    project.save("receivers.py")
    with caplog.at_level("INFO", "django_sqs"):
        assert look(watch, clock)
    assert actions(caplog.records) == ["reload"]
    assert caplog.records[0].message.startswith("receivers.py changed")
    assert project.trials == 1


def test_files_are_looked_at_once_a_second(project: Project, clock: Clock) -> None:
    watch = ModuleWatch()
    project.save("receivers.py")
    clock.advance(0.9)
    assert not watch.changed()
    clock.advance(0.2)
    assert watch.changed()


def test_code_that_does_not_import_is_told_of_and_what_runs_is_left_alone(
    project: Project, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    watch = ModuleWatch()
    project.complaint = "SyntaxError: invalid syntax"
    project.save("receivers.py")
    assert not look(watch, clock)
    assert "receivers.py changed, but the project cannot be imported" in caplog.text
    assert "SyntaxError" in caplog.text
    assert not look(watch, clock)
    assert project.trials == 1, "not again before it is mended"
    project.complaint = ""
    project.save("receivers.py")
    assert look(watch, clock)


def test_a_module_that_is_imported_later_is_no_change(project: Project, clock: Clock) -> None:
    watch = ModuleWatch()
    project.add("late.py")
    assert not look(watch, clock)
    project.save("late.py")
    assert look(watch, clock), "but from then on it is watched"


def test_a_file_that_is_being_saved_is_looked_at_again(project: Project, clock: Clock) -> None:
    watch = ModuleWatch()
    path = project.directory / "receivers.py"
    path.unlink()
    assert not look(watch, clock)
    path.touch()
    project.save("receivers.py")
    assert look(watch, clock)


def test_a_file_that_was_never_there_is_no_change(project: Project, clock: Clock) -> None:
    project.files.append(project.directory / "gone.py")
    watch = ModuleWatch()
    assert not look(watch, clock)


# --- the trial import


def test_a_project_that_imports_has_no_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reloading, "_TRIAL", "import sys; sys.path")
    assert reloading._trial() == ""


def test_what_the_import_complains_of_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken_module.py").write_text("this is no Python")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(reloading, "_TRIAL", "import broken_module")
    assert "SyntaxError" in reloading._trial(), "modules are found where this process finds them"


def test_an_import_that_does_not_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: object, timeout: float, **more: Any) -> object:
        raise subprocess.TimeoutExpired("python", timeout)

    monkeypatch.setattr(subprocess, "run", run)
    assert reloading._trial() == "It took more than 60 s."


# --- starting anew


class Replaced(Exception):
    """This process is another program now."""


def test_the_same_command_is_executed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    executed: list[object] = []

    def execute(*arguments: object) -> NoReturn:
        executed.extend(arguments)
        raise Replaced

    monkeypatch.setattr(os, "execv", execute)
    monkeypatch.setattr(sys, "orig_argv", ["python3", "-X", "dev", "manage.py", "runreceiver", "--reload"])
    with pytest.raises(Replaced):
        execute_anew()
    assert executed == [sys.executable, [sys.executable, "-X", "dev", "manage.py", "runreceiver", "--reload"]]

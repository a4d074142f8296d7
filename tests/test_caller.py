"""A warning points at the user's own line."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from django_sqs import caller


def warn() -> None:
    warnings.warn("here", UserWarning, stacklevel=caller.stack_level())


def line_warned_of(action: Callable[[], None]) -> int:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    [warning] = caught
    assert warning.filename == __file__
    return warning.lineno


def test_code_of_others_is_where_it_stops() -> None:
    # This file is not of the package: the very line that warns is the user's.
    assert line_warned_of(warn) == warn.__code__.co_firstlineno + 1


def test_code_of_the_package_is_passed_over_however_deep() -> None:
    # The same function, compiled as if it stood in the package.
    source = (
        "import warnings\nfrom django_sqs import caller\n"
        "def deep(left):\n"
        "    deep(left - 1) if left else warnings.warn('here', UserWarning, stacklevel=caller.stack_level())\n"
    )
    package: dict[str, Callable[[int], None]] = {}
    exec(compile(source, caller.__file__.replace("caller", "made_up"), "exec"), package)

    def user() -> None:
        package["deep"](7)

    assert line_warned_of(user) == user.__code__.co_firstlineno + 1


def test_a_package_with_a_name_that_begins_alike_is_not_ours() -> None:
    source = (
        "import warnings\nfrom django_sqs import caller\n"
        "def warn():\n"
        "    warnings.warn('here', UserWarning, stacklevel=caller.stack_level())\n"
    )
    theirs = caller.__file__.replace("caller.py", "").rstrip("/\\") + "_of_others.py"
    package: dict[str, Callable[[], None]] = {}
    exec(compile(source, theirs, "exec"), package)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        package["warn"]()
    assert caught[0].filename == theirs

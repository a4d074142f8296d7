"""What `demo.py` and `run.py` have in common. Importing it ends a program that lacks a package, with a sentence."""

import sys
from importlib.util import find_spec

REQUIRED = ("django", "django_sqs", "moto", "PIL", "tqdm")

if missing := [name for name in REQUIRED if find_spec(name) is None]:
    sys.exit(
        f"Not installed in this Python ({sys.executable}): {', '.join(missing)}. At the top of the checkout, run"
        ' "pip install -e \'.[example]\'", or use "make demo" and "make run", which install what they need.'
    )

"""The photograph site on this machine, for a browser: local SQS, receivers and web server until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from runner import folder, pictures
from runner.arguments import whole_number
from runner.processes import Processes, Stopped, StopSignals, free_port, listens
from runner.site import DATA, START_SECONDS, claim, feed, guarded, open_site, resend_unfinished

CHECK_SECONDS = 0.2

# Pictures that are painted for a site which has none.
PAINTED = 6

# Less than what the receivers are given before they are forced to end.
RECEIVER_GRACE_SECONDS = "8"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    parser.add_argument("--photos", type=Path, metavar="DIR", help="a folder of pictures to begin with")
    parser.add_argument(
        "--count",
        type=whole_number(0, 10_000),
        metavar="N",
        help="how many pictures to begin with (default: 6 painted ones, 200 of a folder)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("PHOTOSITE_DATA") or DATA / "site"),
        metavar="DIR",
        help="kept from one run to the next (default: %(default)s)",
    )
    parser.add_argument(
        "--port",
        type=whole_number(0, 65_535),
        # A text, so that argparse reads it as it reads an argument.
        default=os.environ.get("PHOTOSITE_PORT") or "8000",
        metavar="N",
        help="the web server's port; another one where it is taken (default: %(default)s)",
    )
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, signals: StopSignals) -> int:
    """Run the site until a signal comes or one of its processes ends."""
    choice = folder.choose(options.photos, options.count) if options.photos else None
    data = options.data.resolve()
    with claim(data, fresh=False):
        site, port = open_site(data), free_port(options.port)
        try:
            with Processes(signals, data / "logs", site.environment()) as processes:
                print(f"Starting. Data: {data}. Local SQS: {site.endpoint}", flush=True)
                site.open(processes)
                processes.start("receivers", site.command("runreceiver", "--grace", RECEIVER_GRACE_SECONDS))
                processes.start("web", site.command("runserver", "--noreload", f"127.0.0.1:{port}"))
                processes.wait_until(lambda: listens(port), "The start of the web server", START_SECONDS)
                print(f"The photograph site is ready: http://127.0.0.1:{port}/ (Ctrl-C ends it)", flush=True)
                begin(choice, data, options.count, processes)
                while True:
                    processes.check()
                    time.sleep(CHECK_SECONDS)
        except Stopped:
            # This is how the program is meant to end.
            print("Stopped. Nothing is left running.", flush=True)
            return 0


def begin(choice: folder.Choice | None, data: Path, count: int | None, processes: Processes) -> None:
    """Send what the last run left unfinished, then the pictures to begin with that the site has not got yet."""
    from photos.models import Photo

    resend_unfinished(processes)
    known = set(Photo.objects.values_list("name", flat=True))
    if choice is not None:
        new = [path for path in choice.pictures if folder.shown_name(path) not in known]
        choice = replace(choice, pictures=new)
    elif not known and count != 0:
        painted = list(pictures.make_pictures(data / "pictures", count or PAINTED))
        choice = folder.Choice(painted, folder.captions_of(data / "pictures", painted), [])
    else:
        return
    for sentence in feed(choice, processes).left_out:
        print(sentence, flush=True)


def main() -> int:
    """Run the program and return its exit status."""
    options = parse()
    return guarded(lambda signals: run(options, signals), "run")


if __name__ == "__main__":
    sys.exit(main())

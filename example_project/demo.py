"""The whole way of a message, on this machine: pictures in, thumbnails, EXIF data and captions out.

Starts a local SQS, migrates a fresh database, feeds pictures, runs the receivers until the queues are empty, and says
what was made. Nothing of it is left running. Without --photos it paints the pictures itself.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from runner import folder, pictures
from runner.arguments import whole_number
from runner.processes import Failed, Processes, StopSignals
from runner.progress import bar, counted
from runner.site import DATA, Site, claim, feed, guarded, open_site

# Seconds for the receivers, at least and for each picture. They need a fraction of one; this is for a hang.
PATIENCE_SECONDS = 120.0
PATIENCE_PER_PICTURE_SECONDS = 10.0

# Pictures that the report shows.
EXAMPLES = 12


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="demo.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("--photos", type=Path, metavar="DIR", help="the folder of pictures (default: painted ones)")
    parser.add_argument(
        "--count",
        type=whole_number(1, 10_000),
        metavar="N",
        help="how many pictures (default: 12 painted ones, 200 of a folder)",
    )
    parser.add_argument(
        "--data", type=Path, default=DATA / "demo", metavar="DIR", help="emptied at the start (default: %(default)s)"
    )
    return parser.parse_args(arguments)


def demo(options: argparse.Namespace, signals: StopSignals) -> int:
    """Run the demo."""
    choice = folder.choose(options.photos, options.count) if options.photos else None
    data = options.data.resolve()
    with claim(data, fresh=True):
        site = open_site(data)
        with Processes(signals, data / "logs", site.environment()) as processes:
            print(f"Data: {data}\nLocal SQS: {site.endpoint}", flush=True)
            site.open(processes)
            if choice is None:
                choice = paint(data / "pictures", options.count or len(pictures.SCENES), signals)
            captions = send_all(choice, processes)
            receive(site, processes)
            print(processes.run("sqs_status", site.command("sqs_status")), flush=True)
        return report(data, captions)


def paint(target: Path, count: int, signals: StopSignals) -> folder.Choice:
    """Paint the pictures, with a bar."""
    painted = []
    for path in counted(pictures.make_pictures(target, count), "Painting pictures", count):
        signals.check()
        painted.append(path)
    return folder.Choice(painted, folder.captions_of(target, painted), [])


def send_all(choice: folder.Choice, processes: Processes) -> int:
    """Feed the pictures and their captions. Returns how many captions were sent."""
    fed = feed(choice, processes)
    for sentence in fed.left_out:
        print(sentence)
    if not fed.pictures:
        raise Failed("None of the pictures could be read.")
    print(f"Sent: {fed.pictures} pictures, {fed.captions} captions.", flush=True)
    return fed.captions


def receive(site: Site, processes: Processes) -> None:
    """Run the receivers until the queues are empty, with a bar of the pictures that are ready."""
    from photos.library import counts
    from photos.models import UNFINISHED, State

    total = sum(counts().values())
    with bar("Pictures ready", total) as progress:

        def look() -> None:
            if ready := counts()[State.READY] - progress.n:
                progress.update(ready)

        seconds = PATIENCE_SECONDS + PATIENCE_PER_PICTURE_SECONDS * total
        processes.run("receivers", site.command("runreceiver", "--until-empty"), look, seconds)
    left = sum(counts()[state] for state in UNFINISHED)
    if left:
        raise Failed(f"The receivers ended, but {left} of {total} pictures are not done.{processes.tail('receivers')}")


def report(data: Path, captions: int) -> int:
    """Say what was made. The exit status is 1 where no picture at all could be developed."""
    from photos.models import Photo, State

    ready = Photo.objects.filter(state=State.READY).order_by("name")
    failed = Photo.objects.filter(state=State.FAILED).order_by("name")
    captioned = Photo.objects.exclude(caption="").count()
    size = sum(photo.thumbnail_path.stat().st_size for photo in ready)
    print(f"Thumbnails: {len(ready)} ({size / 1e6:.1f} MB), in {data / 'media' / 'thumbnails'}")
    print(f"Captions: {captioned} of {captions} sent")
    for photo in ready[:EXAMPLES]:
        facts = [f"{photo.width} x {photo.height}", photo.exif.get("camera"), photo.exif.get("settings"), photo.caption]
        print(f"  {photo.name}: {', '.join(filter(None, facts))}")
    for photo in failed:
        print(f"  {photo.name} was refused: {photo.reason}")
    if not ready:
        raise Failed("Not one of the pictures could be developed; the reasons stand above.")
    return 0


def main() -> int:
    """Run the program and return its exit status."""
    options = parse()
    return guarded(lambda signals: demo(options, signals), "demo")


if __name__ == "__main__":
    sys.exit(main())

"""Deliver the demonstration: real files copied, synthetic departments written, everything into the inbox of a home.

    python -m infra.demo.deliver --home .guihu --enterprises 20000 --residents 50000 --months 93 --seed 1

Each file is finished elsewhere in the home and renamed into inbox/<domain>/<feed>/, its manifest first, so the inbox never
shows half a file. The same sizes and seed give the same bytes. Lists of planted errors go to demo/planted/.
"""

import argparse
import shutil
import sys
import time
from pathlib import Path

from infra.demo import bulletins, credit_offices, energy, enterprises, factories, households, penalties, registry_offices, residents

DATA = Path(__file__).with_name("data")
LARGEST = 10_000_000
SIZES = {
    "enterprises": (20_000, "enterprises of the synthetic register"),
    "penalties": (5_000, "synthetic penalties"),
    "residents": (50_000, "synthetic residents"),
    "households": (2_000, "synthetic households, with heads from among the residents"),
    "office_records": (1_000, "records of each office around the register: changes, reports, branches, permits, lists, ..."),
    "months": (93, "months of the economic departments, up to September 2024"),
    "industries": (12, "industries of the output of industry by city"),
    "energy_units": (40, "key energy-using units"),
}
# feed, who writes it, and the size that each of its parameters takes
JOBS = [
    (enterprises.FEED, enterprises.write_deliveries, {"enterprises": "enterprises"}),
    (penalties.FEED, penalties.write_deliveries, {"penalties": "penalties", "enterprises": "enterprises"}),
    (residents.FEED, residents.write_deliveries, {"residents": "residents"}),
    (households.FEED, households.write_deliveries, {"households": "households", "residents": "residents"}),
    *((office.feed, office.write_deliveries, {"size": "office_records", "enterprises": "enterprises"}) for office in (*registry_offices.OFFICES, *credit_offices.OFFICES)),
    *((bulletin.feed, bulletin.write_deliveries, {"months": "months"}) for bulletin in bulletins.BULLETINS),
    (factories.FEED, factories.write_deliveries, {"industries": "industries", "months": "months"}),
    (energy.FEED, energy.write_deliveries, {"units": "energy_units", "enterprises": "enterprises"}),
]


def main(arguments: list[str] | None = None) -> int:
    """Deliver and say what was delivered."""
    options = _options(arguments)
    workshop = options.home / "demo" / "workshop"
    shutil.rmtree(workshop, ignore_errors=True)
    for feed, paths in _prepare(workshop, options):
        for path in paths:
            _hand_over(path, options.home / "inbox" / feed)
            print(f"{feed:<32} {path.name}")
    shutil.rmtree(workshop)
    return 0


def _prepare(workshop: Path, options: argparse.Namespace):
    """Each feed with its finished files, in the order of delivery."""
    for manifest in sorted(DATA.rglob("*.manifest.json"), key=lambda path: (path.parent, path.name)):
        yield _copy(manifest, workshop)
    planted = options.home / "demo" / "planted"
    for feed, write, parameters in JOBS:
        sizes = {parameter: getattr(options, size) for parameter, size in parameters.items()}
        if all(sizes.values()):
            started = time.monotonic()
            yield feed, write(workshop / feed, planted / feed, seed=options.seed, **sizes)
            print(f"{feed}: written in {time.monotonic() - started:.1f} s", file=sys.stderr)


def _copy(manifest: Path, workshop: Path) -> tuple[str, list[Path]]:
    source = manifest.with_name(manifest.name.removesuffix(".manifest.json"))
    feed = source.parent.relative_to(DATA).as_posix()
    folder = workshop / feed
    folder.mkdir(parents=True, exist_ok=True)
    for path in (source, manifest):
        shutil.copyfile(path, folder / path.name)
    return feed, [folder / source.name]


def _hand_over(path: Path, inbox: Path) -> None:
    """Rename the manifest and then the file into the inbox."""
    inbox.mkdir(parents=True, exist_ok=True)
    for finished in (path.with_name(f"{path.name}.manifest.json"), path):
        finished.replace(inbox / finished.name)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.demo.deliver", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="folder that holds the inbox (GUIHU_HOME)")
    for name, (default, what) in SIZES.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=_size, default=default, help=f"{what} (default {default:,}); 0 leaves the feeds out that need them")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives another synthetic region")
    return parser.parse_args(arguments)


def _size(text: str) -> int:
    size = int(text)
    if not 0 <= size <= LARGEST:
        raise argparse.ArgumentTypeError(f"a size lies between 0 and {LARGEST:,}")
    return size


if __name__ == "__main__":
    sys.exit(main())

"""receive: what a department sent, kept byte by byte under its SHA-256, with a record of the delivery beside it.

landing/files/<first two>/<sha256>                     the bytes, never changed
landing/deliveries/<feed>/<delivery id>/received.json  what came, when, and what its manifest promises
landing/deliveries/<feed>/<delivery id>/outcome.json   what became of it: written once, when it is loaded or refused
landing/deliveries/<feed>/<delivery id>/accepted.json  who let it pass the gate although it is unusual, and why
"""

import contextlib
import hashlib
import json
import os
import shutil
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from expectations.feed import ContractError, Feed
from spark_jobs import integrity
from spark_jobs.faultpoint import faultpoint
from spark_jobs.files import draft, keep, read_json, write_json
from spark_jobs.ingest.refusal import Refused
from spark_jobs.settings import TIME_ZONE, Settings

ANNOUNCE_AGAIN = 600  # seconds
PIECE = 16 << 20  # bytes
MANIFEST_SUFFIX = ".manifest.json"
MANIFEST_KEYS = {"rows": int, "sha256": str, "control_totals": dict, "period": str, "edition": str, "sequence": int, "known_at": str, "effective_date": str, "watermark": dict, "note": str}


@dataclass(frozen=True)
class Delivery:
    """One thing sent. `known_at` is when its facts became known: told by the manifest, else the time of receipt (UTC)."""

    delivery_id: str
    feed: str
    file: str
    sha256: str
    size_bytes: int
    received_at: str
    known_at: str
    manifest: dict[str, Any] = field(default_factory=dict)
    receive_seconds: float = 0.0


def receive(settings: Settings, feed: Feed, path: Path, manifest_path: Path | None = None) -> tuple[Delivery, bool]:
    """Land one file. Returns its delivery and whether it is new: bytes that were received before change nothing.

    Raises Refused (after the refusal was recorded) where the manifest is missing, unreadable or names another SHA-256.
    """
    started = time.monotonic()
    feed.dialect_for(path.name)
    if manifest_path is None and path.with_name(path.name + MANIFEST_SUFFIX).is_file():
        manifest_path = path.with_name(path.name + MANIFEST_SUFFIX)
    sha256, size = _keep_bytes(settings, path, feed)
    faultpoint("bytes kept")
    folder = delivery_folder(settings, feed.id, sha256[:16])
    if (folder / "received.json").is_file():
        return read_delivery(folder), False
    manifest, fault = _read_manifest(manifest_path)
    delivery = _delivery(feed, path.name, sha256, size, manifest, started)
    fault = fault or _manifest_fault(feed, path.name, delivery)
    if fault:  # stands before the delivery does: whoever dies in between does not let it pass
        record_refusal(settings, delivery, fault)
        faultpoint("refusal recorded")
    else:
        (folder / "outcome.json").unlink(missing_ok=True)  # of one who died there, with another manifest
    faultpoint("before received")
    write_json(folder / "received.json", asdict(delivery))
    faultpoint("after received")
    if fault:
        raise fault
    return delivery, True


def imagine(feed: Feed, path: Path, manifest_path: Path | None = None) -> Delivery:
    """The delivery that the file would be; nothing is kept. Raises Refused as `receive` does."""
    started = time.monotonic()
    feed.dialect_for(path.name)
    manifest, fault = _read_manifest(manifest_path)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    delivery = _delivery(feed, path.name, sha256, path.stat().st_size, manifest, started)
    fault = fault or _manifest_fault(feed, path.name, delivery)
    if fault:
        raise fault
    return delivery


def _delivery(feed: Feed, file_name: str, sha256: str, size: int, manifest: dict, started: float) -> Delivery:
    received_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    known_at = manifest.get("known_at") or manifest.get("effective_date") or received_at
    return Delivery(sha256[:16], feed.id, file_name, sha256, size, received_at, known_at, manifest, round(time.monotonic() - started, 3))


def pending(settings: Settings, feed_id: str | None = None) -> list[Delivery]:
    """Deliveries that were received and neither loaded nor refused, in the order of their sequence and receipt."""
    folders = (settings.landing / "deliveries").glob(f"{feed_id or '*'}/*")
    waiting = [read_delivery(f) for f in folders if (f / "received.json").is_file() and not (f / "outcome.json").is_file()]
    return sorted(waiting, key=lambda d: (d.manifest.get("sequence", 0), d.received_at))


def runs(waiting: list[Delivery]) -> list[dict]:
    """The Airflow runs that load the waiting deliveries, one a feed, named by what they load: the same deliveries are one run."""
    found = []
    for feed_id in dict.fromkeys(delivery.feed for delivery in waiting):
        ids = [delivery.delivery_id for delivery in waiting if delivery.feed == feed_id]
        name = f"delivery__{ids[0]}" if len(ids) == 1 else f"deliveries__{len(ids)}__{hashlib.sha256(' '.join(sorted(ids)).encode()).hexdigest()[:16]}"
        found.append({"feed": feed_id, "deliveries": ids, "dag_id": f"ingest__{feed_id.replace('.', '__')}", "run_id": name})
    return found


def to_announce(settings: Settings, waiting: list[Delivery]) -> list[Delivery]:
    """Those that nobody was told of in the last minutes, marked as told now: whoever lost the news hears it again a little later."""
    told = []
    for delivery in waiting:
        mark = delivery_folder(settings, delivery.feed, delivery.delivery_id) / "announced"
        if not mark.exists() or time.time() - mark.stat().st_mtime > ANNOUNCE_AGAIN:
            mark.touch()
            told.append(delivery)
    return told


def ledger(settings: Settings, feed_id: str = "*") -> list[tuple[Delivery, dict | None]]:
    """Every delivery (of a feed) with its outcome (None while it waits), oldest first."""
    folders = sorted((settings.landing / "deliveries").glob(f"{feed_id}/*"))
    entries = [(read_delivery(f), outcome(f)) for f in folders if (f / "received.json").is_file()]
    return sorted(entries, key=lambda entry: entry[0].received_at)


def loaded(settings: Settings, feed_id: str) -> list[tuple[Delivery, dict]]:
    """The deliveries of a feed that were loaded with their outcomes, oldest first."""
    return [(d, result) for d, result in ledger(settings, feed_id) if result and result["status"] == "loaded"]


def moment(text: str) -> datetime:
    """A moment of a record; a day without an hour begins in the house's time zone."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(TIME_ZONE))


def delivery_folder(settings: Settings, feed_id: str, delivery_id: str) -> Path:
    return settings.landing / "deliveries" / feed_id / delivery_id


def landed_file(settings: Settings, sha256: str) -> Path:
    return settings.landing / "files" / sha256[:2] / sha256


def read_delivery(folder: Path) -> Delivery:
    return Delivery(**read_json(folder / "received.json"))


def outcome(folder: Path) -> dict | None:
    """What became of the delivery, with `accepted` where a steward let an unusual one pass."""
    path, accepted = folder / "outcome.json", folder / "accepted.json"
    if not path.is_file():
        return None
    return read_json(path) | ({"accepted": read_json(accepted)} if accepted.is_file() else {})


def accept(settings: Settings, delivery_id: str, name: str, because: str) -> Delivery:
    """Record that a steward lets an unusual delivery pass; a held one waits again. Raises ContractError where there is no such delivery."""
    folder = _folder_of(settings, delivery_id)
    write_json(folder / "accepted.json", {"by": name, "because": because, "at": datetime.now(UTC).isoformat(timespec="seconds")})
    if (outcome(folder) or {}).get("status") == "held":
        faultpoint("delivery accepted")
        (folder / "outcome.json").replace(folder / "held.json")
    return read_delivery(folder)


def reject(settings: Settings, delivery_id: str, name: str, because: str) -> Delivery:
    """Record that a steward refuses a held delivery whole. Raises ContractError where no such delivery is held."""
    folder = _folder_of(settings, delivery_id)
    held = outcome(folder) or {}
    if held.get("status") != "held":
        raise ContractError(f"delivery {delivery_id} is not held; `guihu hold list` shows those that are")
    record_refusal(settings, read_delivery(folder), Refused("REJECTED_BY_STEWARD", f"by {name}: {because}"))
    return read_delivery(folder)


def held(settings: Settings) -> list[tuple[Delivery, dict]]:
    """The deliveries that wait for a steward, with what is unusual about them, oldest first."""
    return [(d, result) for d, result in ledger(settings) if result and result["status"] == "held"]


def accepted(settings: Settings, delivery: Delivery) -> bool:
    """Whether a steward has let the delivery pass."""
    return (delivery_folder(settings, delivery.feed, delivery.delivery_id) / "accepted.json").is_file()


def _folder_of(settings: Settings, delivery_id: str) -> Path:
    folders = list((settings.landing / "deliveries").glob(f"*/{delivery_id}"))
    if len(folders) != 1:
        raise ContractError(f"there is no delivery {delivery_id!r}; `guihu hold list`, `guihu feeds` and the gate's message name them")
    return folders[0]


def record_refusal(settings: Settings, delivery: Delivery, fault: Refused) -> None:
    """Write that nothing of the delivery is loaded, and why."""
    record_outcome(settings, delivery, {"status": "refused", "refusal": {"code": fault.code, "detail": fault.detail}})


def record_outcome(settings: Settings, delivery: Delivery, result: dict) -> None:
    finished = datetime.now(UTC).isoformat(timespec="milliseconds")
    write_json(delivery_folder(settings, delivery.feed, delivery.delivery_id) / "outcome.json", {**result, "finished_at": finished})


def _keep_bytes(settings: Settings, path: Path, feed: Feed) -> tuple[str, int]:
    """Copy into landing while hashing; the bytes are synced before they get their name.

    The name is the hash of what was sent; a feed that names persons is kept with marks in place of their numbers, which go to the vault.
    """
    before = path.stat()
    digest = hashlib.sha256()
    with draft(settings.landing / "drafts") as copy:
        with path.open("rb") as source, _seal_for(settings, path, feed) as seal:
            while piece := source.read(PIECE) + source.readline():  # whole lines: no number is cut
                digest.update(piece)
                copy.write(seal(piece))
                faultpoint("bytes half copied")
        after = path.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise Refused("STILL_WRITING", f"{path.name} changed while it was read; send it again when it is complete")
        target = landed_file(settings, digest.hexdigest())
        if not target.exists():
            copy.flush()
            os.fchmod(copy.fileno(), 0o444)
            faultpoint("draft written")
            if feed.identifiers:  # its name is no longer the hash of its bytes
                integrity.record(settings, {target: Path(copy.name)})
                faultpoint("sealed bytes recorded")
            keep(copy, target)
    return digest.hexdigest(), after.st_size


@contextlib.contextmanager
def _seal_for(settings: Settings, path: Path, feed: Feed):
    """What each piece of the file passes through. Raises Refused where numbers could not be seen in the bytes."""
    if not feed.identifiers:
        yield bytes
        return
    from spark_jobs import vault

    with path.open("rb") as file:
        start = file.read(4)
    if feed.dialect_for(path.name).format == "xlsx" or start.startswith((b"PK", b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")):
        raise Refused("NOT_SEALABLE", f"{path.name}: {feed.id} names persons; send it as plain text in UTF-8 or GB18030, so that their numbers go to the vault before anything is kept")
    with vault.of(settings) as open_vault:
        yield partial(open_vault.seal, encoding=feed.dialect_for(path.name).encoding)


def _read_manifest(path: Path | None) -> tuple[dict, Refused | None]:
    if path is None:
        return {}, None
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as fault:
        return {}, Refused("MANIFEST_INVALID", f"{path.name} is not JSON: {fault}")
    if not isinstance(manifest, dict):
        return {}, Refused("MANIFEST_INVALID", f"{path.name} is no JSON object")
    for key, value in manifest.items():
        if key not in MANIFEST_KEYS or not isinstance(value, MANIFEST_KEYS[key]):
            known = ", ".join(f"{name} ({kind.__name__})" for name, kind in MANIFEST_KEYS.items())
            return {}, Refused("MANIFEST_INVALID", f"{path.name}: {key!r} is {value!r}; a manifest may hold {known}")
    for key in ("known_at", "effective_date"):
        try:
            datetime.fromisoformat(manifest.get(key, "2000-01-01"))
        except ValueError:
            return {}, Refused("MANIFEST_INVALID", f"{path.name}: {key} {manifest[key]!r} is no ISO date")
    return manifest, None


def _manifest_fault(feed: Feed, file_name: str, delivery: Delivery) -> Refused | None:
    if feed.dialect_for(file_name).manifest_required and not delivery.manifest:
        return Refused("MANIFEST_MISSING", f"the contract asks for {file_name}{MANIFEST_SUFFIX} beside the file")
    promised = delivery.manifest.get("sha256", delivery.sha256).lower()
    if promised != delivery.sha256:
        return Refused("SHA256", f"the manifest says {promised}, the file has {delivery.sha256}")
    return None


def receive_inbox(settings: Settings, feeds: dict[str, Feed]) -> tuple[list[Delivery], list[dict]]:
    """Land every complete file of the inbox and remove it there. Returns all waiting deliveries and what was refused just now.

    A manifest is put into the inbox before its file; names that begin with a dot or end in .tmp or .part are still being written.
    """
    refused = []
    for path in sorted(settings.inbox.glob("*/*/*")):
        if path.name.startswith(".") or path.suffix in (".tmp", ".part") or path.name.endswith(MANIFEST_SUFFIX) or not path.is_file():
            continue
        feed_id = f"{path.parent.parent.name}.{path.parent.name}"
        try:
            if feed_id not in feeds:
                raise ContractError(f"inbox/{path.parent.parent.name}/{path.parent.name}: there is no feed {feed_id}")
            receive(settings, feeds[feed_id], path)
        except Refused as fault:
            refused.append({"feed": feed_id, "file": path.name, "code": fault.code, "detail": fault.detail, "owner": feeds[feed_id].owner})
            if fault.code == "STILL_WRITING":
                continue
        except ContractError as fault:
            refused.append({"feed": feed_id, "file": path.name, "code": "UNKNOWN_FEED_OR_FILE", "detail": str(fault), "owner": "sender"})
            _set_aside(settings, path)
            continue
        faultpoint("inbox file received")
        path.with_name(path.name + MANIFEST_SUFFIX).unlink(missing_ok=True)  # first: left alone it would speak for the next file of this name
        faultpoint("inbox manifest removed")
        path.unlink(missing_ok=True)
    return pending(settings), refused


def _set_aside(settings: Settings, path: Path) -> None:
    """A file that belongs to no feed is kept, outside the inbox, so that it is reported once."""
    place = settings.home / "unclaimed" / path.parent.parent.name / path.parent.name
    place.mkdir(parents=True, exist_ok=True)
    shutil.move(path, place / path.name)

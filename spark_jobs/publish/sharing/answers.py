"""What the protocol says, as JSON: lists, newline-delimited actions, errors."""

import json
from collections.abc import Iterable
from datetime import datetime

from starlette.responses import JSONResponse, Response

from spark_jobs.publish.sharing.tables import SharedTable

NDJSON = "application/x-ndjson; charset=utf-8"
PROTOCOL = {"protocol": {"minReaderVersion": 1}}
CODES = {
    400: "INVALID_PARAMETER_VALUE", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "RESOURCE_DOES_NOT_EXIST", 405: "METHOD_NOT_ALLOWED", 413: "REQUEST_TOO_LARGE", 500: "INTERNAL_ERROR", 503: "TEMPORARILY_UNAVAILABLE",
}  # fmt: skip


class Refusal(Exception):
    """An answer other than what was asked for; the message is for the one who asked."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def refused(status: int, message: str) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse({"errorCode": CODES.get(status, "BAD_REQUEST"), "message": message}, status, headers)


def actions(lines: Iterable[dict], version: int) -> Response:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    return Response(text, media_type=NDJSON, headers={"Delta-Table-Version": str(version), "Delta-Sharing-Capabilities": "responseformat=parquet"})


def metadata(shared: SharedTable, name: str) -> dict:
    told = shared.told
    return {"metaData": {
        "id": told["identifier"], "name": name, "description": told["title"], "format": {"provider": "parquet"}, "schemaString": told["schema"], "partitionColumns": [], "configuration": {},
        "version": shared.version, "size": told["bytes"], "numFiles": 1,
    }}  # fmt: skip


def file(shared: SharedTable, url: str, expires: int) -> dict:
    released = round(datetime.fromisoformat(shared.release["released_at"]).timestamp() * 1000)
    told = shared.told
    return {"file": {
        "url": url, "id": told["sha256"], "partitionValues": {}, "size": told["bytes"], "stats": told["statistics"], "version": shared.version, "timestamp": released, "expirationTimestamp": expires * 1000,
    }}  # fmt: skip

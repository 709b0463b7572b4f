"""Routes beside the pages: files stream to disk and from disk without passing through memory."""

from __future__ import annotations

import re

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from pages.ui.access import TOKEN, require_access
from pages.ui.uploads import UploadRefused, receive
from scint_core.contract.folders import state_folder

UPLOAD_URL = "/scint/uploads"
_DOWNLOAD_URL = "/scint/downloads"
_SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
_JOB_ID = re.compile(r"[0-9a-f]{20}")


async def upload(request: Request) -> Response:
    """Keep the request's body as a file."""
    require_access(request)
    length = request.headers.get("content-length")
    try:
        kept = await receive(
            request.stream(), request.query_params.get("name", "file"), int(length) if length else None
        )
    except UploadRefused as error:
        return JSONResponse({"error": str(error)}, status_code=400, headers=_SAFE_HEADERS)
    except ClientDisconnect:
        return Response(status_code=499)
    return JSONResponse({"id": kept.id, "name": kept.name, "size": kept.size}, headers=_SAFE_HEADERS)


def download(request: Request) -> Response:
    """Send the file that an export job made."""
    require_access(request)
    job_id = request.path_params["job_id"]
    if not _JOB_ID.fullmatch(job_id):
        return JSONResponse({"error": "There is no such file."}, status_code=404, headers=_SAFE_HEADERS)
    path = state_folder() / "runs" / job_id / "result" / "integrated.h5ad"
    if not path.is_file():
        return JSONResponse({"error": "The file is not ready."}, status_code=404, headers=_SAFE_HEADERS)
    name = re.sub(r"[^\w.-]+", "_", request.query_params.get("name", "integrated")).strip("._") or "integrated"
    return FileResponse(
        path, media_type="application/octet-stream", filename=f"{name[:80]}.h5ad", headers=_SAFE_HEADERS
    )


def download_url(job_id: str, name: str) -> str:
    """The address of an export job's file, under the name it will be saved as."""
    return f"{_DOWNLOAD_URL}/{job_id}?name={re.sub(r'[^A-Za-z0-9_-]+', '_', name)}&token={TOKEN}"


ROUTES = [
    Route(UPLOAD_URL, upload, methods=["PUT"]),
    Route(_DOWNLOAD_URL + "/{job_id}", download, methods=["GET"]),
]

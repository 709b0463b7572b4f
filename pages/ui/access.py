"""Who may use the routes: the pages this server served, from the addresses it is known by, with its token."""

from __future__ import annotations

import os
import secrets
from urllib.parse import urlsplit

import streamlit as st
from starlette.exceptions import HTTPException
from starlette.requests import Request

TOKEN = secrets.token_urlsafe(24)
"""Made anew at every start; pages carry it, nothing else knows it."""

_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


def only_from_this_machine() -> bool:
    """Whether nobody but users of this machine reaches the server."""
    return st.get_option("server.address") in _LOCAL and not _further_hosts()


def _further_hosts() -> set[str]:
    return {name.strip() for name in os.environ.get("SCINT_HOSTS", "").split(",") if name.strip()}


def require_access(request: Request) -> None:
    """Refuse a request that another site, a rebound name or an outsider made.

    `SCINT_HOSTS` (names separated by commas) admits more host names, for a server that others reach.
    """
    host = urlsplit(f"//{request.headers.get('host', '')}")
    if host.hostname not in _LOCAL | _further_hosts():
        raise HTTPException(403, "This host name is not one the server is known by.")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host.netloc:
        raise HTTPException(403, "Requests from other sites are refused.")
    token = request.headers.get("x-scint-token") or request.query_params.get("token", "")
    if not secrets.compare_digest(token.encode(), TOKEN.encode()):
        raise HTTPException(403, "The page is from an earlier start of the app: reload it.")

"""The routes: files arrive whole or not at all, and nobody but the page may use them."""

import hashlib

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pages.ui import access, uploads
from pages.ui.routes import ROUTES, UPLOAD_URL, download_url
from scint_core.contract.folders import state_folder

TOKEN = {"X-Scint-Token": access.TOKEN}


@pytest.fixture
def client(monkeypatch, tmp_path):
    monkeypatch.setenv("SCINT_STATE", str(tmp_path / "state"))
    return TestClient(Starlette(routes=ROUTES), base_url="http://127.0.0.1:8501")


def put(client, content=b"cells", name="a.h5ad", headers=TOKEN):
    return client.put(f"{UPLOAD_URL}?name={name}", content=content, headers=headers)


def test_an_upload_is_kept_under_its_digest(client):
    answer = put(client).json()
    assert answer == {"id": hashlib.blake2b(b"cells", digest_size=20).hexdigest(), "name": "a.h5ad", "size": 5}
    assert uploads.upload_path(answer["id"]).read_bytes() == b"cells"
    assert put(client, name="b.h5ad").json()["id"] == answer["id"]
    assert [p.name for p in uploads.uploads_folder().iterdir()] == [answer["id"]]


@pytest.mark.parametrize(
    "name", ["../../../etc/evil.h5ad", "a%00b.h5ad", "x" * 500, "<img src=x>.h5ad", ".h5ad", "-rf"]
)
def test_a_name_is_never_a_path(client, name, tmp_path):
    assert put(client, name=name).status_code == 200
    written = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert [p.parent for p in written] == [uploads.uploads_folder()]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Scint-Token": "wrong"},
        {**TOKEN, "Origin": "http://evil.example"},
        {**TOKEN, "Origin": "null"},
        {**TOKEN, "Host": "evil.example"},
        {**TOKEN, "Host": "127.0.0.1.evil.example"},
    ],
)
def test_strangers_are_refused(client, headers):
    assert put(client, headers=headers).status_code == 403
    assert not list(uploads.uploads_folder().iterdir())


def test_the_page_itself_and_named_hosts_are_let_in(client, monkeypatch):
    assert put(client, headers={**TOKEN, "Origin": "http://127.0.0.1:8501"}).status_code == 200
    assert put(client, headers={**TOKEN, "Host": "class.example"}).status_code == 403
    monkeypatch.setenv("SCINT_HOSTS", "class.example, other.example")
    assert put(client, headers={**TOKEN, "Host": "class.example"}).status_code == 200


def test_a_cut_upload_leaves_nothing(client):
    answer = client.put(UPLOAD_URL, content=iter([b"half"]), headers={**TOKEN, "Content-Length": "10"})
    assert answer.status_code == 400
    assert "4 of 10 bytes arrived" in answer.json()["error"]
    assert not list(uploads.uploads_folder().iterdir())


def test_a_full_disk_is_a_sentence(client, monkeypatch):
    monkeypatch.setattr(uploads.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10**6})())
    answer = put(client)
    assert answer.status_code == 400
    assert "1 MB left" in answer.json()["error"]


def finished_export(job_id="ab" * 10, content=b"file"):
    result = state_folder() / "runs" / job_id / "result"
    result.mkdir(parents=True)
    (result / "integrated.h5ad").write_bytes(content)
    return job_id


def test_a_download_is_an_attachment_that_no_browser_renders(client):
    answer = client.get(download_url(finished_export(), "my data/../<b>"))
    assert answer.content == b"file"
    assert answer.headers["content-disposition"] == 'attachment; filename="my_data_b.h5ad"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("job_id", ["cd" * 10, "..%2F..%2Fsecret", "short", "AB" * 10])
def test_what_is_no_export_is_not_found(client, job_id):
    finished_export()
    assert client.get(f"/scint/downloads/{job_id}?token={access.TOKEN}").status_code == 404


def test_a_download_needs_the_token(client):
    assert client.get(f"/scint/downloads/{finished_export()}").status_code == 403


def test_an_id_that_is_none_is_refused():
    with pytest.raises(uploads.UploadRefused):
        uploads.upload_path("../../etc/passwd")

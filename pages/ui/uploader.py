"""The upload field: files go straight to the upload route, with a bar each, and only their ids come back."""

from __future__ import annotations

import streamlit as st

from pages.ui.access import TOKEN
from pages.ui.routes import UPLOAD_URL
from pages.ui.uploads import Upload

_HTML = """
<label id="drop" tabindex="0">
  <input id="files" type="file" multiple aria-label="Upload files">
  <strong>Drop files here, or click to choose</strong>
  <span>.h5ad, 10x .h5, 10x matrix as .zip, .loom, .csv or .tsv (also .gz). Several files become batches.</span>
</label>
<ul id="list"></ul>
"""

_CSS = """
:host, * { box-sizing: border-box; font-family: var(--st-font); color: var(--st-text-color); }
#drop { display: flex; flex-direction: column; gap: .25rem; padding: 1.1rem 1.25rem; cursor: pointer;
  border: 1.5px dashed color-mix(in srgb, var(--st-text-color) 35%, transparent);
  border-radius: var(--st-base-radius); background: var(--st-secondary-background-color); }
#drop:hover, #drop:focus, #drop.over { border-color: var(--st-primary-color); outline: none; }
#drop span { font-size: .85rem; opacity: .75; }
#files { position: absolute; opacity: 0; width: 1px; height: 1px; }
ul { list-style: none; margin: .5rem 0 0; padding: 0; display: flex; flex-direction: column; gap: .35rem; }
li { display: grid; grid-template-columns: 1fr auto auto; gap: .75rem; align-items: center; font-size: .9rem; }
li span.name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
li.failed span.size { color: var(--st-red-color, #c00); }
progress { width: 8rem; accent-color: var(--st-primary-color); }
button { border: none; background: none; cursor: pointer; font-size: 1rem; opacity: .6; color: inherit; }
"""

_JS = """
const megabytes = (n) => n < 1e6 ? Math.max(1, Math.round(n / 1e3)) + " kB" : (n / 1e6).toFixed(1) + " MB";

export default function ({ parentElement, data, setStateValue }) {
  const input = parentElement.querySelector("#files");
  const drop = parentElement.querySelector("#drop");
  const list = parentElement.querySelector("#list");
  const kept = parentElement.kept ?? (parentElement.kept = data.files.map((f) => ({ ...f })));

  const tell = () => setStateValue("files", kept.filter((f) => f.id).map(({ id, name, size }) => ({ id, name, size })));

  const draw = () => {
    list.replaceChildren(...kept.map((file) => {
      const row = document.createElement("li");
      const name = Object.assign(document.createElement("span"), { className: "name", textContent: file.name });
      const size = Object.assign(document.createElement("span"), { className: "size" });
      if (file.error) { row.className = "failed"; size.textContent = file.error; }
      else if (file.id) size.textContent = megabytes(file.size);
      else size.append(Object.assign(document.createElement("progress"), { max: 1, value: file.part || 0 }));
      const remove = Object.assign(document.createElement("button"), { textContent: "✕", title: "Remove" });
      remove.setAttribute("aria-label", "Remove " + file.name);
      remove.onclick = () => { file.request?.abort(); kept.splice(kept.indexOf(file), 1); draw(); tell(); };
      row.append(name, size, remove);
      return row;
    }));
  };

  const send = (source) => new Promise((resolve) => {
    const file = { name: source.name, size: source.size, part: 0 };
    const request = file.request = new XMLHttpRequest();
    kept.push(file);
    request.open("PUT", data.url + "?name=" + encodeURIComponent(source.name));
    request.setRequestHeader("X-Scint-Token", data.token);
    request.upload.onprogress = (e) => { file.part = e.loaded / e.total; draw(); };
    request.onload = () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { answer = { error: request.responseText }; }
      if (request.status === 200) file.id = answer.id; else file.error = answer.error || "The upload was refused.";
      resolve();
    };
    request.onerror = () => { file.error = "The connection was lost. Send the file again."; resolve(); };
    request.onabort = resolve;
    request.send(source);
    draw();
  });

  const sendAll = async (files) => { await Promise.all([...files].map(send)); draw(); tell(); };
  input.onchange = () => { const chosen = [...input.files]; input.value = ""; sendAll(chosen); };
  drop.ondragover = (e) => { e.preventDefault(); drop.classList.add("over"); };
  drop.ondragleave = () => drop.classList.remove("over");
  drop.ondrop = (e) => { e.preventDefault(); drop.classList.remove("over"); sendAll(e.dataTransfer.files); };
  drop.onkeydown = (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); input.click(); } };
  draw();
}
"""


@st.cache_resource
def _component():  # type: ignore[no-untyped-def]
    return st.components.v2.component("scint_uploader", html=_HTML, css=_CSS, js=_JS)


def upload_field(key: str) -> list[Upload]:
    """Draw the upload field; returns the files that have arrived whole, in order."""
    known = (st.session_state.get(key) or {}).get("files") or []
    answer = _component()(
        key=key,
        data={"url": UPLOAD_URL, "token": TOKEN, "files": known},
        default={"files": []},
        on_files_change=lambda: None,
    )
    return [Upload(f["id"], str(f["name"]), int(f["size"])) for f in answer.files or []]

// The console: sends what the chosen form says, and shows the answer. The key lives in its field alone, and is stored nowhere.
"use strict";
{
  const byId = (id) => document.getElementById(`console-${id}`);
  const [key, organization, operation] = ["key", "organization", "operation"].map(byId);
  const forms = new Map([...document.querySelectorAll(".trial")].map((form) => [form.dataset.operation, form]));
  const chosen = () => forms.get(operation.value);

  // What the form says: a path, headers and a body.
  function request(form) {
    const { method, path } = form.dataset;
    const values = { path: [], query: [], header: [], body: [] };
    for (const field of form.querySelectorAll("[data-place]")) {
      if (field.value !== "") values[field.dataset.place].push([field.dataset.name, field.value]);
    }
    const filled = values.path.reduce((text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)), path);
    const query = new URLSearchParams(values.query).toString();
    const headers = Object.fromEntries(values.header);
    if ("forOrganization" in form.dataset && organization.value) headers["x-organization-id"] = organization.value.trim();
    const body = values.body[0]?.[1];
    if (body !== undefined) headers["Content-Type"] = "application/json";
    return { method, path: filled + (query && `?${query}`), headers, body };
  }

  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

  function curl({ method, path, headers, body }) {
    const lines = [`curl -X ${method}`, quoted(location.origin + path), '-H "x-api-key: ${ASTERI_API_KEY}"'];
    lines.push(...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`));
    if (body !== undefined) lines.push(`-d ${quoted(body)}`);
    return lines.join(" \\\n  ");
  }

  // JSON with its colours, as elements: nothing of an answer is ever read as HTML.
  const PIECES = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi;
  function coloured(text) {
    const nodes = [];
    let end = 0;
    for (const match of text.matchAll(PIECES)) {
      const piece = document.createElement("span");
      piece.className = match[2] ? "t" : match[1] ? "s" : /^[tfn]/.test(match[0]) ? "k" : "n";
      piece.textContent = match[1] ?? match[0];
      nodes.push(text.slice(end, match.index), piece, match[2] ?? "");
      end = match.index + match[0].length;
    }
    return [...nodes, text.slice(end)];
  }

  function indented(text) {
    try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
  }

  function show(status, time, text, headers) {
    byId("status").className = `status is-${status}`;
    byId("status").textContent = status;
    byId("time").textContent = time;
    byId("body").replaceChildren(...coloured(text));
    byId("headers").replaceChildren(...[...headers].flatMap(([name, value]) => {
      const [term, said] = [document.createElement("dt"), document.createElement("dd")];
      [term.textContent, said.textContent] = [name, value];
      return [term, said];
    }));
    byId("answer").hidden = false;
    byId("announcer").textContent = `Answered ${status}`;
  }

  async function send(form) {
    const { method, path, headers, body } = request(form);
    const begun = performance.now();
    try {
      if (key.value) headers["x-api-key"] = key.value.trim();
      const response = await fetch(path, { method, headers, body, cache: "no-store", credentials: "omit" });
      const text = await response.text();
      show(response.status, `${Math.round(performance.now() - begun)} ms`, indented(text) || "No body", response.headers);
    } catch (error) {
      show("Not sent", "", String(error.message), []);
    }
  }

  function refresh() { byId("curl").textContent = curl(request(chosen())); }

  function choose(id) {
    if (!forms.has(id)) return;
    operation.value = id;
    for (const [name, form] of forms) form.hidden = name !== id;
    byId("answer").hidden = true;
    refresh();
  }

  operation.addEventListener("change", () => {
    history.replaceState(null, "", `#${operation.value}`);
    choose(operation.value);
  });
  document.getElementById("console").addEventListener("input", refresh);
  document.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.target.querySelector(".send");
    button.disabled = true;
    await send(event.target);
    button.disabled = false;
  });
  addEventListener("hashchange", () => choose(location.hash.slice(1)));
  addEventListener("pagehide", () => { key.value = ""; });
  choose(forms.has(location.hash.slice(1)) ? location.hash.slice(1) : operation.value);
}

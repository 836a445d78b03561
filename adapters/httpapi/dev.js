// The development page: the product in a browser. All that it shows it asks the API for, and puts into the page as text.

const at = (id) => document.getElementById(id);
const store = sessionStorage;
const everySoOften = 3000; // milliseconds from one look to the next

/* The token comes in the fragment, which no server sees, and leaves the address bar at once. */
const handed = new URLSearchParams(location.hash.slice(1)).get("token");
if (handed) store.setItem("token", handed);
const query = new URLSearchParams(location.search);
const invited = query.has("amazon_callback_uri") ? location.search.slice(1) : "";
if (location.hash || (location.search && !invited)) history.replaceState(null, "", location.pathname + (invited ? "?" + invited : ""));

const language = at("language");
language.value = store.getItem("language") || (navigator.language.startsWith("fr") ? "fr" : "en");

class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.status = problem.status;
  }
}

async function call(method, path, body) {
  const headers = { Authorization: "Bearer " + store.getItem("token"), "Accept-Language": language.value };
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch("/api/v1" + path, { method, headers, body: body && JSON.stringify(body) });
  const read = await answer.json();
  if (!answer.ok) throw new Refused(read);
  return read;
}

/* Building the page: elements with text, never markup. */
function make(tag, options = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) element[name] = value;
  element.append(...inside.filter((part) => part !== null && part !== undefined && part !== ""));
  return element;
}
const badge = (text, kind = "") => make("span", { className: "badge " + kind, textContent: text });
const time = (text) => (text ? new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }) : "");
const day = (text) => (text ? new Date(text).toLocaleDateString(undefined, { dateStyle: "medium" }) : "");
const country = (code) => new Intl.DisplayNames([language.value], { type: "region" }).of(code);
const words = (name) => name.toLowerCase().replaceAll("_", " ");

function facts(list, pairs) {
  const rows = pairs.filter(([, value]) => value);
  list.replaceChildren(...rows.flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", {}, value)]));
  list.hidden = rows.length === 0;
}

function say(text, kind = "") {
  at("note").textContent = text;
  at("note").className = "note " + kind;
  at("note").hidden = !text;
}

/* The connection. */
const colours = { CONNECTED: "good", GRANTED: "good", ERROR: "bad", WITHDRAWN: "bad", PENDING: "warn" };

function showStatus(s) {
  at("status").textContent = words(s.status);
  at("status").className = "badge " + (colours[s.status] || "");
  at("next").textContent = s.nextStep;
  at("next").lang = language.value;
  at("error").textContent = s.lastError || "";
  at("error").hidden = !s.lastError;
  facts(at("facts"), [["Name", s.displayName], ["Region", s.region], ["Last read", time(s.lastSyncAt)]]);
  at("disconnect").disabled = s.status === "DISCONNECTED" || s.status === "DISABLED";
  const live = s.authorizations.filter((a) => a.status !== "ENDED");
  at("granted").hidden = live.length === 0;
  at("authorizations").replaceChildren(...live.map((a) => make("li", {},
    make("b", { textContent: a.region + " " }), badge(words(a.status), colours[a.status]), " ",
    make("span", { className: "mono", textContent: a.sellerId }),
    make("div", { className: "soft", textContent: a.daysLeft === null ? a.lastError || "" : `until ${day(a.expiresAt)}, ${a.daysLeft} days` }))));
  at("marketplaces").replaceChildren(...s.marketplaces.map((m) => make("li", {
    textContent: `${m.country} ${m.storeName || m.name}`, title: country(m.country), className: m.participating && !m.suspended ? "" : "off",
  })));
  if (s.marketplaces.length === 0) at("marketplaces").replaceChildren(make("li", { textContent: "asking Amazon …" }));
}

/* Tickets. What is open stays open: elements are kept by their tickets' ids. */
const shown = new Map();

function showTickets(tickets) {
  at("count").textContent = tickets.length || "";
  at("empty").hidden = tickets.length > 0;
  for (const t of tickets) {
    if (!shown.has(t.id)) shown.set(t.id, newTicket(t));
    showSummary(shown.get(t.id), t);
  }
  const order = tickets.map((t) => shown.get(t.id).element);
  if (order.some((element, i) => at("tickets").children[i] !== element) || order.length !== at("tickets").children.length) {
    at("tickets").replaceChildren(...order);
  }
}

function newTicket(t) {
  const inside = make("div", { className: "inside" });
  const summary = make("summary");
  const element = make("details", { className: "card" }, summary, inside);
  const ticket = { id: t.id, element, summary, inside, stamp: "" };
  element.addEventListener("toggle", () => { if (element.open) guard(() => look(ticket)); });
  return ticket;
}

function showSummary(ticket, t) {
  const stamp = JSON.stringify(t);
  if (stamp === ticket.stamp) return;
  ticket.stamp = stamp;
  ticket.summary.replaceChildren(
    make("span", { className: "line" }, make("b", { textContent: t.subject || "(no subject)" }), badge(words(t.status), t.status === "OPEN" ? "good" : ""),
      t.autoSendBlockedReason ? badge("a person answers", "warn") : null),
    make("span", { className: "soft", textContent: [t.customerName, t.orderId && "order " + t.orderId, time(t.lastMessageAt)].filter(Boolean).join(" · ") }));
}

async function look(ticket) {
  const [messages, order] = await Promise.all([call("GET", `/tickets/${ticket.id}/messages`), call("GET", `/tickets/${ticket.id}/order`)]);
  ticket.waits = order.state === "WANTED" && order.authorized;
  ticket.inside.replaceChildren(...messages.data.map(showMessage), showOrder(ticket, order));
}

function showMessage(m) {
  return make("div", { className: "message" },
    make("div", { className: "who", textContent: `${m.senderName || words(m.senderType)} · ${time(m.sentAt)}` }), make("p", { textContent: m.body }));
}

function showOrder(ticket, c) {
  const o = c.order;
  const again = make("button", { className: "small", textContent: "Ask Amazon again", hidden: !c.authorized || c.state === "NONE" });
  again.addEventListener("click", () => guard(async () => {
    await call("POST", `/tickets/${ticket.id}/order/refresh`);
    await look(ticket);
  }, again));
  const box = make("div", { className: "order" }, make("div", { className: "line" },
    make("b", { textContent: c.orderId ? "Order " + c.orderId : "No order" }), o ? badge(words(o.status), o.status === "SHIPPED" ? "good" : "") : null,
    o && o.fulfilment ? badge(o.fulfilment) : null, again));
  const why = c.state === "WANTED" && !c.authorized ? "Connect Amazon to see it." : c.reason || (c.state === "WANTED" && "Amazon is being asked …");
  if (why) box.append(make("p", { className: "soft", textContent: why }));
  if (!o) return box;
  const span = (w) => [day(w.from), day(w.to)].filter(Boolean).join(" – ");
  const list = make("dl");
  facts(list, [
    ["Placed", time(o.placedAt)], ["Sold in", o.country && country(o.country)], ["To be shipped", span(o.shipBy)], ["Promised", span(o.deliverBy)],
    ["Service", o.serviceLevel && words(o.serviceLevel)], ["Programs", o.programs.join(", ")], ["As of", time(c.fetchedAt) + (c.stale ? ", being asked again" : "")],
    ["Cancellation", o.cancelRequested && "the buyer asks for it"],
    ...o.packages.map((p) => ["Parcel", [p.carrier, p.tracking, p.status && words(p.status)].filter(Boolean).join(" · ")]),
  ]);
  box.append(list, make("ul", {}, ...o.items.map((i) => make("li", { textContent: `${i.quantity} × ${i.title || i.sku}` },
    make("small", { className: "mono", textContent: [i.asin, i.sku, `${i.shipped} shipped`].filter(Boolean).join(" · ") })))));
  return box;
}

/* Doing things. */
async function guard(action, button) {
  if (button) button.disabled = true;
  try {
    return await action();
  } catch (problem) {
    if (problem.status === 401) signIn();
    else say(problem.message, "bad");
  } finally {
    if (button) button.disabled = false;
  }
}

function act(id, action) {
  at(id).addEventListener("click", () => guard(async () => {
    say("");
    await action();
    await refresh();
  }, at(id)));
}

function signIn() {
  at("app").hidden = at("invitation").hidden = true;
  at("sign-in").hidden = false;
  at("token").focus();
}

async function refresh() {
  const [status, tickets] = await Promise.all([call("GET", "/marketplaces/amazon/status"), call("GET", "/tickets?limit=50")]);
  showStatus(status);
  showTickets(tickets.data);
  for (const ticket of shown.values()) if (ticket.element.open && ticket.waits) await look(ticket);
}

setInterval(() => { if (!document.hidden && !at("app").hidden) guard(refresh); }, everySoOften);

act("invent", () => call("POST", "/marketplaces/amazon/mock/connect"));
act("disconnect", () => call("POST", "/marketplaces/amazon/disconnect"));

at("connect").addEventListener("submit", (event) => {
  event.preventDefault();
  guard(async () => {
    say("");
    const begun = await call("POST", "/marketplaces/amazon/connect", { country: at("country").value, returnTo: location.origin + location.pathname });
    if (begun.authorizationUrl) location.assign(begun.authorizationUrl);
    else say(begun.instructions, "plain");
    await refresh();
  }, event.submitter);
});

at("accept").addEventListener("click", () => guard(async () => {
  const begun = await call("POST", "/marketplaces/amazon/oauth/login", { query: invited, returnTo: location.origin + location.pathname });
  location.assign(begun.authorizationUrl);
}, at("accept")));
at("decline").addEventListener("click", () => location.replace(location.pathname));

at("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  store.setItem("token", at("token").value.trim());
  begin();
});

language.addEventListener("change", () => {
  store.setItem("language", language.value);
  begin();
});

/* Whose token it is, for people; the server reads it for itself. */
function tenant() {
  try {
    return JSON.parse(atob(store.getItem("token").split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).tenantId;
  } catch {
    return "?";
  }
}

function begin() {
  if (!store.getItem("token")) return signIn();
  at("sign-in").hidden = true;
  for (const element of document.querySelectorAll(".tenant")) element.textContent = tenant();
  for (const option of at("country").options) if (option.value) option.textContent = `${country(option.value)} (${option.value})`;
  at("invited-seller").textContent = query.get("selling_partner_id") || "";
  at("invitation").hidden = !invited;
  at("app").hidden = Boolean(invited);
  if (!invited) guard(refresh);
}

if (query.get("result") === "connected") say("Amazon is connected.");
if (query.get("result") === "failed") say(`Amazon is not connected: ${words(query.get("reason") || "failed")}. Try again.`, "bad");
begin();

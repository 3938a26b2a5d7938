// Movies that are chosen in the library, on any of its pages, to be shown side by side.

const MAX_CHOSEN = 16;
const KEPT = "movies to compare";

const form = document.getElementById("compare");
const boxes = [...document.querySelectorAll("input[name=movies]")];
const chosen = new Set(JSON.parse(sessionStorage.getItem(KEPT) ?? "[]"));
let last = null;

function tell(isFull = false) {
  sessionStorage.setItem(KEPT, JSON.stringify([...chosen]));
  for (const box of boxes) box.checked = chosen.has(box.value);
  form.hidden = chosen.size === 0;
  const num = `${chosen.size} ${chosen.size === 1 ? "movie" : "movies"} chosen`;
  document.getElementById("chosen").textContent = isFull ? `${num}: more are not shown side by side` : num;
}

/** Choose a movie, or no longer; with Shift, all from the one before as well. */
function choose(box, isRange) {
  const at = boxes.indexOf(box);
  const from = isRange && last !== null ? Math.min(last, at) : at;
  const until = isRange && last !== null ? Math.max(last, at) : at;
  let isFull = false;
  for (const each of boxes.slice(from, until + 1)) {
    if (!box.checked) chosen.delete(each.value);
    else if (chosen.size < MAX_CHOSEN) chosen.add(each.value);
    else isFull = isFull || !chosen.has(each.value);
  }
  last = at;
  tell(isFull);
}

function compare() {
  if (chosen.size > 0) location.assign(`/grid?movies=${[...chosen].join(",")}`);
}

if (form) {
  for (const box of boxes) box.addEventListener("click", (event) => choose(box, event.shiftKey));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    compare();
  });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    chosen.clear();
    tell();
  });
  addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("select, input:not([type=checkbox]), textarea");
    if (event.key.toLowerCase() === "c" && !event.ctrlKey && !event.altKey && !event.metaKey && !isTyping) compare();
  });
  addEventListener("pageshow", () => tell());
}

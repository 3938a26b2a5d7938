// The library: filters that apply at once, thumbnails two at a time, and how far the search for movies has come.

const MAX_AT_ONCE = 2;
const waiting = [];
let numLoading = 0;

function loadMore() {
  while (numLoading < MAX_AT_ONCE && waiting.length) {
    const image = waiting.shift();
    numLoading += 1;
    const done = () => {
      numLoading -= 1;
      loadMore();
    };
    image.addEventListener("load", () => { image.classList.add("loaded"); done(); }, { once: true });
    image.addEventListener("error", done, { once: true });
    image.src = image.dataset.thumbnail;
  }
}

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) {
      seen.unobserve(entry.target);
      waiting.push(entry.target);
    }
  }
  loadMore();
});
document.querySelectorAll("img[data-thumbnail]").forEach((image) => seen.observe(image));

const filters = document.getElementById("filters");
filters.addEventListener("change", () => filters.requestSubmit());
filters.addEventListener("submit", () => {
  for (const field of filters.elements) {
    if (field.name && (field.value === "" || (field.name === "state" && field.value === "all"))) field.disabled = true;
  }
});

const scan = document.getElementById("scan");

async function follow() {
  const answer = await fetch("/scan.json");
  if (!answer.ok) return;
  const progress = await answer.json();
  if (progress.is_running) {
    scan.textContent = `Looking for movies: ${progress.num_found.toLocaleString("en")} found`;
    const isEmpty = !document.querySelector(".movies");
    if (isEmpty && progress.count > 0) location.reload();
    else setTimeout(follow, 500);
  } else if (filters.contains(document.activeElement)) {
    scan.textContent = `${progress.count.toLocaleString("en")} movies`; // what is being typed is not thrown away
  } else {
    location.reload();
  }
}
if (scan.dataset.running === "yes") setTimeout(follow, 300);

// The link to the runs that go on, if there are any.

const link = document.getElementById("live");
const answer = await fetch("/live.json");
const runs = answer.ok ? (await answer.json()).runs.filter((run) => run.state === "running") : [];
if (runs.length) {
  link.href = runs.length === 1 ? runs[0].page : "/live";
  link.textContent = runs.length === 1 ? `Live: ${runs[0].name}` : `Live: ${runs.length} runs`;
  link.hidden = false;
}

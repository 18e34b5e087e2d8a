// What a page does by itself; without it every page works as well.

// Counts down the seconds in data-left from when they were shown: whoever looks may have another
// clock than the server. What is over says so; nothing is asked anew by itself.
function count() {
  for (const shown of document.querySelectorAll("[data-left]")) {
    shown.dataset.since ??= performance.now();
    const past = Math.floor((performance.now() - shown.dataset.since) / 1000);
    const left = Math.max(0, shown.dataset.left - past);
    const clock = shown.querySelector("time");
    const hours = Math.floor(left / 3600);
    const minutes = Math.floor(left / 60) % 60;
    clock.textContent = left < 900
      ? `${minutes}:${String(left % 60).padStart(2, "0")}`
      : (hours ? clock.dataset.hours : clock.dataset.minutes)
        .replace("{hours}", hours).replace("{minutes}", minutes);
    shown.querySelector("[role=timer]").hidden = left === 0;
    shown.querySelector("[role=status] p").hidden = left > 0;
  }
}

// One press does a thing once.
function once(event) {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
}

document.addEventListener("submit", once);
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
setInterval(count, 1000);
count();

// What a page does by itself; without it every page works as well.

// Counts down to the moment in data-until; when it is over the page says so by asking anew.
function count() {
  for (const clock of document.querySelectorAll("time[data-until]")) {
    const left = Math.floor((Date.parse(clock.dataset.until) - Date.now()) / 1000);
    if (left < 0 && !clock.dataset.over) {
      clock.dataset.over = "yes";
      location.reload();
    }
    const minutes = Math.max(0, Math.floor(left / 60));
    const seconds = Math.max(0, left % 60);
    clock.textContent = `${minutes}:${String(seconds).padStart(2, "0")}`;
  }
}

// A choice in a form that only filters is followed at once.
function follow(event) {
  if (event.target.matches("form[data-filters] select")) {
    event.target.form.requestSubmit();
  }
}

// One press does a thing once.
function once(event) {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
}

document.addEventListener("change", follow);
document.addEventListener("submit", once);
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
setInterval(count, 1000);
count();

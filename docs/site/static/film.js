// A film: the slider chooses which picture of a panel is seen, and the words that belong to it.
document.querySelectorAll(".film").forEach((film) => {
  const slider = film.querySelector("input");
  const frames = [...film.querySelectorAll("img")];
  const show = () => {
    const now = frames[slider.value];
    frames.forEach((frame) => (frame.hidden = frame !== now));
    film.querySelector("output").textContent = now.dataset.place;
    slider.setAttribute("aria-valuetext", now.dataset.place);
    film.querySelector(".film-line").textContent = now.dataset.line;
    film.querySelector("details p").textContent = now.alt;
  };
  slider.addEventListener("input", show);
  show();
});

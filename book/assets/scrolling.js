// What scrolls sideways fades at the edge behind which there is more, and can be reached and moved
// with the keyboard; both only while it scrolls.
{
  const boxes =
    ".math, .math > mjx-container, .pst-scrollable-table-container, .cell_output, .output, pre, " +
    ".picture, .runs";

  function tell(box) {
    const beyond = box.scrollWidth - box.clientWidth;
    const scrolls = beyond > 0 && getComputedStyle(box).overflowX === "auto";
    // By a pixel, which is the width of a formula rounded up, it hides nothing.
    box.classList.toggle("more-left", scrolls && box.scrollLeft > 1);
    box.classList.toggle("more-right", scrolls && box.scrollLeft < beyond - 1);
    // A caption, which stays, does not fade.
    const caption = box.querySelector(":scope > table > caption");
    if (caption) box.style.setProperty("--whole", `${caption.offsetHeight}px`);
    if (scrolls) box.tabIndex = 0;
    else if (!box.matches(".explained, .runs")) box.removeAttribute("tabindex");
  }

  document.addEventListener("DOMContentLoaded", () => {
    const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => tell(target)));
    const all = document.querySelectorAll(`.bd-article :is(${boxes})`);
    all.forEach((box) => {
      watch.observe(box);
      box.addEventListener("scroll", () => tell(box), { passive: true });
    });
    // Letters that come later widen what is in a box, and not the box.
    document.fonts.addEventListener("loadingdone", () => all.forEach(tell));
  });
}

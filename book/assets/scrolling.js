// What scrolls sideways fades at the edge behind which there is more, and can be reached and moved
// with the keyboard; both only while it scrolls.
{
  const boxes =
    ".math, .math > mjx-container, .pst-scrollable-table-container, .cell_output, pre, .picture, .runs";

  function tell(box) {
    const beyond = box.scrollWidth - box.clientWidth;
    // A formula's box may be a fraction of a pixel wider than its line.
    const scrolls = beyond > 1 && getComputedStyle(box).overflowX === "auto";
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
    document.querySelectorAll(`.bd-article :is(${boxes})`).forEach((box) => {
      watch.observe(box);
      box.addEventListener("scroll", () => tell(box), { passive: true });
    });
  });
}

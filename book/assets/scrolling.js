// What scrolls sideways can be reached and moved with the keyboard, and only while it scrolls.
{
  const boxes = ".math, .math > mjx-container, .pst-scrollable-table-container, .cell_output, pre";

  document.addEventListener("DOMContentLoaded", () => {
    const watch = new ResizeObserver((entries) => {
      for (const { target: box } of entries) {
        const scrolls = getComputedStyle(box).overflowX === "auto";
        if (scrolls && box.scrollWidth > box.clientWidth) box.tabIndex = 0;
        else if (!box.classList.contains("explained")) box.removeAttribute("tabindex");
      }
    });
    document.querySelectorAll(`.bd-article :is(${boxes})`).forEach((box) => watch.observe(box));
  });
}

// What scrolls sideways can be reached and moved with the keyboard, and only while it scrolls.
const boxes = ".bd-article :is(div.math, mjx-container, .pst-scrollable-table-container, .cell_output, pre)";

document.addEventListener("DOMContentLoaded", () => {
  const watch = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  document.querySelectorAll(boxes).forEach((box) => watch.observe(box));
});

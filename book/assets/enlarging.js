// A figure enlarges where it is clicked, tapped, or chosen with the keyboard: it fills the window, and
// more where that is narrow. Escape, a click or a tap closes it. A figure that an explorer takes the
// place of is left to it.
{
  const dialog = document.createElement("dialog");
  dialog.className = "enlarged";
  dialog.setAttribute("aria-label", "The figure, enlarged");
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  dialog.addEventListener("click", () => dialog.close());

  function open(image) {
    const large = image.cloneNode();
    large.loading = "eager";
    large.style.setProperty("--shape", image.width / image.height);
    dialog.replaceChildren(close, large);
    if (!dialog.isConnected) document.body.append(dialog);
    dialog.showModal();
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const image of document.querySelectorAll(".bd-article figure .picture > img")) {
      if (image.closest(".explorer, a")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "enlarge";
      button.title = "Enlarge";
      button.setAttribute("aria-haspopup", "dialog");
      button.addEventListener("click", () => open(image));
      image.replaceWith(button);
      button.append(image);
    }
  });
}

// A result of the search shows the place in the chapter where the reader's word stands. Sphinx
// looks for the word's stem, in the page with its menus.
{
  const summary = Search.makeSearchSummary;
  const typed = (new URLSearchParams(location.search).get("q") ?? "").split(/\s+/).filter(Boolean);
  Search.makeSearchSummary = (html, stems, anchor) =>
    summary(html, new Set([...stems, ...typed.reverse()]), anchor);
  Search.htmlToText = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelectorAll(".headerlink, script, style").forEach((node) => node.remove());
    return page.querySelector("article")?.textContent ?? "";
  };
}

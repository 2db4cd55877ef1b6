// TeX → HTML with MathJax's own modules, which the extension has loaded into this engine.
// `typeset(tex, display)` returns a formula and what is wrong with it, as JSON; `styles()` the
// rules for all that were typeset.
const { typeset, styles } = (function () {
  const { liteAdaptor } = MathJax._.adaptors.liteAdaptor;
  const { RegisterHTMLHandler } = MathJax._.handlers.html_ts;
  const { AssistiveMmlHandler } = MathJax._.a11y["assistive-mml"];
  const { mathjax } = MathJax._.mathjax;
  const adaptor = liteAdaptor();
  AssistiveMmlHandler(RegisterHTMLHandler(adaptor));
  const input = new MathJax._.input.tex_ts.TeX({
    packages: ["base", "ams", "newcommand", "configmacros", "html"],
    macros: MACROS,
    formatError: (_, error) => {
      throw error;
    },
  });
  const font = new MathJax._.output.chtml.fonts.tex_ts.TeXFont({ fontURL: FONTS });
  const output = new MathJax._.output.chtml_ts.CHTML({ font, adaptiveCSS: true });
  const page = mathjax.document("", { InputJax: input, OutputJax: output });
  // What neither eye nor screen reader needs.
  const idle = / (?:xmlns|unselectable|texclass|data-mjx-texclass|style)="(?:http[^"]*|on|[A-Z]+|position: relative;|margin-left: 0; margin-right: 0;)"/g;
  return {
    typeset: (tex, display) => {
      try {
        return JSON.stringify([adaptor.outerHTML(page.convert(tex, { display })).replace(idle, ""), ""]);
      } catch (error) {
        return JSON.stringify(["", error.message]);
      }
    },
    styles: () => adaptor.textContent(output.styleSheet(page)),
  };
})();

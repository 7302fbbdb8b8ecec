// Mathematics that is wider than its place is set smaller; what would be too small scrolls.
addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  const SMALLEST = 0.55;
  const width = (math) => {
    const parts = [...math.querySelectorAll("mjx-math, mjx-math > *, mjx-labels")];
    const boxes = parts.map((part) => part.getBoundingClientRect());
    return Math.max(...boxes.map((b) => b.right)) - Math.min(...boxes.map((b) => b.left));
  };
  const fit = () => {
    for (const math of document.querySelectorAll("main mjx-container")) {
      math.style.fontSize = "";
      const place = math.hasAttribute("display") ? math : math.closest("div, p, li, td, dd");
      const room = place.clientWidth;
      let size = 1;
      // It does not shrink in proportion, for its rules and spaces stay: hence more than once.
      for (let i = 0; room && i < 3 && size > SMALLEST; i++) {
        const scale = room / (width(math) + 1);
        if (scale >= 1) break;
        size = Math.max(scale * size, SMALLEST);
        math.style.fontSize = `${100 * size}%`;
      }
    }
    document.documentElement.dataset.fitted = true;
  };
  let last = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width !== last) fit();
    last = contentRect.width;
  }).observe(document.body);
  addEventListener("toggle", fit, true); // what was folded had no width
  addEventListener("beforeprint", fit);
});

// Contours under the pictures of single steps, and what else these share.
"use strict";

Stepsize.surfaces = {
  // What is legible of colours by name.
  legible: (plot, colours) =>
    Object.fromEntries(Object.entries(colours).map(([name, colour]) => [name, plot.legible(colour)])),

  // A place on a plane, in words.
  place: (w) =>
    (w.every(Number.isFinite) ? `(${w.map(Stepsize.kit.number).join(", ")})` : "a place that is not finite"),

  // Contours at fourteen levels of the logarithm, coarse, for a slider may move the view.
  surface(plot, contours, objective, [x, y]) {
    const height = (w) => Math.log10(objective.loss(w)), at = ([a, b], i) => a + (i / 7) * (b - a);
    const seen = Array.from({ length: 64 }, (_, i) => height([at(x, i % 8), at(y, i >> 3)]));
    const low = Math.min(...seen.filter((h) => h > -40)), span = Math.max(...seen) - low || 1;
    let more;
    plot.frame({
      x, y, xLabel: "w₁", yLabel: "w₂",
      under: () => (more = contours.draw(Object.create(plot, { dpr: { value: 0.7 * plot.dpr } }),
        JSON.stringify([low, x, y]), (w) => (7 * (height(w) - low)) / span - 3)),
    });
    plot.sign(objective.minimizer, "★", plot.ink, 20);
    return more;
  },
};

// The starts from which a method does not arrive, darkened: cell by cell, all over a map.
"use strict";

Stepsize.basins = ({ level }) => {
  const [columns, rows] = [60, 50], cells = columns * rows;
  let key, done, canvas;

  // Draw what is known, and go on for some milliseconds; whether there is more to come.
  return ({ area, context, x, y }, { name, parameters }, objective, gradEvals) => {
    if (!objective || !Stepsize.methods[name]) return false;
    const now = JSON.stringify([name, parameters, x, y, gradEvals]) + objective.loss;
    if (key !== now) {
      [key, done] = [now, 0];
      canvas = Stepsize.kit.el("canvas", { width: columns, height: rows });
    }
    const method = new Stepsize.methods[name](parameters), until = performance.now() + 12;
    const cell = canvas.getContext("2d");
    for (let first = true; done < cells && (first || performance.now() < until); first = false) {
      const n = (1117 * done) % cells, i = n % columns, j = Math.floor(n / columns);
      const start = [x[0] + ((i + 0.5) / columns) * (x[1] - x[0]), y[1] - ((j + 0.5) / rows) * (y[1] - y[0])];
      const { error } = Stepsize.minimize(method, objective, start, { gradEvals });
      cell.fillStyle = error.some((e) => e <= level) ? "#f3d9b1" : "#5b2333";
      cell.fillRect(i, j, 1, 1);
      done += 1;
    }
    context.save();
    Object.assign(context, { globalAlpha: 0.55, imageSmoothingEnabled: false });
    context.drawImage(canvas, area.left, area.top, area.width, area.height);
    context.restore();
    return done < cells;
  };
};

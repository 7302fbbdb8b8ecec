// A planning step, two-step rates, one ray: first their arithmetic. Their twins: stepsize/explore/.
"use strict";

Stepsize.steps = (() => {
const inner = (a, b) => a[0] * b[0] + a[1] * b[1];
const ratio = (a, b) => (b !== 0 ? a / b : 0);

// ---- inside planning: every gradient evaluation, from points[n - 1] to points[n], is a stage

function inside(method, objective, w0, plannings) {
	const { window: K, correction_steps: M } = method, points = [], main = [], pairs = [];
	const watched = { ...objective, grad: (w) => (points.push(w), objective.grad(w)) };
	const run = new Stepsize.Run(method, watched, w0, { iterations: K * (plannings + 1) });
	const stages = [{ kind: "start", k: 0, planning: 1, from: 0, to: 0, alpha: [0, 0] }];
	let planning = 1, from = 0;
	for (let k = 1; k <= K * (plannings + 1); k++) {
		const before = points.length;
		run.advance(1);
		const w = points[before + 1] ?? run.w, later = points.length - before - 1, { state } = run;
		main.push({ w, g: objective.grad(points[before]) });
		if (k > K) {
			const s = main[k - 1 - K];
			pairs.push({ ...s, d: s.w.map((x, i) => x - w[i]), later: w });
		}
		// A planning leaves its step sizes, the main loop the sums that they come from.
		const alpha = later ? state.step_size : state.sum_1.map((a, i) => ratio(a, state.sum_2[i]));
		const common = { k, planning, from, to: pairs.length, alpha };
		stages.push({ kind: "descend", ...common });
		for (let i = 0; i < later; i++) {
			const m = i % (1 + M), leap = Math.floor(i / (1 + M)) + 1;
			stages.push({ kind: m ? "correct" : "leap", m, leap, ...common });
		}
		if (later) [planning, from] = [planning + 1, pairs.length];
	}
	return { points: [...points, run.w], stages, pairs };
}

// ---- rates: e_{k+1} = b e_k - c e_{k-1} in a direction of given curvature

const TWO_STEPS = {
	GradientDescent: (al) => [1 - al, 0],
	HeavyBall: (al, p) => [1 + p - al, p],
	Nesterov: (al, p) => [(1 + p) * (1 - al), p * (1 - al)],
};

function eigenvalues(name, curvature, step_size, momentum) {
	const [b, c] = TWO_STEPS[name](step_size * curvature, momentum);
	if (name === "GradientDescent") return [[b, 0]];
	const inside = b * b - 4 * c, root = Math.sqrt(Math.abs(inside));
	if (inside < 0) return [[b / 2, root / 2], [b / 2, -root / 2]];
	return [[(b + root) / 2, 0], [(b - root) / 2, 0]];
}

function rate(name, curvature, step_size, momentum) {
	const [b, c] = TWO_STEPS[name](step_size * curvature, momentum), inside = b * b - 4 * c;
	if (name === "GradientDescent") return Math.abs(b);
	return inside < 0 ? Math.sqrt(Math.abs(c)) : (Math.abs(b) + Math.sqrt(Math.max(inside, 0))) / 2;
}

// Step size and momentum of the least rate on curvatures mu to 1.
function best(name, mu) {
	const root = Math.sqrt(name === "Nesterov" ? 3 / mu + 1 : mu);
	if (name === "HeavyBall") return [4 / ((1 + root) * (1 + root)), ((1 - root) / (1 + root)) ** 2];
	return name === "Nesterov" ? [4 / (3 + mu), (root - 2) / (root + 2)] : [2 / (1 + mu), 0];
}

function rates({ method, condition, step_size, momentum }, iterations) {
	const mu = 1 / condition, at = (a, p) => Math.max(rate(method, 1, a, p), rate(method, mu, a, p));
	const run = new Stepsize.methods[method]({ step_size, momentum });
	const bowl = Stepsize.objectives.quadratic({ curvature: [1, mu], minimizer: [0, 0] });
	const { error } = Stepsize.minimize(run, bowl, [1, 1], { iterations });
	let last = 0; // the last row before overflow or underflow
	while (last < iterations && error[last + 1] > 1e-250 && error[last + 1] < 1e250) last += 1;
	// Errors oscillate: the largest of the last quarter over the largest of the one before.
	const q = Math.floor(last / 4), largest = (i) => Math.max(...error.slice(i * q, (i + 1) * q));
	const measured = q ? (largest(3) / largest(2)) ** (1 / q) : 0;
	const optimum = best(method, mu);
	return { mu, at, error, q, measured, predicted: at(step_size, momentum), optimum, least: at(...optimum) };
}

// ---- one ray: w - t g

function ray(objective, w, alpha, { fraction, target, factor }) {
	const f = objective.loss(w), g = objective.grad(w), s = inner(g, g);
	const point = (t) => w.map((x, i) => x - t * g[i]), loss = (t) => objective.loss(point(t));
	const slope = (t) => -inner(objective.grad(point(t)), g);
	let low = 0, high = 2 ** -20; // the exact minimizer: the first place where the slope turns
	while (slope(high) < 0 && high < 2 ** 20) [low, high] = [high, 1.25 * high];
	for (let i = 0; i < 60; i++) {
		const middle = (low + high) / 2;
		if (slope(middle) < 0) low = middle;
		else high = middle;
	}
	const promised = inner(g, g.map((x) => alpha * x)), error = loss(alpha) - f + promised;
	const next = error > promised / 2 ? alpha / factor : promised > 0 ? alpha * factor : alpha;
	const aim = target * f;
	return {
		f, g, s, point, loss, aim, next, r: ratio(error, promised), curvature: ratio(error, alpha * alpha),
		polyak: ratio(f, s), l4: ratio(fraction * (f - aim), s), exact: s ? high : 0,
	};
}

return { inside, eigenvalues, rate, rates, best, ray };
})();

(() => {
if (!Stepsize.kit) return; // an engine without a page
const { whole, number, button, Contours, ticks, logarithmic, draggable, marker, objective: named, panel, placed, stroke } = Stepsize.kit;
const finite = (w) => w.every(Number.isFinite);
const place = (w) => (finite(w) ? `(${w.map(number).join(", ")})` : "a place that is not finite");
const legible = (plot, colours) =>
	Object.fromEntries(Object.entries(colours).map(([name, colour]) => [name, plot.legible(colour)]));

function arrow(plot, from, to, colour, width) {
	plot.line(2, (i) => (i ? to : from), stroke(colour, width));
	const turn = Math.atan2(plot.py(to[1]) - plot.py(from[1]), plot.px(to[0]) - plot.px(from[0]));
	plot.sign(to, "▶", colour, 5 + 2.5 * width, "", turn || 1e-9);
}

// Contours at fourteen levels of the logarithm between what a view holds, with fewer pixels than
// the screen's, for a view may change under a slider.
function landscape(plot, contours, objective, [x, y]) {
	const height = (w) => Math.log10(objective.loss(w)), at = ([a, b], i) => a + (i / 7) * (b - a);
	const seen = Array.from({ length: 64 }, (_, i) => height([at(x, i % 8), at(y, i >> 3)]));
	const low = Math.min(...seen.filter((h) => h > -40)), span = Math.max(...seen) - low || 1;
	let more;
	plot.frame({
		x, y, xTicks: ticks(...x, 4), xLabel: "w₁", yLabel: "w₂",
		under: () => (more = contours.draw(Object.create(plot, { dpr: { value: 0.7 * plot.dpr } }),
			JSON.stringify([low, x, y]), (w) => (7 * (height(w) - low)) / span - 3)),
	});
	plot.sign(objective.minimizer, "★", plot.ink, 20);
	return more;
}

function wider(values, least) {
	const low = Math.min(...values), high = Math.max(...values), half = Math.max(0.62 * (high - low), least);
	return [(low + high) / 2 - half, (low + high) / 2 + half];
}

// ---- inside a planning step

Stepsize.explorers["planning-step"] = (figure, data) => {
	const { colours, setting: { objective: name }, knobs: { at: [, stops] } } = data, contours = [];
	const { view } = Stepsize.catalogue.objectives[name], objective = named(name);
	let run, kept; // contours: one for each planning; stops: one for each evaluation
	const changed = (changes) => {
		const key = JSON.stringify({ ...state, at: 0 });
		if (key !== kept) {
			run = Stepsize.steps.inside(new Stepsize.methods.Csawg(state), objective, state.w0, state.plannings);
			stops.splice(0, Infinity, ...run.points.keys());
			if (kept && !("at" in changes)) state.at = Math.min(state.at, run.points.findLastIndex(finite));
		}
		kept = key;
		state.at = Math.max(0, Math.min(stops.length - 1, state.at));
	};
	const next = () => {
		const found = run.stages.findIndex(({ kind, leap }, n) => n > state.at + 1 && kind === "leap" && leap === 1);
		return { at: (found < 0 ? stops.length : found) - 1 };
	};
	const { state, take, body, say, plots: [map, ...fits] } = panel(figure, data, { draw, changed, buttons: {
		back: () => ({ at: state.at - 1 }), next: () => ({ at: state.at + 1 }), "to the next planning": next,
	} });

	function words() {
		const { at, window: K, planning_steps, correction_steps } = state, w = run.points[at];
		const { kind, k, leap, m, planning, from, to: end, alpha } = run.stages[at];
		const away = Math.hypot(...w.map((x, i) => x - objective.minimizer[i]));
		const to = `to ${place(w)}${finite(w) ? `, error ${number(away)}` : ""}.`;
		const what = {
			descend: `gradient step ${whole(k)} of the main loop ${to}`,
			leap: `planning ${planning}, leap ${leap} of ${planning_steps} ${to}`,
			correct: `planning ${planning}, correcting step ${m} of ${correction_steps} after leap ${leap} ${to}`,
		}[kind];
		const held = k <= K ? `${k} of ${K} weights and gradients; no pair yet`
			: `${end - from} of ${K} pairs; step sizes ${end - from < K ? "so far" : "learned"} ` +
				(finite(alpha) ? place(alpha) : "are not finite");
		return [
			what ? `Gradient evaluation ${whole(at)} of ${whole(stops.length - 1)}: ${what}`
				: `Start ${to.replace("to", "at").slice(0, -1)}; no gradient is evaluated yet.`,
			`The buffers hold ${held}.`,
		];
	}

	function draw() {
		const { stages, points, pairs } = run, n = state.at, { planning, from, to, alpha } = stages[n];
		const cycle = stops.filter((i) => stages[i].planning === planning), first = cycle[0];
		const all = pairs.slice(from, stages[cycle.at(-1)].to), held = pairs.slice(from, to);
		const seen = [...cycle.map((i) => points[i]), ...all.flatMap((p) => [p.w, p.later])].filter(finite);
		const more = landscape(map, (contours[planning] ||= new Contours()), objective,
			view.map(([a, b], i) => wider(seen.map((w) => Math.max(a - 1, Math.min(b + 1, w[i]))), 1e-4)));
		const look = legible(map, colours);
		map.line(n + 1, (i) => points[i], stroke(look.pair, 0.7));
		for (const { w, later } of held) arrow(map, w, later, look.pair, 3);
		for (let i = first; i <= n; i++) {
			const { kind } = stages[i];
			if (kind === "leap") arrow(map, points[i - 1], points[i], look.leap, 1.8);
			if (kind === "leap") map.sign(points[i], "■", map.ink, 9);
			else if (kind === "correct") map.sign(points[i], "×", look.correct, 14);
			else map.sign(points[i], "●", look.main, 9);
		}
		map.sign(points[n], "◯", map.ink, 17);
		fits.forEach((plot, i) => {
			const ok = all.filter((p) => finite([p.g[i], p.d[i]])), name = i ? "w₂" : "w₁";
			const [x, y] = ["g", "d"].map((v) => wider([0, ...ok.map((p) => p[v][i])], ok.length ? 1e-300 : 1));
			plot.frame({ x, y, xTicks: ticks(...x, 4), xLabel: `gradient of ${name}`, yLabel: `decrease of ${name}` });
			for (const p of held) plot.sign([p.g[i], p.d[i]], "■", look.pair, 9);
			if (!held.length || !Number.isFinite(alpha[i])) return;
			plot.line(2, (k) => [x[k], alpha[i] * x[k]], stroke(look.leap));
			plot.names([{ text: `slope ${number(alpha[i])}`, y: y[1], colour: look.leap }]);
		});
		say(words());
		return more;
	}
	take(data.setting);
	return body;
};

// ---- momentum and rates

Stepsize.explorers.rates = (figure, data) => {
	const { iterations, knobs } = data, { eigenvalues } = Stepsize.steps;
	const best = () => {
		const [step_size, momentum] = Stepsize.steps.best(state.method, 1 / state.condition);
		return { step_size, momentum };
	};
	const { state, take, body, say, plots: [plane, rate, errors] } = panel(figure, data, {
		draw, changed: () => {}, buttons: { "to the best": best },
	});
	const star = button("★", () => take(best()), {
		class: "start", style: "line-height: 0.7", "aria-label": "the best; press to go there",
	});
	rate.box.append(star);

	function words({ mu, predicted, measured, q, optimum, least }) {
		const { method, step_size, momentum, condition } = state;
		const both = (curvature) => {
			const z = eigenvalues(method, curvature, step_size, momentum), [[re, im]] = z;
			return im ? `${number(re)} ± ${number(im)}i` : z.map(([a]) => number(a)).join(" and ");
		};
		const run = q ? `measured ${measured.toFixed(4)} between iterations ${2 * q} and ${4 * q}` : "the run ends at once";
		const also = method !== "GradientDescent" ? `, momentum ${number(optimum[1])}` : "";
		return [
			`Predicted rate ${predicted.toFixed(4)} an iteration, ${run}${predicted < 1 ? "" : "; it does not converge"}.`,
			`Eigenvalues at curvature 1: ${both(1)}; at ${number(mu)}: ${both(mu)}.`,
			`Best for condition number ${whole(condition)}: step size ${number(optimum[0])}${also}, rate ${least.toFixed(4)}.`,
		];
	}

	function draw() {
		const { method, step_size: a, momentum: p } = state, result = Stepsize.steps.rates(state, iterations);
		const { mu, at, error, predicted, optimum, least } = result, momentum = method !== "GradientDescent";
		const main = plane.legible(Stepsize.catalogue.methods[method].colour), thin = stroke(plane.legible("#808080"), 1, [4, 3]);
		const wide = (1.3 * (plane.box.clientWidth - 74)) / (plane.box.clientHeight - 46), x = [-wide, wide], y = [-1.3, 1.3];
		plane.frame({ x, y, xLabel: "real part", yLabel: "imaginary part" });
		const circle = (r, look) =>
			plane.line(129, (i) => [r * Math.cos((i * Math.PI) / 64), r * Math.sin((i * Math.PI) / 64)], look);
		circle(1, stroke(plane.ink, 1));
		circle(predicted, thin);
		for (let i = 1; i < 80; i++) plane.dots(eigenvalues(method, mu ** (i / 80), a, p), thin, 1);
		eigenvalues(method, 1, a, p).forEach((z, i) => plane.sign(z, "●", main, 15, i ? "" : "curvature 1"));
		eigenvalues(method, mu, a, p).forEach((z, i) => plane.sign(z, "■", plane.ink, 15, i ? "" : number(mu)));

		const end = momentum ? 1 : 4;
		rate.frame({
			x: [0, end], y: [0, 1.2], yLabel: "rate",
			xLabel: momentum ? `momentum, at step size ${number(a)}` : knobs.step_size[0],
		});
		rate.line(401, (i) => [(end * i) / 400, momentum ? at(a, i / 400) : at(i / 100, 0)], stroke(main));
		rate.line(2, (i) => [i * end, 1], thin);
		rate.sign([momentum ? p : a, predicted], "●", main, 15, "here");
		star.style.left = `${rate.px(optimum[Number(momentum)])}px`;
		star.style.top = `${rate.py(least)}px`;

		const { height, ...axis } = logarithmic(error, 40, -40);
		errors.frame({ x: [0, iterations], ...axis, xLabel: "iteration", yLabel: "error" });
		errors.line(2, (i) => [i * iterations, height(error[0]) + i * iterations * Math.log10(predicted)], thin);
		errors.line(error.length, (i) => [i, height(error[i])], stroke(main));
		say(words(result));
	}
	take(data.setting);
	return body;
};

// ---- one ray

Stepsize.explorers.ray = (figure, data) => {
	const { colours, names, aim, knobs } = data, contours = new Contours();
	let objective, view, w;
	const changed = () => {
		({ view } = Stepsize.catalogue.objectives[state.objective]);
		objective = named(state.objective);
		placed(state, knobs, view, 0.01);
		w = [state.x, state.y];
	};
	const result = () => Stepsize.steps.ray(objective, w, state.step_size, { ...aim, ...state });
	const to = (name) => [names[name], () => ({ step_size: result()[name] })];
	const { state, take, body, say, plots: [map, along] } = panel(figure, data, {
		draw, changed, buttons: Object.fromEntries(["exact", "polyak", "l4"].map(to)),
	});
	along.box.style.aspectRatio = 1.2; // alone beside the map

	const handle = marker(map, ([x, y]) => take({ x, y }));
	draggable(along, ([t]) => take({ step_size: Number(t.toPrecision(3)) }));

	function words({ f, s, loss, r, next, polyak, l4, exact, aim }) {
		const { step_size: t, fraction } = state, at = (a) => `${number(a)}, loss ${number(loss(a))}`;
		if (s === 0) return [`The gradient at ${place(w)} is zero: no step size moves it.`];
		return [
			`From ${place(w)} with step size ${number(t)}: loss ${number(f)} becomes ${number(loss(t))}, the tangent ` +
				`promised ${number(f - t * s)}; r = ${number(r)}, LossGrad's next step is ` +
				`${next > t ? "longer" : next < t ? "shorter" : "the same"}.`,
			`Step sizes: exact minimizer ${at(exact)}; Polyak ${at(polyak)}; L4, ${number(fraction)} of the way ` +
				`to ${number(aim)}, ${at(l4)}.`,
		];
	}

	function draw() {
		const found = result(), { f, s, point, loss, aim, curvature, polyak, l4, exact } = found, { step_size } = state;
		const look = legible(map, colours);
		const signs = [["lossgrad", step_size, "●"], ["exact", exact, "★"], ["polyak", polyak, "■"], ["l4", l4, "▲"]];
		const far = Math.max(...signs.map(([, a]) => a)), end = 1.15 * Math.min(far, 4 * Math.max(polyak, exact)) || 1;
		const more = landscape(map, contours, objective, view);
		map.line(101, (i) => point((i / 100) * end), stroke(map.ink, 1));
		handle.show(w, "point");

		const x = [0, end], y = [-0.15 * f, 1.3 * f || 1];
		along.frame({ x, y, xTicks: ticks(...x, 4), xLabel: knobs.step_size[0], yLabel: "loss; dashed: tangent" });
		const graph = (height, look) => along.line(201, (i) => [(i / 200) * end, height((i / 200) * end)], look);
		graph(loss, stroke(along.ink, 2));
		graph((a) => f - a * s, stroke(look.l4, 1.5, [6, 3]));
		graph((a) => f - a * s + curvature * a * a, stroke(look.lossgrad, 1.5, [2, 3]));
		graph(() => aim, stroke(look.l4, 1, [1, 3]));
		for (const [k, a, shape] of signs) {
			map.sign(point(a), shape, look[k]);
			along.sign([a, k === "l4" ? f - a * s : loss(a)], shape, look[k], 12, names[k]);
		}
		along.sign([polyak, f - polyak * s], "□", look.polyak, 12);
		say(words(found));
		return more;
	}

	take(data.setting);
	return body;
};
})();

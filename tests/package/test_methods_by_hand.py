"""Two steps of every method, worked by hand.

Most start in the bowl f = (e1^2 + 4 e2^2) / 2 with e = w - (1, -2), from (3, -1): there
e = (2, 1), f = 4, the gradient (2, 4) and its squared norm 20. The others start on the parabola
f = w^2 / 2 from 4.
"""

from dataclasses import replace
from math import exp, sqrt

import numpy as np

from stepsize import (
    IDBD,
    L4,
    SMD,
    AdaGrad,
    Adam,
    AdamHD,
    Autostep,
    BarzilaiBorwein,
    Csawg,
    GradientDescent,
    HeavyBall,
    HypergradientDescent,
    LossGrad,
    MetaOptimize,
    Nesterov,
    NormalizedMetaIDBD,
    Objective,
    Polyak,
    RMSProp,
    StochasticPolyak,
    methods,
    minimize,
    quadratic,
    track,
)

BOWL, START = quadratic([1.0, 4.0], minimizer=[1.0, -2.0]), [3.0, -1.0]
PARABOLA, FOUR = quadratic([1.0], minimizer=[0.0]), [4.0]


def walk(method, *points, objective=BOWL, w0=START):
    trace = minimize(method, objective, w0, iterations=len(points))
    np.testing.assert_allclose(trace.w[1:], points, rtol=1e-14, atol=1e-15)
    return trace


def slide(method, *points):
    return walk(method, *[[point] for point in points], objective=PARABOLA, w0=FOUR)


def test_gradient_descent():
    # (3, -1) - (2, 4)/4; then the gradient is (1.5, 0)
    walk(GradientDescent(0.25), [2.5, -2.0], [2.125, -2.0])


def test_heavy_ball():
    # (2.5, -2) - (1.5, 0)/4 + (-0.5, -1)/2
    walk(HeavyBall(0.25, momentum=0.5), [2.5, -2.0], [1.875, -2.5])


def test_nesterov():
    # y1 = (2.5, -2), x1 = y1 + (-0.5, -1)/2 = (2.25, -2.5), where the gradient is (1.25, -2);
    # y2 = (1.9375, -2), x2 = y2 + (-0.5625, 0)/2
    walk(Nesterov(0.25, momentum=0.5), [2.25, -2.5], [1.65625, -2.0])


def test_nesterov_1983():
    # t0 = 1, t1 = (1 + sqrt 5)/2, so gamma_0 = 0 and x1 = y1; y2 = (2.125, -2) and
    # gamma_1 = (t1 - 1)/t2 with t2 = (1 + sqrt(1 + 4 t1^2))/2 = (1 + sqrt(7 + 2 sqrt 5))/2
    gamma = ((1 + sqrt(5)) / 2 - 1) / ((1 + sqrt(7 + 2 * sqrt(5))) / 2)
    walk(Nesterov(0.25, momentum="increasing"), [2.5, -2.0], [2.125 + gamma * (2.125 - 2.5), -2.0])


PLAN = Csawg(0.25, window=1)
VALLEY = {"objective": quadratic([1.0, 4.0], minimizer=[0.0, 0.0]), "w0": [16.0, 1.0]}


def test_csawg():
    # Descent: 16 -> 12 -> 9 with gradients 16, 12. The pair (w1 = 12, g1 = 16), w2 = 9 gives
    # 16 (12 - 9)/16^2 = 3/16, the leap 9 (1 - 3/16) = 117/16. Descent: 351/64. The pair
    # (w2 = 9, g2 = 12), w3 = 351/64 gives (9 - 351/64)/12 = 75/256: the leap 351/64 * 181/256.
    # The second weight is at zero after one step; its gradients 4, 0, 0 give 4 (0 - 0)/16 = 0,
    # then 0/0, which is zero by rule.
    trace = walk(PLAN, [12.0, 0.0], [117 / 16, 0.0], [351 / 64 * 181 / 256, 0.0], **VALLEY)
    assert trace.step_size[2:].tolist() == [[3 / 16, 0.0], [75 / 256, 0.0]]
    assert np.isnan(trace.step_size[:2]).all()
    assert trace.grad_evals.tolist() == [0, 1, 3, 5]


def test_csawg_repeated():
    # twice: leap by 13/16, then one correction by 3/4
    plan = replace(PLAN, planning_steps=2, correction_steps=1)
    trace = walk(plan, [12.0, 0.0], [9 * (13 / 16) * 0.75 * (13 / 16) * 0.75, 0.0], **VALLEY)
    assert trace.grad_evals.tolist() == [0, 1, 2 + 2 * 2]


def test_csawg_derived():
    # the gradient at w1 = 12 is 12: 12 (12 - 9)/12^2 = 1/4, and 9 goes to 6.75; the second
    # weight's only gradient is 0
    walk(replace(PLAN, pairing="derived"), [12.0, 0.0], [6.75, 0.0], **VALLEY)


def test_csawg_reusing_the_gradient():
    # 9 - 3/16 * 12 = 6.75, with the gradient of the step before
    trace = walk(replace(PLAN, reuse_gradient=True), [12.0, 0.0], [6.75, 0.0], **VALLEY)
    assert trace.grad_evals.tolist() == [0, 1, 2]


def test_csawg_safe():
    # step size 1.5 on a curvature of 1: 4 -> -2 -> 1 with gradients 4, -2. The pair (-2, 4), 1
    # gives 4 (-2 - 1)/16 = -3/4; the leap to 7/4 raises the loss: back to 1, and from there to
    # -1/2. The pair (1, -2), -1/2 gives -3/4 again; the leap to -7/8 raises the loss.
    safe = Csawg(1.5, window=1, safeguard="leap")
    trace = walk(safe, [-2.0], [1.0], [-1 / 2], objective=PARABOLA, w0=FOUR)
    assert trace.step_size[2:, 0].tolist() == [-3 / 4, -3 / 4]
    assert trace.grad_evals.tolist() == [0, 1, 3, 5]
    assert trace.loss_evals.tolist() == [0, 0, 2, 4]
    # two leaps: the second is a step of gradient descent from 1
    walk(replace(safe, planning_steps=2), [-2.0], [-1 / 2], objective=PARABOLA, w0=FOUR)
    # a correction brings 7/4 to -7/8, which is lower than 1
    walk(replace(safe, correction_steps=1), [-2.0], [-7 / 8], objective=PARABOLA, w0=FOUR)


def test_csawg_safe_where_the_losses_cannot_tell():
    # On 1e20 + w^2/2 all losses are one number. The leap to 7/4 stands until the gradient there
    # is asked for: (1 + 7/4) (7/4 - 1) > 0 says that it went up, and the run goes on from 1 to
    # -1/2. Likewise the leap to -7/8: it goes on from -1/2 to 1/4, and leaps to 7/16.
    high = Objective(lambda w: 1e20 + 0 * w[0], lambda w: w.copy(), minimizer=[0.0])
    safe = Csawg(1.5, window=1, safeguard="leap")
    trace = walk(safe, [-2.0], [7 / 4], [-7 / 8], [7 / 16], objective=high, w0=FOUR)
    assert trace.grad_evals.tolist() == [0, 1, 3, 5, 7]


def test_polyak():
    # 4/20 = 0.2 to e = (1.6, 0.2), f = 1.36, gradient (1.6, 0.8): 1.36/3.2 = 0.425
    trace = walk(Polyak(0.0), [2.6, -1.8], [1.92, -2.14])
    np.testing.assert_allclose(trace.step_size[1:, 0], [0.2, 0.425])
    # f* = 2: 2/20 = 0.1 to e = (1.8, 0.6), f = 2.34, gradient (1.8, 2.4): 0.34/9
    walk(Polyak(2.0), [2.8, -1.4], [2.8 - 1.8 * 0.34 / 9, -1.4 - 2.4 * 0.34 / 9])
    walk(Polyak(0.0, max_step=0.1), [2.8, -1.4], [2.8 - 0.18, -1.4 - 0.24])


def test_stochastic_polyak():
    # 4/(20/2) = 0.4 to e = (1.2, -0.6), f = 1.44, gradient (1.2, -2.4): 1.44/(7.2/2) = 0.4
    walk(StochasticPolyak(), [2.2, -2.6], [1.72, -1.64])
    # (4 - 2)/(20 + 20) = 0.05 to e = (1.9, 0.8), f = 3.085, gradient (1.9, 3.2)
    second = 1.085 / (3.61 + 10.24 + 20)
    walk(
        StochasticPolyak(minimum=2.0, scale=1.0, eps=20.0),
        [2.9, -1.2],
        [2.9 - 1.9 * second, -1.2 - 3.2 * second],
    )
    # capped at 0.25: (2.5, -2), f = 1.125, gradient (1.5, 0): 1 without a cap
    walk(StochasticPolyak(max_step=0.25), [2.5, -2.0], [2.125, -2.0])


def test_stochastic_polyak_growth():
    # 8/(16/2) = 1 would be Newton's step
    slide(StochasticPolyak(), 0.0, 0.0)
    slide(StochasticPolyak(max_step=0.1), 3.6, 3.24)
    # in the bowl scale 2 gives 4/40 = 0.1 to e = (1.8, 0.6), f = 2.34, gradient
    # (1.8, 2.4): 2.34/18 = 0.13, of which growth 1.2 allows 0.12
    walk(
        StochasticPolyak(scale=2.0, growth=1.2),
        [2.8, -1.4],
        [2.8 - 0.12 * 1.8, -1.4 - 0.12 * 2.4],
    )


TARGET = L4(
    fraction=0.5, minimum_factor=0.5, initial_factor=1.0, forget_time=1.0, beta1=0.5, eps=0.0
)


def test_l4():
    # L = 8, the target 4: 0.5 (8 - 4)/16 = 1/8 to 3.5; L = 16. There f = 6.125 = L, the target
    # 3.0625; the average gradient is (4/4 + 3.5/2)/(3/4) = 11/3: 0.5 * 3.0625/(11/3)^2
    slide(TARGET, 3.5, 3.5 - 1.53125 / (11 / 3))


def test_l4_forgets():
    # with L_0 = 2 the target is 1: 0.5 * 7/16 to 4 - 0.5 * 7/4 = 3.125; then L = 2 * 2 = 4 is
    # below f = 4.8828125, and the target 2; the average is (4/4 + 3.125/2)/(3/4)
    slide(replace(TARGET, initial_factor=0.25), 3.125, 3.125 - 0.5 * 2.8828125 / (2.5625 / 0.75))


def test_l4_with_adam():
    # v = (2, 4)/(2 + 1, 4 + 1), g.v = 4/3 + 16/5 = 68/15; L = 4, the target 2: 1/(68/15)
    alpha = 15 / 68
    walk(
        replace(TARGET, direction="adam", beta2=0.75, direction_eps=1.0),
        [3 - alpha * 2 / 3, -1 - alpha * 4 / 5],
    )
    # In one dimension the step is 0.5 (f - target)/average: the direction cancels
    slide(replace(TARGET, direction="adam"), 3.5, 3.5 - 1.53125 / (11 / 3))


def test_l4_with_the_gradient():
    # f* = 0 known, the whole step: Polyak's
    method = L4("gradient", fraction=1.0, minimum=0.0, eps=0.0)
    walk(method, [2.6, -1.8], [1.92, -2.14])
    # 0.15 (4 - 0.9 * 3)/(20 + 6)
    alpha = 0.15 * 1.3 / 26
    walk(L4("gradient", eps=6.0), [3 - 2 * alpha, -1 - 4 * alpha])


def test_lossgrad():
    # to (2.5, -2): f falls from 4 to 1.125 where 4 - 5 = -1 was promised, r = 2.125/5: longer,
    # 0.5. To (1.75, -2): f = 0.28125, r = 0.28125/1.125 = 1/4: longer, 1. To the minimizer:
    # r = 0.28125/0.5625 = 1/2, and "else" is longer. There it stays at 2.
    trace = walk(
        LossGrad(0.25, factor=2.0), [2.5, -2.0], [1.75, -2.0], [1.0, -2.0], [1.0, -2.0], [1.0, -2.0]
    )
    assert trace.step_size[1:, 0].tolist() == [0.25, 0.5, 1.0, 2.0, 2.0]
    assert trace.loss_evals.tolist() == [0, 2, 4, 6, 8, 10]


def test_lossgrad_shortens():
    # 1.5 on the parabola: 4 -> -2, f from 8 to 2, promised 8 - 24: r = 18/24 > 1/2, next 1
    trace = slide(LossGrad(1.5, factor=1.5), -2.0, 0.0)
    assert trace.step_size[1:, 0].tolist() == [1.5, 1.0]


def test_adagrad():
    # 4/sqrt(16); then 3/sqrt(16 + 9)
    slide(AdaGrad(1.0, eps=0.0), 3.0, 2.4)
    # 4/(4 + 1) to 3.2; then 3.2/(sqrt(16 + 10.24) + 1)
    slide(AdaGrad(1.0, eps=1.0), 3.2, 3.2 - 3.2 / (sqrt(26.24) + 1))


def test_rmsprop():
    # the average is 16/4 = 4, so 4 - 4/2; then 3 * 4/4 + 4/4 = 4, so 2 - 2/2
    slide(RMSProp(1.0, decay=0.75, eps=0.0), 2.0, 1.0)
    # eps = 6 outside: 4 - 4/(2 + 6) = 3.5; v = 3 + 12.25/4 = 6.0625
    slide(RMSProp(1.0, decay=0.75, eps=6.0), 3.5, 3.5 - 3.5 / (sqrt(6.0625) + 6))
    # eps = 12 inside: 4 - 4/sqrt(4 + 12) = 3
    slide(RMSProp(1.0, decay=0.75, eps=12.0, eps_inside=True), 3.0, 3 - 3 / sqrt(5.25 + 12))


def test_adam():
    # averages 2 and 4, corrected 4 and 16: 4 - 1. Then 1 + 1.5 and 3 + 9/4, corrected by 3/4 and
    # 7/16: 10/3 and 12
    adam = Adam(1.0, beta1=0.5, beta2=0.75, eps=0.0)
    slide(adam, 3.0, 3 - 10 / 3 / sqrt(12))
    # not corrected: 2/sqrt(4); then 2.5/sqrt(5.25)
    slide(replace(adam, bias_correction=False), 3.0, 3 - 2.5 / sqrt(5.25))
    # eps = 4 outside: 4/(4 + 4) to 3.5; eps = 9 inside: 4/sqrt(16 + 9) to 3.2
    slide(replace(adam, eps=4.0), 3.5)
    slide(replace(adam, eps=9.0, eps_inside=True), 3.2)


def test_hypergradient_descent():
    # (2, 4) . (1.8, 2.4) = 13.2: the second step size is 0.1 + 0.132
    hd = HypergradientDescent(0.1, 0.01)
    walk(hd, [2.8, -1.4], [2.8 - 0.232 * 1.8, -1.4 - 0.232 * 2.4])
    # the direction is (1.8, 2.4) + (2, 4)/2
    walk(replace(hd, momentum=0.5), [2.8, -1.4], [2.8 - 0.232 * 2.8, -1.4 - 0.232 * 4.4])
    # the cosine is 13.2/(sqrt(20) * 3)
    alpha = 0.1 * (1 + 0.01 * 13.2 / (3 * sqrt(20)))
    walk(replace(hd, multiplicative=True), [2.8, -1.4], [2.8 - alpha * 1.8, -1.4 - alpha * 2.4])


def test_hypergradient_descent_with_a_trace():
    # on the parabola from 4: 0.1 to 3.6; 0.1 + 0.01 * 3.6 * 4 = 0.244 to 2.7216; the trace is
    # 4/2 + 3.6 = 5.6, so 0.244 + 0.01 * 2.7216 * 5.6
    alpha = 0.244 + 0.01 * 2.7216 * 5.6
    slide(HypergradientDescent(0.1, 0.01, trace_decay=0.5), 3.6, 2.7216, 2.7216 * (1 - alpha))


def test_adam_hd():
    # without memory the direction is the sign: 0.1, then 0.1 + 0.01 (1.9 + 3.6)
    walk(AdamHD(0.1, 0.01, beta1=0.0, beta2=0.0, eps=0.0), [2.9, -1.1], [2.745, -1.255])
    # the direction is 4/4 = 1: to 3; the step size 1 + 0.01 * 3 * 1; the corrected averages
    # 10/3 and 12 as for Adam
    hd = AdamHD(1.0, 0.01, beta1=0.5, beta2=0.75, eps=0.0)
    slide(hd, 3.0, 3 - 1.03 * 10 / 3 / sqrt(12))
    # eps = 2 with the uncorrected root sqrt(4): the direction is sqrt(1/4) 4/(2 + 2) = 1/2
    slide(replace(hd, eps=2.0), 3.5)


def test_barzilai_borwein():
    # e = (4, 1), gradient (4, 4): s = (-1, -1), y = (-1, -4); s.s = 2, s.y = 5, y.y = 17
    start = {"w0": [5.0, -1.0]}
    walk(BarzilaiBorwein(0.25), [4.0, -2.0], [4 - 3 * 2 / 5, -2.0], **start)
    walk(BarzilaiBorwein(0.25, variant="short"), [4.0, -2.0], [4 - 3 * 5 / 17, -2.0], **start)


SAMPLES = [([1.0], 1.0), ([2.0], 2.0)]


def test_idbd():
    # error 1: w = h = 0.5 (1 - 0.5 = 0.5 of the old h, which is 0). Error 2 - 1 = 1, x = 2, so
    # beta grows by 0.1 * 2 * 0.5 and w by alpha * 2
    trace = track(IDBD(0.5, meta_step_size=0.1), SAMPLES, examples=2, record=1)
    np.testing.assert_allclose(trace.w[:, 0], [0, 0.5, 0.5 + 0.5 * exp(0.1) * 2], rtol=1e-14)


def test_autostep():
    # error 1: w = h = 0.5. Error 1, x = 2: q = 2 * 0.5 = v, so alpha is 0.5 exp(0.1); then
    # M = 4 alpha > 1 leaves 1/4, and the sample is met exactly
    trace = track(Autostep(0.5, meta_step_size=0.1), SAMPLES, examples=2, record=1)
    np.testing.assert_allclose(trace.w[:, 0], [0, 0.5, 1.0], rtol=1e-14)
    # with alpha = 0.1: h = 0.1, the error 1.8, q = 0.36; M stays 1
    trace = track(Autostep(0.1, meta_step_size=0.1), SAMPLES, examples=2, record=1)
    np.testing.assert_allclose(trace.w[2, 0], 0.1 + 0.1 * exp(0.1) * 2 * 1.8, rtol=1e-14)


def test_normalized_meta_idbd():
    # error 1: w = h = 0.1. Error 2 - 0.2 = 1.8, x = 2: q = 3.6 * 0.1 = 0.36. The average square of
    # q is 0.75 * 0 + 0.25 * 0.36^2, corrected by 1 - 0.75^2: its root is 0.36 sqrt(0.25 / 0.4375),
    # so beta grows by 0.1 sqrt(7) / 2. M = max(4 alpha, 1) stays 1
    method = NormalizedMetaIDBD(0.1, meta_step_size=0.1, decay=0.75)
    trace = track(method, SAMPLES, examples=2, record=1)
    alpha = 0.1 * exp(0.1 * 7**0.5 / 2)
    np.testing.assert_allclose(trace.w[:, 0], [0, 0.1, 0.1 + alpha * 2 * 1.8], rtol=1e-14)
    # with alpha = 0.5 before: 4 alpha > 1 leaves 1/4 for this step, which meets the sample exactly
    trace = track(NormalizedMetaIDBD(0.5, 0.1), SAMPLES, examples=2, record=1)
    np.testing.assert_allclose(trace.w[:, 0], [0, 0.5, 1.0], rtol=1e-14)


def test_smd():
    # v = (-0.2, -0.4) after one step; the gradient (1.8, 2.4) makes p = 0.1 (1.18, 1.48); then
    # v = (-0.2 + 0.118 * 0.2, -0.4 + 0.148 * 1.6) / 2 - (0.2124, 0.3552) = (-0.3006, -0.4368)
    p = 0.118 * (1 + 0.5 * 1.5876 * 0.3006), 0.148 * (1 + 0.5 * 0.9792 * 0.4368)
    third = [2.5876 - p[0] * 1.5876, -1.7552 - p[1] * 0.9792]
    walk(SMD(0.1, 0.5, trace_decay=0.5), [2.8, -1.4], [2.5876, -1.7552], third)
    # the whole H: v = -(0.1, 0) makes H v = -(0.2, 0.1), and lambda p H v is in the next v
    turned = {"objective": quadratic([[2.0, 1.0], [1.0, 2.0]]), "w0": [2.0, -1.0]}
    # gradients (3, 0), (2.4, -0.3): p = 0.1 (1 + 0.5 * 0.72, 1), v = -(0.3, 0) before
    w = [1.7 - 0.136 * 2.4, -1.0 + 0.03]
    g = [2 * w[0] + w[1], w[0] + 2 * w[1]]
    v = [0.5 * (-0.3 + 0.136 * 0.6) - 0.136 * 2.4, 0.5 * 0.1 * 0.3 + 0.03]
    p = 0.136 * (1 - 0.5 * g[0] * v[0]), 0.1 * (1 - 0.5 * g[1] * v[1])
    third = [w[0] - p[0] * g[0], w[1] - p[1] * g[1]]
    walk(SMD(0.1, 0.5, trace_decay=0.5), [1.7, -1.0], w, third, **turned)
    # past the minimum, to -2 with v = -6: 1 - 12 is less than the least factor
    slide(SMD(1.5, 1.0), -2.0, -0.5)
    slide(SMD(1.5, 1.0, least_factor=0.25), -2.0, -1.25)


def test_meta_optimize():
    # without memory the direction is the sign: two steps of 0.1, for h is zero at first; then
    # q = -0.1 (1.9 + 3.6) is negative, so that alpha grows
    long = 0.1 * exp(0.5)
    first = MetaOptimize(0.1, 0.5, beta1=0.0, beta2=0.0, eps=0.0)
    walk(first, [2.9, -1.1], [2.8, -1.2], [2.8 - long, -1.2 - long])
    # the corrected averages are 10/3 and 12 as for Adam; and q = -1 * 3
    method = replace(first, step_size=1.0, beta1=0.5, beta2=0.75)
    second = 3 - 10 / 3 / sqrt(12)
    m, v = 0.5 * 2.5 + 0.5 * second, 0.75 * 5.25 + 0.25 * second**2
    third = second - exp(0.5) * (m / 0.875 / sqrt(v / (1 - 0.75**3)))
    slide(method, 3.0, second, third)
    # from 0.15 on the parabola: q = -0.1 * 0.05, then past the minimum 0.2 * 0.05. An average that
    # forgets at once, 0.9 (-0.005), outweighs 0.1 * 0.01; one that has hardly begun does not
    for rho, last in ((0.0, 0.1 * exp(1.0)), (0.99, 0.1)):
        after = [[0.05], [-0.05], [long - 0.05], [long - 0.05 - last]]
        lion = replace(first, meta_beta2=rho)
        trace = minimize(lion, PARABOLA, [0.15], iterations=4)
        np.testing.assert_allclose(trace.w[1:], after, rtol=1e-13)


def test_nobody_is_missing():
    worked = " ".join(
        name for name, value in globals().items() if name.startswith("test_") and callable(value)
    ).replace("_", "")
    assert not [name for name in methods.__all__ if name.lower() not in worked]

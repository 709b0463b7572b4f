"""Drawings of linear models of genes: means, coefficients, shifts before and after shrinkage."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.ui.player.distributions import batch_colours, diagonal, distribution
from pages.ui.player.drawing import MUTED, Drawn, Picture, View, draws, style
from pages.ui.text import in_chart
from scint_core.contract import BatchEffects, BatchMeans, EffectPriors, FloatArray, LinearFit, StandardGenes
from scint_core.preprocess.hvg import VstTable

_MOST_GENES = 4000
_GRID = 200
_MOST_EQUAL = 1e6  # shape from which on a distribution of scales is a needle


@draws(LinearFit)
def linear_fit(view: View) -> Drawn:
    """How the coefficients of every term are spread over the genes."""
    value = view.value
    terms = {name: value.coefficients[:, i] for i, name in enumerate(value.terms) if name != "level"}
    chart = distribution(terms, "Coefficient of every gene", "coefficient")
    chart.update_yaxes(title="share of genes")
    lost = [name for name, estimable in zip(value.terms, value.estimable, strict=True) if not estimable]
    numbers = {"genes": f"{len(value.coefficients):,}", "terms": f"{len(value.terms):,}"}
    if lost:
        numbers["cannot be told apart"] = ", ".join(lost)
    return Drawn((Picture(chart, "How the coefficients of every term are spread over the genes"),), numbers)


@draws(BatchMeans)
def batch_means(view: View) -> Drawn:
    """Mean of every gene in every batch against its mean over batches, before and after."""
    value = view.value
    figure = make_subplots(
        rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=["before", "after this method"]
    )
    colours = batch_colours(view)
    for column, means in enumerate((value.before, value.after), start=1):
        genes = _genes(len(means))
        overall = means.mean(axis=1)
        for b, name in enumerate(view.batches.names):
            figure.add_scattergl(
                x=overall[genes], y=means[genes, b], mode="markers", name=in_chart(name), showlegend=column == 1,
                marker={"color": colours[name], "size": 5, "opacity": 0.55}, meta=f"means:{name}", hoverinfo="skip",
                row=1, col=column,
            )  # fmt: skip
        diagonal(figure, means, row=1, col=column)
    style(figure)
    figure.update_xaxes(title="mean over the batches")
    figure.update_yaxes(title="mean in the batch", col=1)
    apart = [float(np.abs(means - means.mean(axis=1, keepdims=True)).mean()) for means in (value.before, value.after)]
    numbers = {"genes": f"{len(value.before):,}", "mean difference between batches": f"{apart[0]:.3g} → {apart[1]:.3g}"}
    alt = "Mean of every gene in every batch against its mean over the batches, before and after"
    return Drawn(
        (Picture(figure, alt, "Every point is a gene; on the dashed line a batch agrees with the others."),), numbers
    )


def _genes(n: int) -> np.ndarray:
    return np.arange(n) if n <= _MOST_GENES else np.linspace(0, n - 1, _MOST_GENES).astype(int)


@draws(StandardGenes)
def standard_genes(view: View) -> Drawn:
    """Mean and standard deviation of every gene."""
    value = view.value
    figure = go.Figure()
    for name, chosen, colour in (
        ("adjusted", value.adjusted, "#0072B2"),
        ("left as it is", ~value.adjusted, "#D55E00"),
    ):
        if chosen.any():
            figure.add_scattergl(
                x=value.mean[chosen], y=value.sd[chosen], mode="markers", name=name, meta=f"genes:{name}",
                marker={"color": colour, "size": 5, "opacity": 0.6}, hoverinfo="skip",
            )  # fmt: skip
    style(figure, title="What every gene is standardised by")
    figure.update_xaxes(title="mean over the batches")
    figure.update_yaxes(title="standard deviation within batches")
    numbers = {"genes adjusted": f"{int(value.adjusted.sum()):,} of {len(value.adjusted):,}"}
    return Drawn((Picture(figure, "Mean and standard deviation of every gene"),), numbers)


@draws(BatchEffects)
def batch_effects(view: View) -> Drawn:
    """Shifts and scales of every gene in every batch; against the estimates where they were shrunk."""
    value, estimated = view.value, view.replay.given_of(view.scene, BatchEffects)
    if estimated is not None:
        figure = _shrinkage(view, estimated, value)
        moved = float(np.abs(value.shift - estimated.shift).mean() / max(np.abs(estimated.shift).mean(), 1e-12))
        numbers = {"shifts drawn in by": f"{moved:.0%} of their size"}
        return Drawn((Picture(figure, "Estimated against shrunk shifts and scales of every gene"),), numbers)
    palette = batch_colours(view)
    pictures = []
    for title, values in (("Shift of every gene", value.shift), ("Scale (variance) of every gene", value.scale)):
        by_name = {name: values[:, b] for b, name in enumerate(view.batches.names)}
        chart = distribution(by_name, title, title.split(" ", 1)[0].lower(), palette)
        chart.update_yaxes(title="share of genes")
        pictures.append(Picture(chart, f"{title}, by batch"))
    return Drawn(tuple(pictures), {"genes": f"{len(value.shift):,}"})


def _shrinkage(view: View, estimated: BatchEffects, shrunk: BatchEffects) -> go.Figure:
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.1, subplot_titles=["shift", "scale (variance)"])
    colours = batch_colours(view)
    fields = ((estimated.shift, shrunk.shift), (estimated.scale, shrunk.scale))
    for column, (before, after) in enumerate(fields, start=1):
        genes = _genes(len(before))
        for b, name in enumerate(view.batches.names):
            figure.add_scattergl(
                x=before[genes, b], y=after[genes, b], mode="markers", name=in_chart(name), showlegend=column == 1,
                marker={"color": colours[name], "size": 5, "opacity": 0.55}, meta=f"shrunk:{name}", hoverinfo="skip",
                row=1, col=column,
            )  # fmt: skip
        diagonal(figure, before, row=1, col=column)
    style(figure)
    figure.update_xaxes(title="as estimated")
    figure.update_yaxes(title="after shrinkage", col=1)
    return figure


@draws(EffectPriors)
def effect_priors(view: View) -> Drawn:
    """The distributions that the genes of a batch are taken to come from."""
    value = view.value
    shift, scale = go.Figure(), go.Figure()
    spread = np.sqrt(value.shift_variance)
    x = np.linspace(float((value.shift_mean - 4 * spread).min()), float((value.shift_mean + 4 * spread).max()), _GRID)
    z = np.linspace(1e-3, 3.0, _GRID)
    for b, (name, colour) in enumerate(batch_colours(view).items()):
        line = {"mode": "lines", "name": in_chart(name), "line": {"color": colour, "width": 3}, "meta": f"prior:{name}"}
        shift.add_scatter(x=x, y=_normal(x, value.shift_mean[b], spread[b]), **line)
        if value.scale_shape[b] < _MOST_EQUAL:
            scale.add_scatter(x=z, y=_inverse_gamma(z, value.scale_shape[b], value.scale_rate[b]), **line)
    for figure, title in ((shift, "Shifts: a normal distribution"), (scale, "Scales: an inverse gamma")):
        style(figure, title=title)
        figure.update_yaxes(title="density", nticks=4, rangemode="tozero")
        figure.update_layout(showlegend=True)
    numbers = {
        name: f"shift {m:+.2g} ± {s:.2g}"
        for name, m, s in zip(view.batches.names, value.shift_mean, spread, strict=True)
    }
    pictures = [Picture(shift, "Prior of the shifts")]
    if scale.data:
        pictures.append(Picture(scale, "Prior of the scales"))
    return Drawn(tuple(pictures), numbers)


def _normal(x: FloatArray, mean: float, sd: float) -> FloatArray:
    sd = max(sd, 1e-12)
    return np.asarray(np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi)))


def _inverse_gamma(x: FloatArray, shape: float, rate: float) -> FloatArray:
    from scipy.special import gammaln

    return np.asarray(np.exp(shape * np.log(rate) - gammaln(shape) - (shape + 1) * np.log(x) - rate / x))


@draws(VstTable)
def vst_table(view: View) -> Drawn:
    """Variance of every gene against its mean, with the trend."""
    value = view.value
    known = np.flatnonzero((value.mean > 0) & (value.variance > 0))
    genes = known[_genes(len(known))]
    order = genes[np.argsort(value.mean[genes])]
    figure = go.Figure()
    figure.add_scattergl(
        x=value.mean[genes], y=value.variance[genes], mode="markers", name="genes", meta="genes", hoverinfo="skip",
        marker={"color": MUTED, "size": 5},
    )  # fmt: skip
    figure.add_scatter(
        x=value.mean[order], y=value.variance_expected[order], mode="lines", name="expected at this mean", meta="trend",
        line={"color": "#D55E00", "width": 3},
    )  # fmt: skip
    style(figure, title="Variance of every gene against its mean")
    figure.update_xaxes(title="mean", type="log")
    figure.update_yaxes(title="variance", type="log")
    return Drawn(
        (Picture(figure, "Variance of every gene against its mean, with the trend"),), {"genes": f"{len(known):,}"}
    )

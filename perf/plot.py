"""Drawings of figures as SVG, readable on light and on dark ground: horizontal bars on a logarithmic scale, and curves.

Flows in: names and numbers. Flows out: one text. It must never measure or read anything, and its colours tell apart what
also stands in words.
"""

import math
from html import escape

STYLE = """
svg { font: 12px system-ui, sans-serif; }
.ground { fill: #ffffff; } text { fill: #1f2328; } .faint { fill: #59636e; } .line { stroke: #d1d9e0; fill: none; }
.ours { fill: #0969da; stroke: #0969da; } .hand { fill: #9a6700; stroke: #9a6700; } .parse { fill: #8250df; stroke: #8250df; }
.jaq { fill: #57606a; stroke: #57606a; } .workflow { fill: #cf222e; stroke: #cf222e; }
.curve { fill: none; stroke-width: 2; } .dot { stroke: none; } .guide { fill: none; stroke: #8c959f; stroke-dasharray: 4 4; }
@media (prefers-color-scheme: dark) {
  .ground { fill: #0d1117; } text { fill: #f0f6fc; } .faint { fill: #9198a1; } .line { stroke: #3d444d; }
  .ours { fill: #4493f8; stroke: #4493f8; } .hand { fill: #d29922; stroke: #d29922; } .parse { fill: #ab7df8; stroke: #ab7df8; }
  .jaq { fill: #9198a1; stroke: #9198a1; } .workflow { fill: #f85149; stroke: #f85149; } .guide { stroke: #656c76; }
}
"""

CURVES = ["ours", "hand", "parse", "workflow", "jaq"]


def open_svg(width, height, title, caption):
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{width}" height="{height}"/>',
        f'<text x="16" y="26" font-size="16" font-weight="600">{escape(title)}</text>',
        f'<text x="16" y="44" class="faint" font-size="10">{escape(caption)}</text>',
    ]


def decades(low, high):
    """Powers of ten around what is to be shown."""
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    return first, max(last, first + 1)


def bars(title, caption, panels, said):
    """Panels of bars, two beside each other: (heading, [(name, value, class)]). `said` tells a value in words."""
    column, name_width, bar_width, row, gap = 590, 290, 210, 17, 50
    heights = [gap + row * len(bars) for _, bars in panels]
    pairs = [max(heights[n : n + 2]) for n in range(0, len(heights), 2)]
    out = open_svg(2 * column + 20, 62 + sum(pairs), title + ", logarithmic: less is better", caption)
    values = [value for _, bars in panels for _, value, _ in bars]
    low, high = decades(min(values), max(values))
    scale = lambda value: (math.log10(value) - low) / (high - low) * bar_width  # noqa: E731
    top = 54
    for number, (heading, bars) in enumerate(panels):
        left = 16 + column * (number % 2)
        out.append(f'<text x="{left}" y="{top + 20}" font-weight="600">{escape(heading)}</text>')
        for power in range(low, high + 1):
            x = left + name_width + scale(10**power)
            out.append(f'<path class="line" d="M{x:.1f} {top + 26}v{row * len(bars) + 2}"/>')
            out.append(f'<text x="{x:.1f}" y="{top + 20}" text-anchor="middle" class="faint" font-size="9">{escape(said(10**power))}</text>')
        for at, (name, value, kind) in enumerate(bars):
            y = top + 28 + row * at
            out.append(f'<text x="{left + name_width - 8}" y="{y + 11}" text-anchor="end" font-size="11">{escape(name)}</text>')
            width = max(2, scale(value))
            out.append(f'<rect class="{kind}" x="{left + name_width}" y="{y + 2}" width="{width:.1f}" height="{row - 5}" rx="2"/>')
            out.append(f'<text x="{left + name_width + width + 5:.1f}" y="{y + 11}" font-size="11">{escape(said(value))}</text>')
        if number % 2 or number == len(panels) - 1:
            top += pairs[number // 2]
    out.append("</svg>\n")
    return "\n".join(out)


def curves(title, caption, panels, said):
    """Panels of curves on two logarithmic scales: (heading, x title, y title, [(name, [(x, y)])]).

    A dashed line through the first point of the first curve shows what grows as its input does.
    """
    column, plot_width, plot_height, gap = 400, 320, 190, 76
    rows = -(-len(panels) // 3)
    out = open_svg(3 * column, 62 + rows * (plot_height + gap), title, caption)
    for number, (heading, x_title, y_title, series) in enumerate(panels):
        left, top = 60 + column * (number % 3), 84 + (number // 3) * (plot_height + gap)
        points = [point for _, line in series for point in line]
        x_ends, (y_low, y_high) = ends(p[0] for p in points), decades(*ends(p[1] for p in points))
        # A few sizes close together are named themselves, others lie between powers of ten.
        close = x_ends[1] < 5 * x_ends[0]
        x_low, x_high = map(math.log10, x_ends) if close else decades(*x_ends)
        ticks = sorted({p[0] for p in points}) if close else [10**power for power in range(x_low, x_high + 1)]
        x = lambda value: left + (math.log10(value) - x_low) / (x_high - x_low) * plot_width  # noqa: E731
        y = lambda value: top + plot_height - (math.log10(value) - y_low) / (y_high - y_low) * plot_height  # noqa: E731
        out.append(f'<text x="{left - 44}" y="{top - 10}" font-weight="600">{escape(heading)}</text>')
        for tick in ticks:
            out.append(f'<path class="line" d="M{x(tick):.1f} {top}v{plot_height}"/>')
            out.append(f'<text x="{x(tick):.1f}" y="{top + plot_height + 14}" text-anchor="middle" font-size="10">{count(tick)}</text>')
        for power in range(y_low, y_high + 1):
            out.append(f'<path class="line" d="M{left} {y(10**power):.1f}h{plot_width}"/>')
            out.append(f'<text x="{left - 5}" y="{y(10**power) + 4:.1f}" text-anchor="end" font-size="10">{escape(said(10**power))}</text>')
        out.append(f'<text x="{left + plot_width / 2}" y="{top + plot_height + 30}" text-anchor="middle" class="faint" font-size="11">{escape(x_title)}; {escape(y_title)}</text>')
        first = series[0][1]
        # As far as the input's own growth stays inside the plot.
        reach = min(first[-1][0] / first[0][0], 10**y_high / first[0][1])
        out.append(f'<path class="guide" d="M{x(first[0][0]):.1f} {y(first[0][1]):.1f}L{x(first[0][0] * reach):.1f} {y(first[0][1] * reach):.1f}"/>')
        legend = quiet(series, x, y, left, top, plot_height)
        for at, (name, line) in enumerate(series):
            kind = CURVES[at % len(CURVES)]
            path = "L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in line)
            out.append(f'<path class="{kind} curve" style="fill:none" d="M{path}"/>')
            out += [f'<circle class="{kind} dot" cx="{x(a):.1f}" cy="{y(b):.1f}" r="3"/>' for a, b in line]
            out.append(f'<text x="{left + 8}" y="{legend + 14 * at:.1f}" font-size="11"><tspan class="{kind}">●</tspan> {escape(name)}</text>')
    out.append("</svg>\n")
    return "\n".join(out)


def quiet(series, x, y, left, top, height):
    """Where the names stand in nobody's way: at the top, in the middle or at the bottom."""
    spots = [top + 14, top + height / 2 - 7 * len(series) + 10, top + height - 14 * len(series) + 8]

    def met(spot):
        box = (left, left + 190, spot - 14, spot + 14 * len(series))
        steps = [(a, b, k / 20) for _, line in series for a, b in zip(line, line[1:]) for k in range(21)]
        places = [(x(a[0]) + (x(b[0]) - x(a[0])) * k, y(a[1]) + (y(b[1]) - y(a[1])) * k) for a, b, k in steps]
        return sum(box[0] < h < box[1] and box[2] < v < box[3] for h, v in places)

    return min(spots, key=met)


def ends(values):
    values = list(values)
    return min(values), max(values)


def count(value):
    """A round number in few letters."""
    if value < 1:
        return f"{value:g}"
    for unit, size in (("M", 10**6), ("k", 10**3)):
        if value >= size:
            return f"{value // size}{unit}"
    return f"{value:g}"

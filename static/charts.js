// Draws the charts: lines, limits and marks come ready from the server; the newest value follows the live cells.
"use strict";
(() => {
  const LOCALE = document.documentElement.dataset.locale || "en-GB";
  const OHLC = ["open", "high", "low", "close"]; // and so for translators: gettext("open"), gettext("high"), gettext("low"), gettext("close")
  const charts = new Map();
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--tf-${name}`).trim();
  const isWide = () => matchMedia("(min-width: 40rem)").matches;

  function look() {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    return {
      autoSize: true,
      layout: {
        background: { color: "transparent" },
        textColor: token("muted"),
        fontFamily: getComputedStyle(document.body).fontFamily,
        fontSize: 12,
        attributionLogo: false, // the page's foot names the library; the logo would need a style element
      },
      grid: { vertLines: { visible: false }, horzLines: { color: token("hairline") } },
      rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.08 } },
      timeScale: { borderVisible: false, timeVisible: true, fixLeftEdge: true, fixRightEdge: true, lockVisibleTimeRangeOnResize: true },
      crosshair: {
        horzLine: { color: token("muted"), labelBackgroundColor: token("muted") },
        vertLine: { color: token("muted"), labelBackgroundColor: token("muted") },
      },
      handleScroll: { mouseWheel: false, vertTouchDrag: false },
      handleScale: { mouseWheel: false, pinch: isWide(), axisPressedMouseMove: false },
      kineticScroll: { touch: !still },
    };
  }

  function times(zone, step) {
    const written = (options) => new Intl.DateTimeFormat(LOCALE, { timeZone: zone || undefined, ...options });
    const full = written({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
    const ticks = [
      written({ year: "numeric" }),
      written({ month: "short" }),
      written({ day: "numeric", month: "short" }),
      written({ hour: "2-digit", minute: "2-digit" }),
      written({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    ];
    return {
      full: (time) => full.format(time * 1000),
      tick: (time, kind) => ticks[step >= 86400 ? Math.min(kind, 2) : kind].format(time * 1000),
    };
  }

  // The gap between two lines, tinted by which of them is higher.
  class Gap {
    constructor(upper, lower, points) {
      Object.assign(this, { upper, lower, points });
    }
    attached({ chart, requestUpdate }) {
      this.chart = chart;
      this.update = requestUpdate;
    }
    paneViews() {
      return [{ zOrder: () => "bottom", renderer: () => ({ draw: (target) => this.draw(target) }) }];
    }
    draw(target) {
      target.useBitmapCoordinateSpace(({ context, horizontalPixelRatio: across, verticalPixelRatio: down }) => {
        const scale = this.chart.timeScale();
        const [gain, loss] = [token("gain-tint"), token("loss-tint")];
        context.globalAlpha = 0.55;
        let stretch = [];
        let higher = null;
        const fill = () => {
          if (stretch.length > 1) {
            context.fillStyle = higher ? gain : loss;
            context.beginPath();
            for (const [x, above] of stretch) context.lineTo(x, above);
            for (const [x, , below] of stretch.reverse()) context.lineTo(x, below);
            context.fill();
          }
          stretch = [];
        };
        for (const [time, above, below] of this.points) {
          const x = above === null || below === null ? null : scale.timeToCoordinate(time);
          if (x === null) { fill(); continue; }
          const here = [x * across, this.upper.priceToCoordinate(above) * down, this.lower.priceToCoordinate(below) * down];
          if (stretch.length && (above >= below) !== higher) {
            stretch.push(here);
            fill();
          }
          higher = above >= below;
          stretch.push(here);
        }
        fill();
      });
    }
  }

  // The line would go on across a break, were its last piece not drawn in no colour.
  const asPoint = ([time, value], index, points) => {
    if (value === null) return { time };
    const ends = index + 1 < points.length && points[index + 1][1] === null;
    return { time, value: Number(value), ...(ends && { color: "transparent" }) };
  };

  // Limits that lie near the line are in sight.
  function withLimits(info, limits) {
    if (!info || !info.priceRange) return info;
    const { minValue, maxValue } = info.priceRange;
    const reach = Math.max(maxValue - minValue, maxValue * 0.02) / 2;
    const near = limits.map((limit) => Number(limit.value)).filter((value) => value > minValue - reach && value < maxValue + reach);
    return { ...info, priceRange: { minValue: Math.min(minValue, ...near), maxValue: Math.max(maxValue, ...near) } };
  }

  function candles(chart, data, minMove) {
    const drawn = chart.addSeries(LightweightCharts.CandlestickSeries, {
      priceFormat: { type: "price", precision: data.decimals, minMove },
      priceLineVisible: false,
      borderVisible: false,
      autoscaleInfoProvider: (usual) => withLimits(usual(), data.limits),
    });
    drawn.setData(data.candles.map(asCandle));
    return drawn;
  }

  const asCandle = ([time, ...prices]) => {
    const [open, high, low, close] = prices.map(Number);
    return { time, open, high, low, close };
  };

  function draw(figure) {
    const canvas = figure.querySelector("[data-canvas]");
    const source = figure.querySelector("script[type='application/json']");
    if (!canvas || !source || charts.has(figure)) return;
    const data = JSON.parse(source.textContent);
    const { full, tick } = times(figure.dataset.zone, data.step);
    const chart = LightweightCharts.createChart(canvas, look());
    const minMove = 10 ** -data.decimals;
    const exact = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 12 });
    const number = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: Math.min(data.decimals, 2), maximumFractionDigits: data.decimals });
    chart.applyOptions({
      localization: { timeFormatter: full, priceFormatter: (value) => number.format(value).replace("-", "−") },
      timeScale: { tickMarkFormatter: tick },
    });
    const asCandles = Boolean(data.candles && data.candles.length);
    const series = asCandles ? [candles(chart, data, minMove)] : data.lines.map((line, index) => {
      const drawn = chart.addSeries(LightweightCharts.LineSeries, {
        priceFormat: { type: "price", precision: data.decimals, minMove },
        lineWidth: index ? 1 : 2,
        lineType: index ? LightweightCharts.LineType.WithSteps : LightweightCharts.LineType.Simple,
        priceLineVisible: false,
        lastValueVisible: !index,
        crosshairMarkerRadius: index ? 2 : 4,
        ...(!index && { autoscaleInfoProvider: (usual) => withLimits(usual(), data.limits) }),
      });
      drawn.setData(line.points.map(asPoint));
      return drawn;
    });
    const limits = data.limits.map((limit) => series[0].createPriceLine({
      price: Number(limit.value), title: limit.label, lineStyle: LightweightCharts.LineStyle.Dashed, lineWidth: 1, axisLabelVisible: true,
    }));
    const marks = LightweightCharts.createSeriesMarkers(series[0], []);
    const last = asCandles ? [[data.candles.at(-1)[0], data.candles.at(-1)[4]]] : data.lines.map((line) => line.points.at(-1));
    const drawing = { chart, data, series, limits, marks, asCandles, gap: null, last };
    if (asCandles) drawing.candle = asCandle(data.candles.at(-1));
    if (series.length > 1) {
      const costs = new Map(data.lines[1].points);
      const points = data.lines[0].points.map(([time, value]) => [time, value === null ? null : Number(value), costs.has(time) && costs.get(time) !== null ? Number(costs.get(time)) : null]);
      drawing.gap = new Gap(series[0], series[1], points);
      series[0].attachPrimitive(drawing.gap);
    }
    charts.set(figure, drawing);
    colour(drawing);
    chart.timeScale().fitContent();
    says(figure, drawing, exact, full);
    follow(figure, drawing);
  }

  function colour({ chart, data, series, limits, marks, asCandles }) {
    chart.applyOptions(look());
    if (asCandles) series[0].applyOptions({ upColor: token("gain"), downColor: token("loss"), wickUpColor: token("gain"), wickDownColor: token("loss") });
    else series[0].applyOptions({ color: token("accent") });
    if (series[1]) series[1].applyOptions({ color: token("muted") });
    for (const limit of limits) limit.applyOptions({ color: token("stale"), axisLabelColor: token("stale"), axisLabelTextColor: token("surface") });
    const shapes = {
      buy: { position: "belowBar", shape: "arrowUp", color: token("gain") },
      sell: { position: "aboveBar", shape: "arrowDown", color: token("loss") },
      alert: { position: "aboveBar", shape: "circle", color: token("accent") },
    };
    const first = asCandles ? data.candles[0][0] : data.lines[0].points.at(0)[0];
    marks.setMarkers(data.marks.filter((mark) => mark.at >= first).map((mark) => ({ time: mark.at, size: 1, ...shapes[mark.kind] })));
  }

  // Under the pointer: the exact values and the time; else what the server said.
  function says(figure, { chart, series, data }, exact, full) {
    const place = figure.querySelector("[data-says]");
    const words = [...place.childNodes];
    chart.subscribeCrosshairMove(({ time, seriesData }) => {
      const told = series.map((line, index) => {
        const point = seriesData.get(line);
        if (point && point.open !== undefined) {
          return OHLC.map((name) => `${gettext(name)} ${exact.format(point[name])}`).join(" · ");
        }
        return point && point.value !== undefined ? `${data.lines[index].name} ${exact.format(point.value).replace("-", "−")}` : "";
      }).filter(Boolean);
      const near = time === undefined ? [] : data.marks.filter((mark) => Math.abs(mark.at - time) <= data.step / 2);
      if (told.length) place.textContent = [full(time), ...told, ...near.map((mark) => mark.text)].join(" · ");
      else place.replaceChildren(...words);
    });
  }

  // The line's end is where the page's own figure is now.
  function follow(figure, drawing) {
    const now = Math.floor(Date.now() / 1000);
    const ids = [figure.dataset.liveValue, figure.dataset.liveCost];
    drawing.series.forEach((series, index) => {
      const cell = ids[index] && document.getElementById(ids[index]);
      const last = drawing.last[index];
      if (!cell || !cell.dataset.value || !last) return;
      if (drawing.asCandles) return followCandle(drawing, now, Number(cell.dataset.value));
      const time = Math.max(last[0], now - (now % Math.min(drawing.data.step, 60)));
      if (time - last[0] > 6 * drawing.data.step) return; // a gap that only the server can fill
      drawing.last[index] = [time, cell.dataset.value];
      series.update({ time, value: Number(cell.dataset.value) });
    });
    if (!drawing.gap) return;
    const [value, cost] = drawing.last;
    const points = drawing.gap.points;
    if (points.length && points.at(-1)[0] === value[0]) points.pop();
    points.push([value[0], Number(value[1]), Number(cost[1])]);
    drawing.gap.update();
  }

  // The last candle grows with each price; a new step begins a new one.
  function followCandle(drawing, now, price) {
    const { data, series: [series] } = drawing;
    const time = now - (now % data.step);
    if (time - drawing.candle.time > 6 * data.step) return;
    if (time > drawing.candle.time) drawing.candle = { time, open: drawing.candle.close, high: price, low: price, close: price };
    const { high, low } = drawing.candle;
    Object.assign(drawing.candle, { close: price, high: Math.max(high, price), low: Math.min(low, price) });
    series.update({ ...drawing.candle });
  }

  function drawAll() {
    for (const [figure, { chart }] of charts) {
      if (figure.isConnected) continue;
      chart.remove();
      charts.delete(figure);
    }
    if (window.LightweightCharts) for (const figure of document.querySelectorAll("[data-chart]")) draw(figure);
  }

  document.addEventListener("htmx:wsAfterMessage", () => { for (const [figure, drawing] of charts) follow(figure, drawing); });
  document.addEventListener("htmx:afterSettle", drawAll);
  new MutationObserver(() => { for (const drawing of charts.values()) colour(drawing); })
    .observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme", "data-colours"] });
  drawAll();
})();

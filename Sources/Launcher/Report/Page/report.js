"use strict";
// Draws the curves out of the page's own data. Text of the run reaches the page as text alone.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const state = { log: false, time: false, smooth: 0, marks: true };
  const charts = [];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const palette = ["--c0", "--c1", "--c2", "--c3", "--c4", "--c5"];
  const markColors = { restart: "--bad", tuning: "--c3", sync: "--line", alert: "--warn" };

  // Differences of whole numbers, as the page stores them.
  const sums = (deltas) => { let sum = 0; return deltas.map((delta) => (sum += delta)); };
  for (const curve of data.curves) {
    for (const part of curve.parts) {
      part.steps = sums(part.x);
      const moment = (tenth) => (data.is_relative ? tenth / 36000 : data.start + tenth / 10);
      part.times = part.t ? sums(part.t).map(moment) : null;
    }
  }

  // An exponential mean whose first values are not drawn towards 0.
  function smoothed(values, weight) {
    let mean = 0, share = 0;
    return values.map((value) => {
      if (value === null) return null;
      mean = mean * weight + value * (1 - weight);
      share = share * weight + (1 - weight);
      return mean / share;
    });
  }

  function table(curve) {
    // A machine has no steps.
    const wanted = state.time || curve.group === "hardware";
    const byTime = wanted && curve.parts.every((part) => part.times);
    const positive = (values) => state.log ? values.map((v) => (v > 0 ? v : null)) : values;
    const tables = [], lines = [];
    curve.parts.forEach((part, index) => {
      const x = byTime ? part.times : part.steps;
      const stroke = color(palette[(curve.color + index) % palette.length]);
      const label = part.label || (curve.parts.length > 1 ? "attempt " + part.attempt : "value");
      tables.push([x, positive(part.y)]);
      lines.push({ label, stroke, width: state.smooth ? 0.5 : 1.5, spanGaps: true, points: { show: part.y.length < 40 } });
      if (state.smooth) {
        tables.push([x, positive(smoothed(part.y, state.smooth))]);
        lines.push({ label: label + " smoothed", stroke, width: 2, spanGaps: true, points: { show: false } });
      }
    });
    return { byTime, values: uPlot.join(tables), lines };
  }

  function drawMarks(plot, byTime) {
    if (!state.marks) return;
    const { ctx, bbox } = plot;
    ctx.save();
    for (const mark of data.marks) {
      const at = byTime ? mark.time : mark.step;
      if (at === undefined || at === null) continue;
      const x = Math.round(plot.valToPos(at, "x", true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = color(markColors[mark.kind] || "--faint");
      ctx.setLineDash(mark.kind === "sync" ? [2, 4] : [5, 3]);
      ctx.lineWidth = mark.kind === "sync" ? 1 : 1.5;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }

  function draw(chart) {
    const begun = performance.now();
    if (chart.plot) chart.plot.destroy();
    const { byTime, values, lines } = table(chart.curve);
    const axis = () => ({ stroke: color("--faint"), grid: { stroke: color("--line"), width: 0.5 }, ticks: { stroke: color("--line") } });
    chart.plot = new uPlot({
      width: chart.place.clientWidth, height: 220,
      cursor: { sync: { key: byTime ? "time" : "step" }, drag: { x: true, y: false } },
      scales: { x: { time: byTime && !data.is_relative }, y: { distr: state.log ? 3 : 1 } },
      axes: [axis(), Object.assign(axis(), { size: 64 })],
      series: [{ label: !byTime ? "step" : data.is_relative ? "hours" : "time" }, ...lines],
      hooks: { draw: [(plot) => drawMarks(plot, byTime)] },
    }, values, chart.place);
    // For a test of the page: drawn, how fast, and whether the page is wider than its window.
    chart.place.dataset.drawn = "1";
    chart.place.dataset.milliseconds = Math.ceil(performance.now() - begun);
    const root = document.documentElement;
    root.dataset.overflow = root.scrollWidth - root.clientWidth;
    root.dataset.scheme = dark.matches ? "dark" : "light";
  }

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      draw(charts.find((chart) => chart.place === entry.target));
    }
  }, { rootMargin: "200px" });
  addEventListener("beforeprint", () => charts.filter((chart) => !chart.plot).forEach(draw));
  const redraw = () => charts.filter((chart) => chart.plot).forEach(draw);

  function add(curve) {
    const card = document.createElement("div"), title = document.createElement("h3");
    const note = document.createElement("p"), place = document.createElement("div");
    card.className = "chart";
    title.textContent = curve.name;
    note.textContent = curve.note;
    card.append(title, note, place);
    document.getElementById(curve.group).append(card);
    const chart = { curve, place };
    charts.push(chart);
    // What is seen first is drawn at once, the rest when it comes into view.
    if (charts.length <= 6) draw(chart);
    else seen.observe(place);
  }
  data.curves.forEach(add);

  const on = (id, event, change) => {
    const control = document.getElementById(id);
    if (control) control.addEventListener(event, () => { change(control); redraw(); });
  };
  on("log", "change", (control) => { state.log = control.checked; });
  on("time", "change", (control) => { state.time = control.checked; });
  on("marks", "change", (control) => { state.marks = control.checked; });
  on("smooth", "input", (control) => { state.smooth = Number(control.value) / 100; });
  dark.addEventListener("change", redraw);
  let timer = 0;
  addEventListener("resize", () => {
    clearTimeout(timer);
    timer = setTimeout(() => charts.filter((chart) => chart.plot).forEach((chart) => {
      chart.plot.setSize({ width: chart.place.clientWidth, height: 220 });
    }), 100);
  });
})();

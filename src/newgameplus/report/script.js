"use strict";
/* Draws the plots when they come into sight, and again when light turns to dark. */
(function () {
  const root = document.documentElement;
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const plots = Array.from(document.querySelectorAll(".plot"));
  const isTouch = matchMedia("(pointer: coarse)").matches;
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");

  async function unpackPlotly() {
    const packed = atob(document.getElementById("plotly").textContent);
    const bytes = Uint8Array.from(packed, (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
    if (!window.Plotly) throw new Error("plotly.js did not start");
  }

  function palette() {
    const style = getComputedStyle(root);
    const read = (name) => style.getPropertyValue("--" + name).trim();
    return {
      text: read("text"), muted: read("muted"), line: read("line"), surface: read("surface"),
      series: [0, 1, 2, 3, 4, 5].map((number) => read("series-" + number)),
    };
  }

  function colourTrace(trace, colours) {
    const colour = colours.series[trace.meta.series % colours.series.length];
    const role = trace.meta.role;
    if (trace.line) trace.line.color = colour;
    if (role === "area") trace.fillcolor = colour + "99";
    if (role === "band") trace.fillcolor = colour + "22";
    if (role === "mark") trace.marker.color = trace.error_x.color = colour;
    if (role === "points") trace.marker.color = colour;
    if (role === "ring") trace.marker.color = colours.text;
    if (role === "bar") {
      trace.marker = { color: colour };
      if (trace.error_x) trace.error_x.color = colours.text;
    }
    if (role === "outline") trace.marker = { color: "transparent", line: { color: colour, width: 1.5 } };
    return trace;
  }

  function colourLayout(layout, colours) {
    const axis = { gridcolor: colours.line, zerolinecolor: colours.line, linecolor: colours.line, tickfont: { color: colours.muted } };
    const themed = Object.assign(layout, {
      paper_bgcolor: "transparent", plot_bgcolor: "transparent", autosize: true,
      dragmode: isTouch || layout.xaxis.fixedrange ? false : "zoom",
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colours.muted },
      hoverlabel: { bgcolor: colours.surface, bordercolor: colours.line, font: { color: colours.text } },
    });
    Object.assign(themed.xaxis, axis);
    Object.assign(themed.yaxis, axis);
    for (const shape of themed.shapes || []) shape.line.color = colours.line;
    for (const note of themed.annotations || []) note.font = { color: colours.text };
    return themed;
  }

  function draw(plot) {
    const colours = palette();
    const figure = structuredClone(figures[plot.dataset.figure]);
    plot.style.minHeight = figure.layout.height + "px";
    return window.Plotly.react(
      plot,
      figure.data.map((trace) => colourTrace(trace, colours)),
      colourLayout(figure.layout, colours),
      { responsive: true, displaylogo: false, displayModeBar: false },
    );
  }

  /* A figure as a file for a paper: the light theme on white, whatever the page shows. */
  function startSaving() {
    for (const line of document.querySelectorAll(".save")) line.hidden = false;
    for (const button of document.querySelectorAll("[data-save]")) {
      button.addEventListener("click", () => {
        const before = root.dataset.theme;
        root.dataset.theme = "light";
        const colours = palette();
        if (before) root.dataset.theme = before;
        else delete root.dataset.theme;
        const figure = structuredClone(figures[button.dataset.of]);
        const layout = colourLayout(figure.layout, colours);
        layout.paper_bgcolor = layout.plot_bgcolor = "#ffffff";
        window.Plotly.downloadImage(
          { data: figure.data.map((trace) => colourTrace(trace, colours)), layout },
          { format: button.dataset.save, filename: button.dataset.of, width: 900, height: layout.height, scale: button.dataset.save === "png" ? 3 : 1 },
        );
      });
    }
  }

  /* A line runs along the values of a watched episode while its video plays; a click there moves the video. */
  function follow(figure) {
    const video = figure.querySelector("video");
    const plot = figure.querySelector(".values");
    if (!video || !plot) return;
    const cursor = document.createElement("i");
    cursor.className = "cursor";
    cursor.hidden = true;
    plot.append(cursor);
    plot.classList.add("seekable");
    const span = () => plot._fullLayout._size;
    function move() {
      if (!plot._fullLayout || !video.duration) return;
      cursor.hidden = false;
      cursor.style.left = span().l + span().w * video.currentTime / video.duration + "px";
      if (!video.paused && !video.ended) requestAnimationFrame(move);
    }
    video.addEventListener("play", move);
    video.addEventListener("seeked", move);
    addEventListener("resize", move);
    plot.addEventListener("click", (event) => {
      if (!plot._fullLayout || !video.duration) return;
      const share = (event.clientX - plot.getBoundingClientRect().left - span().l) / span().w;
      video.currentTime = Math.min(1, Math.max(0, share)) * video.duration;
    });
  }

  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      observer.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "600px 0px" });

  function drawWhenSeen() {
    for (const plot of plots) {
      observer.unobserve(plot);
      observer.observe(plot);
    }
  }

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches;
  }

  function startThemeButton() {
    const button = document.getElementById("theme");
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      if (window.Plotly) drawWhenSeen();
    });
    prefersDark.addEventListener("change", () => window.Plotly && drawWhenSeen());
  }

  function startPrinting() {
    let before;
    addEventListener("beforeprint", () => {
      before = root.dataset.theme;
      root.dataset.theme = "light";
      plots.forEach(draw);
    });
    addEventListener("afterprint", () => {
      if (before) root.dataset.theme = before;
      else delete root.dataset.theme;
      drawWhenSeen();
    });
  }

  startThemeButton();
  unpackPlotly().then(() => {
    drawWhenSeen();
    document.querySelectorAll(".watched").forEach(follow);
    startPrinting();
    startSaving();
  }).catch((problem) => {
    for (const plot of plots) {
      plot.textContent = "This browser cannot draw the plots (" + problem.message + "). The tables hold the numbers.";
      plot.classList.add("plot-problem");
    }
  });
})();

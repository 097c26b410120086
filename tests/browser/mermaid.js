// Lets Mermaid read, and draw, each text on the page; what it says goes into an element that the test reads.
(async () => {
  const problems = [], drawn = [];
  mermaid.initialize({ startOnLoad: false, maxEdges: 5000, maxTextSize: 5e6 });
  for (const [n, text] of JSON.parse(document.getElementById('texts').textContent).entries()) {
    try {
      const read = await mermaid.parse(text);
      const { svg } = await mermaid.render(`drawing${n}`, text);
      drawn.push({ type: read.diagramType, text: new DOMParser().parseFromString(svg, 'text/html').body.textContent });
    } catch (error) {
      problems.push(`${n}: ${error.message}`);
    }
  }
  const result = document.createElement('pre');
  result.id = 'measured';
  result.textContent = btoa(unescape(encodeURIComponent(JSON.stringify({ problems, drawn }))));
  document.body.append(result);
})();

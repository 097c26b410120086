// Looks at every drawing on the page as the browser laid it out: boxes and labels apart from one another, texts inside
// their boxes, colours that can be read. What it found goes into an element that the test reads from the page.
(() => {
  const problems = [], drawings = [];
  const rgb = text => (text.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const part = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const contrast = (a, b) => {
    const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  for (const svg of document.querySelectorAll('svg.xw')) {
    const about = svg.querySelector('title').textContent;
    const nodes = [...svg.querySelectorAll('.node')], labels = [...svg.querySelectorAll('.label')];
    const ends = [...svg.querySelectorAll('.terminal')];
    const name = element => element.dataset.state ?? element.dataset.edge ?? element.dataset.location;
    const frame = element => element.classList.contains('terminal') ? element : element.querySelector(':scope > rect');
    const all = [...nodes, ...labels, ...ends].map(element => ({ element, box: frame(element).getBoundingClientRect() }));
    for (let i = 0; i < all.length; i++) {
      for (let j = 0; j < i; j++) {
        const [a, b] = [all[i], all[j]];
        if (a.element.contains(b.element) || b.element.contains(a.element)) continue;
        const apart = a.box.right <= b.box.left + 0.5 || b.box.right <= a.box.left + 0.5 ||
          a.box.bottom <= b.box.top + 0.5 || b.box.bottom <= a.box.top + 0.5;
        if (!apart) problems.push(`${about}: ${name(a.element)} and ${name(b.element)} overlap`);
      }
    }
    const area = svg.getBoundingClientRect();
    let texts = 0;
    for (const { element, box } of all) {
      if (box.left < area.left || box.right > area.right || box.top < area.top || box.bottom > area.bottom) {
        problems.push(`${about}: ${name(element)} is outside the drawing`);
      }
      let fill = rgb(getComputedStyle(frame(element)).fill);
      const heat = element.querySelector(':scope > .heat');
      if (heat) {
        const [over, part] = [rgb(getComputedStyle(heat).fill), Number(heat.getAttribute('fill-opacity'))];
        fill = fill.map((colour, n) => n < 3 ? colour * (1 - part) + over[n] * part : colour);
      }
      for (const text of element.querySelectorAll(':scope > text')) {
        texts += 1;
        const inner = text.getBoundingClientRect();
        if (inner.width === 0) problems.push(`${about}: a text of ${name(element)} is empty`);
        if (inner.left < box.left || inner.right > box.right + 0.5 || inner.top < box.top - 1 || inner.bottom > box.bottom + 1) {
          problems.push(`${about}: "${text.textContent}" does not fit ${name(element)}`);
        }
        const seen = contrast(rgb(getComputedStyle(text).fill), fill.length >= 3 ? fill : [255, 255, 255]);
        if (!element.classList.contains('terminal') && seen < 4.5) {
          problems.push(`${about}: contrast of "${text.textContent}" is ${seen.toFixed(2)}`);
        }
      }
      // Lines of one box do not run into one another, nor a badge into its note.
      const lines = [...element.querySelectorAll(':scope > text')].map(text => text.getBoundingClientRect());
      for (let i = 0; i < lines.length; i++) {
        for (let j = 0; j < i; j++) {
          const [a, b] = [lines[i], lines[j]];
          if (a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 3 && b.top < a.bottom - 3) {
            problems.push(`${about}: texts of ${name(element)} overlap`);
          }
        }
      }
    }
    // Nodes inside a Map or Parallel are inside its box.
    for (const node of nodes) {
      const outer = node.parentElement.closest('.node');
      if (!outer) continue;
      const [a, b] = [frame(node).getBoundingClientRect(), frame(outer).getBoundingClientRect()];
      if (a.left < b.left || a.right > b.right || a.top < b.top || a.bottom > b.bottom) {
        problems.push(`${about}: ${name(node)} is outside ${name(outer)}`);
      }
    }
    drawings.push({ about, nodes: nodes.map(name), labels: labels.length, texts, ground: getComputedStyle(svg.querySelector('.ground')).fill });
  }
  const result = document.createElement('pre');
  result.id = 'measured';
  result.textContent = btoa(unescape(encodeURIComponent(JSON.stringify({ problems, drawings }))));
  document.body.append(result);
})();

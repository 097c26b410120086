// Uses a page as a person would: clicks every state, searches, zooms, follows examples; notes what is then to be seen.
(() => {
  const clicked = {};
  for (const node of document.querySelectorAll('svg.xw .node')) {
    node.querySelector('.box').dispatchEvent(new MouseEvent('click', { bubbles: true }));
    const counts = {};
    for (const cell of document.querySelectorAll('.panel .counts [data-count]')) {
      counts[cell.dataset.count] = Number(cell.textContent.replaceAll(',', ''));
    }
    clicked[node.dataset.location] = {
      name: document.querySelector('.panel h2')?.textContent,
      chosen: node.classList.contains('chosen'),
      source: document.querySelector('.panel > pre:last-child')?.textContent,
      counts,
      time: document.querySelector('.panel .counts [data-count="time"]')?.textContent,
      history: [...document.querySelectorAll('.panel .history li')].map(row => row.textContent),
      here: document.querySelectorAll('.panel .history .here').length,
    };
  }
  const search = document.getElementById('search');
  const first = document.querySelector('svg.xw .node').dataset.state;
  search.value = first.toUpperCase();
  search.dispatchEvent(new Event('input'));
  const matches = [...document.querySelectorAll('.node.match')].map(node => node.dataset.state);
  const svg = document.querySelector('svg.xw'), before = svg.getBoundingClientRect().width;
  document.getElementById('closer').click();
  const grown = svg.getBoundingClientRect().width / before;
  const examples = [...document.querySelectorAll('[data-example]')].map(button => {
    button.click();
    return {
      error: button.closest('tr').dataset.error,
      place: button.textContent,
      panel: document.querySelector('.panel').textContent,
      visited: [...document.querySelectorAll('.node.visited')].map(node => node.dataset.state),
    };
  });
  const totals = {};
  for (const total of document.querySelectorAll('[data-total]')) totals[total.dataset.total] = Number(total.textContent.replaceAll(',', ''));
  const errors = {};
  for (const row of document.querySelectorAll('#errors tr[data-error]')) errors[row.dataset.error] = Number(row.children[1].textContent.replaceAll(',', ''));
  const result = document.createElement('pre');
  result.id = 'measured';
  result.textContent = btoa(unescape(encodeURIComponent(JSON.stringify({
    clicked, matches, first, grown, examples, totals, errors,
    charts: document.querySelectorAll('svg.chart').length,
    bars: document.querySelectorAll('svg.chart .bar').length,
    slowest: document.querySelectorAll('#slowest tr').length - 1,
    wider: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    colour: getComputedStyle(document.body).backgroundColor,
  }))));
  document.body.append(result);
})();

// What a report adds to a drawing: examples with their histories.
function history(example, name) {
  const rows = example.events.map(event => {
    const details = Object.entries(event.details).map(([key, value]) => `${key} = ${value}`).join('\n');
    const after = event.ms > 0 ? element('span', { class: 'comment' }, ` +${group.format(event.ms)} ms`) : null;
    return element('li', event.state === name ? { class: 'here' } : {},
      element('div', {}, element('i', {}, `${event.id} `), event.type, event.state ? element('b', {}, ` ${event.state}`) : null, after),
      details ? element('pre', {}, details) : null);
  });
  const left = example.length - example.events.length;
  if (left > 0) rows.push(element('li', {}, `and ${group.format(left)} more events`));
  return element('ol', { class: 'history' }, ...rows);
}

function shown(example, name) {
  const head = element('p', {}, 'Example: ', element('b', {}, example.place), ` at byte ${group.format(example.offset)} `);
  if (!example.events) return [head, element('p', { class: 'comment' }, 'Its text was too long to be kept.')];
  head.append(element('b', { class: `status-${example.status}` }, example.status));
  return [head, element('pre', { class: 'result' }, example.result), history(example, name)];
}

// The example that tells most of a state: one that entered it, a failed one first if the state fails.
function exampleOf(state) {
  const entered = data.examples.filter(example => (example.events ?? []).some(event => event.state === state.name));
  const troubled = state.counts && state.counts.failed + state.counts.timed_out > 0;
  return (troubled && entered.find(example => example.status !== 'SUCCEEDED')) || entered[0];
}

more.push(state => {
  const example = exampleOf(state);
  return example ? shown(example, state.name) : [];
});

for (const button of document.querySelectorAll('[data-choose]')) {
  button.addEventListener('click', () => {
    choose(button.dataset.choose);
    const node = nodes.get(button.dataset.choose);
    document.getElementById('machine').scrollIntoView();
    node.querySelector('.box').scrollIntoView({ block: 'nearest', inline: 'center' });
  });
}

for (const button of document.querySelectorAll('[data-example]')) {
  button.addEventListener('click', () => {
    const example = data.examples[Number(button.dataset.example)];
    const visited = new Set((example.events ?? []).map(event => event.state));
    for (const [location, node] of nodes) {
      node.classList.toggle('visited', visited.has(states.get(location).name));
      node.classList.remove('chosen');
    }
    panel.replaceChildren(...shown(example, null), element('h3', {}, 'Input'), element('pre', {}, example.input ?? ''));
    document.getElementById('machine').scrollIntoView();
  });
}

'use strict';
// A drawing that answers: choose a state to read what it is, search for names, zoom. Texts only ever become text nodes.
const data = JSON.parse(document.getElementById('data').textContent);
const svg = document.querySelector('svg.xw');
const canvas = document.querySelector('.canvas');
const panel = document.querySelector('.panel');
const nodes = new Map([...svg.querySelectorAll('.node')].map(node => [node.dataset.location, node]));
const states = new Map(data.states.map(state => [state.location, state]));
const group = new Intl.NumberFormat('en-US');

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

function row(label, value) {
  const text = typeof value === 'number' ? group.format(value) : value;
  return element('tr', {}, element('td', {}, label), element('td', { class: 'n', 'data-count': label }, text));
}

// What the panel shows below a state's counts; a report adds to it.
const more = [];

function choose(location) {
  const state = states.get(location);
  if (!state) return;
  for (const node of nodes.values()) node.classList.toggle('chosen', node.dataset.location === location);
  const parts = [element('h2', {}, state.name),
    element('ul', {}, ...state.details.map(line => element('li', {}, line)))];
  if (state.counts) {
    const { entered, failed, timed_out: timedOut, retries, caught, time } = state.counts;
    parts.push(element('table', { class: 'counts' },
      row('entered', entered), row('failed', failed), row('timed out', timedOut), row('tried again', retries), row('caught', caught),
      ...(time ? [row('time', time)] : [])));
  }
  for (const add of more) parts.push(...add(state));
  parts.push(element('pre', {}, state.source));
  panel.replaceChildren(...parts);
}

for (const node of nodes.values()) {
  const act = event => {
    // The innermost state counts, not the Map around it.
    event.stopPropagation();
    choose(node.dataset.location);
  };
  node.addEventListener('click', act);
  node.addEventListener('keydown', event => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); act(event); } });
}

const search = document.getElementById('search');
const found = document.getElementById('found');
search.addEventListener('input', () => {
  const wanted = search.value.trim().toLowerCase();
  let first = null, count = 0;
  for (const [location, node] of nodes) {
    const state = states.get(location);
    const match = wanted !== '' && state.name.toLowerCase().includes(wanted);
    node.classList.toggle('match', match);
    if (match) { count += 1; first = first ?? node; }
  }
  found.textContent = wanted === '' ? '' : count === 1 ? '1 state' : `${count} states`;
  first?.querySelector('.box').scrollIntoView({ block: 'center', inline: 'center' });
});

const width = Number(svg.getAttribute('width')), height = Number(svg.getAttribute('height'));
let scale = 1;
function zoom(to) {
  scale = Math.min(3, Math.max(0.1, to));
  svg.setAttribute('width', width * scale);
  svg.setAttribute('height', height * scale);
}
function fit() { zoom(Math.min(1, (canvas.clientWidth - 20) / width, (canvas.clientHeight - 20) / height)); }
document.getElementById('closer').addEventListener('click', () => zoom(scale * 1.25));
document.getElementById('further').addEventListener('click', () => zoom(scale / 1.25));
document.getElementById('fit').addEventListener('click', fit);
document.getElementById('full').addEventListener('click', () => zoom(1));
canvas.addEventListener('wheel', event => {
  if (!event.ctrlKey) return;
  event.preventDefault();
  zoom(scale * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
}, { passive: false });
// What is too wide to be read as it comes starts at its left edge, what is only high at its top.
zoom(Math.max(Math.min(1, (canvas.clientWidth - 20) / width), 0.6));

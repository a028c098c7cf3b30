// The panel beside the chat: the whole way of the chosen message.
import * as api from './api.js';
import { $, attempt } from './dom.js';
import { steps } from './steps.js';
import { state } from './state.js';

const beside = matchMedia('(min-width: 1100px)');
let asked; // timer

export function start() {
  $('journey-toggle').onclick = () => open(!document.body.classList.contains('journey-open'));
  $('journey-close').onclick = () => open(false);
  document.addEventListener('keydown', e => { if (e.key === 'Escape' && !beside.matches && !document.querySelector('dialog[open]')) open(false); });
  open(beside.matches && localStorage.getItem('journey') !== 'closed');
}

function open(shown) {
  document.body.classList.toggle('journey-open', shown);
  $('journey-toggle').setAttribute('aria-expanded', String(shown));
  if (beside.matches) localStorage.setItem('journey', shown ? 'open' : 'closed');
}

// select shows another message's way; ask is true when a person wants to see it.
export function select(id, ask) {
  state.selected = id;
  for (const e of $('messages').querySelectorAll('.message')) e.classList.toggle('selected', Number(e.dataset.id) === id);
  show();
  if (ask) open(true);
}

export function show() {
  const unfolded = new Set([...$('steps').querySelectorAll('details[open]')].map(e => e.dataset.name));
  const top = $('steps').scrollTop;
  const m = state.messages.find(one => one.id === state.selected);
  $('steps').replaceChildren(...steps(m, state.trace[state.selected], retry));
  for (const e of $('steps').querySelectorAll('details')) e.open = unfolded.has(e.dataset.name);
  $('steps').scrollTop = top;
}

async function retry(letter) {
  await attempt(() => api.retry(letter));
  refresh();
}

// refresh asks for what the server has done, soon and not too often.
export function refresh() {
  if (!state.traces) return;
  asked ??= setTimeout(load, 60);
}

async function load() {
  asked = undefined;
  const { account, openid } = state;
  if (!openid) return;
  try {
    const { traces } = await api.getTraces(account, openid);
    if (account !== state.account || openid !== state.openid) return;
    state.trace = traces;
  } catch { return; } // the page says already that the simulator is away
  show();
  document.dispatchEvent(new Event('traced'));
}


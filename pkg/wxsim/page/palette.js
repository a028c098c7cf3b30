// The palette: an example of everything that WeChat pushes.
import * as api from './api.js';
import { open } from './dialog.js';
import { attempt, el } from './dom.js';
import { t } from './words.js';

let samples; // loaded when they are first asked for

// palette lets the user choose a sample, change it and send it.
export async function palette(send) {
  samples ??= (await attempt(api.getSamples))?.samples;
  if (!samples) return;
  await open(t('samples'), close => body(push => { close(); send(push); }));
}

function body(send) {
  const list = el('div', { class: 'list', role: 'listbox', 'aria-label': t('samples'), tabindex: '0' });
  const text = el('textarea', { 'aria-label': t('sample'), spellcheck: 'false' });
  const count = el('small', {});
  const search = el('input', { type: 'search', placeholder: t('search'), 'aria-label': t('search'), autofocus: true });
  const button = el('button', { class: 'primary', type: 'button', onclick: () => send(text.value) }, t('send'));
  let found = [], at = 0;
  const choose = i => {
    at = Math.min(Math.max(i, 0), found.length - 1);
    text.value = found[at]?.push ?? '';
    button.disabled = !text.value;
    [...list.children].forEach((row, n) => row.setAttribute('aria-selected', String(n === at)));
    list.children[at]?.scrollIntoView({ block: 'nearest' });
  };
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/);
    found = samples.filter(s => words.every(word => s.name.includes(word) || s.push.toLowerCase().includes(word)))
      .sort((x, y) => rank(x, words) - rank(y, words));
    count.textContent = t('count', found.length);
    list.replaceChildren(...found.map((s, i) => el('div', { role: 'option', onclick: () => choose(i), ondblclick: () => send(s.push) }, s.name)));
    choose(0);
  };
  const keys = e => {
    if (e.key === 'ArrowDown') choose(at + 1);
    else if (e.key === 'ArrowUp') choose(at - 1);
    else if (e.key === 'Enter' && text.value) send(text.value);
    else return;
    e.preventDefault();
  };
  search.oninput = show;
  search.onkeydown = list.onkeydown = keys;
  show();
  return [el('p', { class: 'about' }, t('samplesAbout')), el('div', { class: 'palette' },
    el('div', { class: 'left' }, search, list, count), text), el('footer', {}, button)];
}

// rank puts kinds that are called like what is looked for first, and plain
// messages before events.
function rank(s, words) {
  const named = words[0] && s.name.includes(words[0]) ? 0 : 10;
  return named + (s.name.startsWith('event.') ? 2 : s.name.startsWith('info.') ? 3 : 1);
}

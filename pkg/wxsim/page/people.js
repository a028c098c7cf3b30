// The list of followers.
import * as api from './api.js';
import { $, attempt, avatar, el } from './dom.js';
import { summary } from './bubble.js';
import { account, key, state } from './state.js';
import { clock, t } from './words.js';

let chosen; // function of app.js

export function start({ choose }) {
  chosen = choose;
  $('add').onclick = $('add-first').onclick = () => add(1);
  $('choose-several').onclick = () => {
    state.several = state.several ? undefined : new Set();
    show();
    document.dispatchEvent(new Event('actors'));
  };
  $('users').onkeydown = move;
}

// move goes through the list with the arrows.
function move(e) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  const rows = [...$('users').querySelectorAll('.person')];
  const at = rows.indexOf(document.activeElement);
  if (!step || at < 0) return;
  e.preventDefault();
  rows[Math.min(Math.max(at + step, 0), rows.length - 1)].focus();
}

async function add(count) {
  const added = await attempt(() => api.addUsers(state.account, count));
  if (!added) return;
  await chosen(state.account, added.openid, count === 1);
  await attempt(() => api.act(state.account, added.openids, { follow: true }));
}

export function show() {
  const users = [...(account()?.users ?? [])].sort((x, y) => (y.last?.id ?? 0) - (x.last?.id ?? 0));
  const focused = document.activeElement?.closest?.('.person')?.dataset.openid;
  $('people-count').textContent = users.length || '';
  $('users').replaceChildren(...users.map(person));
  if (focused) $('users').querySelector(`[data-openid="${CSS.escape(focused)}"]`)?.focus();
  $('empty').hidden = !account() || users.length > 0;
  $('choose-several').setAttribute('aria-pressed', String(!!state.several));
  showSeveral(users);
}

function showSeveral(users) {
  $('several').hidden = !state.several;
  if (!state.several) return;
  $('several').replaceChildren(
    el('p', {}, t('chosen', state.several.size)),
    el('div', { class: 'line' },
      el('button', { class: 'plain small', type: 'button', onclick: () => { users.forEach(u => state.several.add(u.openid)); changed(); } }, t('all')),
      el('button', { class: 'plain small', type: 'button', onclick: () => add(10) }, t('addTen'))));
}

function changed() {
  show();
  document.dispatchEvent(new Event('actors'));
}

function person(u) {
  const news = state.unread.get(key(state.account, u.openid));
  const mark = state.several?.has(u.openid);
  return el('button', {
    type: 'button', class: 'person', 'data-openid': u.openid, onclick: () => press(u),
    'aria-current': !state.several && u.openid === state.openid && 'true', 'aria-pressed': state.several && String(!!mark),
  },
  state.several && el('span', { class: `tick ${mark ? 'on' : ''}`, 'aria-hidden': 'true' }),
  avatar(u.name, u.following ? 'user' : 'user left'),
  el('span', { class: 'about' },
    el('span', { class: 'line' }, el('strong', {}, u.name), el('small', {}, u.last ? clock(u.last.time) : '')),
    el('span', { class: 'last' }, u.last ? summary(u.last) : u.following ? '' : t('notFollowing'))),
  news && el('span', { class: 'badge' }, String(news)));
}

function press(u) {
  if (!state.several) return chosen(state.account, u.openid, true);
  if (!state.several.delete(u.openid)) state.several.add(u.openid);
  changed();
}

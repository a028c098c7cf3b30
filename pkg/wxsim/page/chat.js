// The chat, as the phone shows it.
import * as api from './api.js';
import { bubble, line } from './bubble.js';
import { $, attempt, avatar, el } from './dom.js';
import * as journey from './journey.js';
import { account, state, user } from './state.js';
import { clock, t } from './words.js';

let typing; // timer

const list = () => $('messages');
const atEnd = () => list().scrollHeight - list().scrollTop - list().clientHeight < 100;
const toEnd = () => { list().scrollTop = list().scrollHeight; };

export function start() {
  list().onscroll = () => { $('to-end').hidden = atEnd(); };
  $('to-end').onclick = toEnd;
  list().onkeydown = move;
  document.addEventListener('traced', mark);
}

// move goes from message to message with the arrows.
function move(e) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (!step) return;
  const rows = [...list().querySelectorAll('[data-id]')];
  const at = rows.indexOf(document.activeElement.closest('[data-id]'));
  const next = rows[at < 0 ? rows.length - 1 : at + step];
  if (!next) return;
  e.preventDefault();
  next.focus();
  journey.select(Number(next.dataset.id));
}

export function show() {
  list().replaceChildren();
  if (user() && !state.messages.length) list().append(el('p', { class: 'hint' }, t('hint')));
  state.messages.forEach((m, i) => append(m, state.messages[i - 1]));
  toEnd();
  showTitle();
}

export function hear(m) {
  if (m.from === 'account') showTyping(0);
  const known = state.messages.findIndex(one => one.id === m.id);
  if (known >= 0) {
    state.messages[known] = m;
    list().querySelector(`[data-id="${m.id}"]`)?.replaceWith(row(m));
    return;
  }
  const stay = !atEnd() && m.from !== 'user';
  list().querySelector('.hint')?.remove();
  state.messages.push(m);
  const node = append(m, state.messages.at(-2));
  if (stay) return;
  toEnd();
  for (const image of node.querySelectorAll('img')) image.addEventListener('load', toEnd);
}

function append(m, before) {
  const gap = 5 * 60 * 1000;
  if (!before || new Date(m.time) - new Date(before.time) > gap) list().append(el('p', { class: 'time' }, clock(m.time)));
  return list().appendChild(row(m));
}

function row(m) {
  const chosen = () => journey.select(m.id, true);
  const attributes = {
    'data-id': m.id, tabindex: '-1', class: `message ${m.from} ${m.id === state.selected ? 'selected' : ''}`,
    onclick: e => { if (!e.target.closest('a, button, audio, video')) chosen(); },
    onkeydown: e => { if (e.key === 'Enter' && e.target === e.currentTarget) chosen(); },
  };
  const grey = line(m);
  if (grey) return el('article', { ...attributes, class: `${attributes.class} grey ${m.msgtype}` }, el('span', { class: 'said' }, grey), ...status(m));
  const mine = m.from === 'user';
  return el('article', attributes, avatar(mine ? user()?.name : state.account, mine ? 'user' : 'account'),
    el('div', { class: 'said' }, bubble(m, tap), ...notes(m)), ...status(m));
}

const tap = (id, content) => attempt(() => api.act(state.account, [state.openid], { tap: id, tap_text: content }));

// notes are the small words under an answer: who in the house has written it.
function notes(m) {
  const words = [];
  if (m.body?.customservice?.kf_account) words.push(t('agent', m.body.customservice.kf_account));
  if (m.body?.aimsgcontext?.is_ai_msg) words.push(t('ai'));
  return words.length ? [el('small', { class: 'note' }, words.join(' · '))] : [];
}

// status is a sign beside what is on its way, failed, or has become a dead letter.
function status(m) {
  const letters = state.trace[m.id]?.letters?.filter(letter => !letter.retried) ?? [];
  const kind = !m.push ? '' : !m.push.done ? 'underWay' : !m.push.accepted ? 'notAccepted' : letters.length ? 'letters' : '';
  if (!kind) return [];
  return [el('span', { class: `sign ${kind}`, role: 'img', 'aria-label': t(kind), title: t(kind) }, kind === 'underWay' ? '' : kind === 'letters' ? '✉' : '!')];
}

// mark draws the signs anew once more is known of the messages.
function mark() {
  for (const node of list().querySelectorAll('.message.user')) {
    const m = state.messages.find(one => one.id === Number(node.dataset.id));
    if (!m) continue;
    node.querySelector('.sign')?.remove();
    node.append(...status(m));
  }
}

export function showTyping(ms) {
  clearTimeout(typing);
  typing = ms > 0 ? setTimeout(() => showTyping(0), ms) : undefined;
  showTitle();
}

function showTitle() {
  $('title').textContent = typing ? t('typing') : account()?.name ?? '';
  $('title').classList.toggle('typing', !!typing);
}

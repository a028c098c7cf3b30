// The page: state comes from the simulator, nothing is kept here but what is
// being looked at.
import * as api from './api.js';
import { bubble, line, summary } from './bubble.js';
import { avatar, el } from './dom.js';
import { journey } from './journey.js';
import { clock, otherLanguage, t, translate } from './words.js';

const $ = id => document.getElementById(id);
const wide = matchMedia('(min-width: 1000px)');

let accounts = [];
let chosen = { account: localStorage.getItem('account'), openid: localStorage.getItem('openid') };
let messages = []; // of the chosen user, by id
let selected; // id of the message whose journey is shown
let unread = new Map(); // by account and OpenID
let typing; // timer
let waiting; // changes that arrive while the state is being loaded

const account = () => accounts.find(a => a.name === chosen.account);
const user = () => account()?.users.find(u => u.openid === chosen.openid);
const key = (name, openid) => `${name} ${openid}`;

// --- what the simulator says

async function load() {
  waiting ??= [];
  try {
    ({ accounts } = await api.getState());
    if (!account()) chosen.account = accounts[0]?.name;
    if (!user()) chosen.openid = account()?.users.at(-1)?.openid;
    await loadChat();
    $('offline').hidden = true;
  } catch { $('offline').hidden = false; }
  const late = waiting ?? [];
  waiting = undefined;
  late.forEach(heard);
  showAll();
}

async function loadChat() {
  const { account, openid } = chosen;
  const loaded = openid ? (await api.getChat(account, openid)).messages : [];
  if (account === chosen.account && openid === chosen.openid) messages = loaded;
}

function heard(change) {
  if (waiting) return void waiting.push(change);
  const a = accounts.find(one => one.name === change.account);
  if (!a) return;
  let u = a.users.find(one => one.openid === change.openid);
  if (change.type === 'user') {
    if (u) Object.assign(u, change.user); else a.users.push(u = { ...change.user });
    if (a.name === chosen.account && !user()) return choose(a.name, u.openid);
  }
  const here = a.name === chosen.account && change.openid === chosen.openid;
  if (change.type === 'message') hear(u, here, a.name, change.message);
  if (change.type === 'typing' && here) showTyping(change.typing ?? 0);
  if (here) showHead();
  showUsers();
}

function hear(u, here, name, m) {
  const known = here ? messages.findIndex(one => one.id === m.id) : -1;
  if (u && (u.last?.id ?? 0) <= m.id) u.last = m;
  if (!here) {
    if (m.from === 'account') unread.set(key(name, u.openid), (unread.get(key(name, u.openid)) ?? 0) + 1);
    return;
  }
  if (m.from === 'account') showTyping(0);
  if (known >= 0) {
    messages[known] = m;
    $('messages').querySelector(`[data-id="${m.id}"]`)?.replaceWith(row(m));
  } else {
    messages.push(m);
    append(m, messages.at(-2));
  }
  if (m.id === selected) showJourney();
}

// --- what is shown

function showAll() {
  translate();
  showAccount(); showUsers(); showHead(); showMessages(); showJourney();
}

function showAccount() {
  const a = account(), select = $('accounts');
  select.hidden = accounts.length < 2;
  select.replaceChildren(...accounts.map(one => el('option', { value: one.name, selected: one === a }, one.name)));
  $('account-name').textContent = accounts.length < 2 ? a?.name ?? '' : a?.appid ?? '';
  $('account-mode').textContent = a ? t(a.mode) : '';
  $('account-url').textContent = a?.url || t('noURL');
  $('account-url').title = a?.url ?? '';
}

function showUsers() {
  const users = [...(account()?.users ?? [])].sort((x, y) => (y.last?.id ?? 0) - (x.last?.id ?? 0));
  const focused = document.activeElement?.closest?.('#users button')?.dataset.openid;
  $('users').replaceChildren(...users.map(person));
  if (focused) $('users').querySelector(`[data-openid="${CSS.escape(focused)}"]`)?.focus();
}

function person(u) {
  const news = unread.get(key(chosen.account, u.openid));
  return el('li', {}, el('button', {
    type: 'button', class: 'person', 'data-openid': u.openid, 'aria-current': u.openid === chosen.openid && 'true',
    onclick: () => choose(chosen.account, u.openid, true),
  }, avatar(u.name, 'user'), el('span', { class: 'about' },
    el('span', { class: 'line' }, el('strong', {}, u.name), el('small', {}, u.last ? clock(u.last.time) : '')),
    el('span', { class: 'last' }, u.last ? summary(u.last) : u.following ? '' : t('notFollowing'))),
  news && el('span', { class: 'badge' }, String(news))));
}

function showHead() {
  const a = account(), u = user();
  if (!typing) $('title').textContent = a?.name ?? '';
  $('subtitle').textContent = u ? t('you', u.name) : '';
  $('subtitle').title = u?.openid ?? '';
  $('follow').hidden = !u;
  $('follow').textContent = u?.following ? t('unfollow') : t('follow');
  $('follow').classList.toggle('primary', !!u && !u.following);
  $('empty').hidden = !a || a.users.length > 0;
  $('composer').hidden = !u;
  for (const e of $('composer').elements) e.disabled = !u?.following;
  $('text').placeholder = u && !u.following ? t('notFollowing') : t('write');
}

function showTyping(ms) {
  clearTimeout(typing);
  typing = ms > 0 ? setTimeout(() => showTyping(0), ms) : undefined;
  $('title').textContent = typing ? t('typing') : account()?.name ?? '';
}

function showMessages() {
  const list = $('messages');
  list.replaceChildren();
  messages.forEach((m, i) => append(m, messages[i - 1], true));
  list.scrollTop = list.scrollHeight;
}

function append(m, before, quietly) {
  const list = $('messages');
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 120;
  const gap = 5 * 60 * 1000;
  if (!before || new Date(m.time) - new Date(before.time) > gap) list.append(el('li', { class: 'time' }, clock(m.time)));
  const node = list.appendChild(row(m));
  if (quietly || (!atEnd && m.from !== 'user')) return;
  list.scrollTop = list.scrollHeight;
  for (const image of node.querySelectorAll('img')) image.addEventListener('load', () => { list.scrollTop = list.scrollHeight; });
}

function row(m) {
  const attributes = {
    'data-id': m.id, tabindex: '0', 'aria-selected': m.id === selected && 'true',
    onclick: e => { if (!e.target.closest('a')) select(m.id); },
    onkeydown: e => { if (e.key === 'Enter' && e.target === e.currentTarget) select(m.id); },
  };
  const grey = line(m), status = delivered(m);
  if (grey) return el('li', { class: `grey ${m.msgtype}`, ...attributes }, el('span', {}, grey), status);
  const mine = m.from === 'user';
  return el('li', { class: mine ? 'mine' : 'theirs', ...attributes },
    avatar(mine ? user()?.name : chosen.account, mine ? 'user' : 'account'),
    el('div', { class: 'said' }, bubble(m, tap), ...notes(m)), status);
}

// notes are the small words under an answer: who in the house has written it.
function notes(m) {
  const words = [];
  if (m.body?.customservice?.kf_account) words.push(t('agent', m.body.customservice.kf_account));
  if (m.body?.aimsgcontext?.is_ai_msg) words.push(t('ai'));
  return words.length ? [el('small', { class: 'note' }, words.join(' · '))] : [];
}

function delivered(m) {
  if (!m.push || (m.push.done && m.push.accepted)) return undefined;
  const kind = m.push.done ? 'notAccepted' : 'underWay';
  return el('span', { class: `delivered ${kind}`, role: 'img', 'aria-label': t(kind), title: t(kind) }, m.push.done ? '!' : '');
}

function showJourney() {
  $('steps').replaceChildren(...journey(messages.find(m => m.id === selected)));
}

// --- what the user does

async function choose(name, openid, enter) {
  chosen = { account: name, openid };
  if (openid) localStorage.setItem('openid', openid);
  localStorage.setItem('account', name);
  unread.delete(key(name, openid));
  selected = undefined;
  showTyping(0);
  document.body.classList.toggle('talking', !!enter || document.body.classList.contains('talking'));
  await attempt(async () => {
    waiting ??= [];
    try { await loadChat(); } finally {
      const late = waiting ?? [];
      waiting = undefined;
      late.forEach(heard);
    }
  });
  showAll();
  if (enter && wide.matches) $('text').focus();
}

function select(id) {
  selected = id;
  for (const e of $('messages').querySelectorAll('[data-id]')) {
    if (Number(e.dataset.id) === id) e.setAttribute('aria-selected', 'true'); else e.removeAttribute('aria-selected');
  }
  showJourney();
  openJourney(true);
}

function openJourney(open) {
  $('journey').hidden = !open;
  $('journey-toggle').setAttribute('aria-expanded', String(open));
  if (wide.matches) localStorage.setItem('journey', open ? 'open' : '');
}

async function attempt(act) {
  try { return await act(); } catch (error) {
    $('offline').textContent = t('failedCall', error.message);
    $('offline').hidden = false;
    setTimeout(() => { $('offline').hidden = true; $('offline').textContent = t('offline'); }, 4000);
  }
}

const push = (msgtype, content) => attempt(() => api.push(chosen.account, chosen.openid, msgtype, content));
const tap = (id, content) => push('text', { Content: content, bizmsgmenuid: id });
const event = (name, eventKey, more = {}) => push('event', { Event: name, EventKey: eventKey, ...more });
const random = prefix => `${prefix}_${crypto.getRandomValues(new Uint32Array(2)).join('')}`;

const samples = {
  image: () => push('image', { PicUrl: new URL('sample.svg', location.href).href, MediaId: random('SAMPLE_IMAGE') }),
  voice: () => push('voice', { MediaId: random('SAMPLE_VOICE'), Format: 'amr' }),
  location: () => push('location', { Location_X: '23.129163', Location_Y: '113.264435', Scale: '15', Label: t('samplePlace') }),
  link: () => push('link', { Title: t('sampleLinkTitle'), Description: t('sampleLinkAbout'), Url: 'https://developers.weixin.qq.com/doc/' }),
  click: () => event('CLICK', $('menu-key').value),
  scan: () => event('SCAN', $('scan-key').value, { Ticket: random('gQSAMPLE') }),
};

async function add() {
  const added = await attempt(() => api.addUser(chosen.account));
  if (!added) return;
  await choose(chosen.account, added.openid, true);
  await event('subscribe', '');
}

async function verify() {
  const status = $('verified');
  status.className = '';
  status.textContent = t('verifying');
  const answer = await attempt(() => api.verify(chosen.account));
  status.className = answer && !answer.error ? 'good' : 'bad';
  status.textContent = !answer ? '' : answer.error ?? `✓ ${t('verified')}`;
}

function send() {
  const text = $('text').value.trim();
  if (!text || !user()?.following) return;
  $('text').value = '';
  grow();
  push('text', { Content: text });
}

function grow() {
  const box = $('text');
  box.style.height = 'auto';
  box.style.height = `${Math.min(box.scrollHeight + 2, 140)}px`; // 2 for the border
  box.style.overflowY = box.scrollHeight > 140 ? 'auto' : 'hidden';
}

function listen() {
  $('language').onclick = () => { otherLanguage(); $('verified').textContent = ''; showAll(); };
  $('accounts').onchange = e => choose(e.target.value, accounts.find(a => a.name === e.target.value)?.users.at(-1)?.openid);
  $('add').onclick = $('add-first').onclick = add;
  $('verify').onclick = verify;
  $('back').onclick = () => document.body.classList.remove('talking');
  $('follow').onclick = () => event(user().following ? 'unsubscribe' : 'subscribe', '');
  $('journey-toggle').onclick = () => openJourney($('journey').hidden);
  $('journey-close').onclick = () => openJourney(false);
  $('composer').onsubmit = e => { e.preventDefault(); send(); };
  $('text').oninput = grow;
  $('text').onkeydown = e => {
    if (e.key !== 'Enter' || e.shiftKey || e.isComposing) return; // an input method takes Enter for itself
    e.preventDefault();
    send();
  };
  $('more').onclick = () => {
    $('tray').hidden = !$('tray').hidden;
    $('more').setAttribute('aria-expanded', String(!$('tray').hidden));
  };
  for (const button of document.querySelectorAll('[data-sample]')) button.onclick = () => samples[button.dataset.sample]();
  for (const input of document.querySelectorAll('.keyed input')) {
    input.onkeydown = e => {
      if (e.key !== 'Enter' || e.isComposing) return;
      e.preventDefault();
      input.nextElementSibling.click();
    };
  }
  document.addEventListener('keydown', e => { if (e.key === 'Escape') openJourney(false); });
}

translate();
listen();
openJourney(wide.matches && localStorage.getItem('journey') !== '');
api.listen({ opened: load, heard, lost: () => { $('offline').hidden = false; } });

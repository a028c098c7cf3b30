// The page: it starts the parts and hands them what the simulator says.
import * as api from './api.js';
import * as chat from './chat.js';
import * as composer from './composer.js';
import * as head from './head.js';
import * as journey from './journey.js';
import * as menu from './menu.js';
import * as people from './people.js';
import * as weather from './weather.js';
import { $, attempt } from './dom.js';
import { fill } from './icons.js';
import { account, keep, key, state, user } from './state.js';
import { nextTheme, showTheme } from './theme.js';
import { otherLanguage, translate } from './words.js';

let waiting; // changes that arrive while the state is being loaded

async function load() {
  waiting ??= [];
  try {
    const { accounts, weather, load, traces } = await api.getState();
    Object.assign(state, { accounts: accounts ?? [], weather, load, traces });
    if (!account()) state.account = state.accounts[0]?.name;
    if (!user()) state.openid = account()?.users.at(-1)?.openid;
    await loadChat();
    $('offline').hidden = true;
  } catch { $('offline').hidden = false; }
  showAll();
  catchUp();
}

async function loadChat() {
  const { account, openid } = state;
  const messages = openid ? (await api.getChat(account, openid)).messages : [];
  if (account !== state.account || openid !== state.openid) return; // another was chosen meanwhile
  state.messages = messages;
  state.trace = {};
  state.selected = messages.findLast(m => m.push)?.id;
  journey.refresh();
}

// catchUp hears what was said while something was loaded.
function catchUp() {
  const late = waiting ?? [];
  waiting = undefined;
  late.forEach(heard);
}

function heard(change) {
  if (waiting) return void waiting.push(change);
  if (change.type === 'weather') return weather.changed(change.weather);
  if (change.type === 'load') return weather.loaded(change.load);
  const a = state.accounts.find(one => one.name === change.account);
  if (!a) return;
  if (change.type === 'menu') {
    a.menu = change.menu ?? [];
    return menu.show();
  }
  const u = a.users.find(one => one.openid === change.openid);
  const here = a.name === state.account && change.openid === state.openid;
  if (change.type === 'user') return heardOfUser(a, u, change.user);
  if (change.type === 'journey' && here) journey.refresh();
  if (change.type === 'typing' && here) chat.showTyping(change.typing ?? 0);
  if (change.type === 'message') heardMessage(u, here, a.name, change.message);
}

function heardOfUser(a, known, u) {
  if (known) Object.assign(known, u);
  else a.users.push({ ...u });
  if (a.name === state.account && !user()) return choose(a.name, u.openid);
  for (const part of [people, head, composer, menu]) part.show();
}

function heardMessage(u, here, name, m) {
  if (u && (u.last?.id ?? 0) <= m.id) u.last = m;
  if (here) {
    chat.hear(m);
    if (m.from === 'user' && !state.messages.some(one => one.id > m.id)) journey.select(m.id);
    else if (m.id === state.selected) journey.show();
    head.show();
  } else if (m.from === 'account' && u) {
    state.unread.set(key(name, u.openid), (state.unread.get(key(name, u.openid)) ?? 0) + 1);
  }
  people.show();
}

function showAll() {
  translate();
  for (const part of [head, people, menu, composer, weather, chat, journey]) part.show();
}

// choose shows another chat. enter is true when a person has asked for it.
async function choose(name, openid, enter) {
  Object.assign(state, { account: name, openid });
  state.unread.delete(key(name, openid));
  keep();
  chat.showTyping(0);
  document.body.classList.toggle('talking', !!enter || document.body.classList.contains('talking'));
  waiting ??= [];
  await attempt(loadChat);
  showAll();
  catchUp();
  if (enter) composer.focus();
}

showTheme();
fill();
translate();
head.start({ choose });
people.start({ choose });
composer.start();
chat.start();
menu.start();
weather.start();
journey.start();
$('language').onclick = () => { otherLanguage(); showAll(); };
$('theme').onclick = nextTheme;
api.listen({ opened: load, heard, lost: () => { $('offline').hidden = false; } });

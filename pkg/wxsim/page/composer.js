// Where the user writes, and sends everything else.
import * as api from './api.js';
import { $, attempt, el } from './dom.js';
import { linkDialog, placeDialog, scanDialog } from './forms.js';
import { icon } from './icons.js';
import { palette } from './palette.js';
import { actors, state, user } from './state.js';
import { t } from './words.js';

const faces = [...'😀😂😊😍😘🤔😭😡😱👍👎👏🙏💪👌🤝❤️🎉🌹🍻☕🎁🔥✨🚀🐶🐱🌞🌙⭐🍜🧧'.matchAll(/\p{Emoji}\uFE0F?/gu)].map(found => found[0]);

const send = step => attempt(() => api.act(state.account, actors(), step));

// tray are the other things that a user can send.
const tray = [
  ['image', 'image', () => pick('image', 'image/png,image/jpeg,image/gif')],
  ['voice', 'voice', () => send({ voice: 'example' })],
  ['film', 'video', () => pick('video', 'video/mp4')],
  ['place', 'location', async () => { const location = await placeDialog(); if (location) send({ location }); }],
  ['link', 'link', async () => { const link = await linkDialog(); if (link) send({ link }); }],
  ['scan', 'scan', async () => { const scan = await scanDialog(); if (scan) send({ scan }); }],
  ['samples', 'samples', () => palette(push => send({ push }))],
];

export function start() {
  $('composer').onsubmit = e => { e.preventDefault(); sendText(); };
  $('text').oninput = grow;
  $('text').onkeydown = e => {
    if (e.key !== 'Enter' || e.shiftKey || e.isComposing) return; // an input method takes Enter for itself
    e.preventDefault();
    sendText();
  };
  $('more').onclick = () => toggle('more', 'tray');
  $('emoji').onclick = () => toggle('emoji', 'emojis');
  $('file').onchange = () => { sendFile($('file').files[0], $('file').dataset.type); $('file').value = ''; };
  $('text').onpaste = e => { const file = [...e.clipboardData.files].find(one => one.type.startsWith('image/')); if (file) { e.preventDefault(); sendFile(file, 'image'); } };
  $('phone').ondragover = e => e.preventDefault();
  $('phone').ondrop = e => { e.preventDefault(); if (e.dataTransfer.files[0]) sendFile(e.dataTransfer.files[0]); };
  document.addEventListener('actors', show);
  document.addEventListener('keydown', keys);
  $('emojis').replaceChildren(...faces.map(face => el('button', { type: 'button', class: 'face', onclick: () => type(face) }, face)));
}

// keys work everywhere in the page: "/" to write, Ctrl-K for the samples.
function keys(e) {
  if (document.querySelector('dialog[open]')) return;
  const writing = e.target.closest?.('input, textarea, select');
  if (e.key === '/' && !writing) { e.preventDefault(); focus(); }
  if (e.key.toLowerCase() === 'k' && (e.ctrlKey || e.metaKey) && user()) { e.preventDefault(); palette(push => send({ push })); }
  if (e.key === 'Escape') for (const [button, panel] of [['more', 'tray'], ['emoji', 'emojis']]) if (!$(panel).hidden) toggle(button, panel);
}

export function show() {
  const u = user(), several = state.several?.size > 0;
  $('composer').hidden = !u && !several;
  const silent = !several && !u?.following;
  for (const e of [$('text'), $('send'), $('emoji')]) e.disabled = silent;
  $('text').placeholder = several ? t('writeTo', state.several.size) : silent ? t('notFollowing') : t('write');
  $('tray').replaceChildren(...tray.map(([symbol, word, act]) =>
    el('button', { type: 'button', 'data-act': word, onclick: act }, icon(symbol), el('span', {}, t(word)))));
}

export function focus() {
  if (matchMedia('(min-width: 700px)').matches) $('text').focus();
}

function sendText() {
  const text = $('text').value.trim();
  if (!text || !actors().length) return;
  $('text').value = '';
  grow();
  send({ text });
}

function type(face) {
  $('text').setRangeText(face, $('text').selectionStart, $('text').selectionEnd, 'end');
  grow();
  focus();
}

function pick(type, accept) {
  Object.assign($('file'), { accept });
  $('file').dataset.type = type;
  $('file').click();
}

async function sendFile(file, type) {
  if (!file) return;
  type ||= file.type.startsWith('video/') ? 'video' : file.type.startsWith('audio/') ? 'voice' : 'image';
  const added = await attempt(() => api.upload(state.account, type, file));
  if (added) await send({ [type]: added.media_id });
}

function toggle(button, panel) {
  const open = $(panel).hidden;
  for (const [b, p] of [['more', 'tray'], ['emoji', 'emojis']]) {
    $(p).hidden = p !== panel || !open;
    $(b).setAttribute('aria-expanded', String(p === panel && open));
  }
  $('messages').scrollTop = $('messages').scrollHeight;
}

function grow() {
  const box = $('text');
  box.style.height = 'auto';
  box.style.height = `${Math.min(box.scrollHeight + 2, 120)}px`; // 2 for the border
  box.style.overflowY = box.scrollHeight > 120 ? 'auto' : 'hidden';
}

// The account's menu at the bottom of the phone.
import * as api from './api.js';
import { $, attempt, el, webURL } from './dom.js';
import { ask } from './dialog.js';
import { placeDialog } from './forms.js';
import { icon } from './icons.js';
import { account, actors, state, user } from './state.js';
import { t } from './words.js';

let open; // name of the button whose entries are shown

export function start() {
  document.addEventListener('click', e => { if (open && !e.composedPath().includes($('menu'))) close(); });
  document.addEventListener('keydown', e => { if (open && e.key === 'Escape') close(); });
}

function close() {
  open = undefined;
  show();
}

export function show() {
  const buttons = account()?.menu ?? [];
  $('menu').hidden = !buttons.length || !user()?.following;
  $('menu').replaceChildren(...buttons.map(top));
}

function top(b) {
  const entries = b.sub_button ?? [];
  if (!entries.length) return el('div', { class: 'entry' }, el('button', { type: 'button', onclick: () => press(b) }, b.name));
  const shown = open === b.name;
  return el('div', { class: 'entry' },
    shown && el('div', { class: 'entries' }, ...entries.map(sub => el('button', { type: 'button', onclick: () => { close(); press(sub); } }, sub.name))),
    el('button', { type: 'button', 'aria-expanded': String(shown), onclick: () => { open = shown ? undefined : b.name; show(); } }, icon('list'), b.name));
}

// press asks for what the phone would ask for, and lets the user tap.
async function press(b) {
  const input = await wanted(b);
  if (!input) return;
  await attempt(() => api.act(state.account, actors(), { press: b.name, input }));
  const url = b.type === 'view' && webURL(b.url);
  if (url) window.open(url, '_blank', 'noopener,noreferrer');
}

async function wanted(b) {
  switch (b.type) {
    case 'scancode_push': case 'scancode_waitmsg':
      return ask(t('press', b.name), [{ name: 'scan', label: t('scanned'), value: 'https://example.com/p/1001', required: true }]);
    case 'location_select': return placeDialog();
    case 'pic_sysphoto': case 'pic_photo_or_album': case 'pic_weixin': return picture();
    default: return {};
  }
}

// picture lets the user choose one; who chooses none sends that of the house.
function picture() {
  return new Promise(resolve => {
    const input = el('input', { type: 'file', accept: 'image/png,image/jpeg,image/gif' });
    input.oncancel = () => resolve({});
    input.onchange = async () => {
      const added = await attempt(() => api.upload(state.account, 'image', input.files[0]));
      resolve(added && { image: added.media_id });
    };
    input.click();
  });
}

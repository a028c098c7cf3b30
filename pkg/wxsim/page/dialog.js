// Windows that ask for something.
import { el } from './dom.js';
import { icon } from './icons.js';
import { t } from './words.js';

// open shows a window. Its close function ends it with a value, which the
// promise has; Escape and the cross end it with undefined.
export function open(title, fill) {
  return new Promise(resolve => {
    let result;
    const dialog = el('dialog', { 'aria-label': title });
    const close = value => { result = value; dialog.close(); };
    dialog.append(
      el('header', {}, el('h2', {}, title), el('button', { class: 'icon', type: 'button', 'aria-label': t('close'), onclick: () => close() }, icon('close'))),
      ...fill(close));
    dialog.addEventListener('close', () => { dialog.remove(); resolve(result); });
    dialog.addEventListener('click', e => { if (e.target === dialog) close(); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// ask shows a form and returns its values by name. A field is {name, label,
// value, type, required, max}.
export function ask(title, fields, ...more) {
  return open(title, close => [el('form', {
    method: 'dialog', class: 'form',
    onsubmit: e => { e.preventDefault(); close(Object.fromEntries(new FormData(e.target))); },
  },
  ...fields.map(f => el('label', {}, el('span', {}, f.label), el('input', {
    name: f.name, value: f.value ?? '', type: f.type ?? 'text', step: f.type === 'number' && 'any', required: !!f.required, maxlength: f.max,
  }))),
  ...more.map(node => (typeof node === 'function' ? node(close) : node)),
  el('footer', {}, el('button', { class: 'plain', type: 'button', onclick: () => close() }, t('cancel')), el('button', { class: 'primary', type: 'submit' }, t('ok'))))]);
}

// el makes an element. Texts become text nodes: nothing that a user or the
// server wrote is ever read as HTML.
export function el(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value === true ? '' : value);
  }
  e.append(...children.flat().filter(child => child !== undefined && child !== null && child !== false && child !== ''));
  return e;
}

export const $ = id => document.getElementById(id);

// webURL returns an address that may be opened, or undefined.
export function webURL(text) {
  if (!/^https?:\/\//i.test(text ?? '')) return undefined;
  try { return new URL(text).href; } catch { return undefined; }
}

export function avatar(name, kind) {
  const e = el('span', { class: `avatar ${kind}`, 'aria-hidden': 'true' }, [...(name || '?')][0].toUpperCase());
  let hue = 0;
  for (const c of name || '') hue = (hue * 31 + c.codePointAt(0)) % 360;
  e.style.setProperty('--hue', hue);
  return e;
}

// toast says for a moment what went wrong, or right.
let hiding;
export function toast(text) {
  clearTimeout(hiding);
  $('toast').textContent = text;
  $('toast').hidden = false;
  hiding = setTimeout(() => { $('toast').hidden = true; }, 5000);
}

// attempt reports what fails and returns undefined then.
export async function attempt(act) {
  try { return await act(); } catch (error) { toast(error.message); }
}

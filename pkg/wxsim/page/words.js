// What the page says, in the language of its reader.
import { en } from './words-en.js';
import { zh } from './words-zh.js';

const words = { zh, en };

export let language = localStorage.getItem('language') || (navigator.language.startsWith('zh') ? 'zh' : 'en');

// t returns a text in the language of the page. Some take the changing parts.
export function t(key, ...parts) {
  const word = words[language][key] ?? words.en[key];
  return typeof word === 'function' ? word(...parts) : word;
}

// translate sets the texts of what stands in the document.
export function translate(root = document) {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.title = `wxbus · ${t('brand')}`;
  for (const e of root.querySelectorAll('[data-t]')) e.textContent = t(e.dataset.t);
  for (const e of root.querySelectorAll('[data-label]')) {
    const label = t(e.dataset.label);
    e.setAttribute('aria-label', label);
    if ('placeholder' in e) e.placeholder = label;
    else if (e.matches('button')) e.title = label;
  }
  document.getElementById('language').textContent = t('language');
}

export function otherLanguage() {
  language = language === 'zh' ? 'en' : 'zh';
  localStorage.setItem('language', language);
}

export function clock(time, seconds) {
  const date = new Date(time), today = new Date().toDateString() === date.toDateString();
  const parts = { hour: '2-digit', minute: '2-digit', hour12: false, ...seconds && { second: '2-digit' } };
  return date.toLocaleString(document.documentElement.lang, today || seconds ? parts : { month: 'numeric', day: 'numeric', ...parts });
}

// lasted writes a duration of nanoseconds.
export function lasted(ns) {
  if (ns >= 1e9) return `${(ns / 1e9).toFixed(1)} s`;
  return ns >= 1e7 ? `${Math.round(ns / 1e6)} ms` : `${(ns / 1e6).toFixed(1)} ms`;
}

// The strip above: what goes wrong at WeChat, and how much comes from others.
import * as api from './api.js';
import { $, attempt, el } from './dom.js';
import { state } from './state.js';
import { lasted, t } from './words.js';

const errcodes = ['-1', '40001', '45009', '45015', '45047'];
const tenSeconds = 10e9;
let reports = []; // of the last minute

export function start() {
  $('weather-toggle').onclick = () => {
    const open = document.body.classList.toggle('weather-open');
    $('weather-toggle').setAttribute('aria-expanded', String(open));
  };
}

export function changed(weather) {
  state.weather = weather;
  show();
}

const set = change => attempt(() => api.setWeather({ ...state.weather, ...change }));

const isFine = w => !w.delay && !w.lost_answers && !w.duplicates && !w.errcode && !w.hang && !w.token_life;

export function show() {
  const w = state.weather, fine = isFine(w);
  const focused = document.activeElement?.closest('#weather [data-name]')?.dataset.name;
  document.body.classList.toggle('rough', !fine);
  $('weather').replaceChildren(
    el('button', { class: `sky ${fine ? 'fine' : ''}`, type: 'button', 'data-name': 'sky', title: t('clear'), disabled: fine, onclick: () => set({ delay: 0, lost_answers: false, duplicates: false, errcode: 0, hang: false, token_life: 0 }) },
      fine ? `☀️ ${t('fine')}` : `⛈️ ${t('bad')} · ${t('clear')}`),
    delay(w), toggle('lost', w.lost_answers, lost_answers => set({ lost_answers }), t('lostAbout')), toggle('twice', w.duplicates, duplicates => set({ duplicates }), t('twiceAbout')),
    tokens(w), calls(w), load());
  if (focused) $('weather').querySelector(`[data-name="${focused}"]`)?.focus();
}

function delay(w) {
  const shown = el('output', {}, t('seconds', (w.delay ?? 0) / 1e9));
  return el('label', { class: 'control' }, el('span', {}, t('delay')), el('input', {
    type: 'range', min: 0, max: 10, step: 0.5, value: (w.delay ?? 0) / 1e9, 'data-name': 'delay',
    oninput: e => { shown.textContent = t('seconds', Number(e.target.value)); }, onchange: e => set({ delay: Number(e.target.value) * 1e9 }),
  }), shown);
}

const toggle = (name, on, act, about) =>
  el('button', { class: 'toggle', type: 'button', 'data-name': name, 'aria-pressed': String(!!on), title: about, onclick: () => act(!on) }, t(name));

function tokens(w) {
  const acts = { expire: () => attempt(() => api.endTokens(state.account, false)), revoke: () => attempt(() => api.endTokens(state.account, true)), short: () => set({ token_life: w.token_life ? 0 : tenSeconds }) };
  return el('label', { class: `control ${w.token_life ? 'on' : ''}` }, el('span', {}, t('tokens')), el('select', { 'data-name': 'tokens', onchange: e => { acts[e.target.value]?.(); show(); } },
    el('option', { value: '' }, w.token_life ? t('shortTokens') : t('tokensFine')),
    el('option', { value: 'expire' }, t('tokensExpire')), el('option', { value: 'revoke' }, t('tokensRevoke')),
    el('option', { value: 'short' }, w.token_life ? t('clear') : t('shortTokens'))));
}

function calls(w) {
  const now = w.hang ? 'hang' : w.errcode ? String(w.errcode) : '';
  return el('label', { class: `control ${now ? 'on' : ''}` }, el('span', {}, t('calls')), el('select', {
    'data-name': 'calls', onchange: e => set(e.target.value === 'hang' ? { hang: true, errcode: 0 } : { hang: false, errcode: Number(e.target.value) }),
  }, ...[['', t('callsFine')], ...errcodes.map(code => [code, t(`e${code}`)]), ['hang', t('hang')]]
    .map(([value, word]) => el('option', { value, selected: value === now }, word))));
}

function load() {
  const rate = state.load?.rate ?? 0;
  const shown = el('output', {}, rate ? t('perSecond', rate) : t('loadOff'));
  return el('div', { class: `control load ${rate ? 'on' : ''}` }, el('label', {}, el('span', {}, t('load')), el('input', {
    type: 'range', min: 0, max: 500, step: 10, value: rate, 'data-name': 'load',
    oninput: e => { shown.textContent = Number(e.target.value) ? t('perSecond', e.target.value) : t('loadOff'); },
    onchange: e => { state.load = { rate: Number(e.target.value) }; show(); attempt(() => api.setLoad(state.account, Number(e.target.value))); },
  })), shown, el('span', { id: 'load-figures', hidden: !rate }));
}

// loaded shows how the server fares under the load.
export function loaded(report) {
  const before = state.load?.rate ?? 0;
  state.load = report;
  reports = report.rate ? [...reports, report].slice(-60) : [];
  if (report.rate !== before) show();
  const figures = $('load-figures');
  figures.hidden = !report.rate;
  if (!report.rate) return;
  const failed = report.failed + report.skipped;
  figures.replaceChildren(spark(), t('loadFigures', { ...report, p99: report.p99 ? lasted(report.p99) : '–' }),
    ...failed ? [el('strong', { class: 'bad' }, ` ${t('loadFailed', failed)}`)] : []);
}

function spark() {
  const space = 'http://www.w3.org/2000/svg', svg = document.createElementNS(space, 'svg'), path = document.createElementNS(space, 'polyline');
  const most = Math.max(...reports.map(r => r.accepted), 1);
  svg.setAttribute('viewBox', '0 0 60 20');
  svg.setAttribute('class', 'spark');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('points', reports.map((r, i) => `${60 - reports.length + i},${19 - 18 * r.accepted / most}`).join(' '));
  svg.append(path);
  return svg;
}

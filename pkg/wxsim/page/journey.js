// The panel beside the chat: how the chosen message was delivered.
import { el } from './dom.js';
import { clock, t } from './words.js';

export function journey(m) {
  if (!m) return [el('p', { class: 'hint' }, t('choose'))];
  if (m.push) return pushed(m);
  const refused = m.msgtype === 'refused';
  if (!m.body) return [el('p', { class: 'hint' }, t('choose'))];
  return [
    state(refused ? 'bad' : 'good', t(refused ? 'refusedBy' : 'sentBy')),
    facts([t('at'), clock(m.time)], ['errcode', refused ? `${m.content.errcode} ${m.content.errmsg}` : '0 ok']),
    ...source(t('body'), JSON.stringify(m.body, null, 2)),
  ];
}

function pushed(m) {
  const { deliveries, accepted, done, xml } = m.push, list = deliveries ?? [];
  const interrupted = done && !accepted && (!list.length || list.at(-1).error === 'context canceled');
  const verdict = !done ? ['busy', t('underWay')] : accepted ? ['good', t('accepted')] : ['bad', t(interrupted ? 'interrupted' : 'notAccepted')];
  return [state(...verdict), el('ol', { class: 'deliveries' }, ...list.map(delivery)), ...source(t('xml'), xml)];
}

const state = (kind, text) => el('p', { class: `state ${kind}` }, text);

function delivery(d, i) {
  const took = d.took >= 1e9 ? `${(d.took / 1e9).toFixed(1)} s` : `${Math.max(1, Math.round(d.took / 1e6))} ms`;
  return el('li', { class: d.error ? 'bad' : 'good' },
    el('p', { class: 'line' }, el('strong', {}, t('delivery', i + 1)), el('span', { class: 'chip' }, d.status ? `HTTP ${d.status}` : t('noAnswer')), el('small', {}, took)),
    facts(reason(d) && [t('error'), reason(d)], d.status && [t('answer'), d.answer || t('emptyAnswer')]),
    el('details', {}, el('summary', {}, t('request')), facts(
      ['timestamp', d.timestamp], ['nonce', d.nonce], ['signature', d.signature], d.msg_signature && ['msg_signature', d.msg_signature])));
}

// reason says in the page's language why a delivery did not do. A status other
// than 200 stands there already.
function reason(d) {
  const late = d.error?.match(/^no answer within (.*)$/);
  if (late) return t('tooLate', late[1]);
  if (d.status && d.status !== 200) return undefined;
  return d.status ? d.error && t('notUnderstood') : d.error;
}

function facts(...pairs) {
  const list = el('dl');
  for (const pair of pairs) if (pair) list.append(el('dt', {}, pair[0]), el('dd', {}, pair[1]));
  return list;
}

function source(title, text) {
  const copy = el('button', { class: 'small', type: 'button' }, t('copy'));
  copy.addEventListener('click', async () => {
    try { await navigator.clipboard.writeText(text); copy.textContent = t('copied'); } catch { copy.remove(); }
  });
  return [el('p', { class: 'line heading' }, el('strong', {}, title), copy), el('pre', { tabindex: '0' }, text)];
}

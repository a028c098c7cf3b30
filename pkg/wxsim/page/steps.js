// The stations on the way of a message.
import { el } from './dom.js';
import { state } from './state.js';
import { clock, lasted, t } from './words.js';

// steps are the stations of a message, of which trace says what the server did.
export function steps(m, trace, retry) {
  if (!m) return [el('p', { class: 'hint' }, t('choose'))];
  if (m.push) return [...head(m, trace), el('ol', { class: 'way' }, ...stations(m, trace, retry)), ...raw(m, trace)];
  if (m.msgtype === 'refused' || m.body) return answered(m);
  return [el('p', { class: 'hint' }, m.from === 'account' ? t('shownBy') : t('choose'))];
}

// head says what became of the message.
function head(m, trace) {
  const { deliveries, accepted, done } = m.push, list = deliveries ?? [];
  const interrupted = done && !accepted && (!list.length || list.at(-1).error === 'context canceled');
  const [kind, ...word] = !done ? ['busy', 'underWay'] : accepted ? fate(trace) : ['bad', interrupted ? 'interrupted' : 'notAccepted'];
  return [el('p', { class: `state ${kind}` }, t(...word), el('small', {}, clock(m.time, true)))];
}

// fate is what the server made of a message that it has accepted.
function fate(trace) {
  const takers = trace?.takers ?? [], replies = trace?.replies ?? [], letters = trace?.letters ?? [];
  const lasting = replies.filter(one => one.state !== 'dead'); // for those there are letters
  const sent = lasting.filter(one => one.state === 'sent').length;
  if (letters.some(one => !one.retried)) return ['bad', 'undelivered'];
  if (replies.some(one => ['queued', 'waiting'].includes(one.state))) return ['busy', 'toBeSent'];
  if (replies.some(one => one.state === 'held')) return ['busy', 'keptBack'];
  if (takers.some(one => ['', 'retry'].includes(one.verdict))) return ['busy', 'inWork'];
  if (sent && sent === lasting.length) return ['good', 'repliedWith', sent];
  return ['good', takers.length && !replies.length ? 'unanswered' : 'accepted'];
}

function stations(m, trace, retry) {
  const list = m.push.deliveries ?? [];
  const all = [station('wechat', m.push.accepted ? 'good' : m.push.done ? 'bad' : 'busy', list.map(delivery))];
  if (!state.traces) return all;
  if (!trace) return [...all, station('stored', '', [el('p', { class: 'soft' }, t('notStored'))])];
  all.push(station('stored', 'good', [facts([t('subject'), code(trace.subject)], [t('ceId'), code(trace.id)], [t('at'), clock(trace.stored, true)])]));
  const takers = trace.takers ?? [], replies = trace.replies ?? [], letters = trace.letters ?? [];
  all.push(station('workers', worst(takers.map(one => kinds[one.verdict])), takers.length ? takers.map(taker) : [el('p', { class: 'soft' }, t('noWorker'))]));
  all.push(station('replies', worst(replies.map(one => ends[one.state]?.[0])), replies.length ? replies.map(reply) : [el('p', { class: 'soft' }, t('noReplies'))]));
  if (letters.length) all.push(station('letters', letters.some(one => !one.retried) ? 'bad' : 'good', letters.map(one => letter(one, retry))));
  const left = state.messages.findLast(one => one.from !== 'system')?.left;
  if (left !== undefined) all.push(station('left', left ? 'good' : 'warn', [el('p', { class: 'soft' }, t('leftAbout', left))]));
  return all;
}

const station = (name, kind, inside) => el('li', { class: `station ${kind ?? ''}`, 'data-station': name }, el('h3', {}, t(name)), ...inside);

const worst = list => ['bad', 'warn', 'busy', 'good'].find(kind => list.includes(kind)) ?? '';

function delivery(d, i) {
  return el('div', { class: `box ${d.error ? 'bad' : 'good'}` },
    el('p', { class: 'line' }, el('strong', {}, t('delivery', i + 1)), pill(d.error ? 'bad' : 'good', d.status ? `HTTP ${d.status}` : t('noAnswer')), el('small', {}, `${clock(d.time, true)} · ${lasted(d.took)}`)),
    reason(d) && el('p', { class: 'soft' }, reason(d)),
    fold(`delivery${i}`, t('request'), facts(['timestamp', code(d.timestamp)], ['nonce', code(d.nonce)], ['signature', code(d.signature)],
      d.msg_signature && ['msg_signature', code(d.msg_signature)], d.status && [t('answer'), code(d.answer || t('emptyAnswer'))])));
}

// reason says in the page's language why a delivery did not do.
function reason(d) {
  const late = d.error?.match(/^no answer within (.*)$/);
  if (late) return t('tooLate', late[1]);
  if (d.error === 'the answer was lost on its way') return t('lostAnswer');
  if (d.status && d.status !== 200) return d.answer;
  return d.status ? d.error && t('notUnderstood') : d.error;
}

const kinds = { done: 'good', retry: 'warn', dead: 'bad', '': 'busy' };

const taker = one => el('div', { class: `box ${kinds[one.verdict]}` },
  el('p', { class: 'line' }, el('strong', {}, one.worker), pill(kinds[one.verdict], t(one.verdict || 'working')), el('small', {}, `${t('attempts', one.attempts)} · ${lasted(one.took)}`)),
  one.detail && el('p', { class: 'soft' }, one.verdict === 'retry' ? t('again', one.detail) : one.detail));

const ends = { queued: ['busy', 'queued'], waiting: ['warn', 'waiting'], held: ['warn', 'held'], sent: ['good', 'sent'], dead: ['bad', 'replyDead'], '': ['', 'unknown'] };

function reply(one) {
  const [kind, word] = ends[one.state] ?? ['', 'unknown'];
  return el('div', { class: `box ${kind}` },
    el('p', {}, el('strong', {}, brief(one.body) || one.worker)),
    el('p', { class: 'line soft' }, pill(kind, t(word)), one.state === 'sent' || one.state === 'dead' ? el('span', {}, `errcode ${one.errcode}${one.reason ? ` · ${one.reason.replace(/^(errcode )?-?\d+ /, '')}` : ''}`) : '',
      one.parts > 1 ? el('span', {}, t('parts', one.sent, one.parts)) : '', one.attempts > 0 ? el('small', {}, `${t('attempts', one.attempts)}${one.took ? ` · ${lasted(one.took)}` : ''}`) : ''),
    fold(`reply${one.id}`, t('json'), source(JSON.stringify(one.body, null, 2))));
}

// brief is a reply in a few words.
function brief(body) {
  const parts = body?.messages ?? [body];
  return parts.map(part => part?.text?.content ?? `[${t(part?.msgtype) ?? part?.msgtype}]`).join(' / ').replace(/\s+/g, ' ').slice(0, 60);
}

const letter = (one, retry) => el('div', { class: `box ${one.retried ? 'good' : 'bad'}` },
  el('p', { class: 'line' }, el('strong', {}, `#${one.number} ${one.worker}`), one.retried ? pill('good', t('retried'))
    : el('button', { class: 'primary small', type: 'button', 'data-letter': one.number, onclick: () => retry(one.number) }, t('retryLetter'))),
  el('p', { class: 'soft' }, `${one.reason}${one.detail && one.detail !== one.reason ? `: ${one.detail}` : ''}`), el('small', {}, `${t('letterTried', one.attempts)} · ${clock(one.time, true)}`));

// raw is the message as it was written, in its three shapes.
function raw(m, trace) {
  const sent = m.push.deliveries?.findLast(d => d.sent)?.sent;
  const shapes = [['xml', m.push.xml], sent && ['encrypted', sent], trace?.body && ['json', JSON.stringify(trace.body, null, 2)]].filter(Boolean);
  return [el('h3', { class: 'raw' }, t('raw')), ...shapes.map(([name, text]) => fold(name, t(name), source(text)))];
}

function answered(m) {
  const refused = m.msgtype === 'refused';
  return [
    el('p', { class: `state ${refused ? 'bad' : 'good'}` }, t(refused ? 'refusedBy' : 'sentBy'), el('small', {}, clock(m.time, true))),
    facts(['errcode', refused ? `${m.content.errcode} ${m.content.errmsg}` : '0 ok'], !refused && [t('left'), t('leftAbout', m.left)]),
    el('h3', { class: 'raw' }, t('body')), source(JSON.stringify(m.body, null, 2)),
  ];
}

const code = text => el('code', {}, text);
const pill = (kind, text) => el('span', { class: `pill ${kind}` }, text);
const fold = (name, title, ...inside) => el('details', { 'data-name': name }, el('summary', {}, title), ...inside);

function facts(...pairs) {
  return el('dl', {}, ...pairs.filter(Boolean).flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
}

function source(text) {
  const copy = el('button', { class: 'plain small', type: 'button' }, t('copy'));
  copy.onclick = async () => {
    try { await navigator.clipboard.writeText(text); copy.textContent = t('copied'); } catch { copy.remove(); }
  };
  return el('div', { class: 'source' }, copy, el('pre', { tabindex: '0' }, text));
}

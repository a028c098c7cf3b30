// The bars above: the account, and the user whose phone is shown.
import * as api from './api.js';
import { $, attempt, el, toast } from './dom.js';
import { ask } from './dialog.js';
import { scanDialog } from './forms.js';
import { account, actors, state, user } from './state.js';
import { t } from './words.js';

export function start({ choose }) {
  $('accounts').onchange = e => choose(e.target.value, state.accounts.find(a => a.name === e.target.value)?.users.at(-1)?.openid);
  $('verify').onclick = verify;
  $('back').onclick = () => document.body.classList.remove('talking');
  $('follow').onclick = () => act(user().following ? { unfollow: true } : { follow: true });
  $('scan').onclick = async () => {
    const scene = await scanDialog();
    if (scene) act({ scan: scene });
  };
  $('rename').onclick = rename;
  $('record').onclick = record;
}

const act = step => attempt(() => api.act(state.account, actors(), step));

export function show() {
  const a = account(), u = user();
  $('accounts').replaceChildren(...state.accounts.map(one => el('option', { value: one.name, selected: one === a }, one.name)));
  $('accounts').disabled = state.accounts.length < 2;
  $('mode').textContent = a ? t(a.mode) : '';
  $('mode').title = a?.url ?? '';
  $('verified').textContent = '';
  $('userbar').classList.toggle('nobody', !u);
  $('who').textContent = u?.name ?? '';
  $('who').title = u?.openid ?? '';
  $('follow-state').textContent = u ? t(u.following ? 'following' : 'notFollowing') : '';
  $('follow-state').classList.toggle('good', !!u?.following);
  $('follow').textContent = u ? t(u.following ? 'unfollow' : 'follow') : '';
  $('follow').classList.toggle('primary', !!u && !u.following);
  const last = state.messages.findLast(m => m.from !== 'system');
  $('quota').hidden = !last || !u?.following;
  $('quota').textContent = last ? t('quota', last.left) : '';
  $('quota').classList.toggle('warn', last?.left === 0);
}

async function verify() {
  const status = $('verified');
  status.className = '';
  status.textContent = t('verifying');
  const answer = await attempt(() => api.verify(state.account));
  status.className = answer && !answer.error ? 'good' : 'bad';
  status.textContent = !answer ? '' : answer.error ?? `✓ ${t('verified')}`;
}

async function rename() {
  const u = user();
  const form = u && await ask(t('rename'), [{ name: 'name', label: t('renamed'), value: u.name, max: 32, required: true }]);
  if (form) attempt(() => api.rename(state.account, u.openid, form.name));
}

// record has the browser save the chat as a scenario.
async function record() {
  if (!user()) return;
  const address = api.scenario(state.account, state.openid);
  await attempt(async () => {
    const response = await fetch(address);
    if (!response.ok) throw new Error((await response.text()).trim());
    const file = URL.createObjectURL(await response.blob());
    el('a', { href: file, download: 'scenario.yaml' }).click();
    setTimeout(() => URL.revokeObjectURL(file), 10_000);
    toast(`${t('saved')} · ${t('playAbout')}`);
  });
}

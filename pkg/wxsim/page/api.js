// The page's own API: what the simulator knows, and what a user does.
async function ask(path, options) {
  let response;
  try { response = await fetch(`sim/${path}`, options); } catch { throw new Error('offline'); }
  if (!response.ok) throw new Error((await response.text()).trim() || String(response.status));
  return response.json();
}

const tell = (path, body) => ask(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
const query = object => new URLSearchParams(object);

export const getState = () => ask('state');
export const getChat = (account, openid) => ask(`chat?${query({ account, openid })}`);
export const getTraces = (account, openid) => ask(`trace?${query({ account, openid })}`);
export const getSamples = () => ask('samples');
export const addUsers = (account, count, name) => tell('users', { account, count, name });
export const rename = (account, openid, name) => tell('rename', { account, openid, name });
export const verify = account => tell('verify', { account });
export const setWeather = weather => tell('weather', { weather });
export const endTokens = (account, revoke) => tell('tokens', { account, revoke });
export const setLoad = (account, rate) => tell('load', { account, rate });
export const retry = letter => tell('retry', { letter });
export const act = (account, openids, step) => tell('do', { account, openids, ...step });
export const upload = (account, type, file) => ask(`media?${query({ account, type, filename: file.name || 'file' })}`, { method: 'POST', body: file });
export const scenario = (account, openid) => `sim/scenario?${query({ account, openid })}`;

// listen calls opened whenever a stream begins, heard for each change, and
// lost when the simulator is gone; it tries again for ever.
export function listen({ opened, heard, lost }) {
  const source = new EventSource('sim/events');
  source.onopen = opened;
  source.onmessage = e => heard(JSON.parse(e.data));
  source.onerror = () => {
    lost();
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again itself
    setTimeout(() => listen({ opened, heard, lost }), 1000);
  };
}

// The page's own API: what the simulator knows, and what a user does.
async function ask(path, body) {
  const options = body && { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(path, options);
  if (!response.ok) throw new Error((await response.text()).trim() || response.status);
  return response.json();
}

export const getState = () => ask('sim/state');
export const getChat = (account, openid) => ask(`sim/chat?${new URLSearchParams({ account, openid })}`);
export const addUser = account => ask('sim/users', { account });
export const verify = account => ask('sim/verify', { account });

const fields = object => Object.entries(object).map(([name, text]) => ({ name, text }));
export const push = (account, openid, msgtype, content) =>
  ask('sim/push', { account, openid, msgtype, fields: fields(content) });

// listen calls opened whenever a stream begins, heard for each change, and
// lost when the simulator is gone; it tries again for ever.
export function listen({ opened, heard, lost }) {
  const source = new EventSource('sim/events');
  source.onopen = opened;
  source.onmessage = e => heard(JSON.parse(e.data));
  source.onerror = () => {
    lost();
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again itself
    setTimeout(() => listen({ opened, heard, lost }), 2000);
  };
}

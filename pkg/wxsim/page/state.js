// What the page knows. Everything comes from the simulator; what is kept in the
// browser is only what is being looked at.
const kept = name => localStorage.getItem(name) ?? undefined;

export const state = {
  accounts: [], weather: {}, load: undefined, traces: false,
  account: kept('account'), openid: kept('openid'),
  messages: [], // of the chosen user, by id
  trace: {}, // of his pushes, by the message's id
  selected: undefined, // id of the message whose journey is shown
  unread: new Map(), // by account and OpenID
  several: undefined, // a Set of OpenIDs while several are chosen
};

export const account = () => state.accounts.find(a => a.name === state.account);
export const user = () => account()?.users.find(u => u.openid === state.openid);
export const key = (name, openid) => `${name} ${openid}`;

// actors are the users who do what is done: the chosen one, or several.
export const actors = () => (state.several?.size ? [...state.several] : state.openid ? [state.openid] : []);

export function keep() {
  if (state.account) localStorage.setItem('account', state.account);
  if (state.openid) localStorage.setItem('openid', state.openid);
}

// How each kind of message looks in the chat.
import { el, webURL } from './dom.js';
import { icon } from './icons.js';
import { t } from './words.js';

// bubble returns the node of a message; tap(id, content) is called when an
// entry of a msgmenu is tapped on.
export function bubble(m, tap) {
  const c = m.content ?? {};
  if (m.from === 'user') return (fromUser[m.msgtype] ?? unknown)(c, m);
  return (fromAccount[m.msgtype] ?? unknown)(c, tap, m);
}

// line returns the text of a message that is a grey line, or undefined.
export function line(m) {
  const c = m.content ?? {};
  if (m.msgtype === 'failure') return t('failure');
  if (m.msgtype === 'refused') return t('refused', c.errcode, c.errmsg);
  if (m.msgtype !== 'event' && !(m.from === 'user' && !fromUser[m.msgtype])) return undefined;
  if (m.msgtype !== 'event') return t('event', m.msgtype, '');
  const key = c.EventKey ?? '';
  switch (c.Event) {
    case 'subscribe': return key ? t('subscribedBy', key.replace(/^qrscene_/, '')) : t('subscribed');
    case 'unsubscribe': return t('unsubscribed');
    case 'CLICK': return t('clicked', key);
    case 'SCAN': return t('scannedCode', key);
    case 'VIEW': case 'view_miniprogram': return t('viewed', key);
    case 'scancode_push': case 'scancode_waitmsg': return t('scanButton', key, c.ScanCodeInfo?.ScanResult ?? '');
    case 'pic_sysphoto': case 'pic_photo_or_album': case 'pic_weixin': return t('picButton', key);
    case 'location_select': return t('placeButton', key);
    default: return t('event', c.Event, key);
  }
}

// summary returns a message in one line, for the list of users.
export function summary(m) {
  const c = m.content ?? {};
  const grey = line(m);
  if (grey) return grey;
  if (m.msgtype === 'text') return (c.Content ?? c.content ?? '').replace(/<a\s[^>]*>|<\/a>/gi, '').replace(/\s+/g, ' ');
  if (m.msgtype === 'msgmenu') return c.head_content || c.list?.[0]?.content || '';
  const names = { miniprogrampage: 'mini', mpnews: 'news', mpnewsarticle: 'news', wxcard: 'card', shortvideo: 'video' };
  return `[${t(names[m.msgtype] ?? m.msgtype) ?? m.msgtype}]`;
}

const fromUser = {
  text: c => el('div', { class: 'bubble' }, ...plainText(c.Content ?? '')),
  image: c => picture(c.PicUrl, c.MediaId),
  voice: c => sound(c.MediaId, c.Recognition),
  video: c => film(undefined, c.MediaId, c.MediaId),
  shortvideo: c => film(undefined, c.MediaId, c.MediaId),
  location: c => place(c),
  link: c => article({ title: c.Title, description: c.Description, url: c.Url }),
  file: c => card('link', c.Title, c.Description, t('file')),
  miniprogrampage: c => miniProgram(c.Title, c.AppId, c.PagePath),
};

const fromAccount = {
  text: (c, tap) => el('div', { class: 'bubble' }, ...linkedText(c.content ?? '', tap)),
  image: c => picture(uploaded(c.media_id), c.media_id),
  voice: c => sound(c.media_id),
  video: c => film(c.title, c.description || c.media_id, c.media_id),
  template: c => notice(c, 'template'),
  subscribe: c => notice(c, 'subscribe'),
  music: c => card('music', c.title || t('music'), c.description, t('music'), c.musicurl || c.hqmusicurl),
  news: c => article(c.articles?.[0] ?? {}),
  mpnews: c => card('link', t('news'), c.media_id, t('news')),
  mpnewsarticle: c => card('link', t('news'), c.article_id, t('news')),
  msgmenu: (c, tap) => menu(c, tap),
  wxcard: c => card('link', t('card'), c.card_id, t('card')),
  miniprogrampage: c => miniProgram(c.title, c.appid, c.pagepath),
  link: c => article({ title: c.title, description: c.description, url: c.url, picurl: c.thumb_url }),
};

function unknown(c, _, m) {
  return el('div', { class: 'card' }, el('strong', {}, (m ?? _).msgtype), el('pre', {}, JSON.stringify(c, null, 2)));
}

const address = /https?:\/\/[^\s<>"'，。；！？、）】」]+/gi;

// plainText makes the addresses in a text links, as WeChat does.
function plainText(text) {
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(address)) {
    const href = webURL(found[0]);
    if (!href) continue;
    parts.push(text.slice(at, found.index), outside(href, found[0]));
    at = found.index + found[0].length;
  }
  return [...parts, text.slice(at)];
}

const outside = (href, ...children) => el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, ...children);

// linkedText reads the <a> of WeChat's texts, and no other tag.
function linkedText(text, tap) {
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(/<a\s([^>]*)>([\s\S]*?)<\/a>/gi)) {
    parts.push(...plainText(text.slice(at, found.index)), anchor(attribute(found[1], 'href'), found[2], tap));
    at = found.index + found[0].length;
  }
  return [...parts, ...plainText(text.slice(at))];
}

function attribute(tag, name) {
  const found = tag.match(new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"']+))`, 'i'));
  return found ? (found[1] ?? found[2] ?? found[3]).replaceAll('&amp;', '&') : '';
}

function anchor(href, label, tap) {
  const menu = href.match(/^weixin:\/\/bizmsgmenu\?(.*)$/i);
  if (menu) {
    const asked = new URLSearchParams(menu[1]);
    return entry(asked.get('msgmenuid') ?? '', asked.get('msgmenucontent') ?? label, label, tap);
  }
  const url = webURL(href);
  return url ? outside(url, label) : document.createTextNode(label); // javascript: and the like are only text
}

const entry = (id, content, label, tap) =>
  el('button', { class: 'link', type: 'button', onclick: e => { e.stopPropagation(); tap(id, content); } }, label);

function menu(c, tap) {
  return el('div', { class: 'bubble menu' },
    c.head_content && el('p', {}, ...linkedText(c.head_content, tap)),
    ...(c.list ?? []).map(item => el('p', {}, entry(item.id, item.content, item.content, tap))),
    c.tail_content && el('p', {}, ...linkedText(c.tail_content, tap)));
}

// uploaded is where a file is that the account has uploaded.
// Other ids are of permanent material, which is nowhere here.
const uploaded = id => (id?.startsWith('wxsim-') ? new URL(`sim/media/${encodeURIComponent(id)}`, document.baseURI).href : undefined);

function picture(address, id) {
  const missing = el('div', { class: 'card media' }, icon('image'), el('code', {}, id ?? ''));
  const src = webURL(address);
  if (!src) return missing;
  const image = el('img', { class: 'picture', src, alt: t('image'), loading: 'lazy', referrerpolicy: 'no-referrer' });
  image.addEventListener('error', () => image.replaceWith(missing));
  return image;
}

// sound plays what the browser can play; AMR it cannot.
function sound(id, words) {
  const player = el('audio', { src: uploaded(id), preload: 'none' });
  const length = el('span', {}, words || '1″');
  const button = el('button', { class: 'bubble sound', type: 'button', 'aria-label': t('voice'), onclick: () => player.play().catch(() => {}) }, icon('voice'), length);
  return el('div', { class: 'held' }, button, player);
}

function film(title, about, id) {
  const screen = el('div', { class: 'screen' }, icon('play'));
  if (!uploaded(id)) return el('div', { class: 'card film' }, screen, title && el('strong', {}, title), el('small', {}, about ?? ''));
  const video = el('video', { src: uploaded(id), controls: true, preload: 'metadata' });
  video.addEventListener('loadeddata', () => screen.replaceWith(video));
  video.load();
  return el('div', { class: 'card film' }, screen, title && el('strong', {}, title), el('small', {}, about ?? ''));
}

// notice is a template message or a subscription notice.
function notice(c, kind) {
  const rows = Object.entries(c.data ?? {}).flatMap(([name, field]) => [el('dt', {}, name), el('dd', {}, String(field?.value ?? ''))]);
  return el('div', { class: 'card notice' }, el('div', { class: 'words' }, el('strong', {}, t(kind)), el('small', {}, c.template_id ?? ''), el('dl', {}, ...rows)),
    el('footer', {}, icon('bell'), webURL(c.url ?? c.page) ?? t(kind)));
}

function place(c) {
  return el('div', { class: 'card place' }, el('strong', {}, c.Label || t('location')),
    el('small', {}, `${c.Location_X}, ${c.Location_Y}`), el('div', { class: 'map' }, icon('place')));
}

function card(symbol, title, about, kind, url) {
  const inside = [el('div', { class: 'side' }, el('div', {}, el('strong', {}, title || kind), el('small', {}, about ?? '')), icon(symbol)),
    el('footer', {}, kind)];
  const href = webURL(url);
  return href ? el('a', { class: 'card', href, target: '_blank', rel: 'noopener noreferrer' }, ...inside) : el('div', { class: 'card' }, ...inside);
}

function article(a) {
  const href = webURL(a.url), src = webURL(a.picurl);
  const image = src && el('img', { class: 'cover', src, alt: '', loading: 'lazy', referrerpolicy: 'no-referrer' });
  image?.addEventListener('error', () => image.remove());
  const inside = [image, el('div', { class: 'words' }, el('strong', {}, a.title || t('news')), el('small', {}, a.description ?? '')),
    el('footer', {}, href ? new URL(href).host : t('shared'))];
  return href ? el('a', { class: 'card news', href, target: '_blank', rel: 'noopener noreferrer' }, ...inside) : el('div', { class: 'card news' }, ...inside);
}

function miniProgram(title, appid, path) {
  return el('div', { class: 'card news' }, el('div', { class: 'words' }, el('strong', {}, title || t('mini')), el('small', {}, appid ?? '')),
    el('div', { class: 'screen' }, el('code', {}, path ?? '')), el('footer', {}, icon('mini'), t('mini')));
}

// What several parts of the page ask for.
import { ask } from './dialog.js';
import { el } from './dom.js';
import { account } from './state.js';
import { t } from './words.js';

export async function placeDialog() {
  const form = await ask(t('location'), [
    { name: 'label', label: t('place'), value: t('samplePlace'), required: true },
    { name: 'latitude', label: t('latitude'), value: '23.129163', type: 'number', required: true },
    { name: 'longitude', label: t('longitude'), value: '113.264435', type: 'number', required: true },
  ]);
  return form && { label: form.label, latitude: Number(form.latitude), longitude: Number(form.longitude) };
}

export const linkDialog = () => ask(t('link'), [
  { name: 'title', label: t('title'), value: t('sampleLinkTitle'), required: true },
  { name: 'description', label: t('description'), value: t('sampleLinkAbout') },
  { name: 'url', label: t('url'), value: 'https://developers.weixin.qq.com/doc/', type: 'url', required: true },
]);

// scanDialog returns the scene of the code that was scanned.
export async function scanDialog() {
  const codes = account()?.codes ?? [];
  const form = await ask(t('scan'), [{ name: 'scene', label: t('scene'), value: codes.at(-1)?.scene ?? 'table8', max: 64, required: true }],
    close => el('div', { class: 'codes' }, ...codes.length ? codes.slice(-12).map(code => el('button', { type: 'button', onclick: () => close({ scene: code.scene }) },
      el('img', { src: `cgi-bin/showqrcode?ticket=${encodeURIComponent(code.ticket)}`, alt: '', width: 84, height: 84 }), el('span', {}, code.scene)))
      : [el('p', { class: 'hint' }, t('noCodes'))]));
  return form?.scene;
}

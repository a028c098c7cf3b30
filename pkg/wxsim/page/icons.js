// Pictures of buttons: strokes on a field of 24 by 24.
const paths = {
  add: 'M12 5v14M5 12h14', back: 'M15 4l-8 8 8 8', close: 'M6 6l12 12M18 6L6 18', down: 'M6 9l6 6 6-6',
  plus: 'M12 2.8a9.2 9.2 0 1 0 0 18.400a9.200 9.200 0 0 0 0-18.400zM12 8v8M8 12h8',
  smile: 'M12 2.800a9.200 9.200 0 1 0 0 18.400a9.200 9.200 0 0 0 0-18.400zM8.500 9.500v.600M15.500 9.500v.600M8 14.200c2 2.400 6 2.400 8 0',
  route: 'M6 3.500a2.500 2.500 0 1 0 0 5a2.500 2.500 0 0 0 0-5zM18 15.500a2.500 2.500 0 1 0 0 5a2.500 2.500 0 0 0 0-5zM8.500 6H15a3 3 0 0 1 0 6H9a3 3 0 0 0 0 6h6.500',
  theme: 'M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM12 3v18M12 8l7-3.500M12 13l8.800-1M12 18l7-2.500',
  cloud: 'M7 18.500a4.500 4.500 0 0 1-.500-9a6 6 0 0 1 11.500 1.500a3.800 3.800 0 0 1-.500 7.500z',
  several: 'M4 6.500l1.800 1.800L9 5M4 16.500l1.800 1.800L9 15M12.500 7H20M12.500 17H20',
  pencil: 'M4 20l1-4L16.500 4.500l3 3L8 19zM14.500 6.500l3 3', save: 'M12 4v11M7.500 11l4.500 4.500 4.500-4.500M5 20h14',
  scan: 'M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3M4 12h16',
  image: 'M5.500 5h13a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM9 8.500a1.500 1.500 0 1 0 0 3a1.500 1.500 0 0 0 0-3zM4 17l5-4 3 2 4-4 4.500 4',
  voice: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.500 11.500a6.500 6.500 0 0 0 13 0M12 18v3',
  film: 'M4.500 6.500h10a1.500 1.500 0 0 1 1.500 1.500v8a1.500 1.500 0 0 1-1.500 1.500h-10A1.500 1.500 0 0 1 3 16V8a1.500 1.500 0 0 1 1.500-1.500zM16 10.500l5-3v9l-5-3',
  place: 'M12 21s-6.500-6-6.500-11a6.500 6.500 0 0 1 13 0c0 5-6.500 11-6.500 11zM12 7.700a2.300 2.300 0 1 0 0 4.600a2.300 2.300 0 0 0 0-4.600z',
  link: 'M10 14a4 4 0 0 0 5.700 0l3-3A4 4 0 0 0 13 5.300l-1.500 1.500M14 10a4 4 0 0 0-5.700 0l-3 3A4 4 0 0 0 11 18.700l1.500-1.500',
  samples: 'M4 4h6.500v6.500H4zM13.500 4H20v6.500h-6.500zM4 13.500h6.500V20H4zM16.700 13.500v6.500M13.500 16.700h6.500',
  play: 'M8 5.500v13l11-6.500z', music: 'M7 15a2.500 2.500 0 1 0 0 5a2.500 2.500 0 0 0 0-5zM17 13a2.500 2.500 0 1 0 0 5a2.500 2.500 0 0 0 0-5zM9.500 17.500V6l10-2v11.500',
  mini: 'M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM13.500 8.500a2.500 2.500 0 1 1 2.500 2.500c-3 0-5 0-5 3a2.500 2.500 0 1 1-2.500-2',
  list: 'M5 7h14M5 12h14M5 17h14', card: 'M4 6.500h16v11H4zM4 10.500h16', bell: 'M12 4a5 5 0 0 0-5 5v4l-1.500 3h13L17 13V9a5 5 0 0 0-5-5zM10 19a2 2 0 0 0 4 0',
};

export function icon(name) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg'), path = document.createElementNS(space, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', paths[name] ?? '');
  svg.append(path);
  return svg;
}

// fill draws the pictures of the buttons that stand in the page.
export function fill() {
  for (const e of document.querySelectorAll('[data-icon]')) e.prepend(icon(e.dataset.icon));
}

// Light, dark, or as the system has it.
const order = ['auto', 'light', 'dark'];

export const theme = () => localStorage.getItem('theme') ?? 'auto';

export function showTheme() {
  document.documentElement.dataset.theme = theme();
}

export function nextTheme() {
  localStorage.setItem('theme', order[(order.indexOf(theme()) + 1) % order.length]);
  showTheme();
}

// What the page says, in both languages. A function takes the changing parts.
const words = {
  zh: {
    brand: '微信模拟器', account: '公众号', people: '关注者', language: 'English',
    add: '添加关注者', addFirst: '添加一位关注者', empty: '还没有人关注这个公众号',
    back: '返回', close: '关闭', verify: '验证服务器', verifying: '验证中…', verified: '通过', noURL: '未设置服务器 URL',
    plain: '明文模式', compat: '兼容模式', safe: '安全模式',
    you: name => `你是 ${name}`, typing: '对方正在输入…',
    follow: '关注', unfollow: '取消关注', notFollowing: '未关注', offline: '连接断开，正在重连…',
    write: '输入消息', send: '发送', more: '更多', image: '图片', voice: '语音', location: '位置', link: '链接',
    click: '点菜单', scan: '扫码', menuKey: '菜单 key', scanKey: '场景值',
    failure: '该公众号提供的服务出现故障，请稍后再试',
    refused: (code, msg) => `客服消息被拒绝：${code} ${msg}`,
    subscribed: '你关注了公众号', subscribedBy: scene => `你扫码「${scene}」关注了公众号`, unsubscribed: '你取消了关注',
    clicked: key => `你点了菜单「${key}」`, scanned: key => `你扫了二维码「${key}」`, event: (name, key) => `事件 ${name} ${key}`.trim(),
    video: '视频', music: '音乐', news: '图文', card: '卡券', mini: '小程序', shared: '链接', file: '文件',
    agent: name => `客服 ${name}`, ai: 'AI 生成', sampleLinkTitle: '怎样接收微信消息', sampleLinkAbout: '一篇示例文章',
    samplePlace: '广州市越秀区府前路1号',
    journey: '消息旅程', choose: '点一条消息，看它怎样送达。', underWay: '投递中', accepted: '服务器已接收', notAccepted: '服务器未接收',
    interrupted: '投递中断', delivery: n => `第 ${n} 次投递`, noAnswer: '无应答', tooLate: limit => `${limit} 内没有应答`, notUnderstood: '既不是 success，也不是空', emptyAnswer: '（空）', answer: '应答', error: '原因',
    request: '签名', xml: '消息 XML（加密前）', sentBy: '服务器经客服接口发送', body: '请求体', copy: '复制', copied: '已复制',
    refusedBy: '微信拒绝了这次调用', failedCall: why => `没有成功：${why}`, at: '时间',
  },
  en: {
    brand: 'WeChat simulator', account: 'Account', people: 'Followers', language: '中文',
    add: 'Add a follower', addFirst: 'Add a follower', empty: 'Nobody follows this account yet',
    back: 'Back', close: 'Close', verify: 'Verify server', verifying: 'Verifying…', verified: 'Passed', noURL: 'No server URL',
    plain: 'plain', compat: 'compat', safe: 'safe',
    you: name => `You are ${name}`, typing: 'Typing…',
    follow: 'Follow', unfollow: 'Unfollow', notFollowing: 'not following', offline: 'Connection lost, trying again…',
    write: 'Message', send: 'Send', more: 'More', image: 'Image', voice: 'Voice', location: 'Location', link: 'Link',
    click: 'Menu', scan: 'Scan', menuKey: 'Menu key', scanKey: 'Scene',
    failure: 'The service of this account is out of order, try again later',
    refused: (code, msg) => `Reply refused: ${code} ${msg}`,
    subscribed: 'You followed the account', subscribedBy: scene => `You followed by scanning “${scene}”`, unsubscribed: 'You unfollowed',
    clicked: key => `You tapped the menu “${key}”`, scanned: key => `You scanned “${key}”`, event: (name, key) => `Event ${name} ${key}`.trim(),
    video: 'Video', music: 'Music', news: 'Article', card: 'Card', mini: 'Mini program', shared: 'Link', file: 'File',
    agent: name => `Agent ${name}`, ai: 'made by AI', sampleLinkTitle: 'How to receive WeChat messages', sampleLinkAbout: 'A sample article',
    samplePlace: '1 Fuqian Road, Yuexiu, Guangzhou',
    journey: 'Journey', choose: 'Choose a message to see how it was delivered.', underWay: 'Being delivered', accepted: 'The server accepted it', notAccepted: 'The server did not accept it',
    interrupted: 'Delivery was interrupted', delivery: n => `Delivery ${n}`, noAnswer: 'no answer', tooLate: limit => `no answer within ${limit}`, notUnderstood: 'neither “success” nor empty', emptyAnswer: '(empty)', answer: 'Answer', error: 'Reason',
    request: 'Signature', xml: 'Message XML, before encryption', sentBy: 'Sent by the server through the API', body: 'Request body', copy: 'Copy', copied: 'Copied',
    refusedBy: 'WeChat refused this call', failedCall: why => `It did not work: ${why}`, at: 'Time',
  },
};

export let language = localStorage.getItem('language') || (navigator.language.startsWith('zh') ? 'zh' : 'en');

// t returns a text in the language of the page.
export function t(key, ...parts) {
  const word = words[language][key];
  return typeof word === 'function' ? word(...parts) : word;
}

// translate sets the texts of the document; setting the other language does so too.
export function translate() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.title = `wxbus · ${t('brand')}`;
  for (const e of document.querySelectorAll('[data-t]')) e.textContent = t(e.dataset.t);
  for (const e of document.querySelectorAll('[data-t-label]')) {
    const label = t(e.dataset.tLabel);
    e.setAttribute('aria-label', label);
    if ('placeholder' in e) e.placeholder = label; else e.title = label;
  }
  document.getElementById('language').textContent = t('language');
}

export function otherLanguage() {
  language = language === 'zh' ? 'en' : 'zh';
  localStorage.setItem('language', language);
  translate();
}

export function clock(time) {
  const date = new Date(time), today = new Date().toDateString() === date.toDateString();
  const parts = { hour: '2-digit', minute: '2-digit', hour12: false };
  return date.toLocaleString(document.documentElement.lang, today ? parts : { month: 'numeric', day: 'numeric', ...parts });
}

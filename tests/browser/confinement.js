// What does script in a page of a room try, to reach more than that room? Run in the page by the browser's debugger.
//
// Each attempt is answered by what it got, in words; `nothing` and an error are what is hoped for. The test looks in the
// server's log for what arrived there, whatever this script believes.
async ({ base, room, other, without }) => {
  const within = (ms, promise) =>
    Promise.race([promise, new Promise(resolve => setTimeout(() => resolve('nothing'), ms))]);
  const text = async answer => `${answer.status} ${(await answer.text()).slice(0, 80)}`;
  const xsrf = /_xsrf=([^;]*)/.exec(document.cookie)?.[1] ?? '';
  const post = { method: 'POST', headers: { 'X-XSRFToken': xsrf, 'Content-Type': 'application/json' }, body: '{}' };
  const event = (target, ...names) =>
    new Promise(resolve => names.forEach(name => target.addEventListener(name, () => resolve(name))));
  const element = async (name, fields, ...names) => {
    const made = Object.assign(document.createElement(name), fields);
    const happened = event(made, 'load', 'error', ...names);
    document.body.append(made);
    return [made, await within(700, happened)];
  };
  const socket = path => {
    const made = new WebSocket(`${base.replace(/^http/, 'ws')}${path}`);
    return event(made, 'open', 'error', 'close');
  };
  const framed = async fields => {
    const [frame, happened] = await element('iframe', fields);
    let seen = 'nothing';
    try {
      // What a page of this origin would show: anything that is not the browser's own empty or error page.
      const inside = frame.contentDocument;
      seen = inside?.body?.textContent.slice(0, 60) || 'nothing';
    } catch {
      seen = 'nothing';
    }
    frame.remove();
    return `${happened}: ${seen}`;
  };
  const form = async (method, action, target) => {
    const frame = Object.assign(document.createElement('iframe'), { name: 'receiver' });
    const made = Object.assign(document.createElement('form'), { method, action, target });
    made.append(Object.assign(document.createElement('input'), { name: '_xsrf', value: xsrf }));
    document.body.append(frame, made);
    made.submit();
    await within(500, new Promise(() => undefined));
    frame.remove();
    made.remove();
    return 'sent';
  };
  const inFrame = async fields => {
    const frame = Object.assign(document.createElement('iframe'), fields);
    document.body.append(frame);
    await within(500, event(frame, 'load'));
    const got = await frame.contentWindow.fetch(`${base}api/terminals`, post).then(text);
    frame.remove();
    return got;
  };
  const worker = url => {
    const made = new Worker(url);
    return event(made, 'message', 'error');
  };
  const blob = (source, type) => URL.createObjectURL(new Blob([source], { type }));
  const calls = [
    ['api/terminals', undefined], ['api/terminals', post], ['api/contents/', undefined],
    ['api/contents/canary.txt', { ...post, method: 'PUT', body: '{"type":"file","format":"text","content":"x"}' }],
    ['api/kernels', post], ['api/kernels', undefined], ['api/sessions', undefined], ['api/me', undefined], ['lab', undefined],
    ['lab/api/workspaces', undefined], ['api/interview/rooms', undefined], ['interview/api/interview/rooms', undefined],
    ['interview/', undefined], [`interview/${other}`, undefined], [`interview/${other}/replay`, undefined],
    [`interview/${other}/api/me`, undefined], [`api/interview/rooms/${other}/messages`, undefined],
    [`api/interview/rooms/${other}/end`, post], ['logout', undefined], ['logout', post], ['login', undefined],
    ['api/shutdown', post], ['files/secret.txt', undefined], [`interview/${room}/../../api/terminals`, post],
    [`interview/${room}/%2e%2e/%2e%2e/api/terminals`, post], [`interview/${room}x/../../api/terminals`, post]
  ];
  const tries = {
    fetch: () => Promise.all(calls.map(([path, init]) => fetch(base + path, init).then(text).catch(() => 'nothing'))),
    fetchWithoutCors: () => fetch(`${base}api/terminals`, { ...post, headers: {}, mode: 'no-cors' }).then(text),
    encodedPath: () => fetch(`${base}interview/${room}/..%2f..%2fapi/terminals`).then(text).then(got => (got.startsWith('404') ? 'nothing' : got)),
    doubleSlash: () => fetch(`${base}interview/${room}//api/terminals/`).then(text).then(got => (got.startsWith('404') ? 'nothing' : got)),
    keepalive: () => fetch(`${base}api/terminals`, { ...post, keepalive: true }).then(text),
    request: () => new Promise((resolve, reject) => {
      const made = new XMLHttpRequest();
      made.open('POST', `${base}api/terminals`, false);
      made.setRequestHeader('X-XSRFToken', xsrf);
      made.send('{}');
      resolve(made.responseText);
    }),
    beacon: () => { navigator.sendBeacon(`${base}api/terminals?_xsrf=${xsrf}`, '{}'); return 'nothing'; },
    events: () => within(700, event(new EventSource(`${base}api/terminals`), 'open', 'message')),
    sockets: () => Promise.all(['terminals/websocket/1', 'api/events/subscribe', `interview/${other}/api/channel`, 'api/interview/channel'].map(path => within(700, Promise.resolve().then(() => socket(path)).catch(() => 'nothing')))),
    transport: () => new WebTransport(`${base.replace('http:', 'https:')}api/terminals`).ready.then(() => 'open'),
    window: () => { const made = window.open(`${base}lab`); return made ? `a window ${made.document?.title}` : 'nothing'; },
    emptyWindow: () => { const made = window.open('', 'named'); return made ? 'a window' : 'nothing'; },
    opener: () => (window.opener ? `an opener at ${window.opener.location.href}` : 'nothing'),
    link: async () => { const made = Object.assign(document.createElement('a'), { href: `${base}lab`, target: 'elsewhere', rel: 'opener' }); document.body.append(made); made.click(); made.dispatchEvent(new MouseEvent('click', { ctrlKey: true })); made.remove(); document.querySelectorAll('dialog').forEach(each => each.close()); return 'nothing'; },
    ping: async () => { const made = Object.assign(document.createElement('a'), { href: '#', ping: `${base}api/terminals` }); document.body.append(made); made.click(); return 'nothing'; },
    frame: () => framed({ src: `${base}lab` }),
    frameOfRoom: () => framed({ src: `${base}interview/${other}` }),
    frameOfApi: () => framed({ src: `${base}api/interview/rooms` }),
    frameOfBlob: () => framed({ src: blob(`<script>fetch('${base}api/terminals',{method:'POST'})</script>`, 'text/html') }),
    frameOfText: () => framed({ srcdoc: `<script>fetch('${base}api/terminals',{method:'POST'})</script>` }),
    emptyFrame: () => inFrame({}),
    textFrame: () => inFrame({ srcdoc: '<p>inside</p>' }),
    staticFrame: () => inFrame({ src: `${base}interview/static/icon.svg` }),
    missingFrame: () => inFrame({ src: `${base}interview/static/isolated/nothing.html` }),
    object: () => element('object', { data: `${base}lab`, type: 'text/html' }).then(([made]) => made.contentDocument?.title || 'nothing'),
    embed: () => element('embed', { src: `${base}lab`, type: 'text/html' }).then(() => 'nothing'),
    postForm: () => form('POST', `${base}api/terminals`, 'receiver'),
    getForm: () => form('GET', `${base}logout`, 'receiver'),
    windowForm: () => form('POST', `${base}logout`, '_blank'),
    ownForm: () => form('POST', `${base}logout`, '_self'),
    serviceWorker: () => navigator.serviceWorker.register(`${base}interview/static/ahead.js`, { scope: `${base}interview/static/` }).then(() => 'registered'),
    serviceWorkerOfRoom: () => navigator.serviceWorker.register(`${base}interview/${room}/api/contents/Interview.ipynb`).then(() => 'registered'),
    serviceWorkerOfLab: () => navigator.serviceWorker.register(`${base}static/lab/style.js`).then(() => 'registered'),
    worker: () => within(700, worker(`${base}interview/static/ahead.js`)),
    workerOfBlob: () => within(700, worker(blob(`fetch('${base}api/terminals',{method:'POST'}).then(()=>postMessage(1))`, 'text/javascript'))),
    sharedWorker: () => { new SharedWorker(`${base}interview/static/ahead.js`); return 'nothing'; },
    inline: async () => { await element('script', { textContent: 'window.inlineRan = true' }); return window.inlineRan ? 'ran' : 'nothing'; },
    inlineHandler: async () => { document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.handlerRan = true">'); await within(300, new Promise(() => undefined)); return window.handlerRan ? 'ran' : 'nothing'; },
    scripts: () => Promise.all([`${base}files/evil.js`, `${base}interview/${room}/api/contents/Interview.ipynb`, blob('window.blobRan = true', 'text/javascript'), 'data:text/javascript,window.dataRan=true'].map(src => element('script', { src }).then(([, happened]) => (happened === 'load' ? 'loaded' : 'nothing')))),
    imported: () => import(`${base}files/evil.js`).then(() => 'imported'),
    pictures: () => Promise.all(['logout', 'api/terminals', `interview/${other}`, 'interview/', `interview/${room}/api/me`, 'files/secret.png'].map(path => element('img', { src: base + path }).then(([, happened]) => (happened === 'load' ? 'loaded' : 'nothing')))),
    media: () => Promise.all(['video', 'audio'].map(name => element(name, { src: `${base}logout`, autoplay: true }).then(() => 'nothing'))),
    style: async () => { await element('style', { textContent: `@import url(${base}logout); body { background: url(${base}logout?css) }` }); return 'nothing'; },
    ahead: () => Promise.all(['prefetch', 'preload', 'modulepreload', 'prerender', 'manifest', 'icon', 'stylesheet'].map(rel => element('link', { rel, as: rel === 'preload' ? 'fetch' : '', href: `${base}logout?${rel}` }).then(() => 'nothing'))),
    speculation: () => element('script', { type: 'speculationrules', textContent: JSON.stringify({ prefetch: [{ source: 'list', urls: [`${base}lab?speculation`] }], prerender: [{ source: 'list', urls: [`${base}lab?prerender`] }] }) }).then(() => 'nothing'),
    address: async () => { const here = location.href; history.replaceState({}, '', '/lab'); const got = await fetch(`${base}api/terminals`, post).then(text).catch(() => 'nothing'); history.replaceState({}, '', here); return got; },
    cookies: () => document.cookie.split('; ').map(each => each.split('=')[0]).filter(name => name && name !== '_xsrf').join(' ') || 'nothing',
    token: () => (document.documentElement.outerHTML.match(/token&#34;: ?&#34;[^&]/) ? 'a token' : 'nothing'),
    base: async () => { const made = Object.assign(document.createElement('base'), { href: `${base}lab/` }); document.head.append(made); const moved = document.baseURI === made.href; made.remove(); return moved ? 'moved' : 'nothing'; },
    refresh: () => framed({ srcdoc: `<meta http-equiv="refresh" content="0;url=${base}lab">` })
  };
  const got = {};
  const attempt = async name => {
    got[name] = await within(4000, Promise.resolve().then(tries[name]).catch(() => 'nothing'));
  };
  const names = Object.keys(tries).filter(each => !without.includes(each));
  // What goes through the page itself, or through a name that others use, goes alone.
  const alone = /window|form|link|opener|address|base|refresh|request/i;
  const apart = names.filter(each => !alone.test(each));
  while (apart.length) {
    await Promise.all(apart.splice(0, 8).map(attempt));
  }
  for (const name of names.filter(each => alone.test(each))) {
    await attempt(name);
  }
  return got;
}

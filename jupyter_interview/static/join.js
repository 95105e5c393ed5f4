// How does somebody with the link take a seat? POST the form; when the seat is taken, knock and ask until admitted.

import { Refusal, busy, complete, keepsCookies, post, sentence, show } from './form.js';

const POLL_MS = 2500;

const form = document.getElementById('join');
const waiting = document.getElementById('waiting');
const passwordField = document.getElementById('password-field');
const roomUrl = form.dataset.room;
// The secret stays in the fragment: no request line, log or Referer carries it.
const invite = new URLSearchParams(location.hash.slice(1)).get('invite');
const knockKey = `interview-knock:${roomUrl}`;
let timer = 0;

function enter() {
  sessionStorage.removeItem(knockKey);
  location.replace(roomUrl);
}

function askPassword() {
  passwordField.hidden = false;
  const input = document.getElementById('password');
  input.required = true;
  input.value = '';
}

function wait(on) {
  form.hidden = on;
  waiting.hidden = !on;
  clearTimeout(timer);
}

function stopWaiting(text) {
  sessionStorage.removeItem(knockKey);
  wait(false);
  show(text);
}

async function knock(token) {
  try {
    const { knock: again } = await post(`${roomUrl}/join`, { knock: token });
    if (again) {
      askAgain(again, POLL_MS);
    } else {
      enter();
    }
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) {
      throw refusal;
    }
    if (refusal.status === 0 || refusal.status >= 500) {
      askAgain(token, POLL_MS);
    } else if (refusal.status === 429) {
      askAgain(token, 1000 * (refusal.details.retry_after ?? 60));
    } else {
      stopWaiting(refusal.code === 'forbidden' ? 'The interviewer did not let you in.' : sentence(refusal));
    }
  }
}

function askAgain(token, pause) {
  // Whoever stopped meanwhile does not wait any more.
  if (!waiting.hidden) {
    timer = setTimeout(() => void knock(token), pause);
  }
}

function startWaiting(token) {
  sessionStorage.setItem(knockKey, token);
  wait(true);
  askAgain(token, POLL_MS);
}

async function join() {
  const fields = new FormData(form);
  const body = { name: fields.get('name').trim() };
  for (const key of ['email', 'password']) {
    const value = fields.get(key);
    if (value) {
      body[key] = value;
    }
  }
  if (invite) {
    body.invite = invite;
  }
  try {
    await post(`${roomUrl}/join`, body);
    enter();
  } catch (refusal) {
    if (refusal.code === 'seat_taken' && refusal.details.knock) {
      startWaiting(refusal.details.knock);
    } else {
      if (refusal.code === 'password_required') {
        askPassword();
      }
      throw refusal;
    }
  }
}

form.addEventListener('submit', event => {
  event.preventDefault();
  if (complete(form)) {
    void busy(form, 'Joining…', join);
  }
});

document.getElementById('cancel').addEventListener('click', () => stopWaiting(''));

if (invite) {
  // An invitation is proof enough: the server asks for no password beside it.
  passwordField.hidden = true;
  // Only the server knows which role the secret gives: show what each may do.
  for (const hidden of document.querySelectorAll('.role[hidden], .role .as')) {
    hidden.hidden = false;
  }
}

function begin() {
  if (!keepsCookies(form)) {
    return;
  }
  const closed = document.getElementById('closed');
  const token = sessionStorage.getItem(knockKey);
  if (token) {
    startWaiting(token);
  } else if (closed && !invite) {
    form.hidden = true;
    closed.hidden = false;
  }
}

begin();

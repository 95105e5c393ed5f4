// What do the join page and the login page have in common? A form that becomes one JSON request, and answers in words.

/** What the server refused, or that it could not be reached (`status` 0). */
export class Refusal extends Error {
  constructor(status, error) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.details = error.details ?? {};
  }
}

function xsrf() {
  const cookie = document.cookie.match(/(?:^|;\s*)_xsrf=([^;]*)/);
  return cookie ? decodeURIComponent(cookie[1]) : (document.querySelector('input[name=_xsrf]')?.value ?? '');
}

/** POST `body` as JSON; the answer's JSON, or a `Refusal`. */
export async function post(url, body) {
  let answer;
  try {
    answer = await fetch(url, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'Content-Type': 'application/json', 'X-XSRFToken': xsrf() },
      body: JSON.stringify(body)
    });
  } catch {
    throw new Refusal(0, { code: 'unreachable', message: 'The server cannot be reached. Check your connection.' });
  }
  const data = await answer.json().catch(() => ({}));
  if (answer.ok) {
    return data;
  }
  const error = data.error ?? { code: 'error', message: `The server answered ${answer.status}. Try again.` };
  throw new Refusal(answer.status, error);
}

/** The line that tells a person what to do about a refusal. */
export function sentence(refusal) {
  if (refusal.status === 429) {
    const seconds = Math.max(1, Math.ceil(refusal.details.retry_after ?? 60));
    const wait = seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
    return `Too many tries. Wait ${wait}, then try again.`;
  }
  return refusal.message;
}

/**
 * The error line of the page, where the person is looking: at `field`, or above the button; `show('')` hides it.
 *
 * It is scrolled into view: a form may be longer than a phone's screen.
 */
export function show(text, field = null) {
  const line = document.getElementById('error');
  for (const marked of document.querySelectorAll('[aria-errormessage]')) {
    marked.removeAttribute('aria-errormessage');
    marked.removeAttribute('aria-invalid');
  }
  line.hidden = text === '';
  line.textContent = text;
  if (line.hidden) {
    return;
  }
  if (field) {
    field.setAttribute('aria-invalid', 'true');
    field.setAttribute('aria-errormessage', line.id);
    field.after(line);
    field.focus({ preventScroll: true });
  } else {
    document.querySelector('form button[type=submit]').before(line);
  }
  line.scrollIntoView({ block: 'center' });
}

/** Whether the browser keeps our cookie, which came with the page; if not, the page says so instead of its form. */
export function keepsCookies(form) {
  if (/(?:^|;\s*)_xsrf=/.test(document.cookie)) {
    return true;
  }
  form.hidden = true;
  document.getElementById('cookies').hidden = false;
  return false;
}

/** The first field that is not filled in as it should be gets the focus; whether there is none. */
export function complete(form) {
  for (const field of form.elements) {
    if (field.willValidate && !field.closest('[hidden]') && !field.checkValidity()) {
      const label = form.querySelector(`label[for=${field.id}]`).firstChild.textContent.trim();
      show(field.validity.valueMissing ? `${label} is missing.` : `${label} is not valid.`, field);
      return false;
    }
  }
  return true;
}

/** The field on screen that a refusal is about; `null` where it is about none. */
function concerned(form, refusal) {
  const name = refusal.code === 'password_required' ? 'password' : refusal.details.field;
  const field = name ? form.elements[name] : null;
  return field && !field.closest('[hidden]') ? field : null;
}

/** Run `work` while the form says that it is busy; a second submit meanwhile does nothing. */
export async function busy(form, label, work) {
  const button = form.querySelector('button[type=submit]');
  const idle = button.textContent;
  button.disabled = true;
  button.textContent = label;
  form.setAttribute('aria-busy', 'true');
  show('');
  try {
    await work();
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) {
      throw refusal;
    }
    show(sentence(refusal), concerned(form, refusal));
  } finally {
    button.disabled = false;
    button.textContent = idle;
    form.removeAttribute('aria-busy');
  }
}

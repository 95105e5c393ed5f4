// How does an interviewer log in? POST email and password; the desk's cookie comes with the answer.

import { busy, complete, keepsCookies, post } from './form.js';

const form = document.getElementById('login');
const base = form.dataset.base;

async function login() {
  const fields = new FormData(form);
  await post(`${base}api/interview/login`, { email: fields.get('email').trim(), password: fields.get('password') });
  location.replace(`${base}interview/`);
}

form.addEventListener('submit', event => {
  event.preventDefault();
  if (complete(form)) {
    void busy(form, 'Logging in…', login);
  }
});

keepsCookies(form);

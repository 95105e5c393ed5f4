/**
 * What did the page ask for before this script was there? See jupyter_interview/static/ahead.js.
 */
declare global {
  interface Window {
    /** Path → the answer that is on its way. */
    interviewAhead?: Map<string, Promise<Response>>;
  }
}

/** `fetch`, which takes each answer that is on its way already once, and asks for everything else. */
export function fetchAhead(started: Map<string, Promise<Response>> | undefined): typeof fetch {
  return (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input, window.location.href);
    const answer = started?.get(pathname);
    started?.delete(pathname);
    return answer ?? fetch(input, init);
  };
}

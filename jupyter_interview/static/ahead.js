// The record of the interview is asked for while the player, which is larger, is still on its way. The player takes the
// answers over: labextension/src/replaypage/ahead.ts.
const { baseUrl, interviewRoom } = JSON.parse(document.getElementById('jupyter-config-data').textContent);
window.interviewAhead = new Map(
  ['replay', 'replay/story', 'bookmarks'].map(name => {
    const path = `${baseUrl}api/interview/rooms/${interviewRoom}/${name}`;
    const answer = fetch(path, { cache: 'no-store' });
    // Who takes it over hears why there is none.
    answer.catch(() => undefined);
    return [path, answer];
  })
);

'use strict';
(() => {
  const events = document.body.dataset.events;
  const connection = document.getElementById('connection');
  const told = document.getElementById('told');
  if (!events || !window.EventSource) return;

  const stops = (part) => [...part.querySelectorAll('a[href], summary, pre[tabindex]')];

  // Puts what is new in the place of what is old; whoever is in it stays where they are.
  const swap = (old, fresh) => {
    if (old.innerHTML === fresh.innerHTML) return;
    const focused = stops(old).indexOf(document.activeElement);
    const open = [...old.querySelectorAll('details')].map((one) => one.open);
    const scrolled = [...old.querySelectorAll('pre')].map((one) => one.scrollTop);
    old.className = fresh.className;
    old.replaceChildren(...fresh.childNodes);
    old.querySelectorAll('details').forEach((one, place) => { if (place in open) one.open = open[place]; });
    old.querySelectorAll('pre').forEach((one, place) => { if (place in scrolled) one.scrollTop = scrolled[place]; });
    if (focused >= 0) stops(old)[focused]?.focus({ preventScroll: true });
  };

  const say = (words) => { if (words) told.textContent = words; };

  const list = (change) => {
    const body = document.querySelector('#gates tbody');
    const isFirst = !(new URLSearchParams(location.search).get('page') > 1);
    for (const { id, html } of change.rows.reverse()) {
      const made = document.createElement('template');
      made.innerHTML = html;
      const fresh = made.content.firstElementChild;
      const old = document.getElementById('g-' + id);
      if (old) swap(old, fresh);
      else if (isFirst) body.prepend(fresh);
    }
    for (const id of change.gone) {
      const old = document.getElementById('g-' + id);
      if (old && !old.contains(document.activeElement)) old.remove();
    }
    document.querySelector('.none')?.toggleAttribute('hidden', body.childElementCount > 0);
    document.getElementById('counts').textContent = change.counts;
    say(change.said);
  };

  let fetching = false;
  let again = false;
  const gate = async () => {
    if (fetching) { again = true; return; }
    fetching = true;
    try {
      const answer = await fetch(location.pathname + '?live');
      if (answer.ok) {
        const made = document.createElement('template');
        made.innerHTML = await answer.text();
        const fresh = made.content.firstElementChild;
        swap(document.getElementById('live'), fresh);
        document.title = fresh.dataset.title;
      }
    } catch { /* The next event tries again. */ }
    fetching = false;
    if (again) { again = false; gate(); }
  };

  const show = (words, isLive) => {
    connection.hidden = false;
    connection.textContent = words;
    connection.classList.toggle('on', isLive);
  };

  const source = new EventSource(events);
  source.onopen = () => show('live', true);
  source.onerror = () => show(source.readyState === 2 ? 'not live: reload for news' : 'connecting again', false);
  source.addEventListener('list', (event) => list(JSON.parse(event.data)));
  source.addEventListener('gate', (event) => { say(JSON.parse(event.data).said); gate(); });
  source.addEventListener('gone', (event) => {
    say(JSON.parse(event.data).said);
    show('this gate was forgotten', false);
    source.close();
  });
})();

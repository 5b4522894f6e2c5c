// Search, filter and sort in the report, without a network. The report is whole without it: everything here only hides,
// orders or opens what is already on the page. Text is never read as markup.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (name, attributes, text = '') => {
    const made = Object.assign(document.createElement(name), attributes);
    made.textContent = text;
    return made;
  };
  const textOf = (element) => element.textContent.replace(/\s+/g, ' ').trim();
  const valueOf = (cell) => cell?.dataset.value ?? (cell === undefined ? '' : textOf(cell));

  // A row and the note below it belong together.
  const tables = all('table[data-rows]').map((table) => ({
    table,
    body: table.tBodies[0],
    filters: new Map(),
    rows: all('tbody > tr:not(.note)', table).map((row) => {
      const note = row.nextElementSibling?.classList.contains('note') ? row.nextElementSibling : null;
      return { row, note, text: `${textOf(row)} ${row.id} ${note === null ? '' : textOf(note)}`.toLowerCase() };
    }),
  }));
  const cards = all('details.card').map((card) => ({ card, text: `${textOf(card)} ${card.id}`.toLowerCase() }));
  const search = document.getElementById('search');
  const found = document.getElementById('found');
  const openAll = document.getElementById('open-all');
  const openedBySearch = new Set();

  const show = () => {
    const words = search.value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    const matches = (text) => words.every((word) => text.includes(word));
    for (const details of openedBySearch) details.open = false;
    openedBySearch.clear();
    let shown = 0;
    let total = 0;
    for (const { rows, filters, table } of tables) {
      let shownHere = 0;
      for (const { row, note, text } of rows) {
        const isShown = matches(text) && [...filters].every(([column, value]) => valueOf(row.cells[column]) === value);
        row.hidden = !isShown;
        if (note !== null) note.hidden = !isShown;
        if (isShown) shownHere += 1;
      }
      total += rows.length;
      shown += shownHere;
      if (words.length > 0 && shownHere > 0) reveal(table);
    }
    for (const { card, text } of cards) {
      card.hidden = !matches(text);
      total += 1;
      if (!card.hidden) shown += 1;
    }
    const isNarrowed = words.length > 0 || tables.some(({ filters }) => filters.size > 0);
    found.textContent = isNarrowed ? `${shown.toLocaleString('en')} of ${total.toLocaleString('en')} shown` : '';
  };

  const reveal = (element) => {
    for (let above = element.parentElement; above !== null; above = above.parentElement) {
      if (above.tagName !== 'DETAILS' || above.open) continue;
      above.open = true;
      openedBySearch.add(above);
    }
  };

  const number = (text) =>
    /^[−-]?[\d,]+(\.\d+)?( (%|B|kB|MB))?$/.test(text) ? parseFloat(text.replaceAll(',', '')) : null;
  const scale = (text) => ({ kB: 1e3, MB: 1e6 })[text.split(' ')[1]] ?? 1;
  const compare = (one, other) => {
    const [a, b] = [number(one), number(other)];
    if (a !== null && b !== null) return a * scale(one) - b * scale(other);
    return one.localeCompare(other, 'en', { numeric: true });
  };

  const sortBy = (entry, column, heading) => {
    const direction = heading.getAttribute('aria-sort') === 'ascending' ? 'descending' : 'ascending';
    for (const other of all('thead th', entry.table)) other.removeAttribute('aria-sort');
    heading.setAttribute('aria-sort', direction);
    const factor = direction === 'ascending' ? 1 : -1;
    const key = ({ row }) => {
      const cell = row.cells[column];
      return cell?.dataset.value ?? (cell?.querySelector('a, code') ?? cell)?.textContent.trim() ?? '';
    };
    entry.rows = entry.rows
      .map((one) => ({ one, by: key(one) }))
      .sort((a, b) => factor * compare(a.by, b.by))
      .map(({ one }) => one);
    for (const { row, note } of entry.rows) entry.body.append(row, ...(note === null ? [] : [note]));
    for (const sum of all('tr.sum', entry.body)) entry.body.append(sum);
    found.textContent = `Sorted by ${textOf(heading)}, ${direction}`;
  };

  for (const entry of tables) {
    const headings = all('thead th', entry.table);
    const bar = make('div', { className: 'filters' });
    for (const [column, heading] of headings.entries()) {
      const name = textOf(heading);
      if ('filter' in heading.dataset) {
        const values = [...new Set(entry.rows.map(({ row }) => valueOf(row.cells[column])))].sort();
        if (values.length > 1) {
          const label = make('label', {}, `${name} `);
          const choice = make('select', {});
          choice.append(
            make('option', { value: '' }, 'all'),
            ...values.map((value) => make('option', { value }, value)),
          );
          choice.addEventListener('change', () => {
            if (choice.value === '') entry.filters.delete(column);
            else entry.filters.set(column, choice.value);
            show();
          });
          label.append(choice);
          bar.append(label);
        }
      }
      if (entry.rows.length < 2) continue;
      const button = make('button', { type: 'button', className: 'sort' }, name);
      button.addEventListener('click', () => sortBy(entry, column, heading));
      heading.replaceChildren(button);
    }
    if (bar.childElementCount > 0) entry.table.parentElement.before(bar);
  }

  let waiting = 0;
  search.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 120);
  });
  openAll.addEventListener('click', () => {
    const isOpen = openAll.getAttribute('aria-pressed') !== 'true';
    for (const details of all('details')) details.open = isOpen;
    openedBySearch.clear();
    openAll.setAttribute('aria-pressed', String(isOpen));
    openAll.textContent = isOpen ? 'Close all' : 'Open all';
  });
  const follow = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target === null) return;
    for (let above = target; above !== null; above = above.parentElement)
      if (above.tagName === 'DETAILS') above.open = true;
    target.scrollIntoView();
  };
  addEventListener('hashchange', follow);
  document.getElementById('tools').hidden = false;
  follow();
})();

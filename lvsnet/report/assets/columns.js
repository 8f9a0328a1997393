// Columns of numbers, as lvsnet/report/columns.py packs them.

function unpacked(text) {
  const content = atob(text);
  let count = 0;
  for (let place = 0; place < content.length; place++)
    if (content.charCodeAt(place) < 0x80) count++;
  const column = new Float64Array(count);
  let number = 0, rest = 0, weight = 1, found = 0;
  for (let place = 0; place < content.length; place++) {
    const byte = content.charCodeAt(place);
    rest += (byte & 0x7f) * weight;
    weight *= 0x80;
    if (byte & 0x80) continue;
    number += rest % 2 ? -(rest + 1) / 2 : rest / 2;
    column[found++] = number;
    rest = 0;
    weight = 1;
  }
  return column;
}

/** The place of the first number of a sorted column that is not below `number`. */
function placeOf(column, number) {
  let low = 0, high = column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle] < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Two models side by side: which two, by two lists and by the address (#one,two).
const pair = document.getElementById("pair");
if (pair) {
  const choice = document.getElementById("choose");
  const [one, two] = choice.querySelectorAll("select");
  const said = choice.querySelector(".said");
  const known = new Set([...one.options].map((option) => option.value));
  const show = (first, second) => {
    [one.value, two.value] = [first, second];
    [pair.dataset.one, pair.dataset.two] = [first, second];
    for (const each of pair.querySelectorAll("[data-pair]")) {
      each.hidden = ![`${first} ${second}`, `${second} ${first}`].includes(each.dataset.pair);
    }
    for (const row of pair.querySelectorAll("table.two tr")) {
      for (const model of [first, second]) row.append(row.querySelector(`:scope > [data-part="${model}"]`));
    }
  };
  const choose = (changed, other) => {
    // the same model twice would say nothing: they change places
    const before = changed === one ? pair.dataset.one : pair.dataset.two;
    if (one.value === two.value) other.value = before;
    show(one.value, two.value);
    said.textContent = `Shown: ${one.value} beside ${two.value}`;
    history.replaceState(null, "", `#${one.value},${two.value}`);
  };
  const fromAddress = () => {
    const names = decodeURIComponent(location.hash.slice(1)).split(",");
    if (names.length === 2 && names[0] !== names[1] && names.every((name) => known.has(name))) show(...names);
  };
  one.addEventListener("change", () => choose(one, two));
  two.addEventListener("change", () => choose(two, one));
  window.addEventListener("hashchange", fromAddress);
  show(pair.dataset.one, pair.dataset.two);
  fromAddress();
  choice.hidden = false;
}

// SPDX-License-Identifier: Apache-2.0
// How does the page come to show what it should?
//
// What should be there is described by plain values (`element`), and `show` changes as little of
// the document as it takes: what stays the same is not touched, so nothing flickers, and focus,
// selection and open details survive. Text is only ever text, whatever a server sends.

const svgNamespace = "http://www.w3.org/2000/svg";
const description = Symbol("what an element of the document was described by");

/** Describes an element. Of its attributes `key` names it among its siblings, and `style` is an
 *  object of properties; those that are null, undefined or false are left out, as are such
 *  children. */
export function element(tag, attributes, ...children) {
  const { key, style, ...others } = attributes ?? {};
  return { tag, key, style: style ?? {}, attributes: others, children: present(children) };
}

/** Likewise, of SVG. */
export function drawing(tag, attributes, ...children) {
  return { ...element(tag, attributes, ...children), namespace: svgNamespace };
}

/** Makes the described elements and texts the only children of `parent`. */
export function show(parent, ...descriptions) {
  const wanted = present(descriptions);
  const kept = new Set(wanted.map((each) => each.key).filter((key) => key !== undefined));
  const byKey = new Map();
  for (const child of parent.childNodes) {
    if (!byKey.has(keyOf(child))) byKey.set(keyOf(child), child);
  }
  let place = parent.firstChild;
  for (const each of wanted) {
    // Whatever has gone goes first: what follows it then need not be moved.
    while (place && keyOf(place) !== undefined && !kept.has(keyOf(place))) place = removed(place);
    const candidate = each.key === undefined ? place : byKey.get(each.key);
    const node = candidate && fits(candidate, each) ? candidate : made(each);
    if (each.key !== undefined) byKey.delete(each.key);  // once, should two have the same
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
    update(node, each);
  }
  while (place) place = removed(place);
}

function present(children) {
  return children.flat(Infinity).filter((each) => each || each === 0 || each === "");
}

function isText(each) {
  return typeof each !== "object";
}

function keyOf(node) {
  return node[description]?.key;
}

function removed(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function fits(node, each) {
  if (isText(each)) return node.nodeType === Node.TEXT_NODE;
  const before = node[description];
  return before !== undefined && before.tag === each.tag && before.key === each.key;
}

function made(each) {
  if (isText(each)) return document.createTextNode("");
  return each.namespace ? document.createElementNS(each.namespace, each.tag)
    : document.createElement(each.tag);
}

function update(node, each) {
  if (isText(each)) {
    if (node.data !== String(each)) node.data = String(each);
    return;
  }
  updateAttributes(node, node[description]?.attributes ?? {}, each.attributes);
  updateStyle(node, node[description]?.style ?? {}, each.style);
  node[description] = each;
  show(node, ...each.children);
}

/** Compared with what was described before, not with the document: a reader may have opened it. */
function updateAttributes(node, before, now) {
  const isLeftOut = (value) => value === undefined || value === null || value === false;
  for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (before[name] === now[name]) continue;
    if (isLeftOut(now[name])) node.removeAttribute(name);
    else node.setAttribute(name, now[name] === true ? "" : now[name]);
  }
}

/** By the object model: the page forbids style attributes. */
function updateStyle(node, before, now) {
  for (const name of Object.keys(before)) if (!(name in now)) node.style.removeProperty(name);
  for (const [name, value] of Object.entries(now)) {
    if (before[name] !== value) node.style.setProperty(name, value);
  }
}

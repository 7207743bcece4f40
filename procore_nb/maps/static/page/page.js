// Starts the map in a saved page, which has no kernel behind it: what is chosen stays in the page.
const packed = (id) => document.getElementById(id).textContent.trim();
const values = { points: packed("points"), borders: packed("borders"), height: 600, page: true };
const model = { get: (name) => values[name], set: (name, value) => { values[name] = value; }, save_changes: () => {} };
render({ model, el: document.getElementById("map") });
